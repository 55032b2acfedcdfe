"""Erases data that identifies a person; counts, states and times stay."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, or_, select, update

from app.core.backend import Start
from app.core.customer import NAMES
from app.core.request import RequestState
from app.core.ticket import TicketState, states_before
from app.store.codes import WRONG_PIN, part_codes, part_codes_of_tickets
from app.store.files import remove_files_of
from app.store.live_files import remove_files_of_tickets
from app.store.pictures import remove_pictures_of
from app.store.tables import (
    as_stored,
    call_backs,
    console_sessions,
    failed_logins,
    known_networks,
    left_applets,
    links,
    live_here,
    live_lines,
    live_sessions,
    live_signals,
    microseconds,
    requests,
    spent,
    ticket_events,
    tickets,
)
from app.store.why import NOTHING as WHY_GONE

_NOTHING = {
    **dict.fromkeys(NAMES),
    "language": None,
    "more": None,
    "verified": None,
}
_ADDRESS = {"client_address": None, "client_network": None, "client_wide": None}
_BROWSER = {"user_agent": None, "accept_language": None}
_APPLET = {"applet_link": None, "applet_file": None, "applet_name": None, "applet_type": None}
_MOST = 500  # rows in one transaction


def erase_requests(connection: Connection, references: Sequence[str], now: datetime) -> int:
    """Erase these requests; returns how many were not erased before."""
    connection.execute(delete(links).where(links.c.reference.in_(references)))
    part_codes(connection, references, now)
    remove_files_of(connection, references)
    change = update(requests).where(requests.c.reference.in_(references), requests.c.erased_at.is_(None))
    routing = {"department": None, "tech": None, **WHY_GONE}
    kept_shortly = {**_ADDRESS, "idempotency_key": None, "body_hash": None}
    page = {"return_to": None}
    values = {**_NOTHING, **routing, **kept_shortly, **page, **_BROWSER, **_APPLET}
    gone = connection.execute(change.values(**values, erased_at=now)).rowcount
    # After the requests, which are locked now, so that no picture can be added to them.
    remove_pictures_of(connection, references)
    return gone


def erase_tickets(connection: Connection, numbers: Sequence[int], now: datetime) -> int:
    """Erase these tickets with history and conversation, and end the open ones; returns how many were not erased
    before."""
    connection.execute(
        update(tickets)
        .where(tickets.c.number.in_(numbers), tickets.c.state.in_(states_before(TicketState.CANCELLED)))
        .values(state=TicketState.CANCELLED, ended_at=now)
    )
    change = update(tickets).where(tickets.c.number.in_(numbers), tickets.c.erased_at.is_(None))
    gone = connection.execute(change.values(**_NOTHING, asked_department=None, asked_tech=None, erased_at=now)).rowcount
    # After the tickets, which are locked now, so that no line can be added to them.
    connection.execute(delete(ticket_events).where(ticket_events.c.ticket_number.in_(numbers)))
    remove_files_of_tickets(connection, numbers)
    for table in (live_lines, live_signals, live_sessions, live_here, left_applets):
        connection.execute(delete(table).where(table.c.ticket.in_(numbers)))
    connection.execute(delete(call_backs).where(call_backs.c.ticket.in_(numbers)))
    part_codes_of_tickets(connection, numbers, now)
    return gone


def requests_to_erase(connection: Connection, ended_before: datetime, created_before: datetime) -> list[str]:
    """References of requests whose data has reached its retention."""
    query = select(requests.c.reference).where(*_is_due(requests, ended_before, created_before))
    return list(connection.execute(query.order_by(requests.c.created_at).limit(_MOST)).scalars())


def tickets_to_erase(connection: Connection, ended_before: datetime, created_before: datetime) -> list[int]:
    """Numbers of tickets whose data has reached its retention."""
    query = select(tickets.c.number).where(*_is_due(tickets, ended_before, created_before))
    return list(connection.execute(query.order_by(tickets.c.created_at).limit(_MOST)).scalars())


def _is_due(table: Table, ended_before: datetime, created_before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Nothing ends before it is created, so an index of the creation of what is not erased serves both; in its order,
    lest PostgreSQL search the whole table for the first rows."""
    old = or_(table.c.ended_at < ended_before, table.c.created_at < created_before)
    return table.c.erased_at.is_(None), table.c.created_at < max(ended_before, created_before), old


