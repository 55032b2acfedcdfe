"""Technicians' log-in: Argon2id, a limit on wrong tries, sessions kept on the server."""

import hashlib
import secrets
import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from app.actions.tries import (
    Busy,
    TooManyTries,
    Try,
    Turns,
    Unbounded,
    WrongLogin,
    count_try,
    is_familiar,
    plain_email,
    refuse_strangers,
    refuse_too_many,
    wait_for_turn,
)
from app.core import password as rules
from app.core.password import PasswordProblem, password_problem
from app.files.common_passwords import is_common
from app.store.account import LogInAccount, lock_account
from app.store.browsers import remove_browsers_in
from app.store.console_sessions import (
    LiveSession,
    add_session,
    delete_session,
    live_ones,
    live_session,
    pending_technician,
    public_id,
    touch_session,
)
from app.store.database import Database
from app.store.log_in_tries import delete_failure, know_network
from app.store.staff import password_hash

__all__ = ["Busy", "TooManyTries", "WrongLogin"]

SESSION_LIFE = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=30)
PENDING_LIFE = timedelta(minutes=10)  # between the password and the second factor
SHORTEST_PASSWORD = rules.SHORTEST
LONGEST_PASSWORD = rules.LONGEST
_PROBLEMS = {
    PasswordProblem.TOO_SHORT: f"a password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
    PasswordProblem.TOO_LONG: f"a password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
    PasswordProblem.TOO_COMMON: "this password is among the first that anybody would try; choose another one",
    PasswordProblem.ABOUT_YOU: "the mail address or the name is no password; choose another one",
}

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_two_at_a_time = threading.BoundedSemaphore(2)
# Verified when the account is unknown, so that both cases take the same time. Hash of a random, discarded text.
_HASH_OF_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$/TInIW7LeccznUOUl4aa8A$RAS0ahnvlSrpELfIl0RK7+VmVONHXLR9XuN1Pk+d5VE"


@dataclass(frozen=True, slots=True)
class Proof:
    """A verified password: whose it is, the hash it matched, and the try and failure that were counted for it."""

    technician_id: int
    password_hash: str
    tried: Try
    failure: int


def new_password_problem(password: str, *about: str) -> PasswordProblem | None:
    """The fault of a new password, or None. `about` are its owner's mail address and name."""
    return password_problem(password, about, listed=is_common)


def hashed_password(password: str, *about: str) -> str:
    """An Argon2id hash. Raises ValueError for a password that is too short, too long, one of the commonest, or its
    owner's mail address or name, which `about` gives."""
    if problem := new_password_problem(password, *about):
        raise ValueError(_PROBLEMS[problem])
    with _two_at_a_time:
        return _hasher.hash(password.encode("utf-8", "replace"))


def log_in(
    database: Database,
    email: str,
    password: str,
    address: str,
    *,
    now: datetime,
    turns: Turns | None = None,
    user_agent: str | None = None,
) -> str:
    """Log in and return the new session's secret id. Raises WrongLogin, TooManyTries or Busy.

    With a second factor the session is pending and gives no access until `second_factor.enter_code`. Wrong tries are
    counted per account and network together, and per account for all networks in which its owner has never logged in:
    a stranger cannot lock the owner out of a known network.
    """
    proof = prove(database, email, password, address, now=now, turns=turns)
    secret = secrets.token_urlsafe(32)

    def enter(connection: Connection) -> bool:
        account = proven(connection, proof)
        if account is None:
            return False
        pending = account.sealed_totp is not None
        add_session(
            connection,
            session_hash(secret),
            account.id,
            now,
            pending=pending,
            address=address,
            user_agent=user_agent,
        )
        if not pending:
            know_network(connection, proof.tried.owner, proof.tried.network, now)
        return True

    if not database.write(enter):
        raise WrongLogin
    return secret


def prove(
    database: Database, email: str, password: str, address: str, *, now: datetime, turns: Turns | None = None
) -> Proof:
    """Verify an account's password. Raises WrongLogin, TooManyTries or Busy.

    Reads, hashes and writes the same whether the account exists or not. The try counts as wrong until `proven`.
    """
    email = plain_email(email)
    tried = Try.password(email, address)
    with database.read() as connection:
        refuse_too_many(connection, tried, now=now)
        refuse_strangers(connection, tried, now=now)
        known = password_hash(connection, email)
        familiar = is_familiar(connection, tried, now=now)
    wait_for_turn(turns or Unbounded(), familiar=familiar)
    failure = database.write(partial(count_try, tried=tried, now=now))
    if not _verified(known[1] if known else _HASH_OF_NOBODY, password) or not known:
        raise WrongLogin
    return Proof(*known, tried, failure)


def proven(connection: Connection, proof: Proof) -> LogInAccount | None:
    """Lock and return the account, and remove the try from the wrong ones.

    None when the account was disabled or its password changed meanwhile.
    """
    account = lock_account(connection, proof.technician_id)
    if account is None or account.disabled or account.password_hash != proof.password_hash:
        return None
    delete_failure(connection, proof.failure)
    return account


def log_out(database: Database, secret: str, *, told: bool = False) -> None:
    """End the session. Unless its browser is still `told` by Web Push, as when a new session follows, that ends too."""

    def end(connection: Connection) -> None:
        if not told:
            remove_browsers_in(connection, public_id(session_hash(secret)))
        delete_session(connection, session_hash(secret))

    database.write(end)


def current_session(database: Database, secret: str, *, now: datetime, used: bool = True) -> LiveSession | None:
    """The live session, neither expired nor idle; with `used`, its last use is recorded, at most once a minute."""
    id_hash = session_hash(secret)
    with database.read() as connection:
        found = live_session(connection, id_hash, now - SESSION_LIFE, now - SESSION_IDLE)
    if found and used and now - found.seen_at > timedelta(minutes=1):
        database.write(lambda connection: touch_session(connection, id_hash, now))
    return found


def live_sessions(database: Database, hashes: Collection[str], *, now: datetime) -> set[str]:
    """Those of some sessions, by their hashes, that have neither ended nor idled. None of them counts as used."""
    with database.read() as connection:
        return live_ones(connection, hashes, now - SESSION_LIFE, now - SESSION_IDLE)


def awaited_technician(database: Database, secret: str, *, now: datetime) -> int | None:
    """The id of the technician whose session has the right password and waits for the second factor; else None."""
    with database.read() as connection:
        return pending_technician(connection, session_hash(secret), now - PENDING_LIFE)


def session_hash(secret: str) -> str:
    """The hash under which a session is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _verified(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        password = ""
    with _two_at_a_time:
        try:
            return _hasher.verify(hashed, password.encode("utf-8", "replace"))
        except (VerificationError, InvalidHashError):
            return False
