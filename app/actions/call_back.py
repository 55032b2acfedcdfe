"""A customer's call-back: promised, moved and given up, and what is told of it when its time comes.

Nothing is promised that the opening hours do not cover at that moment: the transaction reads them again.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import ceil
from typing import Final

from sqlalchemy import Connection

from app.actions.hours import all_hours
from app.actions.ticket import CHANGES_WINDOW, CUSTOMER, MOST_CHANGES, TicketOver, TooOften
from app.core.call_back import DUE_BEFORE, SPAN, CallBack, Promise, Way, can_be_promised, offered
from app.core.hours import Hours
from app.core.presence import can_take
from app.core.routing import QueueKind
from app.core.staff import Staff
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store import call_backs as store
from app.store.database import Database
from app.store.desk import load_desk_options
from app.store.pokes import poke
from app.store.sites import load_sites
from app.store.staff import load_staff
from app.store.tickets import add_event, lock_ticket, nth_newest_event

ASKED: Final = "call_back_asked"
DROPPED: Final = "call_back_dropped"
DUE: Final = "call_back_due"
LATE: Final = "call_back_late"


class NotOffered(Exception):
    """This time cannot be promised, or not any more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a customer asks for. Without `to` they are called at what their ticket has."""

    begins_at: datetime
    way: Way
    to: str | None


def room_for(staff: Staff, ticket: Ticket) -> int:
    """How many call-backs can be promised for one time: one for each technician who may take it, at least one."""
    if ticket.queue_kind is QueueKind.TECHNICIAN:
        return 1
    return max(1, sum(can_take(person, ticket.department_id) for person in staff.technicians.values()))


def offered_times(
    connection: Connection, ticket: Ticket, hours: Hours, staff: Staff, *, now: datetime
) -> list[datetime]:
    """When a call-back of this ticket can begin; its own time is among them."""
    return offered(hours, now, _full(connection, ticket, staff, now))


def ask(database: Database, number: int, wanted: Wanted, *, now: datetime) -> None:
    """Promise a call-back, or move the one that was promised; the same one again changes nothing.

    Raises TicketOver, TooOften or NotOffered.
    """

    def promise(connection: Connection) -> None:
        ticket = _waiting(lock_ticket(connection, number))
        before = store.call_back_of(connection, number)
        if before and (before.begins_at, before.way, before.to) == (wanted.begins_at, wanted.way, wanted.to):
            return
        _within_limit(connection, number, now)
        _check(connection, ticket, wanted.begins_at, now)
        new = CallBack(
            ticket=number,
            begins_at=wanted.begins_at,
            ends_at=wanted.begins_at + SPAN,
            way=wanted.way,
            to=wanted.to,
            made_at=now,
            next_at=wanted.begins_at - DUE_BEFORE,
        )
        store.save_call_back(connection, new)
        _tell(connection, number, ASKED, CUSTOMER, now, (before.begins_at if before else None, new.begins_at))

    database.write(promise)


def drop(database: Database, number: int, *, now: datetime) -> None:
    """Give the call-back up: the ticket waits in line as before. Raises TicketOver."""

    def give_up(connection: Connection) -> None:
        _waiting(lock_ticket(connection, number))
        before = store.call_back_of(connection, number)
        if before is not None and store.drop_call_back(connection, number):
            _tell(connection, number, DROPPED, CUSTOMER, now, (before.begins_at, None))

    database.write(give_up)


def tell_due(database: Database, *, now: datetime) -> None:
    """Note in the tickets' histories which call-backs are due, and which are late; each once, in whatever process."""
    with database.read() as connection:
        due = store.due_call_backs(connection, now)
    for number in due:
        database.write(partial(_tell_one, number=number, now=now))


def _tell_one(connection: Connection, number: int, now: datetime) -> None:
    ticket = lock_ticket(connection, number)
    promise = store.call_back_of(connection, number)
    if ticket is None or promise is None or promise.next_at is None or promise.next_at > now:
        return
    is_late = promise.standing(now) is Promise.LATE
    store.set_next(connection, number, None if is_late or not ticket.is_open else promise.ends_at)
    if ticket.state is TicketState.WAITING:
        what = LATE if is_late else DUE
        _tell(connection, number, what, "desk", now, (None, promise.begins_at))


def _tell(
    connection: Connection,
    number: int,
    what: str,
    who: str,
    now: datetime,
    times: tuple[datetime | None, datetime | None],
) -> None:
    detail = {"begins_at": [at.isoformat() if at else None for at in times]}
    add_event(connection, number, TicketEvent(now, who, what, detail))
    poke(connection, number)


def _waiting(ticket: Ticket | None) -> Ticket:
    if ticket is None or ticket.state is not TicketState.WAITING or ticket.erased_at is not None:
        raise TicketOver
    return ticket


def _within_limit(connection: Connection, number: int, now: datetime) -> None:
    oldest = nth_newest_event(connection, number, ASKED, MOST_CHANGES)
    if oldest and oldest > now - CHANGES_WINDOW:
        raise TooOften(ceil((oldest + CHANGES_WINDOW - now).total_seconds()))


def _check(connection: Connection, ticket: Ticket, begins_at: datetime, now: datetime) -> None:
    hours = all_hours(connection).apply_to(ticket.site, ticket.department_id)
    if hours is None or not load_desk_options(connection).call_backs or not _is_offered(connection, ticket.site):
        raise NotOffered
    if not can_be_promised(hours, now, begins_at):
        raise NotOffered
    if begins_at in _full(connection, ticket, load_staff(connection), now):
        raise NotOffered


def _is_offered(connection: Connection, slug: str) -> bool:
    return any(site.call_backs for site in load_sites(connection) if site.slug == slug)


def _full(connection: Connection, ticket: Ticket, staff: Staff, now: datetime) -> set[datetime]:
    """Times at which everybody is promised to other customers."""
    promised = store.promised_times(connection, now, ticket.department_id, ticket.technician_id, but=ticket.number)
    room = room_for(staff, ticket)
    return {at for at, count in promised.items() if count >= room}
