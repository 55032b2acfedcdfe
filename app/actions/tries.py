"""Wrong log-ins: counted before anything is checked, so that many at once are not many more than allowed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self

from sqlalchemy import Connection

from app.core.client import client_network
from app.store.log_in_tries import (
    add_failure,
    count_one_by_one,
    failures_by_account,
    failures_by_network,
    failures_of_strangers,
    forget_other_networks,
    is_known_network,
)

WINDOW = timedelta(minutes=5)
MOST_PER_ACCOUNT = 5  # wrong tries on one account from one network
MOST_PER_NETWORK = 20  # wrong tries from one network on any account
STRANGERS_WINDOW = timedelta(hours=1)
MOST_OF_STRANGERS = 10  # wrong codes of one account from all the networks that its owner has never been in
NETWORKS_KNOWN = timedelta(days=90)
_LONGEST_EMAIL = 254


class TooManyTries(Exception):
    """`retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class Busy(TooManyTries):
    """Not this client's own tries: more log in at this moment than passwords can be checked."""


class WrongLogin(Exception):
    """Unknown account, wrong password or disabled: never said which."""


class Turns(Protocol):
    """Bounds how many passwords are checked in a second."""

    def take(self, familiar: bool) -> int | None:
        """Wait a moment for a turn; None when it came, else whole seconds after which to ask again."""


class Unbounded:
    """For whoever has the machine's command line anyway."""

    def take(self, familiar: bool) -> int | None:
        """At once."""
        return None


@dataclass(frozen=True, slots=True)
class Try:
    """Who tries what from where. `owner` and `counted` are hashes: of the account, and of what is tried on it, its
    password or its codes."""

    owner: str
    counted: str
    network: str

    @classmethod
    def password(cls, email: str, address: str) -> Self:
        """Somebody at `address` types a password."""
        return cls(_hash(email), _hash(email), client_network(address))

    @classmethod
    def code(cls, email: str, address: str) -> Self:
        """Somebody at `address` who knows the password types a code."""
        return cls(_hash(email), _hash(f"code {email}"), client_network(address))


def plain_email(typed: str) -> str:
    """As accounts are kept; whatever could not be one is one that nobody has."""
    return typed.strip().lower().encode("utf-8", "replace").decode().replace("\0", "?")[: _LONGEST_EMAIL + 1]


def wait_for_turn(turns: Turns, *, familiar: bool) -> None:
    """Return when a password may be checked. Raises Busy."""
    wait = turns.take(familiar)
    if wait is not None:
        raise Busy(wait)


def is_familiar(connection: Connection, tried: Try, *, now: datetime) -> bool:
    """Whether the account's owner has logged in from there of late."""
    return is_known_network(connection, tried.owner, tried.network, now - NETWORKS_KNOWN)


def forget_networks(connection: Connection, email: str) -> None:
    """Whoever knew the old password is a stranger everywhere."""
    forget_other_networks(connection, _hash(email), keep="")


def refuse_too_many(connection: Connection, tried: Try, *, now: datetime) -> None:
    """Raises TooManyTries when one more try from this network is too many, on this account or on all together."""
    since = now - WINDOW
    for oldest in (
        failures_by_account(connection, tried.counted, tried.network, MOST_PER_ACCOUNT, since),
        failures_by_network(connection, tried.network, MOST_PER_NETWORK, since),
    ):
        if oldest:
            raise TooManyTries(_seconds_left(oldest + WINDOW, now))


def refuse_strangers(connection: Connection, tried: Try, *, now: datetime) -> None:
    """Raises TooManyTries when networks that the owner has never been in have tried this account too often."""
    if is_familiar(connection, tried, now=now):
        return
    since = now - STRANGERS_WINDOW
    oldest = failures_of_strangers(connection, tried.counted, tried.owner, MOST_OF_STRANGERS, since)
    if oldest:
        raise TooManyTries(_seconds_left(oldest + STRANGERS_WINDOW, now))


def count_try(connection: Connection, tried: Try, *, now: datetime) -> int:
    """Count it as wrong until it is known to be right; the id to undo it by. Raises TooManyTries."""
    count_one_by_one(connection, tried.counted, tried.network)
    refuse_too_many(connection, tried, now=now)
    return add_failure(connection, tried.counted, tried.network, now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _seconds_left(end: datetime, now: datetime) -> int:
    return int((end - now).total_seconds()) + 1
