"""Personal data: exported and erased on demand, and erased automatically at the end of its retention."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from app.actions.codes import WINDOW as WRONG_PINS_COUNT
from app.actions.finish_erasure import finish_erasure
from app.actions.keep_file import WRITTEN_WITHIN
from app.actions.log_in import SESSION_IDLE
from app.actions.pictures import UNSENT_FOR
from app.actions.tries import NETWORKS_KNOWN, STRANGERS_WINDOW
from app.core.call_back import CallBack
from app.core.conversation import Conversation
from app.core.live import SIGNAL_LIFE
from app.core.request import CustomerRequest, RequestState
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store import privacy as store
from app.store.audit import record
from app.store.call_backs import call_backs_of
from app.store.codes import forget_codes, forget_wrong_pins
from app.store.database import Database
from app.store.desk import load_desk_options
from app.store.erasures import mark_erasure
from app.store.files import remove_old_chunks
from app.store.live import forget_signals
from app.store.live_here import load_conversation
from app.store.notices import forget_settled
from app.store.pictures import pictures_of_request, remove_unsent
from app.store.pokes import poke
from app.store.request_list import Wanted
from app.store.requests import end_request, request_by_reference, requests_of_person
from app.store.tickets import (
    add_event,
    earlier_tickets,
    end_ticket,
    ticket_by_number,
    ticket_history,
    tickets_of_person,
)
from app.store.why import why_members

TICKET_LIFE = timedelta(days=7)  # an unclaimed ticket, a parked or suspect request
VENDOR_SESSION_LIFE = timedelta(hours=24)  # as long as its status page and its applet are kept
LONGEST_KEPT = timedelta(days=90)
FILES_KEPT = VENDOR_SESSION_LIFE
KEYS_KEPT = timedelta(hours=24)
NOTICES_KEPT = timedelta(days=7)  # after they were settled
ADDRESSES_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many tickets expired, and how many requests and tickets were erased; `finished` when no erased value is left
    in the database's log."""

    tickets_expired: int
    requests_erased: int
    tickets_erased: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Person:
    """All data kept about one person or one request."""

    requests: Sequence[CustomerRequest]
    tickets: Sequence[Ticket]

    @property
    def names(self) -> dict[str, list[str] | list[int]]:
        """References of the requests and numbers of the tickets; the audit log gets no more than these."""
        return {"requests": [r.reference for r in self.requests], "tickets": [t.number for t in self.tickets]}

    @property
    def still_open(self) -> int:
        """Number of sessions that have not ended."""
        with_ticket = {ticket.reference for ticket in self.tickets}
        tickets = sum(ticket.is_open for ticket in self.tickets)
        return tickets + sum(r.state is not RequestState.ENDED for r in self.requests if r.reference not in with_ticket)


def find_person(
    database: Database,
    *,
    reference: str | None = None,
    email: str | None = None,
    number: str | None = None,
) -> Person:
    """Find by exactly one of reference, mail address (in any case) and customer number; surrounding blanks are
    ignored."""
    email, number = email and email.strip(), number and number.strip()
    with database.read() as connection:
        if reference is not None:
            found = request_by_reference(connection, reference)
            requests = [found] if found else []
            tickets = _tickets_of(connection, requests)
        else:
            requests = requests_of_person(connection, email=email, number=number)
            by_number = {t.number: t for t in tickets_of_person(connection, email=email, number=number)}
            by_number |= {t.number: t for t in _tickets_of(connection, requests)}
            tickets = list(by_number.values())
            # A mail address that the customer corrected in the applet is in the ticket only.
            known = {request.reference for request in requests}
            references = [t.reference for t in tickets if t.reference and t.reference not in known]
            requests += [r for reference in references if (r := request_by_reference(connection, reference))]
    return Person(requests, tickets)


