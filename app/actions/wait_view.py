"""How a customer's wait stands at the embedded desk, for the widget: the place in line and the newest lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.live import FILE, Kind, Line
from app.core.ticket import Ticket, TicketState
from app.store.database import Database
from app.store.live import newest_lines
from app.store.tickets import place_in_queue, ticket_by_number

MOST_LINES = 3
_SPOKEN = (Kind.SAY, FILE)


@dataclass(frozen=True, slots=True)
class Wait:
    """An open ticket, its place in line while it waits, and what was said last, the newest at the end; nothing that was
    said before a technician has claimed it."""

    ticket: Ticket
    place: int | None
    lines: Sequence[Line]


def wait_of(database: Database, number: int) -> Wait | None:
    """The wait of this ticket; None once it has ended."""
    with database.read() as connection:
        ticket = ticket_by_number(connection, number)
        if ticket is None or not ticket.is_open:
            return None
        if ticket.state is TicketState.WAITING:
            return Wait(ticket, place_in_queue(connection, ticket), ())
        said = [line for line in newest_lines(connection, number) if line.kind in _SPOKEN]
    return Wait(ticket, None, said[-MOST_LINES:])
