"""The embedded desk's tickets and their history."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from app.core.customer import NAMES
from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason
from app.core.standing import Standing
from app.core.ticket import OPEN_STATES, Outcome, Ticket, TicketEvent, TicketState, states_before
from app.store.customer import take_customer
from app.store.mail import is_mail
from app.store.prepared import Prepared
from app.store.tables import Moment, call_backs, left_applets, ticket_events, tickets

MOST_EARLIER = 20  # tickets of one request beside its last
_COLUMNS = tuple(column.name for column in tickets.columns if column.name != "number")
_OWN = tuple(name for name in _COLUMNS if name not in NAMES)
_INSERT = Prepared(insert(tickets), _COLUMNS)
_BY_NUMBER = select(tickets).where(tickets.c.number == bindparam("number"))
_LOCKED = _BY_NUMBER.with_for_update()
_BY_APPLET_ID = select(tickets).where(tickets.c.applet_id == bindparam("applet_id"))
_OWNER = select(tickets.c.owner_id).where(
    tickets.c.number == bindparam("number"), tickets.c.state == TicketState.ACTIVE
)
_APPLET_OPENED = (
    update(tickets)
    .where(tickets.c.number == bindparam("which"), tickets.c.applet_opened_at.is_(None))
    .values(applet_opened_at=bindparam("now"))
)


def insert_ticket(connection: Connection, ticket: Ticket) -> Ticket:
    """Store a new ticket and return it with its number."""
    return replace(ticket, number=keep_ticket(connection, ticket))


def keep_ticket(connection: Connection, ticket: Ticket) -> int:
    """Store a new ticket and return its number."""
    values = {name: getattr(ticket, name) for name in _OWN} | ticket.customer.values()
    answer = _INSERT.run(connection, values)
    # SQLite gives the number without another call; RETURNING would need one.
    return int(answer.scalar_one() if answer.returns_rows else answer.lastrowid)


def ticket_by_number(connection: Connection, number: int) -> Ticket | None:
    """The ticket with this number."""
    return _ticket(connection.execute(_BY_NUMBER, {"number": number}).one_or_none())


def ticket_by_applet_id(connection: Connection, applet_id: str) -> Ticket | None:
    """The ticket whose applet link has this id."""
    return _ticket(connection.execute(_BY_APPLET_ID, {"applet_id": applet_id}).one_or_none())


def open_applets(connection: Connection, applet_ids: Collection[str]) -> list[str]:
    """Those of some applet links, by their ids, whose tickets are open."""
    query = select(tickets.c.applet_id).where(tickets.c.applet_id.in_(applet_ids), tickets.c.state.in_(OPEN_STATES))
    return list(connection.execute(query).scalars())


def list_tickets(connection: Connection, *, state: TicketState | None = None, most: int = 100) -> list[Ticket]:
    """The newest tickets first, at most `most`."""
    query = select(tickets).order_by(tickets.c.number.desc()).limit(most)
    if state is not None:
        query = query.where(tickets.c.state == state)
    return [_known(row) for row in connection.execute(query)]


def waits_in_department(department_id: int) -> ColumnElement[bool]:
    """A condition for tickets in this department's own queue."""
    return and_(tickets.c.queue_kind == QueueKind.DEPARTMENT, tickets.c.department_id == department_id)


def count_open(connection: Connection, which: ColumnElement[bool], most: int = 100) -> int:
    """Number of waiting and active tickets, counted up to `most`."""
    some = select(tickets.c.number).where(which, tickets.c.state.in_(OPEN_STATES)).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def tickets_by_number(connection: Connection, numbers: Collection[int]) -> list[Ticket]:
    """The existing ones of these tickets, newest first."""
    if not numbers:
        return []
    query = select(tickets).where(tickets.c.number.in_(numbers)).order_by(tickets.c.number.desc())
    return [_known(row) for row in connection.execute(query)]


