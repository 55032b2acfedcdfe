"""Which pages are open: noted when their streams begin and end, in few writes, and never by who does not know."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from app.core.poke import Poke
from app.process import presence as of_presence
from app.process.presence import Presence
from app.store.console_sessions import add_session, delete_session
from app.store.database import Database
from app.store.live_here import Spot, arrive, page_of
from app.store.presence import note_listening, present_technicians
from app.store.tickets import insert_ticket
from tests.conftest import StandingClock, fill_desk
from tests.store.rows import ticket_row
from tests.waiting import until


@pytest.fixture
def ticket(database: Database, clock: StandingClock) -> int:
    fill_desk(database, clock())
    return database.write(lambda connection: insert_ticket(connection, ticket_row())).number


@pytest.fixture
def page(ticket: int) -> Spot:
    return Spot(ticket, "customer", "a-page")


@pytest.fixture
def presence(database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Presence]:
    monkeypatch.setattr(of_presence, "LEFT_AFTER", 0.05)
    opened = Presence(database, clock)
    yield opened
    opened.close()


def is_here(database: Database, page: Spot, clock: StandingClock) -> bool:
    with database.read() as connection:
        found = page_of(connection, page)
    return found is not None and found.is_here(clock())


def test_a_page_is_here_until_it_leaves(
    presence: Presence, database: Database, page: Spot, clock: StandingClock
) -> None:
    presence.arrived(page)
    assert until(lambda: is_here(database, page, clock))
    presence.ended(page, has_left=True)
    assert until(lambda: not is_here(database, page, clock))


def test_its_stream_may_end_and_come_back(
    presence: Presence, database: Database, page: Spot, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream ends every ten minutes, or by a change of the client's network."""
    monkeypatch.setattr(of_presence, "LEFT_AFTER", 3600.0)
    other = page._replace(peer="another-page")
    presence.arrived(page)
    presence.ended(page, has_left=True)
    presence.arrived(page)
    presence.arrived(other)
    presence.ended(other, has_left=False)
    presence.close()
    assert is_here(database, page, clock)


def test_a_page_with_two_streams_is_here_while_it_has_one(
    presence: Presence, database: Database, page: Spot, clock: StandingClock
) -> None:
    presence.arrived(page)
    presence.arrived(page)
    presence.ended(page, has_left=True)
    presence.close()
    assert is_here(database, page, clock)


def test_pages_that_stay_are_beaten(
    presence: Presence, database: Database, page: Spot, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_presence, "BEAT_EVERY", 0.02)
    presence.arrived(page)
    assert until(lambda: is_here(database, page, clock))
    for _ in range(3):
        clock.advance(seconds=60)
        assert until(lambda: is_here(database, page, clock))


def test_a_page_that_another_process_has_meanwhile_is_not_noted_as_gone(
    presence: Presence, database: Database, page: Spot, clock: StandingClock
) -> None:
    presence.arrived(page)
    assert until(lambda: is_here(database, page, clock))
    clock.advance(seconds=5)
    database.write(lambda connection: arrive(connection, page, clock()))
    presence.ended(page, has_left=True)
    presence.close()
    assert is_here(database, page, clock)


@pytest.mark.parametrize("both_urls", ["sqlite"], indirect=True)
def test_the_other_pages_are_told(presence: Presence, database: Database, page: Spot, clock: StandingClock) -> None:
    heard: list[object] = []
    database.listen(heard.append)
    presence.arrived(page)
    assert until(lambda: heard == [Poke(page.ticket)])
    presence.ended(page, has_left=True)
    assert until(lambda: heard == [Poke(page.ticket)] * 2)


def test_a_database_that_is_away_is_told_later(
    presence: Presence, database: Database, page: Spot, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_presence, "_AGAIN_AFTER", 0.05)
    database.write(lambda connection: connection.exec_driver_sql("ALTER TABLE live_here RENAME TO away"))
    presence.arrived(page)
    assert until(lambda: presence._not_before > 0)
    database.write(lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO live_here"))
    assert until(lambda: is_here(database, page, clock))


# Consoles


@pytest.fixture
def console(database: Database, clock: StandingClock) -> str:
    """Robin's session, which was last used an hour ago."""
    fill_desk(database, clock())
    before = clock() - timedelta(hours=1)
    database.write(lambda connection: add_session(connection, "hash", 1, before))
    return "hash"


def present(database: Database, clock: StandingClock) -> frozenset[int]:
    with database.read() as connection:
        return present_technicians(connection, clock())


def test_a_technician_is_there_while_a_console_listens(
    presence: Presence, database: Database, console: str, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_presence, "BEAT_EVERY", 0.02)
    assert present(database, clock) == frozenset()
    presence.listens(console)
    presence.listens(console)
    assert until(lambda: present(database, clock) == {1})
    for _ in range(3):
        clock.advance(seconds=61)
        assert until(lambda: present(database, clock) == {1}), "it is beaten"
    presence.listens_no_more(console)
    clock.advance(seconds=61)
    assert until(lambda: present(database, clock) == {1}), "another stream of it is open"
    presence.listens_no_more(console)
    presence.close()
    clock.advance(seconds=61)
    assert present(database, clock) == frozenset()


def test_many_consoles_are_noted_in_one_write(
    presence: Presence, database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_desk(database, clock())
    names = [f"hash {n}" for n in range(40)]

    def add(connection: Connection) -> None:
        for name in names:
            add_session(connection, name, 1, clock() - timedelta(hours=1))

    database.write(add)
    writes: list[int] = []

    def counted(connection: Connection, sessions: Collection[str], at: datetime) -> None:
        writes.append(len(sessions))
        note_listening(connection, sessions, at)

    monkeypatch.setattr(of_presence, "note_listening", counted)
    monkeypatch.setattr(of_presence, "BEAT_EVERY", 0.02)
    for name in names:
        presence.listens(name)
    assert until(lambda: 40 in writes), "a beat writes all of them at once"


def test_a_session_that_ended_makes_nobody_present(
    presence: Presence, database: Database, console: str, clock: StandingClock
) -> None:
    presence.listens(console)
    assert until(lambda: present(database, clock) == {1})
    database.write(lambda connection: delete_session(connection, console))
    assert present(database, clock) == frozenset()
