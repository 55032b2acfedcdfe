"""Browsers to which notices are pushed, and the key that signs what is pushed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from app.core.notice import NoticeState
from app.core.push import PUSH, Browser, PushKey
from app.store.sites import bump_generation
from app.store.tables import notices, push_browsers, push_keys
from app.store.upserts import upsert

_c = push_browsers.c


def push_key(connection: Connection) -> PushKey | None:
    """The key; None before the first browser asked for it."""
    row = connection.execute(select(push_keys)).one_or_none()
    return None if row is None else PushKey(row.public, row.sealed)


def keep_push_key(connection: Connection, key: PushKey, now: datetime) -> None:
    """Keep the key, in place of one that was there, and tell every process."""
    upsert(connection, push_keys, {"id": 1}, {"public": key.public, "sealed": key.sealed, "created_at": now})
    bump_generation(connection)


def reseal_push_key(connection: Connection, sealed: str) -> None:
    """Keep the key under another one."""
    connection.execute(update(push_keys).values(sealed=sealed))


def lock_push_key(connection: Connection) -> PushKey | None:
    """The key, locked until the transaction ends."""
    row = connection.execute(select(push_keys).with_for_update()).one_or_none()
    return None if row is None else PushKey(row.public, row.sealed)


def browsers_of(connection: Connection, technician_ids: Collection[int]) -> list[Browser]:
    """The browsers of these technicians, the newest first."""
    query = select(push_browsers).where(_c.technician_id.in_(technician_ids)).order_by(_c.created_at.desc(), _c.id)
    return [_browser(row) for row in connection.execute(query)]


def browser_by_id(connection: Connection, browser_id: int) -> Browser | None:
    """One browser; None when it was removed."""
    row = connection.execute(select(push_browsers).where(_c.id == browser_id)).one_or_none()
    return None if row is None else _browser(row)


def keep_browser(connection: Connection, new: Browser) -> bool:
    """Keep a browser, whose id does not count; one that is there already becomes this technician's. Returns whether
    it is new to them."""
    before = connection.execute(select(_c.technician_id).where(_c.mark == new.mark)).scalar_one_or_none()
    values = {
        "technician_id": new.technician_id,
        "host": new.host,
        "sealed": new.sealed,
        "user_agent": new.user_agent,
        "session": new.session,
    }
    if before is None:
        connection.execute(insert(push_browsers).values(mark=new.mark, created_at=new.created_at, **values))
    else:
        connection.execute(update(push_browsers).where(_c.mark == new.mark).values(**values))
    return before != new.technician_id


def count_browsers(connection: Connection, technician_id: int) -> int:
    """How many browsers of this technician are told."""
    query = select(func.count()).select_from(push_browsers).where(_c.technician_id == technician_id)
    return int(connection.execute(query).scalar_one())


def owners_of(connection: Connection, browser_ids: Collection[int]) -> dict[int, int]:
    """The ids of the technicians of these browsers, by the browsers' ids; those that were removed are left out."""
    query = select(_c.id, _c.technician_id).where(_c.id.in_(browser_ids))
    return {row.id: row.technician_id for row in connection.execute(query)}


def remove_browser(connection: Connection, browser_id: int, technician_id: int | None = None) -> bool:
    """Remove a browser, if it is this technician's; False when there is none."""
    whose = () if technician_id is None else (_c.technician_id == technician_id,)
    return connection.execute(delete(push_browsers).where(_c.id == browser_id, *whose)).rowcount == 1


def remove_browsers(connection: Connection, technician_id: int, keep: str | None = None) -> None:
    """Remove a technician's browsers but those last seen in the session with the public id `keep`."""
    others = or_(_c.session.is_(None), _c.session != keep) if keep else _c.id.is_not(None)
    connection.execute(delete(push_browsers).where(_c.technician_id == technician_id, others))


def remove_browsers_in(connection: Connection, session: str) -> None:
    """Remove the browsers that were last seen in this session, by its public id."""
    connection.execute(delete(push_browsers).where(_c.session == session))


def lock_browsers(connection: Connection) -> list[Browser]:
    """All browsers, locked until the transaction ends."""
    return [_browser(row) for row in connection.execute(select(push_browsers).with_for_update())]


def reseal_browser(connection: Connection, browser_id: int, sealed: str) -> None:
    """Keep a browser's subscription under another key."""
    connection.execute(update(push_browsers).where(_c.id == browser_id).values(sealed=sealed))


def pushed_of(connection: Connection, ticket: int, events: Collection[str]) -> set[int]:
    """The ids of the browsers that were told of one of these events of a ticket, or may have been."""
    n = notices.c
    tried = or_(n.state == NoticeState.DELIVERED, and_(n.state == NoticeState.WAITING, n.tries > 0))
    query = select(n.receiver).where(n.channel == PUSH, n.ticket == ticket, n.event.in_(events), tried).distinct()
    return {int(receiver.partition(":")[2]) for receiver in connection.execute(query).scalars()}


def _browser(row: Row[Any]) -> Browser:
    return Browser(
        id=row.id,
        technician_id=row.technician_id,
        mark=row.mark,
        host=row.host,
        sealed=row.sealed,
        user_agent=row.user_agent,
        session=row.session,
        created_at=row.created_at,
    )
