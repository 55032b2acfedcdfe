"""The console's queues: each a union of lanes, so that a queue of a million tickets costs as much as one of fifty.

A lane is a range of one index in the order of ticket numbers: equal in all index columns but the last. The newest
tickets of a lane are read from its end, the oldest from its beginning; those of a queue are the newest or oldest of its
lanes'.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    false,
    func,
    not_,
    or_,
    select,
    true,
    union,
)

from app.core.request import written_reference
from app.core.role import Role
from app.core.routing import QueueKind
from app.core.staff import Staff, Technician
from app.core.ticket import Ticket, TicketState
from app.core.who_sees import away_colleagues
from app.store.customer import has_whole, searched_columns
from app.store.database import Database
from app.store.tables import microseconds, tickets
from app.store.tickets import tickets_by_number

MOST_COUNTED = 100
SEARCHED_AT_ONCE = 5_000  # tickets whose texts one search reads
_LANES_AT_ONCE = 400  # SQLite takes 500 in one statement
_OUT_OF_ORDER = 64  # tickets that may be numbered before and stored after their neighbours
_LATE = 16  # rows whose transactions may end in another order than they began in
_t = tickets.c

# The sums grow with every ticket and every history line, even when transactions end out of order.
MOST_SUSPECTS = 100  # that are counted
_SUSPECTS = f"SELECT count(*) FROM (SELECT state FROM requests WHERE state = 'suspect' LIMIT {MOST_SUSPECTS}) AS s"  # noqa: S608 - a number of ours
_NEWEST = f"""SELECT (SELECT sum(number) FROM (SELECT number FROM tickets ORDER BY number DESC LIMIT {_LATE}) AS t),
 (SELECT sum(id) FROM (SELECT id FROM ticket_events ORDER BY id DESC LIMIT {_LATE}) AS e),
 (SELECT number FROM tickets WHERE created_at < ? ORDER BY created_at DESC LIMIT 1),
 (SELECT generation FROM configuration),
 ({_SUSPECTS})"""  # noqa: S608 - a number of ours


@dataclass(frozen=True, slots=True)
class Lane:
    """Tickets that meet these conditions on one index's columns, in the order of `by`; only waiting ones with
    `waiting`. Waiting tickets must also meet `only`, of which there are few that do not."""

    conditions: tuple[ColumnElement[bool], ...]
    waiting: bool = False
    by: tuple[ColumnElement[Any], ...] = (_t.number,)
    only: tuple[ColumnElement[bool], ...] = ()


Queue = tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of found tickets; `before` is the number at which the next page goes on, None at the end.

    `read_from` is the oldest number whose texts were searched, if there are older tickets.
    """

    tickets: list[Ticket]
    before: int | None
    read_from: int | None


def newest(database: Database, waiting_since: datetime) -> tuple[int, ...]:
    """Changes whenever something that consoles show has changed, and when one more ticket has waited since before
    `waiting_since`; takes a few microseconds."""
    return tuple(int(part or 0) for part in database.glance(_NEWEST, microseconds(waiting_since)))


def newest_ticket(database: Database) -> int:
    """The number of the newest ticket; 0 without any."""
    return int(database.glance("SELECT max(number) FROM tickets")[0] or 0)


def suspects(database: Database) -> int:
    """How many requests are suspect, MOST_SUSPECTS at the most."""
    return int(database.glance(_SUSPECTS)[0])


def unless(lane: Lane, left_out: ColumnElement[bool]) -> Lane:
    """The lane without waiting tickets that meet this condition."""
    return replace(lane, only=(*lane.only, not_(left_out)))


def mine(viewer: Technician) -> Queue:
    """Tickets sent to the viewer or claimed by the viewer."""
    return Lane((_t.technician_id == viewer.id,)), Lane((_t.owner_id == viewer.id,))


def of_departments(viewer: Technician, staff: Staff) -> Queue:
    """Tickets sent to the viewer's departments, and to colleagues in them who are away or disabled."""
    colleagues = (
        Lane((_t.technician_id == colleague, _t.queue_kind == QueueKind.TECHNICIAN))
        for colleague in sorted(away_colleagues(viewer, staff))
    )
    return (*(of_department(department) for department in sorted(viewer.departments)), *colleagues)


