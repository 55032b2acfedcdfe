"""Session codes: a technician starts one, a customer types its PIN. Wrong PINs are counted for each network."""

from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.core.client import client_network, wide_network
from app.core.links import new_link_id
from app.core.request import CustomerRequest, RequestState
from app.core.session_code import SessionCode, new_pin
from app.store import codes as store
from app.store.database import Database
from app.store.requests import request_by_reference

WINDOW = timedelta(minutes=10)
MOST_WRONG = 5  # PINs from one network within the window
MOST_WRONG_WIDE = 20  # from one IPv6 /48
MOST_UNUSED = 50  # live codes of one technician
_TRIES = 5  # at finding a PIN that nobody has


class TooManyCodes(Exception):
    """This technician has as many unused codes as anybody may have."""


class TooManyWrong(Exception):
    """Too many wrong PINs came from this network; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def start_code(database: Database, technician_id: int, site: str, life: timedelta, now: datetime) -> SessionCode:
    """A new code with a PIN that no other has. Raises TooManyCodes."""

    def keep(connection: Connection) -> bool:
        if store.count_unused(connection, technician_id, now) >= MOST_UNUSED:
            return False
        store.insert_code(connection, code)
        return True

    for _ in range(_TRIES):
        code = SessionCode(
            id=new_link_id(),
            pin=new_pin(),
            technician_id=technician_id,
            site=site,
            created_at=now,
            expires_at=now + life,
        )
        with suppress(IntegrityError):
            if not database.write(keep):
                raise TooManyCodes
            return code
    raise RuntimeError("no PIN was free")


def code_of_pin(database: Database, pin: str, address: str, now: datetime) -> SessionCode | None:
    """The code that a customer means; None when there is none that can be used, which counts as a wrong try.

    `pin` is nine digits. Raises TooManyWrong, for right PINs too.
    """
    limits, since = _limits(address), now - WINDOW

    def too_many(connection: Connection) -> datetime | None:
        nth = (store.nth_wrong_pin(connection, network, most, since) for network, most in limits.items())
        return max(filter(None, nth), default=None)

    def look(connection: Connection) -> tuple[SessionCode | None, datetime | None]:
        store.one_at_a_time(connection, [*limits][-1])
        if oldest := too_many(connection):
            return None, oldest
        code = store.code_by_pin(connection, pin)
        if code and _can_be_used(connection, code, now):
            return code, None
        for network in limits:
            store.add_wrong_pin(connection, network, now)
        return None, None

    with database.read() as connection:  # whoever hammers costs no write
        oldest = too_many(connection)
    found = None
    if oldest is None:
        found, oldest = database.write(look)
    if oldest:
        raise TooManyWrong(ceil((oldest + WINDOW - now).total_seconds()))
    return found


def usable_code(database: Database, code_id: str, now: datetime) -> SessionCode | None:
    """The code with this id, as its link names it; None when it can be used no more."""
    with database.read() as connection:
        code = store.code_by_id(connection, code_id)
        return code if code and _can_be_used(connection, code, now) else None


def session_of(database: Database, code: SessionCode) -> CustomerRequest | None:
    """The request that came of the code, None while nobody has used it."""
    if code.reference is None:
        return None
    with database.read() as connection:
        return request_by_reference(connection, code.reference)


def revoke(database: Database, code_id: str, technician_id: int, now: datetime) -> bool:
    """Take a code of this technician back; False when there is none that nobody has used."""
    return database.write(lambda connection: store.revoke_code(connection, code_id, technician_id, now))


def _limits(address: str) -> dict[str, int]:
    """How many wrong PINs may come from which network that the address is in, the widest last."""
    wide = wide_network(address)
    return {client_network(address): MOST_WRONG, **({wide: MOST_WRONG_WIDE} if wide else {})}


def _can_be_used(connection: Connection, code: SessionCode, now: datetime) -> bool:
    """Unused, or used for a session that is still open: the same customer comes again."""
    if not code.is_live(now):
        return False
    if code.reference is None:
        return True
    request = request_by_reference(connection, code.reference)
    return request is not None and request.state is not RequestState.ENDED
