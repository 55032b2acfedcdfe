"""What has happened and was not told yet. Triggers add most of it, in the transaction in which it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from app.core.happening import Happening
from app.store.tables import Moment, happenings, ticket_events

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
_IS_DUE = happenings.c.due_at <= bindparam("now", type_=Moment)
_ANY_DUE = select(happenings.c.id).where(_IS_DUE).limit(1)
_DUE = (
    select(happenings)
    .where(_IS_DUE)
    .order_by(happenings.c.due_at, happenings.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CLAIMS = select(func.count()).where(
    ticket_events.c.ticket_number == bindparam("number"), ticket_events.c.what.in_(("claimed", "taken_over"))
)


@dataclass(frozen=True, slots=True)
class Later:
    """Something that happens at `due_at`."""

    happening: Happening
    due_at: datetime


def any_happened(connection: Connection, now: datetime) -> bool:
    """Whether something has happened that was not told yet."""
    return connection.execute(_ANY_DUE, {"now": now}).first() is not None


def take_happenings(connection: Connection, now: datetime, most: int) -> list[Happening]:
    """Take what happened, oldest first, at most this much; it is gone when this transaction ends well."""
    rows = connection.execute(_DUE, {"now": now, "most": most}).all()
    connection.execute(delete(happenings).where(happenings.c.id.in_([row.id for row in rows])))
    return [
        Happening(
            what=row.what,
            at=row.at,
            ticket=row.ticket,
            reference=row.reference,
            site=row.site,
            who=row.who,
            source=row.source,
        )
        for row in rows
    ]


def add_happening(connection: Connection, happening: Happening) -> None:
    """Add something that happens now."""
    add_later(connection, [Later(happening, _AT_ONCE)])


def add_later(connection: Connection, all_of_it: Sequence[Later]) -> None:
    """Add what will happen."""
    if all_of_it:
        rows = [{**_plain(later.happening), "due_at": later.due_at} for later in all_of_it]
        connection.execute(insert(happenings), rows)


def times_claimed(connection: Connection, number: int) -> int:
    """How often the ticket was claimed or taken over so far."""
    return connection.execute(_CLAIMS, {"number": number}).scalar_one()


def _plain(happening: Happening) -> dict[str, object]:
    return {name: getattr(happening, name) for name in ("what", "at", "ticket", "reference", "site", "who", "source")}
