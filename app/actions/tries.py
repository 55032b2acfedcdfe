"""Wrong log-ins: each try is counted before anything is checked, so that concurrent tries cannot exceed the limit."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self

from sqlalchemy import Connection

from app.core.client import Client
from app.store.log_in_tries import (
    add_failure,
    count_one_by_one,
    failures_by_account,
    failures_by_client,
    failures_of_strangers,
    forget_other_networks,
    is_known_network,
)

WINDOW = timedelta(minutes=5)
MOST_PER_ACCOUNT = 5  # wrong tries on one account from one client
MOST_PER_NETWORK = 20  # wrong tries from one client on any account
STRANGERS_WINDOW = timedelta(hours=1)
MOST_OF_STRANGERS = 10  # wrong codes on one account from all networks unknown for its owner
MOST_PASSWORDS_OF_STRANGERS = 20  # the same for wrong passwords
NETWORKS_KNOWN = timedelta(days=90)
_LONGEST_EMAIL = 254


class TooManyTries(Exception):
    """Too many wrong tries; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class Busy(TooManyTries):
    """More log-ins arrive at this moment than passwords can be checked; not caused by this client's own tries."""


class WrongLogin(Exception):
    """Unknown account, wrong password or disabled; the client is never told which."""


class Turns(Protocol):
    """Limits how many passwords are checked per second."""

    def take(self, familiar: bool) -> int | None:
        """Wait briefly for a turn; None when it came, else whole seconds after which to try again."""


class Unbounded:
    """No limit, for the command line: its user controls the machine anyway."""

    def take(self, familiar: bool) -> int | None:
        """Give a turn at once."""
        return None


@dataclass(frozen=True, slots=True)
class Try:
    """A try: hash of the account (`owner`), hash of the account and what is tried, password or code (`counted`), the
    client, and the limit of wrong tries in an hour from all unknown networks together (`strangers`)."""

    owner: str
    counted: str
    client: Client
    strangers: int

    @property
    def network(self) -> str:
        """The network that becomes known for the owner after a log-in."""
        return self.client.network

    @classmethod
    def password(cls, email: str, address: str) -> Self:
        """A try of a password from `address`."""
        return cls(_hash(email), _hash(email), Client.at(address), MOST_PASSWORDS_OF_STRANGERS)

    @classmethod
    def code(cls, email: str, address: str) -> Self:
        """A try of a code from `address`, after the right password."""
        return cls(_hash(email), _hash(f"code {email}"), Client.at(address), MOST_OF_STRANGERS)


def plain_email(typed: str) -> str:
    """The address in the form that accounts are stored in. Invalid input matches no account."""
    return typed.strip().lower().encode("utf-8", "replace").decode().replace("\0", "?")[: _LONGEST_EMAIL + 1]


def wait_for_turn(turns: Turns, *, familiar: bool) -> None:
    """Return when a password may be checked. Raises Busy."""
    wait = turns.take(familiar)
    if wait is not None:
        raise Busy(wait)


def is_familiar(connection: Connection, tried: Try, *, now: datetime) -> bool:
    """Whether the account's owner has logged in from this network within NETWORKS_KNOWN."""
    return is_known_network(connection, tried.owner, tried.network, now - NETWORKS_KNOWN)


def forget_networks(connection: Connection, email: str) -> None:
    """Forget every network of the account, as somebody who knew the old password may have logged in there."""
    forget_other_networks(connection, _hash(email), keep="")


def refuse_too_many(connection: Connection, tried: Try, *, now: datetime) -> None:
    """Raises TooManyTries when this client has no more tries left, on this account or on all accounts together.

    The /48 does not count for a network that the owner has logged in from: neighbours do not lock the owner out.
    """
    since, client = now - WINDOW, tried.client
    if client.wide and is_familiar(connection, tried, now=now):
        client = Client(client.network)
    for oldest in (
        failures_by_account(connection, tried.counted, client, MOST_PER_ACCOUNT, since),
        failures_by_client(connection, client, MOST_PER_NETWORK, since),
    ):
        if oldest:
            raise TooManyTries(_seconds_left(oldest + WINDOW, now))


def refuse_strangers(connection: Connection, tried: Try, *, now: datetime) -> None:
    """Raises TooManyTries when networks unknown for the account's owner have tried this account too often."""
    if is_familiar(connection, tried, now=now):
        return
    since = now - STRANGERS_WINDOW
    oldest = failures_of_strangers(connection, tried.counted, tried.owner, tried.strangers, since)
    if oldest:
        raise TooManyTries(_seconds_left(oldest + STRANGERS_WINDOW, now))


def count_try(connection: Connection, tried: Try, *, now: datetime) -> int:
    """Count the try as wrong until it proves right; returns the id to undo it with. Raises TooManyTries."""
    count_one_by_one(connection, tried.counted, *tried.client.networks)
    refuse_too_many(connection, tried, now=now)
    refuse_strangers(connection, tried, now=now)
    return add_failure(connection, tried.counted, tried.client, now)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _seconds_left(end: datetime, now: datetime) -> int:
    return int((end - now).total_seconds()) + 1