def of_department(department_id: int) -> Lane:
    """Tickets sent to this department."""
    return Lane((_t.queue_kind == QueueKind.DEPARTMENT, _t.department_id == department_id))


def general(waiting_since: datetime) -> Queue:
    """The general queue, and all tickets that have waited since before this."""
    # Unless the order names it, PostgreSQL takes a column that IS NULL for one that varies.
    unrouted = Lane(
        (_t.queue_kind == QueueKind.GENERAL, _t.department_id.is_(None)),
        by=(_t.department_id, _t.number),
    )
    last = select(_t.number).where(_t.created_at < waiting_since).order_by(_t.created_at.desc()).limit(1)
    newest_of_them = func.coalesce(last.scalar_subquery(), 0) + _OUT_OF_ORDER
    return unrouted, Lane((_t.number <= newest_of_them, _t.created_at < waiting_since), waiting=True)


def everything() -> Queue:
    """All tickets."""
    return (Lane(()),)


def sessions_of(viewer: Technician) -> Queue:
    """Tickets claimed by the viewer."""
    return (Lane((_t.owner_id == viewer.id,)),)


def for_viewer(viewer: Technician, staff: Staff, waiting_since: datetime) -> Queue:
    """Waiting tickets that the viewer may take: those of `core.who_sees.may_see`."""
    if viewer.role.includes(Role.SUPERVISOR):
        return everything()
    sent_to = Lane((_t.technician_id == viewer.id,))
    return sent_to, *of_departments(viewer, staff), *general(waiting_since)


def page_of(
    connection: Connection, queue: Queue, states: Collection[TicketState], *, before: int | None, most: int
) -> list[Ticket]:
    """The newest tickets of a queue in these states; `before` is the last number of the previous page."""
    lanes = [_newest_of(lane, state, before, most) for lane, state in _each(queue, states)]
    numbers = sorted(_numbers_in(connection, lanes), reverse=True)
    return tickets_by_number(connection, numbers[:most])


def newest_waiting(connection: Connection, queue: Queue, most: int) -> list[tuple[int, str | None]]:
    """The newest waiting tickets of a queue, as number and reference, the newest first."""
    lanes = [_newest_of(lane, state, None, most) for lane, state in _each(queue, (TicketState.WAITING,))]
    numbers = sorted(_numbers_in(connection, lanes), reverse=True)[:most]
    query = select(_t.number, _t.reference).where(_t.number.in_(numbers)).order_by(_t.number.desc())
    return [(row.number, row.reference) for row in connection.execute(query)] if numbers else []


def oldest_of(
    connection: Connection, queue: Queue, state: TicketState, *, after: int | None, most: int
) -> list[Ticket]:
    """The oldest tickets of a queue in this state, oldest first; `after` is the last number of the previous page."""
    lanes = [_oldest_of(lane, state, after, most) for lane, _state in _each(queue, (state,))]
    numbers = sorted(_numbers_in(connection, lanes))
    return tickets_by_number(connection, numbers[:most])[::-1]


def count_waiting(connection: Connection, queues: Mapping[str, Queue]) -> dict[str, int]:
    """Number of waiting tickets in each queue, counted up to 100."""
    counts = [_count(queue).label(f"count_{place}") for place, queue in enumerate(queues.values())]
    return dict(zip(queues, connection.execute(select(*counts)).one(), strict=True))


def visible_to(viewer: Technician, staff: Staff, waiting_since: datetime) -> ColumnElement[bool]:
    """`core.who_sees.may_see` as a condition, for rows that are read anyway."""
    if viewer.role.includes(Role.SUPERVISOR):
        return true()
    return or_(
        _t.owner_id == viewer.id,
        _t.technician_id == viewer.id,
        and_(_t.state == TicketState.WAITING, _t.created_at < waiting_since),
        _t.queue_kind == QueueKind.GENERAL,
        and_(_t.queue_kind == QueueKind.DEPARTMENT, _t.department_id.in_(sorted(viewer.departments))),
        and_(_t.queue_kind == QueueKind.TECHNICIAN, _t.technician_id.in_(sorted(away_colleagues(viewer, staff)))),
    )


