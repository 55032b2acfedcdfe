"""Technicians' log-in: Argon2id, limited wrong tries, sessions kept on the server."""

import hashlib
import secrets
import threading
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.client import client_network
from app.store.console import (
    add_failure,
    add_session,
    delete_session,
    failures_by_account,
    failures_by_network,
    session_technician,
    touch_session,
)
from app.store.database import Database
from app.store.staff import password_hash

WINDOW = timedelta(minutes=5)
MOST_PER_ACCOUNT = 5  # wrong tries on one account from one network
MOST_PER_NETWORK = 20  # wrong tries from one network on any account
SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
SHORTEST_PASSWORD = 10  # characters
LONGEST_PASSWORD = 1024

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_two_at_a_time = threading.BoundedSemaphore(2)


class TooManyTries(Exception):
    """`retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class WrongLogin(Exception):
    """Unknown account, wrong password or disabled: never said which."""


def hashed_password(password: str) -> str:
    """An Argon2id hash. Raises ValueError for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise ValueError(f"a password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _hasher.hash(password)


def log_in(database: Database, email: str, password: str, address: str, now: datetime) -> str:
    """A new session's secret id. Raises WrongLogin or TooManyTries.

    Wrong tries count per account and network together, so nobody can lock the true owner out from elsewhere.
    """
    email = email.strip().lower().encode("utf-8", "replace").decode()
    account, network = _account_hash(email), client_network(address)
    since = now - WINDOW
    with database.read() as connection:
        if oldest := failures_by_account(connection, account, network, MOST_PER_ACCOUNT, since):
            raise TooManyTries(_seconds_left(oldest, now))
        if oldest := failures_by_network(connection, network, MOST_PER_NETWORK, since):
            raise TooManyTries(_seconds_left(oldest, now))
        known = password_hash(connection, email)
    if not _verified(known[1] if known else _hash_of_nobody(), password) or not known:
        database.write(lambda connection: add_failure(connection, account, network, now))
        raise WrongLogin
    secret = secrets.token_urlsafe(32)
    technician_id = known[0]
    database.write(lambda connection: add_session(connection, _session_hash(secret), technician_id, now))
    return secret


def log_out(database: Database, secret: str) -> None:
    """End the session."""
    database.write(lambda connection: delete_session(connection, _session_hash(secret)))


def current_technician(database: Database, secret: str, now: datetime, *, used: bool = True) -> int | None:
    """The id of whose session this is, if it has neither ended nor idled; remember that it is used, if it is."""
    id_hash = _session_hash(secret)
    with database.read() as connection:
        found = session_technician(connection, id_hash, now - SESSION_LIFE, now - SESSION_IDLE)
    if found is None:
        return None
    technician_id, seen_at = found
    if used and now - seen_at > timedelta(minutes=1):
        database.write(lambda connection: touch_session(connection, id_hash, now))
    return technician_id


def _verified(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        password = ""
    with _two_at_a_time:
        try:
            return _hasher.verify(hashed, password.encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hash_of_nobody() -> str:
    """Verified when the account is unknown, so that both cases take the same time."""
    return _hasher.hash(secrets.token_hex(16))


def _account_hash(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def _session_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _seconds_left(oldest: datetime, now: datetime) -> int:
    return int((oldest + WINDOW - now).total_seconds()) + 1
