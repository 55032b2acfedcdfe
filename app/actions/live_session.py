"""A session of technician and customer begins and ends: a line that both sides see, in the transaction of the move."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from app.core.live import End, Kind, Line, Mark, Session
from app.core.ticket import Ticket, TicketState
from app.store.live import add_line, change_session, remove_signals
from app.store.pokes import poke


def begins(connection: Connection, number: int, *, by: int, now: datetime) -> None:
    """The technician `by` has the ticket now."""
    add_line(connection, number, Line(0, now, str(by), Kind.MARK, Mark.CLAIMED))
    poke(connection, number, [by])


def ends(
    connection: Connection,
    number: int,
    how: End,
    *,
    by: str,
    now: datetime,
    had_it: Iterable[int | None] = (),
    key: str | None = None,
) -> int:
    """The session is over, and pages stop what they show; returns the id of its line, which `by` wrote, as in lines.

    No signal of it is left, and supervisors who joined have left. `had_it` are technicians whose pages are told.
    """
    line = add_line(connection, number, Line(0, now, by, Kind.END, how, key))
    remove_signals(connection, number)
    change_session(connection, number, joined=None, customer_typing_at=None, technician_typing_at=None)
    poke(connection, number, [one for one in had_it if one is not None])
    return line


def people_of(ticket: Ticket, session: Session) -> list[int]:
    """The technicians whom the ticket concerns: its owner and those who joined, or whose queue it waits in."""
    its = ticket.technician_id if ticket.state is TicketState.WAITING else ticket.owner_id
    return [*session.joined, *([its] if its is not None else [])]