def export(database: Database, person: Person) -> dict[str, Any]:
    """A person's data as plain JSON values, without secret link ids."""
    with database.read() as connection:
        histories = {t.number: ticket_history(connection, t.number) for t in person.tickets}
        promises = call_backs_of(connection, [t.number for t in person.tickets])
        conversations = {t.number: load_conversation(connection, t.number) for t in person.tickets}
        pictures = {r.reference: pictures_of_request(connection, r.reference) for r in person.requests}
    return {
        "requests": [
            {
                **_plain(
                    _flat(r), ("status_id", "idempotency_key", "body_hash", "lease", "applet_link", "applet_file")
                ),
                "pictures": [_plain(asdict(picture), ("form", "kept")) for picture in pictures[r.reference]],
            }
            for r in person.requests
        ],
        "tickets": [
            {
                **_plain(_flat(t), ("applet_id", "pin")),
                "history": [_event(e) for e in histories[t.number]],
                "call_back": _call_back(promises.get(t.number)),
                "conversation": _conversation(conversations[t.number]),
            }
            for t in person.tickets
        ],
    }


def record_export(database: Database, person: Person, *, by: int | None, now: datetime) -> None:
    """Record in the audit log that a person's data was exported."""
    database.write(
        lambda connection: record(connection, "data.exported", _number_of(person), person.names, by=by, now=now)
    )


def record_list_export(database: Database, kind: str, wanted: Wanted, *, by: int, now: datetime) -> None:
    """Record that the list of requests was exported as `kind` (csv, json). The searched text is left out, as it may be
    a name."""
    filters = {"state": wanted.state, "site": wanted.site, "backend": wanted.backend}
    detail = {"format": kind, **filters, "searched": bool(wanted.text)}
    database.write(lambda connection: record(connection, "requests.exported", "requests", detail, by=by, now=now))


def erase(database: Database, person: Person, *, by: int | None, now: datetime) -> bool:
    """Erase a person's data, files included, from the database and its log; end what is still open.

    False when the log could not be emptied yet (see `finish_erasure`). Recorded in the audit log, for the technician
    `by` or the command line (None).
    """
    references = [request.reference for request in person.requests]
    numbers = [ticket.number for ticket in person.tickets]

    def erase_all(connection: Connection) -> None:
        for reference in references:
            end_request(connection, reference, now)
        store.erase_requests(connection, references, now)
        store.erase_tickets(connection, numbers, now)
        for ticket in person.tickets:
            if ticket.is_open:  # its pages stop what they show
                poke(connection, ticket.number, [ticket.owner_id] if ticket.owner_id else [])
        record(connection, "data.erased", _number_of(person), person.names, by=by, now=now)
        mark_erasure(connection, now)

    database.write(erase_all)
    _repeat(database, lambda connection: _remove_old_files(connection, now=now))
    return finish_erasure(database)


def retention_of(database: Database, usual_days: int) -> timedelta:
    """Retention of personal data: from the desk's options, else `usual_days`."""
    with database.read() as connection:
        return load_desk_options(connection).retention(usual_days)


def prune(database: Database, retention: timedelta, *, now: datetime) -> Pruned:
    """End abandoned tickets and requests, and erase data past its retention. Safe at any time in any process."""
    expired = _repeat(database, lambda connection: _expire(connection, now=now))
    _repeat(database, lambda connection: store.end_vendor_sessions(connection, now - VENDOR_SESSION_LIFE, now))
    _repeat(database, lambda connection: store.end_forgotten_requests(connection, now - TICKET_LIFE, now))
    ended, created = now - retention, now - LONGEST_KEPT

    def erase_requests(connection: Connection) -> int:
        due = store.requests_to_erase(connection, ended, created)
        return _marked(connection, store.erase_requests(connection, due, now), now)

    def erase_tickets(connection: Connection) -> int:
        due = store.tickets_to_erase(connection, ended, created)
        return _marked(connection, store.erase_tickets(connection, due, now), now)

    requests, tickets = _repeat(database, erase_requests), _repeat(database, erase_tickets)
    _repeat(database, lambda connection: remove_unsent(connection, now - UNSENT_FOR))
    _repeat(database, lambda connection: _remove_old_files(connection, now=now))
    _repeat(database, lambda connection: store.forget_keys(connection, now - KEYS_KEPT))
    _repeat(database, lambda connection: store.forget_addresses(connection, now - ADDRESSES_KEPT))
    _repeat(database, lambda connection: forget_settled(connection, now - NOTICES_KEPT))

    def forget(connection: Connection) -> None:
        forget_signals(connection, now - SIGNAL_LIFE)
        store.forget_log_ins(connection, now - STRANGERS_WINDOW, now - SESSION_IDLE, now - NETWORKS_KNOWN)
        store.forget_spent(connection, now)
        forget_wrong_pins(connection, now - WRONG_PINS_COUNT)
        forget_codes(connection, ended)

    database.write(forget)
    return Pruned(expired, requests, tickets, finish_erasure(database))