def place_in_queue(connection: Connection, ticket: Ticket, most: int = 100) -> int:
    """The ticket's place in its queue, 1 for the next one, counted up to `most`; call-backs do not stand in line."""
    ahead = (
        select(tickets.c.number)
        .where(
            tickets.c.state == TicketState.WAITING,
            tickets.c.queue_kind == ticket.queue_kind,
            tickets.c.department_id == ticket.department_id,
            tickets.c.technician_id == ticket.technician_id,
            tickets.c.number < ticket.number,
            ~exists().where(call_backs.c.ticket == tickets.c.number),
        )
        .limit(most - 1)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(ahead)).scalar_one() + 1


def applet_opened(connection: Connection, number: int, now: datetime) -> bool:
    """Record that the customer opened the applet; True the first time, which is the one stored."""
    return connection.execute(_APPLET_OPENED, {"which": number, "now": now}).rowcount == 1


def end_ticket(connection: Connection, number: int, state: TicketState, now: datetime) -> bool:
    """End an open ticket; False when it had ended already."""
    change = (
        update(tickets)
        .where(tickets.c.number == number, tickets.c.state.in_(states_before(state)))
        .values(state=state, ended_at=now)
    )
    return connection.execute(change).rowcount == 1


def ticket_owner(connection: Connection, number: int) -> int | None:
    """The id of the ticket's owner while it is active; else None."""
    return connection.execute(_OWNER, {"number": number}).scalar_one_or_none()


def lock_ticket(connection: Connection, number: int) -> Ticket | None:
    """The ticket with this number, locked until this transaction ends."""
    return _ticket(connection.execute(_LOCKED, {"number": number}).one_or_none())


def move_ticket(
    connection: Connection,
    number: int,
    seen: Standing,
    new: Standing,
    *,
    ended_at: datetime | None = None,
    outcome: Outcome | None = None,
    claimed_at: datetime | None = None,
) -> bool:
    """Move the ticket from the state `seen` to `new`; False, and nothing changed, when it is in another state or its
    data is erased.

    `claimed_at` is stored only the first time.
    """
    change = (
        update(tickets)
        .where(tickets.c.number == number, *_is_as_seen(seen))
        .values(
            state=new.state,
            queue_kind=new.queue.kind,
            department_id=new.queue.department_id,
            technician_id=new.queue.technician_id,
            owner_id=new.owner_id,
            ended_at=ended_at,
            outcome=outcome,
            claimed_at=func.coalesce(tickets.c.claimed_at, bindparam("first_claimed_at", claimed_at, type_=Moment)),
        )
    )
    return connection.execute(change).rowcount == 1


def set_outcome(connection: Connection, number: int, seen: Standing, outcome: Outcome) -> bool:
    """Note how a ticket was closed that has no outcome yet; False when it has one, or is in another state than `seen`,
    or its data is erased."""
    change = update(tickets).where(tickets.c.number == number, tickets.c.outcome.is_(None), *_is_as_seen(seen))
    return connection.execute(change.values(outcome=outcome)).rowcount == 1


def _is_as_seen(seen: Standing) -> tuple[ColumnElement[bool], ...]:
    return (
        tickets.c.state == seen.state,
        tickets.c.queue_kind == seen.queue.kind,
        tickets.c.department_id.is_not_distinct_from(seen.queue.department_id),
        tickets.c.technician_id.is_not_distinct_from(seen.queue.technician_id),
        tickets.c.owner_id.is_not_distinct_from(seen.owner_id),
        tickets.c.erased_at.is_(None),
    )


def earlier_tickets(connection: Connection, reference: str) -> list[Ticket]:
    """The tickets that a request had before it was opened anew, the oldest first."""
    names = [earlier_reference(reference, nth) for nth in range(1, MOST_EARLIER + 1)]
    query = select(tickets).where(tickets.c.reference.in_(names)).order_by(tickets.c.number)
    return [_known(row) for row in connection.execute(query)]


def earlier_reference(reference: str, nth: int) -> str:
    """The reference of a request's nth ticket after another one has replaced it: `7K3M-Q2XH/1`."""
    return f"{reference}/{nth}"


def later_reference(reference: str | None) -> str | None:
    """The reference of the request that this was an earlier ticket of; None for any other ticket."""
    request, earlier, _nth = (reference or "").partition("/")
    return request if earlier else None


