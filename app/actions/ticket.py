"""Events of a ticket at the embedded desk: opened by a program, changed or cancelled by the customer."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection

from app.actions import live_session
from app.backends.embedded import EmbeddedDesk
from app.core.customer import ELEMENTS
from app.core.customer_info import InfoMode
from app.core.live import End
from app.core.new_session import NewSessionRequest
from app.core.staff import Staff
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store.database import Database
from app.store.requests import end_request
from app.store.tickets import (
    add_event,
    applet_opened,
    change_elements,
    end_ticket,
    keep_newest_events,
    lock_ticket,
    nth_newest_event,
)

CUSTOMER = "customer"
APPLET_OPENED = "applet_opened"
DETAILS_CHANGED = "details_changed"
ENDED = "ended"
CHANGES_WINDOW = timedelta(minutes=10)
MOST_CHANGES = 20  # of one ticket's details within the window
MOST_KEPT = 50  # such lines in a ticket's history


class NotAllowed(Exception):
    """The ticket was opened without Ask_customer_info, so the customer may not see or change its details."""


class TooOften(Exception):
    """The details were changed too often within CHANGES_WINDOW; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class TicketOver(Exception):
    """The ticket has ended and cannot change any more."""


def open_ticket(database: Database, staff: Staff, site: str, request: NewSessionRequest, *, now: datetime) -> Ticket:
    """Open a ticket for a program that calls the desk's New Session API; on disk when this returns."""
    return database.write(lambda connection: EmbeddedDesk(connection, staff, site, now).open_ticket(request))


def note_applet_opened(database: Database, ticket: Ticket, *, now: datetime) -> None:
    """Record when the customer first received the applet."""

    def note(connection: Connection) -> None:
        if applet_opened(connection, ticket.number, now):
            add_event(connection, ticket.number, TicketEvent(now, CUSTOMER, APPLET_OPENED, {}))

    if ticket.applet_opened_at is None:
        database.write(note)


def save_details(database: Database, number: int, details: NewSessionRequest, *, now: datetime) -> None:
    """Save the customer's changes in the ticket and the old values in its history, which keeps the newest MOST_KEPT.

    Raises NotAllowed, TicketOver or TooOften, and then changes nothing.
    """

    def save(connection: Connection) -> None:
        ticket = _open(lock_ticket(connection, number))
        if ticket.info_mode is InfoMode.HIDDEN:
            raise NotAllowed
        oldest = nth_newest_event(connection, number, DETAILS_CHANGED, MOST_CHANGES)
        if oldest and oldest > now - CHANGES_WINDOW:
            raise TooOften(ceil((oldest + CHANGES_WINDOW - now).total_seconds()))
        old, new = ticket.customer.values(), details.customer.values()
        changes = {name: [old[name], new[name]] for name in ELEMENTS if old[name] != new[name]}
        verified = tuple(name for name in ticket.verified if name not in changes)
        change_elements(connection, number, {name: new[name] for name in ELEMENTS}, now, verified)
        if changes:
            add_event(connection, number, TicketEvent(now, CUSTOMER, DETAILS_CHANGED, changes))
            keep_newest_events(connection, number, DETAILS_CHANGED, MOST_KEPT)

    database.write(save)


def cancel(database: Database, number: int, *, now: datetime) -> None:
    """Cancel the ticket because the customer needs no more help. A ticket that has ended already keeps its state."""

    def end(connection: Connection) -> None:
        ticket = lock_ticket(connection, number)
        if ticket and ticket.is_open:
            _end(connection, ticket, TicketState.CANCELLED, now)

    database.write(end)


def ended_by_customer(
    connection: Connection, ticket: Ticket, *, now: datetime, joined: Iterable[int] = (), key: str | None = None
) -> int:
    """End a locked, open ticket as its customer wishes: cancelled while it waits, else closed without an outcome.
    Returns the id of the conversation's last line, which gets this key."""
    state = TicketState.CLOSED if ticket.state is TicketState.ACTIVE else TicketState.CANCELLED
    return _end(connection, ticket, state, now, joined, key)


def _end(
    connection: Connection,
    ticket: Ticket,
    state: TicketState,
    now: datetime,
    joined: Iterable[int] = (),
    key: str | None = None,
) -> int:
    what, how = _ENDINGS[state]
    end_ticket(connection, ticket.number, state, now)
    add_event(connection, ticket.number, TicketEvent(now, CUSTOMER, what, {}))
    if ticket.reference:
        end_request(connection, ticket.reference, now)
    had_it = (ticket.owner_id, *joined)
    return live_session.ends(connection, ticket.number, how, by=CUSTOMER, now=now, had_it=had_it, key=key)


_ENDINGS = {
    TicketState.CANCELLED: ("cancelled", End.CANCELLED),
    TicketState.CLOSED: (ENDED, End.CUSTOMER),
}


def _open(ticket: Ticket | None) -> Ticket:
    if ticket is None or not ticket.is_open:
        raise TicketOver
    return ticket