def tickets_nobody_took(connection: Connection, created_before: datetime) -> list[int]:
    """Numbers of tickets that have waited since before this time, without any event since, and without a call-back that
    was promised for a later time."""
    lately = exists().where(ticket_events.c.ticket_number == tickets.c.number, ticket_events.c.at >= created_before)
    promised = exists().where(call_backs.c.ticket == tickets.c.number, call_backs.c.ends_at >= created_before)
    query = select(tickets.c.number).where(
        tickets.c.state == TicketState.WAITING, tickets.c.created_at < created_before, ~lately, ~promised
    )
    return list(connection.execute(query.limit(_MOST)).scalars())


def forget_keys(connection: Connection, created_before: datetime) -> int:
    """Erase idempotency keys, which are kept for a short time only; returns how many."""
    # By the index of keys, as a day has few of them; `+ 0` keeps SQLite from that of creation, which has all requests.
    old = select(requests.c.reference).where(
        requests.c.idempotency_key >= "", as_stored(requests.c.created_at) + 0 < microseconds(created_before)
    )
    change = update(requests).where(requests.c.reference.in_(old.limit(_MOST)))
    return connection.execute(change.values(idempotency_key=None, body_hash=None)).rowcount


def forget_addresses(connection: Connection, created_before: datetime) -> int:
    """Erase full client addresses, which are kept for a week; returns how many."""
    old = (
        select(requests.c.reference)
        .where(requests.c.client_address.is_not(None), requests.c.created_at < created_before)
        .order_by(requests.c.created_at)
    )
    change = update(requests).where(requests.c.reference.in_(old.limit(_MOST)))
    return connection.execute(change.values(**_ADDRESS, **_BROWSER)).rowcount


def end_vendor_sessions(connection: Connection, opened_before: datetime, now: datetime) -> int:
    """End vendors' sessions opened before this time and forget their applets, as vendors do not report a session's
    end."""
    old = (
        select(requests.c.reference)
        .where(requests.c.state == RequestState.OPENED, requests.c.opened_at < opened_before)
        .where(requests.c.start != Start.DESK)
        .limit(_MOST)
    )
    change = update(requests).where(requests.c.reference.in_(old), requests.c.state == RequestState.OPENED)
    return connection.execute(change.values(state=RequestState.ENDED, ended_at=now, **_APPLET)).rowcount


def end_forgotten_requests(connection: Connection, created_before: datetime, now: datetime) -> int:
    """End old parked and suspect requests that were never resumed; returns how many."""
    states = (RequestState.PARKED, RequestState.SUSPECT)
    old = (
        select(requests.c.reference)
        .where(requests.c.state.in_(states), requests.c.created_at < created_before)
        .limit(_MOST)
    )
    change = update(requests).where(requests.c.reference.in_(old), requests.c.state.in_(states))
    return connection.execute(change.values(state=RequestState.ENDED, ended_at=now)).rowcount


def forget_log_ins(
    connection: Connection, failures_before: datetime, seen_before: datetime, networks_before: datetime
) -> None:
    """Delete wrong tries, idle sessions and known networks that no longer count."""
    log_ins = failed_logins.c.account_hash != WRONG_PIN
    connection.execute(delete(failed_logins).where(log_ins, failed_logins.c.at < failures_before))
    connection.execute(delete(console_sessions).where(console_sessions.c.seen_at < seen_before))
    connection.execute(delete(known_networks).where(known_networks.c.seen_at < networks_before))


def forget_spent(connection: Connection, ended_before: datetime) -> None:
    """Delete expired solved checks and identities."""
    connection.execute(delete(spent).where(spent.c.expires_at < ended_before))
