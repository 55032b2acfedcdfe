"""Pokes from PostgreSQL: those of all hosts are heard, and a lost connection is made again."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from selectors import BaseSelector, DefaultSelector

import pytest
from sqlalchemy import make_url

from app.core.poke import Poke
from app.process import poke_notifications
from app.process.poke_notifications import PokeNotifications
from app.store.database import Database
from app.store.pokes import notify, poke
from tests.relay import Relay
from tests.waiting import until

pytestmark = pytest.mark.postgres


@dataclass
class Listening:
    """An ear, and what it has heard: pokes, and None where some may be lost."""

    ear: PokeNotifications
    selector: BaseSelector
    woken: threading.Event = field(default_factory=threading.Event)
    heard: list[Poke | None] = field(default_factory=list)

    def tend(self) -> list[Poke | None]:
        readable = [key.fd for key, _ in self.selector.select(0.01)] if self.selector.get_map() else []
        said = self.ear.tend(self.selector, readable)
        self.heard += [None] if said is None else said
        return self.heard

    def hears(self, *what: Poke | None) -> bool:
        return until(lambda: self.tend() == list(what), 15)


@pytest.fixture
def other_host(migrated_postgresql_url: str) -> Iterator[Database]:
    database = Database(migrated_postgresql_url)
    yield database
    database.close()


@pytest.fixture
def relay() -> Iterator[Relay]:
    between = Relay(5432)
    yield between
    between.cut()


@pytest.fixture
def listening(migrated_postgresql_url: str, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    monkeypatch.setattr(poke_notifications, "_AGAIN_AFTER", 0.05)
    database = Database(make_url(migrated_postgresql_url).set(port=relay.port).render_as_string(False))
    with DefaultSelector() as selector:
        one = Listening(PokeNotifications(database), selector)
        one.ear.open(selector, one.woken.set)
        yield one
        one.ear.close(selector)
        assert not selector.get_map()
    database.close()


def say(database: Database, ticket: int) -> None:
    database.write(lambda connection: poke(connection, ticket, [3]))


def test_what_another_host_says_is_heard(listening: Listening, other_host: Database) -> None:
    assert listening.hears(None), "nothing was heard before"
    assert listening.woken.is_set()
    for ticket in range(3):
        say(other_host, ticket)
    assert listening.hears(None, *(Poke(ticket, (3,)) for ticket in range(3)))


def test_a_lost_connection_is_made_again_and_all_may_have_changed(
    listening: Listening, other_host: Database, relay: Relay
) -> None:
    assert listening.hears(None)
    relay.cut()
    assert listening.tend() == [None]
    say(other_host, 12)
    relay.join()
    assert listening.hears(None, None)
    assert not listening.ear.is_deaf
    say(other_host, 13)
    assert listening.hears(None, None, Poke(13, (3,)))


def test_words_of_another_version_are_left(listening: Listening, other_host: Database) -> None:
    assert listening.hears(None)
    other_host.write(lambda connection: notify(connection, '{"ticket": 12}'))
    say(other_host, 12)
    assert listening.hears(None, Poke(12, (3,)))


def test_a_connection_that_hears_nothing_is_not_trusted(
    listening: Listening, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that gives each transaction another connection."""
    assert listening.hears(None)
    monkeypatch.setattr(poke_notifications, "_PROOF_WITHIN", 0.05)
    monkeypatch.setattr(poke_notifications, "_DEAF_FOR", 0.05)
    with monkeypatch.context() as pooled:
        pooled.setattr(poke_notifications, "CHANNEL", "nothing_is_said_here")
        relay.cut()
        listening.tend()
        relay.join()
        assert until(lambda: listening.ear.is_deaf)
    assert listening.hears(None, None)
    assert not listening.ear.is_deaf
