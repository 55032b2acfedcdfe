"""The second factor: codes of an app (TOTP, RFC 6238), each valid once, and recovery codes for a lost one."""

import json
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import pyotp
import structlog
from sqlalchemy import Connection

from app.actions import recovery_codes
from app.actions.log_in import PENDING_LIFE, Proof, proven, session_hash
from app.actions.tries import (
    STRANGERS_WINDOW,
    Try,
    WrongLogin,
    refuse_strangers,
    refuse_too_many,
)
from app.keys.seal import Unsealable
from app.store import account as store
from app.store.account import LogInAccount, lock_account
from app.store.audit import record
from app.store.console_sessions import (
    add_session,
    confirm_session,
    delete_session,
    end_sessions,
    pending_technician,
    public_id,
    renew_session,
)
from app.store.database import Database
from app.store.log_in_tries import add_failure, count_one_by_one, failures_elsewhere, know_network

log = structlog.get_logger()
ISSUER = "Handbell"
OFFER_LIFE = timedelta(minutes=30)
_STEP = 30  # seconds


class Opens(Protocol):
    """Decrypts secrets: a process's key ring, which looks at the keys again when decryption fails."""

    def unseal(self, sealed: str) -> str: ...


class Seals(Protocol):
    """Encrypts secrets."""

    def seal(self, secret: str) -> str: ...


class WrongCode(WrongLogin):
    """Neither an unused current code of the app nor an unused recovery code."""


class NotPending(Exception):
    """The log-in was begun too long ago, or has ended."""


class Stale(Exception):
    """The offer is too old, or was made for another technician."""


class SessionOver(Exception):
    """The session was ended, or confirmed by another press, while password and code were checked."""


