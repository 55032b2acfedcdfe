"""Session codes, and the wrong PINs of the last minutes."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, literal, or_, select, update

from app.core.client import Client
from app.core.request import RequestState
from app.core.session_code import SessionCode
from app.store.log_in_tries import add_failure, failures_by_account
from app.store.tables import Moment, failed_logins, requests, session_codes

WRONG_PIN = "pin"  # stands in for an account's hash


def insert_code(connection: Connection, code: SessionCode) -> None:
    """Store a new code. Raises IntegrityError when its PIN is taken."""
    connection.execute(insert(session_codes).values(**asdict(code)))


def code_by_pin(connection: Connection, pin: str) -> SessionCode | None:
    """The code with this PIN, expired ones included."""
    return _code(connection.execute(select(session_codes).where(session_codes.c.pin == pin)).one_or_none())


def code_by_id(connection: Connection, code_id: str) -> SessionCode | None:
    """The code with this id, expired ones included."""
    return _code(connection.execute(select(session_codes).where(session_codes.c.id == code_id)).one_or_none())


def codes_of(
    connection: Connection, technician_id: int, now: datetime, most: int = 200
) -> list[tuple[SessionCode, int | None]]:
    """A technician's live codes, newest first, each with the number of its open ticket, if there is one.

    Codes whose session has ended are left out.
    """
    query = (
        select(session_codes, requests.c.ticket_number)
        .outerjoin(requests, requests.c.reference == session_codes.c.reference)
        .where(
            session_codes.c.technician_id == technician_id,
            session_codes.c.expires_at > now,
            session_codes.c.revoked_at.is_(None),
            or_(session_codes.c.reference.is_(None), requests.c.state != RequestState.ENDED),
        )
        .order_by(session_codes.c.created_at.desc(), session_codes.c.id)
        .limit(most)
    )
    return [(_known(row), row.ticket_number) for row in connection.execute(query)]


def count_unused(connection: Connection, technician_id: int, now: datetime) -> int:
    """The number of this technician's live, unused codes."""
    unused = select(func.count()).where(session_codes.c.technician_id == technician_id, _is_unused(now))
    return connection.execute(unused).scalar_one()


def use_code(connection: Connection, code_id: str, reference: str, used_by: str, now: datetime) -> bool:
    """Use the code for this request; `used_by` marks the form. False when it was used or revoked before, or has
    expired."""
    change = update(session_codes).where(session_codes.c.id == code_id, _is_unused(now))
    return connection.execute(change.values(reference=reference, used_by=used_by)).rowcount == 1


def code_of_ticket(connection: Connection, ticket: int, now: datetime) -> SessionCode | None:
    """The unused code with which the ticket's customer can move its page; None without one."""
    its = and_(session_codes.c.ticket == ticket, session_codes.c.used_by.is_(None), _is_unused(now))
    query = select(session_codes).where(its).order_by(session_codes.c.created_at.desc()).limit(1)
    return _code(connection.execute(query).one_or_none())


def nth_newest_of_ticket(connection: Connection, ticket: int, nth: int) -> datetime | None:
    """Time of the nth newest code that this ticket's customer has asked for."""
    query = select(session_codes.c.created_at).where(session_codes.c.ticket == ticket)
    newest = query.order_by(session_codes.c.created_at.desc()).limit(1).offset(nth - 1)
    return connection.execute(newest).scalar_one_or_none()


def revoke_of_ticket(connection: Connection, ticket: int, now: datetime) -> None:
    """Revoke the ticket's unused codes."""
    its = and_(session_codes.c.ticket == ticket, session_codes.c.used_by.is_(None), _is_unused(now))
    connection.execute(update(session_codes).where(its).values(revoked_at=now))


def note_moved_by(connection: Connection, code_id: str, used_by: str) -> bool:
    """Use a code with a ticket; `used_by` marks the form. False when it was used before."""
    change = update(session_codes).where(session_codes.c.id == code_id, session_codes.c.used_by.is_(None))
    return connection.execute(change.values(used_by=used_by)).rowcount == 1


def revoke_code(connection: Connection, code_id: str, technician_id: int, now: datetime) -> bool:
    """Revoke an unused code; False when it is another technician's, was used or revoked before, or has expired."""
    its = and_(session_codes.c.id == code_id, session_codes.c.technician_id == technician_id)
    change = update(session_codes).where(its, _is_unused(now))
    return connection.execute(change.values(revoked_at=now)).rowcount == 1


def part_codes(connection: Connection, references: Sequence[str], now: datetime) -> None:
    """Detach the codes of requests that are erased, and revoke them."""
    _part(connection, or_(session_codes.c.reference.in_(references), session_codes.c.leads_to.in_(references)), now)


def part_codes_of_tickets(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """Detach the codes of tickets that are erased, and revoke them."""
    _part(connection, session_codes.c.ticket.in_(numbers), now)


def _part(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    change = update(session_codes).where(which)
    connection.execute(
        change.values(
            reference=None,
            leads_to=None,
            used_by=None,
            ticket=None,
            revoked_at=func.coalesce(session_codes.c.revoked_at, literal(now, Moment)),
        )
    )


def forget_codes(connection: Connection, ended_before: datetime) -> None:
    """Delete codes that expired before this time."""
    connection.execute(delete(session_codes).where(session_codes.c.expires_at < ended_before))


def one_at_a_time(connection: Connection, client: Client) -> None:
    """Lock the client's widest network until the transaction ends, so that concurrent tries are all counted.

    SQLite has one writer at any time, so it needs no lock.
    """
    if connection.dialect.name == "postgresql":
        key = func.hashtextextended(_marked(client).networks[-1], 0)
        connection.execute(select(func.pg_advisory_xact_lock(key)))


def add_wrong_pin(connection: Connection, client: Client, now: datetime) -> None:
    """Count one wrong PIN for this client."""
    add_failure(connection, WRONG_PIN, _marked(client), now)


def wrong_pins(connection: Connection, client: Client, most: int, since: datetime) -> datetime | None:
    """Time of the `most`th newest wrong PIN from this client (see `failures_by_account`), if after `since`."""
    return failures_by_account(connection, WRONG_PIN, _marked(client), most, since)


def forget_wrong_pins(connection: Connection, before: datetime) -> None:
    """Delete wrong PINs that no longer count."""
    wrong = failed_logins.c.account_hash == WRONG_PIN
    connection.execute(delete(failed_logins).where(wrong, failed_logins.c.at < before))


def _marked(client: Client) -> Client:
    """A client under which wrong PINs are counted apart from wrong log-ins."""
    return Client(*(f"{WRONG_PIN} {network}" for network in client.networks))


def _is_unused(now: datetime) -> Any:
    return and_(
        session_codes.c.reference.is_(None), session_codes.c.revoked_at.is_(None), session_codes.c.expires_at > now
    )


_COLUMNS = tuple(column.name for column in session_codes.columns)


def _code(row: Row[Any] | None) -> SessionCode | None:
    return None if row is None else _known(row)


def _known(row: Row[Any]) -> SessionCode:
    return SessionCode(**{name: getattr(row, name) for name in _COLUMNS})