def move_applet(connection: Connection, ticket: Ticket, applet_id: str, now: datetime) -> None:
    """Give the ticket's applet another link; the one before leads nowhere any more."""
    connection.execute(insert(left_applets).values(applet_id=ticket.applet_id, ticket=ticket.number, left_at=now))
    connection.execute(update(tickets).where(tickets.c.number == ticket.number).values(applet_id=applet_id))


def is_left(connection: Connection, applet_id: str) -> bool:
    """Whether an applet's page with this link's id went on elsewhere."""
    found = select(left_applets.c.ticket).where(left_applets.c.applet_id == applet_id)
    return connection.execute(found).first() is not None


def name_ticket(connection: Connection, number: int, reference: str) -> None:
    """Give a ticket another reference, to free that of its request."""
    connection.execute(update(tickets).where(tickets.c.number == number).values(reference=reference))


def change_elements(
    connection: Connection,
    number: int,
    changes: dict[str, str | None],
    now: datetime,
    verified: tuple[str, ...] = (),
) -> None:
    """Store the customer's new values of the four elements in an open ticket; `verified` names the fields that stay
    verified."""
    connection.execute(
        update(tickets)
        .where(tickets.c.number == number, tickets.c.state.in_(OPEN_STATES))
        .values(**changes, verified=verified, details_saved_at=now)
    )


def add_event(connection: Connection, number: int, event: TicketEvent) -> None:
    """Add a line to the ticket's history."""
    connection.execute(
        insert(ticket_events).values(
            ticket_number=number, at=event.at, who=event.who, what=event.what, detail=event.detail
        )
    )


def nth_newest_event(connection: Connection, number: int, what: str, nth: int) -> datetime | None:
    """Time of the nth newest line of this kind."""
    query = (
        select(ticket_events.c.at)
        .where(ticket_events.c.ticket_number == number, ticket_events.c.what == what)
        .order_by(ticket_events.c.id.desc())
        .limit(1)
        .offset(nth - 1)
    )
    return connection.execute(query).scalar_one_or_none()


def keep_newest_events(connection: Connection, number: int, what: str, most: int) -> None:
    """Delete all lines of this kind but the newest `most`."""
    its = (ticket_events.c.ticket_number == number, ticket_events.c.what == what)
    newest = select(ticket_events.c.id).where(*its).order_by(ticket_events.c.id.desc()).limit(most)
    connection.execute(delete(ticket_events).where(*its, ticket_events.c.id.not_in(newest)))


def ticket_history(connection: Connection, number: int) -> list[TicketEvent]:
    """The ticket's history, oldest first."""
    query = select(ticket_events).where(ticket_events.c.ticket_number == number).order_by(ticket_events.c.id)
    return [TicketEvent(row.at, row.who, row.what, row.detail) for row in connection.execute(query)]


def latest_events(connection: Connection, number: int, most: int) -> list[TicketEvent]:
    """The last lines of the ticket's history, newest first."""
    query = select(ticket_events).where(ticket_events.c.ticket_number == number)
    rows = connection.execute(query.order_by(ticket_events.c.id.desc()).limit(most))
    return [TicketEvent(row.at, row.who, row.what, row.detail) for row in rows]


def tickets_of_person(connection: Connection, *, email: str | None = None, number: str | None = None) -> list[Ticket]:
    """All tickets with this mail address (in any case) or customer number."""
    wanted = []
    if email is not None:
        wanted.append(is_mail(tickets.c.customer_email, email))
    if number is not None:
        wanted.append(tickets.c.customer_number == number)
    query = select(tickets).where(or_(*wanted)).order_by(tickets.c.number)
    return [_known(row) for row in connection.execute(query)]


def _ticket(row: Row[tuple[object, ...]] | None) -> Ticket | None:
    return None if row is None else _known(row)


def _known(row: Row[tuple[object, ...]]) -> Ticket:
    values = row._asdict()
    take_customer(values)
    values["state"] = TicketState(values["state"])
    values["queue_kind"] = QueueKind(values["queue_kind"])
    values["reason"] = Reason(values["reason"])
    values["info_mode"] = InfoMode(values["info_mode"])
    return Ticket(**values)