def prune_by_hand(database: Database, retention: timedelta, *, by: int | None, now: datetime) -> Pruned:
    """Do what `prune` does, and record in the audit log what it erased."""
    done = prune(database, retention, now=now)
    erased = {"requests": done.requests_erased, "tickets": done.tickets_erased}
    if any(erased.values()):
        database.write(lambda connection: record(connection, "data.pruned", "what is over", erased, by=by, now=now))
    return done


def _remove_old_files(connection: Connection, *, now: datetime) -> int:
    """Remove kept files after a day, also those that no request leads to, what killed processes left, and those of
    conversations that are erased."""
    return _marked(connection, remove_old_chunks(connection, now - FILES_KEPT, now - WRITTEN_WITHIN), now)


def _marked(connection: Connection, erased: int, now: datetime) -> int:
    """Mark the erasure, if anything was erased."""
    if erased:
        mark_erasure(connection, now)
    return erased


def _repeat(database: Database, job: Callable[[Connection], int]) -> int:
    total = 0
    while done := database.write(job):
        total += done
    return total


def _expire(connection: Connection, *, now: datetime) -> int:
    numbers = store.tickets_nobody_took(connection, now - TICKET_LIFE)
    for number in numbers:
        if not end_ticket(connection, number, TicketState.EXPIRED, now):
            continue
        add_event(connection, number, TicketEvent(now, "desk", "expired", {}))
        ticket = ticket_by_number(connection, number)
        if ticket and ticket.reference:
            end_request(connection, ticket.reference, now)
    return len(numbers)


def _number_of(person: Person) -> str:
    return f"{len(person.requests)} requests, {len(person.tickets)} tickets"


def _tickets_of(connection: Connection, requests: Sequence[CustomerRequest]) -> list[Ticket]:
    numbers = [r.ticket_number for r in requests if r.ticket_number is not None]
    last = [t for n in numbers if (t := ticket_by_number(connection, n))]
    return last + [t for r in requests for t in earlier_tickets(connection, r.reference)]


def _flat(row: CustomerRequest | Ticket) -> dict[str, Any]:
    """The row's values by name, with the customer's details under their own names instead of `customer`."""
    flat: dict[str, Any] = {}
    for name, value in asdict(row).items():
        flat |= row.customer.values() if name == "customer" else {name: value}
    return flat | why_members(row.why) if isinstance(row, CustomerRequest) else flat


def _event(event: TicketEvent) -> dict[str, Any]:
    return _plain(asdict(event), ())


def _call_back(promise: CallBack | None) -> dict[str, Any] | None:
    return None if promise is None else _plain(asdict(promise), ("ticket", "next_at"))


def _conversation(kept: Conversation) -> dict[str, Any]:
    return {
        **_plain(asdict(kept.session), ()),
        "lines": [_plain(asdict(line), ("key",)) for line in kept.lines],
        "files": [_plain(asdict(file), ("key", "kept")) for file in kept.files],
        "signals": [_plain(asdict(signal), ()) for signal in kept.signals],
        "pages": [_plain(asdict(page), ()) for page in kept.pages],
    }


def _plain(values: dict[str, Any], secret: Sequence[str]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if name not in secret
    }
