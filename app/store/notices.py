"""The outbox: notices that were added in the transaction of their event, are claimed under a lease, and kept for a
while after they were settled."""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.core.notice import CUSTOMER, MOST_OF_SITE, MOST_TO_ADDRESS, Event, NewNotice, NoticeState
from app.store.mail import is_mail
from app.store.tables import Moment, notices, requests

_HOUR, _DAY, _REFUSED_FOR = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_COLUMNS = ("id", "channel", "receiver", "lane", "site", "event", "body", "created_at", "due_at", "ticket", "reference")
# Rows of an earlier version have no lane.
_LANE = func.coalesce(notices.c.lane, notices.c.channel + ":" + notices.c.site)
_IS_DUE = (
    notices.c.due_at <= bindparam("now", type_=Moment),
    # Only a newer version's own processes know its channels.
    notices.c.channel.in_(bindparam("channels", expanding=True)),
    _LANE.not_in(bindparam("busy", expanding=True)),
)
_ANY_DUE = select(notices.c.id).where(*_IS_DUE).limit(1)
_DUE = (
    select(notices, _LANE.label("its_lane"))
    .where(*_IS_DUE)
    .order_by(notices.c.due_at)
    .limit(bindparam("most"))
    # SQLite has no such option and needs none: one process writes at a time.
    .with_for_update(skip_locked=True)
)
_FENCE = (notices.c.id == bindparam("which"), notices.c.lease == bindparam("holder"))


