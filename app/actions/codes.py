"""Session codes: a technician starts one, a customer types its PIN. Wrong PINs are counted for each client."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.submit import Once
from app.core.client import Client
from app.core.links import new_link_id
from app.core.request import CustomerRequest, RequestState
from app.core.session_code import SessionCode, new_pin
from app.store import codes as store
from app.store.database import Database
from app.store.requests import request_by_reference, spend
from app.store.tickets import ticket_by_number

WINDOW = timedelta(minutes=10)
MOST_WRONG = 5  # PINs from one client within the window
MOST_WRONG_EVERYWHERE = 100  # from all networks together, before every try needs a solved check
LIFE_OF_WAY_BACK = timedelta(minutes=10)  # short: it leads to a customer's text
MOST_UNUSED = 50  # live codes of one technician
EVERYWHERE = Client("everywhere")  # all clients together
_TRIES = 5  # at finding a free PIN
Found = TypeVar("Found")


class TooManyCodes(Exception):
    """The technician has the greatest allowed number of unused codes."""


class TooManyWrong(Exception):
    """Too many wrong PINs came from this client; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class CheckWanted(Exception):
    """Too many wrong PINs come from all networks together: each try needs a solved check."""


def start_code(
    database: Database, site: str, life: timedelta, *, by: int, now: datetime, leads_to: str | None = None
) -> SessionCode:
    """Make a code with a unique PIN, valid for `life`; `leads_to` is the reference of a request that it reopens for its
    customer.

    Raises TooManyCodes.
    """

    def may_be_kept(connection: Connection) -> None:
        if store.count_unused(connection, by, now) >= MOST_UNUSED:
            raise TooManyCodes

    code = SessionCode(
        id="",
        pin="",
        technician_id=by,
        site=site,
        created_at=now,
        expires_at=now + life,
        leads_to=leads_to,
    )
    return keep_code(database, code, may_be_kept)


def keep_code(database: Database, code: SessionCode, before: Callable[[Connection], None]) -> SessionCode:
    """Give the code an id and a free PIN, store it and return it. `before` is called first, in the same transaction."""
    for _ in range(_TRIES):
        kept = replace(code, id=new_link_id(), pin=new_pin())
        with suppress(IntegrityError):
            database.write(lambda connection, kept=kept: _keep(connection, kept, before))  # type: ignore[misc]
            return kept
    raise RuntimeError("no PIN was free")


def _keep(connection: Connection, code: SessionCode, before: Callable[[Connection], None]) -> None:
    before(connection)
    store.insert_code(connection, code)


def way_back(database: Database, code_id: str, technician_id: int, *, now: datetime) -> SessionCode | None:
    """Make a code that brings a customer who has lost the page back into an open session started by this technician.

    None when the session has ended or belongs to another technician. Raises TooManyCodes.
    """
    with database.read() as connection:
        code = store.code_by_id(connection, code_id)
        theirs = code is not None and code.technician_id == technician_id
        request = request_by_reference(connection, code.reference) if code and theirs and code.reference else None
    if code is None or request is None or request.state is RequestState.ENDED:
        return None
    return start_code(database, code.site, LIFE_OF_WAY_BACK, by=technician_id, now=now, leads_to=request.reference)


def come_back(database: Database, code: SessionCode, used_by: str, *, now: datetime) -> CustomerRequest | None:
    """Use a code that leads to a request, and return the request; None when another form used the code or it has
    ended."""

    def use(connection: Connection) -> CustomerRequest | None:
        found = store.code_by_id(connection, code.id)
        if found is None or found.leads_to is None or not can_be_used(connection, found, used_by, now=now):
            return None
        if found.reference is None and not store.use_code(connection, code.id, found.leads_to, used_by, now):
            return None
        return request_by_reference(connection, found.leads_to)

    return database.write(use)


def wants_check(database: Database, *, now: datetime) -> bool:
    """Whether a PIN is accepted only together with a solved check."""
    with database.read() as connection:
        return store.wrong_pins(connection, EVERYWHERE, MOST_WRONG_EVERYWHERE, now - WINDOW) is not None


def code_of_pin(
    database: Database,
    pin: str,
    address: str,
    used_by: Callable[[SessionCode], str],
    check: Once | None,
    *,
    now: datetime,
) -> SessionCode | None:
    """The code with this PIN; None when there is no usable one, which counts as a wrong try.

    `pin` is nine digits. A used code works only for the form that used it (`used_by` gives that form's mark). Raises
    TooManyWrong, for right PINs too, and CheckWanted without an unused `check` while too many wrong PINs come from all
    networks together.
    """

    def find(connection: Connection) -> SessionCode | None:
        code = store.code_by_pin(connection, pin)
        return code if code and can_be_used(connection, code, used_by(code), now=now) else None

    return tried(database, address, check, find, now=now)


def tried(
    database: Database, address: str, check: Once | None, find: Callable[[Connection], Found | None], *, now: datetime
) -> Found | None:
    """What `find` finds; None counts as a wrong try of this client and of all together.

    Raises TooManyWrong, for right tries too, and CheckWanted without an unused `check` while too many wrong ones come
    from all networks together.
    """
    client, since = Client.at(address), now - WINDOW

    def look(connection: Connection) -> tuple[Found | None, datetime | None]:
        store.one_at_a_time(connection, client)
        if oldest := store.wrong_pins(connection, client, MOST_WRONG, since):
            return None, oldest
        if store.wrong_pins(connection, EVERYWHERE, MOST_WRONG_EVERYWHERE, since) and not _spent(connection, check):
            raise CheckWanted
        found = find(connection)
        if found is None:
            store.add_wrong_pin(connection, client, now)
            store.add_wrong_pin(connection, EVERYWHERE, now)
        return found, None

    with database.read() as connection:  # a client over its limit costs no write
        oldest = store.wrong_pins(connection, client, MOST_WRONG, since)
    found = None
    if oldest is None:
        found, oldest = database.write(look)
    if oldest:
        raise TooManyWrong(ceil((oldest + WINDOW - now).total_seconds()))
    return found


def usable_code(database: Database, code_id: str, used_by: str, *, now: datetime) -> SessionCode | None:
    """The code with this id, taken from its link; None when this form cannot use it any more."""
    with database.read() as connection:
        code = store.code_by_id(connection, code_id)
        return code if code and can_be_used(connection, code, used_by, now=now) else None


def session_of(database: Database, code: SessionCode) -> CustomerRequest | None:
    """The request that the code started; None while it is unused."""
    if code.reference is None:
        return None
    with database.read() as connection:
        return request_by_reference(connection, code.reference)


def revoke(database: Database, code_id: str, *, by: int, now: datetime) -> bool:
    """Revoke an unused code of this technician; False when there is no such code."""
    return database.write(lambda connection: store.revoke_code(connection, code_id, by, now))


def can_be_used(connection: Connection, code: SessionCode, used_by: str, *, now: datetime) -> bool:
    """Whether the code is unused, or was used by this same form (pressed twice) for a session that is still open."""
    if not code.is_live(now):
        return False
    if code.ticket is not None:
        ticket = ticket_by_number(connection, code.ticket)
        return ticket is not None and ticket.is_open and code.used_by in (None, used_by)
    leads_to = code.reference or code.leads_to
    if leads_to is None:
        return True
    request = request_by_reference(connection, leads_to)
    still_open = request is not None and request.state is not RequestState.ENDED
    return still_open and code.used_by in (None, used_by)


def _spent(connection: Connection, check: Once | None) -> bool:
    return check is not None and spend(connection, check.purpose, check.id, check.expires_at)