class AlreadyOn(Exception):
    """The account has a second factor already."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A second factor that is not in force yet. The page carries `sealed` and sends it back."""

    sealed: str
    secret: str
    codes: tuple[str, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Entered:
    """A new session's secret id, and how many wrong codes were typed from other networks within the last hour."""

    secret: str
    wrong_elsewhere: int


def offer(sealer: Seals, technician_id: int, email: str, *, now: datetime) -> Offer:
    """Make a secret and its recovery codes, to be confirmed within half an hour."""
    secret = pyotp.random_base32()
    codes = recovery_codes.fresh_codes()
    ends = int((now + OFFER_LIFE).timestamp())
    sealed = sealer.seal(json.dumps({"t": technician_id, "s": secret, "c": codes, "e": ends}))
    return Offer(sealed, secret, tuple(codes), _address(secret, email))


def offered(opens: Opens, sealed: str, technician_id: int, email: str, *, now: datetime) -> Offer:
    """The offer that a page sent back. Raises Stale."""
    try:
        kept = json.loads(opens.unseal(sealed))
    except (Unsealable, ValueError):
        raise Stale from None
    if not isinstance(kept, dict) or kept.get("t") != technician_id or now.timestamp() > kept.get("e", 0):
        raise Stale
    return Offer(sealed, kept["s"], tuple(kept["c"]), _address(kept["s"], email))


def set_up(
    database: Database,
    offer: Offer,
    proof: Proof,
    code: str,
    sealer_in: Callable[[Connection], Seals],
    opens: Opens,
    keep: str,
    *,
    now: datetime,
) -> None:
    """Put the offer in force if the code proves that the app has the secret; end the account's sessions other than
    `keep`.

    Sending it twice sets it up once. `sealer_in` answers what seals in a transaction.
    Raises WrongCode, AlreadyOn, TooManyTries or WrongLogin.
    """
    step = _matching_step(offer.secret, _figures(code), now)
    kept = recovery_codes.kept_codes(offer.codes)

    def enforce(connection: Connection) -> bool:
        sealed = sealer_in(connection).seal(offer.secret)
        account = _proven(connection, proof)
        if account.sealed_totp is not None:
            if step is not None and step == account.totp_step and _secret(account, opens) == offer.secret:
                return True
            raise AlreadyOn
        if step is None:
            return False
        store.set_second_factor(connection, account.id, sealed, step)
        store.replace_recovery_codes(connection, account.id, kept)
        end_sessions(connection, account.id, keep=public_id(session_hash(keep)))
        record(connection, "second_factor.set_up", account.email, by=account.id, now=now)
        return True

    if not database.write(enforce):
        raise WrongCode


def turn_off(database: Database, proof: Proof, code: str, address: str, opens: Opens, *, now: datetime) -> None:
    """End the second factor. Raises WrongCode, WrongLogin or TooManyTries."""

    def off(connection: Connection, account: LogInAccount) -> None:
        store.forget_second_factor(connection, account.id)
        record(connection, "second_factor.turned_off", account.email, by=account.id, now=now)

    _with_code(database, proof, code, address, opens, off, now=now)


def renew_recovery_codes(
    database: Database, proof: Proof, code: str, address: str, opens: Opens, *, now: datetime
) -> list[str]:
    """Make ten new recovery codes; the old ones stop working. Raises WrongCode, WrongLogin or TooManyTries."""
    codes = recovery_codes.fresh_codes()
    kept = recovery_codes.kept_codes(codes)

    def renew(connection: Connection, account: LogInAccount) -> None:
        store.replace_recovery_codes(connection, account.id, kept)
        record(connection, "recovery_codes.renewed", account.email, by=account.id, now=now)

    _with_code(database, proof, code, address, opens, renew, now=now)
    return codes


def enter_code(
    database: Database,
    secret: str,
    code: str,
    address: str,
    opens: Opens,
    *,
    now: datetime,
    user_agent: str | None = None,
) -> Entered:
    """End the pending session and begin a new one. Raises WrongCode, TooManyTries or NotPending."""
    pending, fresh = session_hash(secret), secrets.token_urlsafe(32)
    with database.read() as connection:
        technician_id = pending_technician(connection, pending, now - PENDING_LIFE)
        found = None if technician_id is None else store.account(connection, technician_id)
    if found is None:
        raise NotPending
    tried = Try.code(found.email, address)

    def enter(connection: Connection) -> int | None:
        account = _counted(connection, tried, found.id, code, now=now)
        if account is None or pending_technician(connection, pending, now - PENDING_LIFE) is None:
            raise NotPending
        if not _is_right(connection, account, code, opens, now=now):
            add_failure(connection, tried.counted, tried.client, now)
            return None
        delete_session(connection, pending)
        add_session(connection, session_hash(fresh), account.id, now, address=address, user_agent=user_agent)
        know_network(connection, tried.owner, tried.network, now)
        return failures_elsewhere(connection, tried.counted, tried.network, now - STRANGERS_WINDOW)

    wrong_elsewhere = database.write(enter)
    if wrong_elsewhere is None:
        raise WrongCode
    return Entered(fresh, wrong_elsewhere)


def confirm(
    database: Database, proof: Proof, code: str, address: str, opens: Opens, session: str, *, now: datetime
) -> str:
    """Confirm password and, where there is a second factor, code again, for the session with this secret.

    Returns the session's new secret, so that a stolen copy of the old one is not confirmed with it.

    Raises SessionOver, WrongCode, WrongLogin or TooManyTries.
    """
    fresh = secrets.token_urlsafe(32)
    with database.read() as connection:
        found = store.account(connection, proof.technician_id)

    def mark(connection: Connection, _account: LogInAccount) -> None:
        confirm_session(connection, session_hash(session), now)
        if not renew_session(connection, session_hash(session), session_hash(fresh)):
            raise SessionOver

    if found and found.sealed_totp is not None:
        _with_code(database, proof, code, address, opens, mark, now=now)
    else:
        database.write(lambda connection: mark(connection, _proven(connection, proof)))
    return fresh


def forget(connection: Connection, technician_id: int) -> bool:
    """Remove the second factor, so that the password alone is enough; False when there was none."""
    return store.forget_second_factor(connection, technician_id)


def _with_code(
    database: Database,
    proof: Proof,
    code: str,
    address: str,
    opens: Opens,
    act: Callable[[Connection, LogInAccount], None],
    *,
    now: datetime,
) -> None:
    """Run `act` in the transaction that uses the code. Raises WrongCode, WrongLogin or TooManyTries."""
    with database.read() as connection:
        found = store.account(connection, proof.technician_id)
    if found is None:
        raise WrongLogin
    tried = Try.code(found.email, address)

    def job(connection: Connection) -> bool:
        _counted(connection, tried, found.id, code, now=now)
        account = _proven(connection, proof)
        if not _is_right(connection, account, code, opens, now=now):
            add_failure(connection, tried.counted, tried.client, now)
            return False
        act(connection, account)
        return True

    if not database.write(job):
        raise WrongCode


def _counted(
    connection: Connection, tried: Try, technician_id: int, code: str, *, now: datetime
) -> LogInAccount | None:
    """Lock and return the account if one more try is allowed. Raises TooManyTries.

    Guesses of six digits from many networks are limited for the whole account. The owner is not locked out: a known
    network and a recovery code, which cannot be guessed, are exempt.
    """
    count_one_by_one(connection, tried.counted, *tried.client.networks)
    refuse_too_many(connection, tried, now=now)
    if not recovery_codes.letters_of(code):
        refuse_strangers(connection, tried, now=now)
    return lock_account(connection, technician_id)


def _proven(connection: Connection, proof: Proof) -> LogInAccount:
    account = proven(connection, proof)
    if account is None:
        raise WrongLogin
    return account


def _is_right(connection: Connection, account: LogInAccount, code: str, opens: Opens, *, now: datetime) -> bool:
    """Whether the code is valid; this uses it up."""
    if recovery := recovery_codes.letters_of(code):
        return recovery_codes.use(connection, account.id, recovery)
    secret = _secret(account, opens)
    step = None if secret is None else _matching_step(secret, _figures(code), now)
    return step is not None and store.take_step(connection, account.id, step)


def _secret(account: LogInAccount, opens: Opens) -> str | None:
    if account.sealed_totp is None:
        return None
    try:
        return opens.unseal(account.sealed_totp)
    except Unsealable:
        log.error("second_factor_lost", technician=account.id)
        return None


def _matching_step(secret: str, figures: str, now: datetime) -> int | None:
    """The time step of this code: the current one, the one before or the one after; else None."""
    app, step = pyotp.TOTP(secret), int(now.timestamp()) // _STEP
    for near in (step, step - 1, step + 1):
        if secrets.compare_digest(app.generate_otp(near), figures):
            return near
    return None


def _figures(code: str) -> str:
    """The code's digits in ASCII, typed in any script and grouping."""
    return "".join(str(unicodedata.digit(each)) for each in code[:64] if unicodedata.digit(each, None) is not None)


def _address(secret: str, email: str) -> str:
    """The `otpauth:` address in the QR code that an app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