@dataclass(frozen=True, slots=True)
class Notice:
    """A claimed notice: `tries` includes this try, and `lease` is needed to record its outcome."""

    id: str
    channel: str
    receiver: str
    lane: str
    site: str
    event: str
    body: str
    ticket: int | None
    reference: str | None
    created_at: datetime
    tries: int
    lease: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A notice as operators see it; `perhaps_twice` when the answer to one of its tries was lost."""

    id: str
    event: str
    channel: str
    receiver: str
    site: str
    ticket: int | None
    reference: str | None
    state: NoticeState
    attempts: int
    perhaps_twice: bool
    why: str | None
    created_at: datetime
    due_at: datetime | None
    settled_at: datetime | None


def add_notices(connection: Connection, new: Sequence[NewNotice]) -> None:
    """Add notices. One that is there already stays as it is."""
    if not new:
        return
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [{**{name: getattr(one, name) for name in _COLUMNS}, "tries": 0} for one in new]
    connection.execute(make(notices).on_conflict_do_nothing(index_elements=["id"]), rows)


def any_due(connection: Connection, channels: Collection[str], now: datetime, busy: Collection[str] = ()) -> bool:
    """Whether a notice is due for these channels, beside the busy lanes; writes nothing."""
    given = {"now": now, "channels": list(channels), "busy": list(busy)}
    return connection.execute(_ANY_DUE, given).first() is not None


def claim_notices(
    connection: Connection,
    channels: Collection[str],
    now: datetime,
    most: int,
    lease_until: datetime,
    flying: Collection[str] = (),
    per_lane: int | None = None,
) -> list[Notice]:
    """Claim up to `most` due notices of these channels, the longest due first; no other process gets them before
    `lease_until`.

    `flying` are the lanes of tries under way; with `per_lane`, no lane gets more than that many together. After a
    process dies, its notices are due again at that time, with this try counted and marked as perhaps made.
    """
    rows = _pick(connection, {"now": now, "channels": list(channels)}, most, Counter(flying), per_lane)
    if not rows:
        return []
    lease = secrets.token_hex(16)
    claim = update(notices).where(notices.c.id.in_([row.id for row in rows]))
    died = notices.c.perhaps_twice | notices.c.lease.is_not(None)
    connection.execute(claim.values(lease=lease, due_at=lease_until, tries=notices.c.tries + 1, perhaps_twice=died))
    return [_claimed(row, lease) for row in rows]


def _pick(
    connection: Connection, given: dict[str, Any], most: int, load: Counter[str], per_lane: int | None
) -> list[Row[Any]]:
    picked: list[Row[Any]] = []
    busy = {lane for lane, many in load.items() if per_lane and many >= per_lane}
    while len(picked) < most:
        found = connection.execute(_DUE, {**given, "most": most + len(picked), "busy": sorted(busy)}).all()
        known = {row.id for row in picked}
        before = len(busy)
        for row in found:
            if row.id in known or row.its_lane in busy or len(picked) == most:
                continue
            picked.append(row)
            load[row.its_lane] += 1
            if per_lane and load[row.its_lane] >= per_lane:
                busy.add(row.its_lane)
        if len(busy) == before:
            break
    return picked


def _claimed(row: Row[Any], lease: str) -> Notice:
    return Notice(
        id=row.id,
        channel=row.channel,
        receiver=_receiver(row),
        lane=row.its_lane,
        site=row.site,
        event=row.event or Event.PARKED,
        body=row.body,
        ticket=row.ticket,
        reference=row.reference,
        created_at=row.created_at,
        tries=row.tries + 1,
        lease=lease,
    )


def try_again(connection: Connection, notice: Notice, at: datetime, why: str, *, maybe: bool = False) -> bool:
    """Make it due again; with `maybe`, the try may have arrived. False when its lease has ended and another process has
    it."""
    twice = notices.c.perhaps_twice | maybe
    return _settle(connection, notice, lease=None, due_at=at, why=why, perhaps_twice=twice)


def finish(connection: Connection, notice: Notice, state: NoticeState, why: str | None, now: datetime) -> bool:
    """Settle it for good; False when its lease has ended and another process has it."""
    return _settle(connection, notice, lease=None, due_at=NEVER, why=why, state=state, settled_at=now)


def _settle(connection: Connection, notice: Notice, **values: object) -> bool:
    change = update(notices).where(*_FENCE).values(**values)
    return connection.execute(change, {"which": notice.id, "holder": notice.lease}).rowcount == 1


def send_again(connection: Connection, ids: Collection[str], now: datetime) -> list[str]:
    """Make settled and waiting notices due now, with all their tries before them; returns the ids found.

    One that is under way is left alone.
    """
    its = (notices.c.id.in_(ids), notices.c.lease.is_(None))
    found = list(connection.execute(select(notices.c.id).where(*its).with_for_update()).scalars())
    # As old as new: a notice is given up after a day.
    fresh = {"state": NoticeState.WAITING, "due_at": now, "created_at": now, "tries": 0, "settled_at": None}
    connection.execute(update(notices).where(*its).values(**fresh))
    return found


def list_notices(
    connection: Connection,
    *,
    state: NoticeState | None = None,
    before: tuple[datetime, str] | None = None,
    most: int = 100,
) -> list[Listed]:
    """The newest first; `before` is time and id of the last one of the previous page."""
    query = select(notices).order_by(notices.c.created_at.desc(), notices.c.id.desc()).limit(most)
    if state is not None:
        query = query.where(notices.c.state == state)
    if before is not None:
        query = query.where(_older(*before))
    return [_listed(row) for row in connection.execute(query)]


def count_given_up(connection: Connection, most: int = 100) -> int:
    """How many notices are given up and not sent again, counted up to `most`."""
    some = select(notices.c.id).where(notices.c.state == NoticeState.GIVEN_UP).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def is_delivered(connection: Connection, reference: str, event: str) -> bool:
    """Whether somebody has been told of this event of a request."""
    query: Select[Any] = select(notices.c.id).where(
        notices.c.reference == reference,
        func.coalesce(notices.c.event, Event.PARKED) == event,
        notices.c.state == NoticeState.DELIVERED,
    )
    return connection.execute(query.limit(1)).first() is not None


def may_mail_customer(connection: Connection, address: str, site: str, now: datetime) -> bool:
    """Whether one more mail may go to a customer's address: not beyond the limits, and not after it was refused."""
    its_requests = select(requests.c.reference).where(
        is_mail(requests.c.customer_email, address), requests.c.created_at > now - _REFUSED_FOR
    )
    to_it = (notices.c.receiver == CUSTOMER, notices.c.reference.in_(its_requests))
    lately = select(notices.c.id).where(*to_it, notices.c.created_at > now - _DAY).limit(MOST_TO_ADDRESS)
    refused = select(notices.c.id).where(*to_it, notices.c.state == NoticeState.GIVEN_UP).limit(1)
    of_site = select(notices.c.id).where(
        notices.c.receiver == CUSTOMER, notices.c.site == site, notices.c.created_at > now - _HOUR
    )
    return (
        connection.execute(refused).first() is None
        and len(connection.execute(lately).all()) < MOST_TO_ADDRESS
        and len(connection.execute(of_site.limit(MOST_OF_SITE)).all()) < MOST_OF_SITE
    )


def forget_settled(connection: Connection, before: datetime, most: int = 1000) -> int:
    """Delete notices that were settled before this time; returns how many."""
    old = select(notices.c.id).where(
        notices.c.created_at < before, notices.c.settled_at < before, notices.c.state != NoticeState.WAITING
    )
    return connection.execute(delete(notices).where(notices.c.id.in_(old.limit(most)))).rowcount


def _older(created_at: datetime, its_id: str) -> ColumnElement[bool]:
    same = (notices.c.created_at == created_at) & (notices.c.id < its_id)
    return (notices.c.created_at < created_at) | same


def _receiver(row: Row[Any]) -> str:
    return row.receiver or f"site:{row.site}"


def _listed(row: Row[Any]) -> Listed:
    return Listed(
        id=row.id,
        event=row.event or Event.PARKED,
        channel=row.channel,
        receiver=_receiver(row),
        site=row.site,
        ticket=row.ticket,
        reference=row.reference,
        state=NoticeState(row.state),
        attempts=row.tries,
        perhaps_twice=row.perhaps_twice,
        why=row.why,
        created_at=row.created_at,
        due_at=None if row.due_at == NEVER else row.due_at,
        settled_at=row.settled_at,
    )
