"""What technicians do with a ticket of the embedded desk. Each move is one update that requires the state they saw."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from app.actions import live_session
from app.core.live import End
from app.core.standing import Queue, Standing
from app.core.ticket import OPEN_STATES, Outcome, Ticket, TicketEvent, TicketState, may_move
from app.store.database import Database
from app.store.live import load_session
from app.store.pokes import poke
from app.store.requests import end_request, reopen_request
from app.store.tickets import add_event, latest_events, lock_ticket, move_ticket, set_outcome, ticket_by_number

_LOOKED_AT = 20  # newest lines of a history that are searched for the same note


class Meanwhile(Exception):
    """The ticket is not in the state that the technician saw, or another technician has it. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Work:
    """One action of a technician (`by`, an id) on a ticket; `seen` is the state that their page showed."""

    number: int
    seen: Standing
    _: KW_ONLY
    by: int
    now: datetime

    def event(self, what: str, field: str, old: object, new: object) -> TicketEvent:
        """A line of the history: the old and new value of one field."""
        return TicketEvent(self.now, str(self.by), what, {field: [_written(old), _written(new)]})


def claim(database: Database, work: Work) -> None:
    """Claim a waiting ticket, or take it over from the owner that `seen` names. Of concurrent claims one succeeds.

    Raises Meanwhile for all others. Claiming your own ticket again succeeds.
    """
    seen = work.seen
    if seen.state not in OPEN_STATES:
        raise Meanwhile
    mine = replace(seen, state=TicketState.ACTIVE, owner_id=work.by)
    what = "claimed" if seen.owner_id is None else "taken_over"
    event = work.event(what, "owner", seen.owner_id, work.by)

    def take(connection: Connection) -> None:
        if seen == mine:
            _stands(connection, work)
        elif move_ticket(connection, work.number, seen, mine, claimed_at=work.now):
            add_event(connection, work.number, event)
            _end_active(connection, work, End.TAKEN_OVER)
            live_session.begins(connection, work.number, by=work.by, now=work.now)
        elif not _is_done(connection, work, event):
            raise Meanwhile

    database.write(take)


def release(database: Database, work: Work) -> None:
    """Return the ticket to its queue. Raises Meanwhile when this technician does not own it any more."""
    seen = work.seen
    if seen.state is not TicketState.ACTIVE or seen.owner_id != work.by:
        raise Meanwhile
    new = replace(seen, state=TicketState.WAITING, owner_id=None)
    _move(database, work, new, work.event("released", "owner", work.by, None), End.RELEASED)


def transfer(database: Database, work: Work, to: Queue) -> None:
    """Move the ticket to another queue, where it waits. Raises Meanwhile."""
    if work.seen.state not in OPEN_STATES or not work.seen.is_free_for(work.by):
        raise Meanwhile
    new = Standing(TicketState.WAITING, to, None)
    _move(database, work, new, work.event("transferred", "queue", work.seen.queue, to), End.PASSED_ON)


def close(database: Database, work: Work, outcome: Outcome, note: TicketEvent | None = None) -> None:
    """End the ticket and the customer's request. Raises Meanwhile, and then keeps no note either.

    A ticket that its customer ended is closed already, and gets its outcome.
    """
    seen = work.seen
    is_closed = seen.state is TicketState.CLOSED
    if not is_closed and (not may_move(seen.state, TicketState.CLOSED) or not seen.is_free_for(work.by)):
        raise Meanwhile
    event = work.event("closed", "outcome", None, outcome)

    def end(connection: Connection) -> None:
        closes = _settle if is_closed else _close
        if not closes(connection, work, outcome):
            if not _is_done(connection, work, event):
                raise Meanwhile
            return
        if note:
            add_event(connection, work.number, note)
        add_event(connection, work.number, event)

    database.write(end)


