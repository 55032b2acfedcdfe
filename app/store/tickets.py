"""The embedded desk's tickets and their history."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, or_, select, update

from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason
from app.core.ticket import OPEN_STATES, Ticket, TicketEvent, TicketState, states_before
from app.store.tables import ticket_events, tickets

MOST_EARLIER = 20  # tickets of one request beside its last
_COLUMNS = tuple(column.name for column in tickets.columns if column.name != "number")
_INSERT = insert(tickets)
_BY_NUMBER = select(tickets).where(tickets.c.number == bindparam("number"))
_BY_APPLET_ID = select(tickets).where(tickets.c.applet_id == bindparam("applet_id"))
_APPLET_OPENED = (
    update(tickets)
    .where(tickets.c.number == bindparam("which"), tickets.c.applet_opened_at.is_(None))
    .values(applet_opened_at=bindparam("now"))
)


def insert_ticket(connection: Connection, ticket: Ticket) -> Ticket:
    """Keep a new ticket; the answer has its number."""
    values = {name: getattr(ticket, name) for name in _COLUMNS}
    key = connection.execute(_INSERT, values).inserted_primary_key
    return replace(ticket, number=key[0] if key else 0)


def ticket_by_number(connection: Connection, number: int) -> Ticket | None:
    """The ticket with this number."""
    return _ticket(connection.execute(_BY_NUMBER, {"number": number}).one_or_none())


def ticket_by_applet_id(connection: Connection, applet_id: str) -> Ticket | None:
    """The ticket whose applet link has this id."""
    return _ticket(connection.execute(_BY_APPLET_ID, {"applet_id": applet_id}).one_or_none())


def list_tickets(connection: Connection, *, state: TicketState | None = None, most: int = 100) -> list[Ticket]:
    """The newest tickets first."""
    query = select(tickets).order_by(tickets.c.number.desc()).limit(most)
    if state is not None:
        query = query.where(tickets.c.state == state)
    return [_known(row) for row in connection.execute(query)]


def mine(technician_id: int) -> ColumnElement[bool]:
    """Tickets that went to this technician."""
    return tickets.c.technician_id == technician_id


def of_departments(department_ids: Collection[int]) -> ColumnElement[bool]:
    """Tickets in these departments' queues."""
    return tickets.c.department_id.in_(sorted(department_ids))


def general() -> ColumnElement[bool]:
    """Tickets in the general queue."""
    return tickets.c.queue_kind == QueueKind.GENERAL


def open_tickets(
    connection: Connection, which: ColumnElement[bool], *, before: int | None = None, most: int = 50
) -> list[Ticket]:
    """Waiting and active tickets, the newest first; `before` is the last number of the page before."""
    query = select(tickets).where(which, tickets.c.state.in_(OPEN_STATES))
    if before is not None:
        query = query.where(tickets.c.number < before)
    return [_known(row) for row in connection.execute(query.order_by(tickets.c.number.desc()).limit(most))]


def count_open(connection: Connection, which: ColumnElement[bool], most: int = 100) -> int:
    """How many wait or are worked on, counted up to `most`."""
    some = select(tickets.c.number).where(which, tickets.c.state.in_(OPEN_STATES)).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def place_in_queue(connection: Connection, ticket: Ticket, most: int = 100) -> int:
    """1 for the next one, counted up to `most`."""
    ahead = (
        select(tickets.c.number)
        .where(
            tickets.c.state == TicketState.WAITING,
            tickets.c.queue_kind == ticket.queue_kind,
            tickets.c.department_id == ticket.department_id,
            tickets.c.technician_id == ticket.technician_id,
            tickets.c.number < ticket.number,
        )
        .limit(most - 1)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(ahead)).scalar_one() + 1


def applet_opened(connection: Connection, number: int, now: datetime) -> None:
    """The customer has the applet; the first time counts."""
    connection.execute(_APPLET_OPENED, {"which": number, "now": now})


def end_ticket(connection: Connection, number: int, state: TicketState, now: datetime) -> bool:
    """End an open ticket; False when it was over already."""
    change = (
        update(tickets)
        .where(tickets.c.number == number, tickets.c.state.in_(states_before(state)))
        .values(state=state, ended_at=now)
    )
    return connection.execute(change).rowcount == 1


def earlier_tickets(connection: Connection, reference: str) -> list[Ticket]:
    """The tickets that a request had before it was opened anew, the oldest first."""
    names = [earlier_reference(reference, nth) for nth in range(1, MOST_EARLIER + 1)]
    query = select(tickets).where(tickets.c.reference.in_(names)).order_by(tickets.c.number)
    return [_known(row) for row in connection.execute(query)]


def earlier_reference(reference: str, nth: int) -> str:
    """What a request's nth ticket is called when another one takes its place: `7K3M-Q2XH/1`."""
    return f"{reference}/{nth}"


def name_ticket(connection: Connection, number: int, reference: str) -> None:
    """Give a ticket another reference, so that its request's is free."""
    connection.execute(update(tickets).where(tickets.c.number == number).values(reference=reference))


def change_elements(
    connection: Connection,
    number: int,
    changes: dict[str, str | None],
    now: datetime,
    verified: tuple[str, ...] = (),
) -> None:
    """Put the customer's new values of the four elements into an open ticket; `verified` names those still so."""
    connection.execute(
        update(tickets)
        .where(tickets.c.number == number, tickets.c.state.in_(OPEN_STATES))
        .values(**changes, verified=verified, details_saved_at=now)
    )


def add_event(connection: Connection, number: int, event: TicketEvent) -> None:
    """One more line in the ticket's history."""
    connection.execute(
        insert(ticket_events).values(
            ticket_number=number, at=event.at, who=event.who, what=event.what, detail=event.detail
        )
    )


def ticket_history(connection: Connection, number: int) -> list[TicketEvent]:
    """The ticket's history, oldest first."""
    query = select(ticket_events).where(ticket_events.c.ticket_number == number).order_by(ticket_events.c.id)
    return [TicketEvent(row.at, row.who, row.what, row.detail) for row in connection.execute(query)]


def tickets_of_person(connection: Connection, *, email: str | None = None, number: str | None = None) -> list[Ticket]:
    """All tickets that bear this mail address (any case) or customer number."""
    wanted = []
    if email is not None:
        wanted.append(func.lower(tickets.c.customer_email) == email.lower())
    if number is not None:
        wanted.append(tickets.c.customer_number == number)
    query = select(tickets).where(or_(*wanted)).order_by(tickets.c.number)
    return [_known(row) for row in connection.execute(query)]


def _ticket(row: Row[tuple[object, ...]] | None) -> Ticket | None:
    return None if row is None else _known(row)


def _known(row: Row[tuple[object, ...]]) -> Ticket:
    values = row._asdict()
    values["state"] = TicketState(values["state"])
    values["queue_kind"] = QueueKind(values["queue_kind"])
    values["reason"] = Reason(values["reason"])
    values["info_mode"] = InfoMode(values["info_mode"])
    return Ticket(**values)
