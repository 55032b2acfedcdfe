"""A customer moves the page of an open ticket to another device, by a short code; then the old page is over."""

from datetime import datetime
from math import ceil

from sqlalchemy import Connection

from app.actions.codes import can_be_used, keep_code
from app.actions.live_session import people_of
from app.core.links import new_link_id
from app.core.live import CUSTOMER, LIFE_OF_MOVE, MOST_MOVES, Kind, Line, Mark, NotTaken, Refusal, Screen, TooMany
from app.core.session_code import SessionCode
from app.core.ticket import Ticket
from app.store import codes as store
from app.store.database import Database
from app.store.live import add_line, change_session, load_session, remove_signals
from app.store.live_here import remove_pages
from app.store.pokes import poke
from app.store.tickets import lock_ticket, move_applet, ticket_by_number


def offer_move(database: Database, ticket: Ticket, *, now: datetime) -> SessionCode:
    """Make the code, in place of an earlier one. Raises NotTaken when the ticket has ended, and TooMany."""

    def instead(connection: Connection) -> None:
        current = lock_ticket(connection, ticket.number)
        if current is None or not current.is_open:
            raise NotTaken(Refusal.NOT_NOW)
        oldest = store.nth_newest_of_ticket(connection, ticket.number, MOST_MOVES)
        if oldest is not None and oldest + LIFE_OF_MOVE > now:
            raise TooMany(ceil((oldest + LIFE_OF_MOVE - now).total_seconds()))
        store.revoke_of_ticket(connection, ticket.number, now)

    code = SessionCode(
        id="",
        pin="",
        technician_id=None,
        site=ticket.site,
        created_at=now,
        expires_at=now + LIFE_OF_MOVE,
        ticket=ticket.number,
    )
    return keep_code(database, code, instead)


def offered_move(database: Database, ticket: Ticket, *, now: datetime) -> SessionCode | None:
    """The code that the customer can use now; None without one."""
    with database.read() as connection:
        return store.code_of_ticket(connection, ticket.number, now)


def move(database: Database, code: SessionCode, used_by: str, *, now: datetime) -> Ticket | None:
    """Use the code: the ticket as it is now, with another applet link. The page before is over, with all its signals.

    The same form again (`used_by`) is the same press. None when another form used the code or the ticket has ended.
    """

    def use(connection: Connection) -> Ticket | None:
        ticket = lock_ticket(connection, code.ticket) if code.ticket is not None else None
        found = store.code_by_id(connection, code.id)
        if ticket is None or found is None or not can_be_used(connection, found, used_by, now=now):
            return None
        if not store.note_moved_by(connection, code.id, used_by):
            return ticket
        _move(connection, ticket, now)
        return ticket_by_number(connection, ticket.number)

    return database.write(use)


def _move(connection: Connection, ticket: Ticket, now: datetime) -> None:
    move_applet(connection, ticket, new_link_id(), now)
    add_line(connection, ticket.number, Line(0, now, CUSTOMER, Kind.MARK, Mark.HERE_ON_COMPUTER))
    remove_signals(connection, ticket.number)
    remove_pages(connection, ticket.number, CUSTOMER)
    change_session(connection, ticket.number, screen=Screen.OFF)
    poke(connection, ticket.number, people_of(ticket, load_session(connection, ticket.number)))
