"""Promises to call customers back, one for a ticket."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select, update

from app.core.call_back import DUE_BEFORE, CallBack, Way
from app.core.ticket import TicketState
from app.store.queues import Queue, unless
from app.store.tables import call_backs, tickets
from app.store.upserts import upsert

_c = call_backs.c
_MOST = 50


def call_back_of(connection: Connection, ticket: int) -> CallBack | None:
    """The ticket's promise."""
    return call_backs_of(connection, [ticket]).get(ticket)


def call_backs_of(connection: Connection, numbers: Collection[int]) -> dict[int, CallBack]:
    """The promises of these tickets, by ticket."""
    if not numbers:
        return {}
    rows = connection.execute(select(call_backs).where(_c.ticket.in_(numbers)))
    return {row.ticket: _call_back(row) for row in rows}


def save_call_back(connection: Connection, promise: CallBack) -> None:
    """Store a ticket's promise in place of the one before."""
    values = {
        "begins_at": promise.begins_at,
        "ends_at": promise.ends_at,
        "way": promise.way,
        "sent_to": promise.to,
        "made_at": promise.made_at,
        "next_at": promise.next_at,
    }
    upsert(connection, call_backs, {"ticket": promise.ticket}, values)


def drop_call_back(connection: Connection, ticket: int) -> bool:
    """Remove a ticket's promise; False when there was none."""
    return connection.execute(delete(call_backs).where(_c.ticket == ticket)).rowcount == 1


def set_next(connection: Connection, ticket: int, next_at: datetime | None) -> None:
    """Set when something is to be told of the promise next."""
    connection.execute(update(call_backs).where(_c.ticket == ticket).values(next_at=next_at))


def due_call_backs(connection: Connection, now: datetime) -> list[int]:
    """Numbers of tickets of whose promises something is to be told by now."""
    query = select(_c.ticket).where(_c.next_at <= now).order_by(_c.next_at).limit(_MOST)
    return list(connection.execute(query).scalars())


def promised_times(
    connection: Connection, since: datetime, department_id: int | None, technician_id: int | None, *, but: int
) -> dict[datetime, int]:
    """How many call-backs of waiting tickets, `but` for one, are promised in one queue at each time from `since` on."""
    query = (
        select(_c.begins_at, func.count())
        .join(tickets, tickets.c.number == _c.ticket)
        .where(
            _c.begins_at >= since,
            _c.ticket != but,
            tickets.c.state == TicketState.WAITING,
            tickets.c.department_id.is_not_distinct_from(department_id),
            tickets.c.technician_id.is_not_distinct_from(technician_id),
        )
        .group_by(_c.begins_at)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def without_promised(connection: Connection, queue: Queue, now: datetime) -> Queue:
    """The queue without waiting tickets whose call-back is later; the long wait of a promised one begins at its end."""
    last = connection.execute(select(_c.ticket).where(_c.ends_at > now).limit(1)).first()
    if last is None:
        return queue
    return tuple(unless(lane, _later(now, late=lane.waiting)) for lane in queue)


def later_call_backs(
    connection: Connection, visible: ColumnElement[bool], now: datetime, most: int = _MOST
) -> list[CallBack]:
    """The promises of waiting tickets that are not in the queue yet, the next one first."""
    query = (
        select(call_backs)
        .join(tickets, tickets.c.number == _c.ticket)
        .where(_c.begins_at > now + DUE_BEFORE, tickets.c.state == TicketState.WAITING, visible)
        .order_by(_c.begins_at, _c.ticket)
        .limit(most)
    )
    return [_call_back(row) for row in connection.execute(query)]


def _later(now: datetime, *, late: bool) -> ColumnElement[bool]:
    still = _c.ends_at > now if late else _c.begins_at > now + DUE_BEFORE
    return tickets.c.number.in_(select(_c.ticket).where(still))


def _call_back(row: Row[tuple[object, ...]]) -> CallBack:
    return CallBack(
        ticket=row.ticket,
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        way=Way(row.way),
        to=row.sent_to,
        made_at=row.made_at,
        next_at=row.next_at,
    )
