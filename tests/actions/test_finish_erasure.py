"""Erased values leave SQLite's log too, after its last reader has finished."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from app.actions.finish_erasure import finish_erasure
from app.actions.privacy import erase, find_person, prune
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.store.erasures import mark_erasure, newest_erasure, outstanding_since
from app.store.tables import requests
from tests.actions.desk import DeskAtWork
from tests.kept_files import keep
from tests.long_reader import Replicator, long_reader
from tests.store.rows import NOW

CANARY = "CANARY-IN-A-COAL-MINE"
ASKED = NewSessionRequest(customer=Customer(problem=CANARY))


@pytest.fixture
def held(desk: DeskAtWork) -> DeskAtWork:
    """A desk on SQLite, as PostgreSQL has no log that a reader blocks."""
    if not desk.database.is_sqlite:
        pytest.skip("of SQLite's log")
    return desk


def files_with_canary(desk: DeskAtWork) -> list[str]:
    folder = Path(desk.database.url.database or "").parent
    return [file.name for file in folder.iterdir() if CANARY.encode() in file.read_bytes()]


def mark(connection: Connection) -> None:
    mark_erasure(connection, NOW)


@pytest.mark.slow
def test_an_erasure_says_not_yet_while_somebody_reads_and_is_finished_later(held: DeskAtWork, tmp_path: Path) -> None:
    made = held.submit(ASKED)
    with long_reader(held.database):
        person = find_person(held.database, reference=made.reference)
        assert not erase(held.database, person, by=None, now=held.clock())
        assert not finish_erasure(held.database)
        with held.database.read() as connection:
            assert outstanding_since(connection) == held.clock()
        assert files_with_canary(held), "nothing was held: this test would prove nothing"
        held.submit()  # writes still work
    assert finish_erasure(held.database)
    assert files_with_canary(held) == []
    with held.database.read() as connection:
        assert outstanding_since(connection) is None


@pytest.mark.slow
def test_an_erasure_is_finished_beside_a_replicator_once_the_log_was_written_anew(held: DeskAtWork) -> None:
    made = held.submit(ASKED)
    with Replicator(held.database) as replicator:
        for _ in range(20):
            held.submit()  # the log is longer than that of the next generation
        person = find_person(held.database, reference=made.reference)
        assert not erase(held.database, person, by=None, now=held.clock())
        assert not finish_erasure(held.database)
        replicator.checkpoint()
        assert files_with_canary(held) == ["handbell.sqlite3-wal"], "nothing was held: this test would prove nothing"
        held.database.write(mark)  # an erasure in the new generation, which is not finished with those before
        assert not finish_erasure(held.database)
        assert files_with_canary(held) == []
        with held.database.read() as connection:
            assert newest_erasure(connection) == 2
        replicator.checkpoint()
        assert finish_erasure(held.database)
        kept = held.submit()
    with held.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert outstanding_since(connection) is None
    assert find_person(held.database, reference=kept.reference).requests


@pytest.mark.slow
def test_a_vendors_applet_leaves_file_and_log_too(held: DeskAtWork) -> None:
    made = held.submit(NewSessionRequest())
    kept = keep(held.database, CANARY.encode() * 100_000, held.clock())
    change = update(requests).where(requests.c.reference == made.reference).values(applet_file=kept)
    held.database.write(lambda connection: connection.execute(change).rowcount)
    held.database.checkpoint()
    assert files_with_canary(held) == ["handbell.sqlite3"], "it is in the database's file"
    with long_reader(held.database):
        person = find_person(held.database, reference=made.reference)
        assert not erase(held.database, person, by=None, now=held.clock())
        assert files_with_canary(held), "nothing was held: this test would prove nothing"
    assert finish_erasure(held.database)
    assert files_with_canary(held) == []


@pytest.mark.slow
def test_pruning_says_so_too(held: DeskAtWork, tmp_path: Path) -> None:
    held.submit(ASKED)
    held.clock.advance(days=91)
    with long_reader(held.database):
        assert not prune(held.database, timedelta(days=30), now=held.clock()).finished
    assert prune(held.database, timedelta(days=30), now=held.clock()).finished
    assert files_with_canary(held) == []


def test_an_erasure_made_while_the_log_is_emptied_is_not_taken_for_finished(
    held: DeskAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = held.database.checkpoint

    def erased_meanwhile(marker: int) -> int | None:
        done = empty(marker)
        held.database.write(mark)
        return done

    held.database.write(mark)
    monkeypatch.setattr(held.database, "checkpoint", erased_meanwhile)
    assert finish_erasure(held.database)
    monkeypatch.undo()
    with held.database.read() as connection:
        assert newest_erasure(connection) == 2
    assert finish_erasure(held.database)
    held.database.write(mark)
    with held.database.read() as connection:
        assert newest_erasure(connection) == 3, "an id came again: an older finish would end it"