def _close(connection: Connection, work: Work, outcome: Outcome) -> bool:
    closed = replace(work.seen, state=TicketState.CLOSED)
    if not move_ticket(connection, work.number, work.seen, closed, ended_at=work.now, outcome=outcome):
        return False
    _end_session(connection, work, End.CLOSED)
    _with_request(connection, work.number, lambda reference: end_request(connection, reference, work.now))
    return True


def _settle(connection: Connection, work: Work, outcome: Outcome) -> bool:
    return set_outcome(connection, work.number, work.seen, outcome)


def reopen(database: Database, work: Work) -> None:
    """Reopen an ended ticket for this technician, and its customer's request. Raises Meanwhile."""
    seen = work.seen
    if seen.state in OPEN_STATES or not may_move(seen.state, TicketState.ACTIVE):
        raise Meanwhile
    mine = replace(seen, state=TicketState.ACTIVE, owner_id=work.by)
    event = work.event("reopened", "state", seen.state, TicketState.ACTIVE)

    def open_again(connection: Connection) -> None:
        if not move_ticket(connection, work.number, seen, mine, claimed_at=work.now):
            if not _is_done(connection, work, event):
                raise Meanwhile
            return
        add_event(connection, work.number, event)
        live_session.begins(connection, work.number, by=work.by, now=work.now)
        _with_request(connection, work.number, lambda reference: reopen_request(connection, reference))

    database.write(open_again)


def note(work: Work, text: str, form: str) -> TicketEvent:
    """A technician's note as a line of the history; `form` identifies the form it came from."""
    return TicketEvent(work.now, str(work.by), "note", {"text": [None, text], "form": [None, form]})


def add_note(database: Database, number: int, written: TicketEvent) -> None:
    """Save a note; the same form sent again adds no second one. Raises Meanwhile when the ticket's data is erased."""

    def add(connection: Connection) -> None:
        ticket = lock_ticket(connection, number)
        if ticket is None or ticket.erased_at is not None:
            raise Meanwhile
        if not any(_same(written, event) for event in latest_events(connection, number, _LOOKED_AT)):
            add_event(connection, number, written)

    database.write(add)


def _move(database: Database, work: Work, new: Standing, event: TicketEvent, how: End) -> None:
    def move(connection: Connection) -> None:
        if move_ticket(connection, work.number, work.seen, new):
            add_event(connection, work.number, event)
            _end_active(connection, work, how)
            poke(connection, work.number, [new.queue.technician_id] if new.queue.technician_id else [])
        elif not _is_done(connection, work, event):
            raise Meanwhile

    database.write(move)


def _end_active(connection: Connection, work: Work, how: End) -> None:
    """End the session, if a technician had the ticket."""
    if work.seen.state is TicketState.ACTIVE:
        _end_session(connection, work, how)


def _end_session(connection: Connection, work: Work, how: End) -> None:
    people = [work.seen.owner_id, *load_session(connection, work.number).joined]
    live_session.ends(connection, work.number, how, by=str(work.by), now=work.now, had_it=people)


def _stands(connection: Connection, work: Work) -> None:
    ticket = ticket_by_number(connection, work.number)
    if ticket is None or Standing.of(ticket) != work.seen:
        raise Meanwhile


def _is_done(connection: Connection, work: Work, event: TicketEvent) -> bool:
    """Whether this technician's last action was the same, with nothing since: pressed twice."""
    return any(_same(event, newest) for newest in latest_events(connection, work.number, 1))


def _same(one: TicketEvent, other: TicketEvent) -> bool:
    return (one.who, one.what, one.detail) == (other.who, other.what, other.detail)


def _with_request(connection: Connection, number: int, change: Callable[[str], None]) -> None:
    """Change the customer's request too, if the ticket came from a request."""
    ticket: Ticket | None = ticket_by_number(connection, number)
    if ticket and ticket.reference:
        change(ticket.reference)


def _written(value: object) -> str | None:
    return None if value is None else str(value)
