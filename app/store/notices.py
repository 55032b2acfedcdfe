"""Notices that wait for their channel: added in the transaction of the event, and claimed under a lease."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.core.notice import RequestParked, event_body, new_notice_id
from app.store.tables import Moment, notices

_ADD = insert(notices)
# Only a newer version's own processes know its channels.
_IS_DUE = (
    notices.c.due_at <= bindparam("now", type_=Moment),
    notices.c.channel.in_(bindparam("channels", expanding=True)),
)
_ANY_DUE = select(notices.c.id).where(*_IS_DUE).limit(1)
_DUE = (
    select(notices.c.id, notices.c.channel, notices.c.site, notices.c.body, notices.c.created_at, notices.c.tries)
    .where(*_IS_DUE)
    .order_by(notices.c.due_at)
    .limit(bindparam("most"))
    # SQLite has no such option and needs none: one process writes at a time.
    .with_for_update(skip_locked=True)
)
_FENCE = (notices.c.id == bindparam("which"), notices.c.lease == bindparam("holder"))
_DONE = delete(notices).where(*_FENCE)
_AGAIN = update(notices).where(*_FENCE).values(lease=None, due_at=bindparam("again_at", type_=Moment))


@dataclass(frozen=True, slots=True)
class Notice:
    """A claimed notice: `tries` includes this try, and `lease` is needed to record its outcome."""

    id: str
    channel: str
    site: str
    body: str
    created_at: datetime
    tries: int
    lease: str


def add_notice(connection: Connection, channel: str, site: str, event: RequestParked, now: datetime) -> None:
    """Add a notice for a channel, due at once. Whether the site has the channel's options is checked at delivery."""
    row = {"id": new_notice_id(), "channel": channel, "site": site, "body": event_body(event, now), "tries": 0}
    connection.execute(_ADD, {**row, "created_at": now, "due_at": now, "lease": None})


def any_due(connection: Connection, channels: Collection[str], now: datetime) -> bool:
    """Whether a notice is due for these channels; writes nothing."""
    return connection.execute(_ANY_DUE, {"now": now, "channels": list(channels)}).first() is not None


def claim_notices(
    connection: Connection, channels: Collection[str], now: datetime, most: int, lease_until: datetime
) -> list[Notice]:
    """Claim up to `most` due notices of these channels, the longest due first; no other process gets them before
    `lease_until`.

    After a process dies, its notices are due again at that time, with this try counted.
    """
    rows = connection.execute(_DUE, {"now": now, "channels": list(channels), "most": most}).all()
    if not rows:
        return []
    lease = secrets.token_hex(16)
    claim = update(notices).where(notices.c.id.in_([row.id for row in rows]))
    connection.execute(claim.values(lease=lease, due_at=lease_until, tries=notices.c.tries + 1))
    return [Notice(row.id, row.channel, row.site, row.body, row.created_at, row.tries + 1, lease) for row in rows]


def settle(connection: Connection, notice: Notice, again_at: datetime | None) -> bool:
    """Make it due again at `again_at`, or delete it without one; False when its lease has ended and another process has
    it."""
    fence: dict[str, object] = {"which": notice.id, "holder": notice.lease}
    if again_at is None:
        return connection.execute(_DONE, fence).rowcount == 1
    return connection.execute(_AGAIN, {**fence, "again_at": again_at}).rowcount == 1
