"""What operators do with hand-offs: retry, park, open anew, release or dismiss suspects.

Each action writes to the audit log in its own transaction; of two operators, the second changes nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.actions import live_session
from app.core.live import DESK, End
from app.core.request import OPENED_ANEW_FROM, CustomerRequest, RequestState
from app.core.ticket import TicketEvent, TicketState
from app.core.why import Why, WhyCode
from app.store import hand_offs as store
from app.store.audit import record
from app.store.database import Database
from app.store.erasures import mark_erasure
from app.store.files import remove_files
from app.store.requests import request_by_reference
from app.store.tickets import (
    MOST_EARLIER,
    add_event,
    earlier_reference,
    earlier_tickets,
    end_ticket,
    name_ticket,
    ticket_owner,
)

MOST_AT_ONCE = 100
_Move = Callable[[Connection, str, datetime], object]


@dataclass(frozen=True, slots=True)
class Operator:
    """The actor: a technician's id and name; no id at the command line."""

    id: int | None = None
    name: str = "the command line"


def may_open_anew(request: CustomerRequest) -> bool:
    """Whether a new session may be opened for the request, also instead of an earlier one."""
    return request.state in OPENED_ANEW_FROM and request.erased_at is None


def retry(database: Database, reference: str, *, by: Operator, now: datetime) -> bool:
    """Make a parked or suspect request due again, or a waiting one due now; False when it is neither."""

    def again(connection: Connection, reference: str, now: datetime) -> bool:
        return store.release(connection, reference, now) or store.hurry(connection, reference, now)

    return _each(database, (reference,), "request.retried", again, by=by, now=now) == 1


def park(database: Database, reference: str, *, by: Operator, now: datetime) -> bool:
    """Stop trying a waiting request until an operator starts it again; False when it is not waiting for a try."""

    def stop(connection: Connection, reference: str, _now: datetime) -> bool:
        return store.park(connection, reference, Why(WhyCode.PARKED_BY, {"name": by.name})) is not None

    return _each(database, (reference,), "request.parked", stop, by=by, now=now) == 1


def release_suspects(database: Database, references: Collection[str], *, by: Operator, now: datetime) -> int:
    """Hand off suspect requests that came from people; returns how many. Requests that are suspect no more are
    skipped."""

    def let_go(connection: Connection, reference: str, now: datetime) -> bool:
        return _is(connection, reference, RequestState.SUSPECT) and store.release(connection, reference, now)

    return _each(database, references, "request.released", let_go, by=by, now=now)


def dismiss_suspects(database: Database, references: Collection[str], *, by: Operator, now: datetime) -> int:
    """End suspect requests that came from no person; returns how many. Requests that are suspect no more are
    skipped."""
    return _each(database, references, "request.dismissed", store.dismiss, by=by, now=now)


def open_anew(database: Database, reference: str, attempts: int, *, by: Operator, now: datetime) -> bool:
    """Make an opened or ended request due for another session, to which the customer's page then leads.

    `attempts` is the number that the operator saw: False when it has changed since, the request is erased, or it cannot
    be opened anew. A ticket of the embedded desk is closed and keeps its number. A vendor's session may still exist, so
    the next one is marked as a possible duplicate.
    """

    def again(connection: Connection) -> bool:
        request = request_by_reference(connection, reference)
        if request is None or request.attempts != attempts or not may_open_anew(request):
            return False
        earlier = len(earlier_tickets(connection, reference)) + 1
        at_vendor = request.ticket_number is None and request.opened_at is not None
        if earlier > MOST_EARLIER or not store.open_anew(connection, request, now, unsure=at_vendor):
            return False
        if request.applet_file and remove_files(connection, [request.applet_file]):
            mark_erasure(connection, now)
        if request.ticket_number is not None:
            name_ticket(connection, request.ticket_number, earlier_reference(reference, earlier))
            owner = ticket_owner(connection, request.ticket_number)
            if end_ticket(connection, request.ticket_number, TicketState.CLOSED, now):
                live_session.ends(connection, request.ticket_number, End.CLOSED, by=DESK, now=now, had_it=[owner])
            add_event(connection, request.ticket_number, TicketEvent(now, by.name, "opened_anew", {}))
        record(connection, "request.reopened", _about(reference), {"was": request.state}, by=by.id, now=now)
        return True

    return database.write(again)


def _each(
    database: Database, references: Collection[str], act: str, move: _Move, *, by: Operator, now: datetime
) -> int:
    def move_all(connection: Connection) -> int:
        moved = [reference for reference in sorted(set(references)) if move(connection, reference, now)]
        for reference in moved:
            record(connection, act, _about(reference), by=by.id, now=now)
        return len(moved)

    return database.write(move_all)


def _is(connection: Connection, reference: str, state: RequestState) -> bool:
    request = request_by_reference(connection, reference)
    return request is not None and request.state is state


def _about(reference: str) -> str:
    return f"request {reference}"
