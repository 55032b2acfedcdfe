"""The rules about notices, of the desk and of technicians, and the places that are told."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from app.core.notice_rule import NoticeBook, Own, Place, Rule
from app.store.browsers import push_key
from app.store.sites import bump_generation
from app.store.tables import notice_places, notice_settings
from app.store.upserts import upsert

DESK = "desk"


def load_notice_book(connection: Connection) -> NoticeBook:
    """Everything that was set."""
    owners = {row.owner: _own(row) for row in connection.execute(select(notice_settings))}
    return NoticeBook(
        owners.pop(DESK, Own()),
        {int(owner): own for owner, own in owners.items()},
        {row.id: _place(row) for row in connection.execute(select(notice_places).order_by(notice_places.c.id))},
        push_key(connection),
    )


def lock_own(connection: Connection, technician_id: int | None) -> Own:
    """What a technician, or the desk (None), has set, locked until the transaction ends."""
    query = select(notice_settings).where(notice_settings.c.owner == _owner(technician_id)).with_for_update()
    row = connection.execute(query).one_or_none()
    return Own() if row is None else _own(row)


def save_own(connection: Connection, technician_id: int | None, own: Own) -> None:
    """Keep what a technician, or the desk (None), sets, and tell every process."""
    values = {
        "rules": None if own.rules is None else [rule.stored() for rule in own.rules],
        "quiet": own.quiet,
        "language": own.language,
        "details": own.details,
    }
    upsert(connection, notice_settings, {"owner": _owner(technician_id)}, values)
    bump_generation(connection)


def add_place(connection: Connection, place: Place, now: datetime) -> int:
    """Keep a new place, tell every process, and return its id."""
    values = {"name": place.name, "kind": place.kind, "site": place.site, "shown": place.shown, "sealed": place.sealed}
    added = connection.execute(insert(notice_places).values(**values, created_at=now))
    bump_generation(connection)
    (its_id,) = added.inserted_primary_key or (0,)
    return int(its_id)


def remove_place(connection: Connection, place_id: int) -> bool:
    """Remove a place, and tell every process; False when there is none."""
    found = connection.execute(delete(notice_places).where(notice_places.c.id == place_id)).rowcount == 1
    if found:
        bump_generation(connection)
    return found


def place_is_gone(connection: Connection, place_id: int, now: datetime | None) -> None:
    """Note that the place refuses for good, or with None that it is told again, and tell every process."""
    connection.execute(update(notice_places).where(notice_places.c.id == place_id).values(gone_at=now))
    bump_generation(connection)


def lock_places(connection: Connection) -> list[Place]:
    """All places, locked until the transaction ends."""
    return [_place(row) for row in connection.execute(select(notice_places).with_for_update())]


def reseal_place(connection: Connection, place_id: int, sealed: str) -> None:
    """Keep a place's address under another key."""
    connection.execute(update(notice_places).where(notice_places.c.id == place_id).values(sealed=sealed))


def _owner(technician_id: int | None) -> str:
    return DESK if technician_id is None else str(technician_id)


def _own(row: Row[Any]) -> Own:
    rules = None if row.rules is None else tuple(_known(row.rules))
    return Own(rules=rules, quiet=row.quiet, language=row.language, details=row.details)


def _known(stored: list[dict[str, Any]]) -> list[Rule]:
    """The rules that this version knows."""
    found = []
    for one in stored:
        try:
            found.append(Rule.of(one))
        except (ValueError, KeyError):
            continue
    return found


def _place(row: Row[Any]) -> Place:
    return Place(
        id=row.id,
        name=row.name,
        kind=row.kind,
        shown=row.shown,
        sealed=row.sealed,
        site=row.site,
        gone=row.gone_at is not None,
    )