def search(
    connection: Connection, wanted: str, visible: ColumnElement[bool], *, before: int | None, most: int
) -> Found:
    """Find tickets in any state.

    Either their reference, number, mail or customer number is `wanted`, at any age; or they are among the newest 5,000
    (before `before`) and a name, a mail address or a text contains it.
    """
    top = before or int(connection.execute(select(func.max(_t.number))).scalar_one() or 0) + 1
    floor = top - SEARCHED_AT_ONCE
    collation = "C" if connection.dialect.name == "postgresql" and wanted.isascii() else None
    ways = [(exact,) for exact in _exactly(wanted)] + [(_t.number >= floor, _has_in_a_text(wanted, collation))]
    # Few rows equal the wanted text. Ordered by the bare number, PostgreSQL might read all tickets to find them.
    orders = [(_t.number + 0).desc()] * (len(ways) - 1) + [_t.number.desc()]
    lanes = [
        select(_t.number).where(*way, visible, _t.number < top).order_by(order).limit(most + 1)
        for way, order in zip(ways, orders, strict=True)
    ]
    numbers = sorted(connection.execute(_merged(lanes)).scalars(), reverse=True)
    rows = tickets_by_number(connection, numbers[:most])
    older = connection.execute(select(_t.number).where(_t.number < floor).limit(1)).first() is not None
    more = len(numbers) > most
    # Where the page ends with an exact match older than the searched texts, the next page starts at the floor.
    next_page = max(numbers[most - 1], floor) if more else floor if older else None
    return Found(rows, next_page, None if more or not older else floor)


def _each(queue: Queue, states: Collection[TicketState]) -> Iterator[tuple[Lane, TicketState]]:
    for lane in queue:
        for state in states:
            if state is TicketState.WAITING or not lane.waiting:
                yield lane, state


def _numbers_in(connection: Connection, lanes: Sequence[Select[int]]) -> set[int]:
    return {
        number
        for some in range(0, len(lanes), _LANES_AT_ONCE)
        for number in connection.execute(_merged(lanes[some : some + _LANES_AT_ONCE])).scalars()
    }


def _newest_of(lane: Lane, state: TicketState, before: int | None, most: int) -> Select[int]:
    query = _in_lane(lane, state)
    if before is not None:
        query = query.where(_t.number < before)
    return query.order_by(*(column.desc() for column in lane.by)).limit(most)


def _oldest_of(lane: Lane, state: TicketState, after: int | None, most: int) -> Select[int]:
    query = _in_lane(lane, state)
    if after is not None:
        query = query.where(_t.number > after)
    return query.order_by(*lane.by).limit(most)


def _in_lane(lane: Lane, state: TicketState) -> Select[int]:
    # A literal in the statement: the number of tickets in a state varies widely, and PostgreSQL plans by that.
    said: BindParameter[TicketState] = bindparam(None, state, literal_execute=True)
    only = lane.only if state is TicketState.WAITING else ()
    return select(_t.number).where(_t.state == said, *lane.conditions, *only)


def _merged(lanes: Sequence[Select[int]]) -> Select[int]:
    if not lanes:
        return select(_t.number).where(false())
    parts = [select(lane.subquery().c.number) for lane in lanes]
    return select(union(*parts).subquery().c.number)


def _count(queue: Queue) -> ColumnElement[int]:
    lanes = [_newest_of(lane, TicketState.WAITING, None, MOST_COUNTED) for lane in queue[:_LANES_AT_ONCE]]
    some = _merged(lanes).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _exactly(wanted: str) -> list[ColumnElement[bool]]:
    ways = [_t.reference == written_reference(wanted), *has_whole(tickets, wanted)]
    if wanted.isascii() and wanted.isdigit() and int(wanted) < 2**63:
        ways.append(_t.number == int(wanted))
    if "@" in wanted:
        ways.append(and_(func.lower(_t.customer_email) == wanted.lower(), _t.customer_email.is_not(None)))
    return ways


def _has_in_a_text(wanted: str, collation: str | None) -> ColumnElement[bool]:
    """A condition that a text contains `wanted`. SQLite ignores case for ASCII only, so other texts are tried in their
    usual spellings. For ASCII, PostgreSQL's collation C finds the same as any other in half the time."""
    written = {wanted} if wanted.isascii() else {wanted, wanted.lower(), wanted.upper(), wanted.capitalize()}
    columns = [column.collate(collation) if collation else column for column in searched_columns(tickets)]
    return or_(*(column.icontains(way, autoescape=True) for column in columns for way in sorted(written)))
