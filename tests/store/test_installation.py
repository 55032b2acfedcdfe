"""What the database knows of itself: who may run on it, and whether it has moved."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.actions.hand_off import take_back
from app.actions.move import note_move
from app.core.backend import Opened, Start
from app.core.request import RequestState
from app.core.retry import Parking
from app.core.why import WhyCode
from app.store.database import Database, DatabaseUnusable
from app.store.hand_offs import record_opened
from app.store.installation import has_moved, set_compatible_from, turn_mark
from app.store.migrate import HEAD, migrate
from app.store.requests import insert_request, request_by_reference
from app.store.tables import requests
from app.store.tickets import insert_ticket
from tests.conftest import fill_desk
from tests.own_postgresql import OwnPostgresql, own_postgresql
from tests.store.rows import NOW, request_row, ticket_row


def newer(database: Database, compatible_from: str | None) -> None:
    """The database of a program of tomorrow."""

    def tomorrow(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        if compatible_from:
            set_compatible_from(connection, compatible_from)

    database.write(tomorrow)


def test_a_newer_schema_that_allows_it_is_used_as_it_is(database: Database) -> None:
    newer(database, HEAD)
    migrate(database)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "9999"


@pytest.mark.parametrize("oldest", ["9998", "9999"])
def test_a_newer_schema_that_does_not_allow_it_is_refused(database: Database, oldest: str) -> None:
    newer(database, oldest)
    with pytest.raises(DatabaseUnusable, match=r"newer Handbell \(schema 9999\)"):
        migrate(database)


def under_way(database: Database) -> None:
    """A is being opened and its worker is alive, B is and its worker is gone, C waited long ago, D waits."""
    opening: dict[str, Any] = {"state": RequestState.OPENING, "attempts": 1, "waiting_since": NOW}
    waiting: dict[str, Any] = {"state": RequestState.WAITING, "waiting_since": NOW}
    rows = {
        "A": {**opening, "lease": "alive", "due_at": NOW + timedelta(seconds=20)},
        "B": {**opening, "lease": "gone", "due_at": NOW + timedelta(seconds=1)},
        "C": {**waiting, "due_at": NOW - timedelta(minutes=2)},
        "D": {**waiting, "due_at": NOW},
    }
    for reference, values in rows.items():
        request = request_row(reference=reference, backend="take-control", **values)
        database.write(lambda connection, request=request: insert_request(connection, request))


def states(database: Database) -> dict[str, tuple[RequestState, int, WhyCode | None]]:
    with database.read() as connection:
        found = [
            request_by_reference(connection, name)
            for name in connection.execute(select(requests.c.reference)).scalars()
        ]
    return {one.reference: (one.state, one.unsure, one.why.code if one.why else None) for one in found if one}


def move_back(database: Database) -> None:
    """Let the database look as one that came from elsewhere."""
    database.write(lambda connection: connection.exec_driver_sql("UPDATE installation SET place = '0'"))
    if database.is_sqlite:
        Path(f"{database.path}.lock").write_text("1", "ascii")


def test_after_a_move_nothing_under_way_is_opened_again_unless_marked(desk: Database) -> None:
    under_way(desk)
    move_back(desk)
    assert note_move(desk, lambda _: None, now=NOW)
    assert not note_move(desk, lambda _: None, now=NOW)
    # A worker that is alive records its outcome.
    opened = Opened(Start.LINK, session_id="s-1", ticket_number="T-1", link="https://applets.startcontrol.com/s-1")
    assert desk.write(lambda connection: record_opened(connection, "A", "alive", opened, NOW))
    parked = take_back(desk, lambda _: None, now=NOW + timedelta(seconds=2))
    assert [(one.reference, one.reason, one.maybe_duplicate) for one in parked] == [("B", Parking.UNSURE, True)]
    assert states(desk) == {
        "A": (RequestState.OPENED, 0, None),
        "B": (RequestState.PARKED, 1, WhyCode.RESTORED),
        "C": (RequestState.PARKED, 1, WhyCode.RESTORED),
        "D": (RequestState.WAITING, 1, None),
    }


def numbers(database: Database, many: int) -> list[int]:
    def open_tickets(connection: Connection) -> list[int]:
        return [insert_ticket(connection, ticket_row(reference=None)).number for _ in range(many)]

    return database.write(open_tickets)


@pytest.mark.slow
def test_a_restored_sqlite_backup_is_noticed_and_gives_no_number_twice(sqlite_url: str, tmp_path: Path) -> None:
    backup = tmp_path / "backup.sqlite3"
    with closing(Database(sqlite_url)) as database:
        migrate(database)
        fill_desk(database, NOW)
        turn_mark(database)
        with closing(sqlite3.connect(database.path)) as raw, closing(sqlite3.connect(backup)) as copy:
            raw.backup(copy)
        assert not has_moved(database)
        given = numbers(database, 3)
        turn_mark(database)
        assert not has_moved(database)
        shutil.copyfile(f"{database.path}.lock", f"{backup}.lock")  # as if the backup were copied over the database
    with closing(Database(f"sqlite:///{backup}")) as restored:
        assert note_move(restored, lambda _: None, now=NOW)
        assert numbers(restored, 1)[0] > given[-1]
        assert not has_moved(restored)
        turn_mark(restored)
        assert not has_moved(restored)


@pytest.mark.slow
def test_a_sqlite_database_that_came_without_its_mark_has_moved(sqlite_url: str) -> None:
    with closing(Database(sqlite_url)) as database:
        migrate(database)
        assert not has_moved(database)
        turn_mark(database)
        Path(f"{database.path}.lock").write_text("")
        assert note_move(database, lambda _: None, now=NOW)
        assert not has_moved(database)


@pytest.fixture(scope="module")
def primary() -> Iterator[OwnPostgresql]:
    with own_postgresql() as server:
        with closing(Database(server.url)) as database:
            migrate(database)
            fill_desk(database, NOW)
        yield server


@pytest.mark.slow
@pytest.mark.postgres
def test_a_promoted_standby_that_lost_some_gives_no_number_twice(primary: OwnPostgresql) -> None:
    with primary.standby() as second:
        second.stop()
        with closing(Database(primary.url)) as database:
            given = numbers(database, 100)
            assert given == list(range(given[0], given[0] + 100))
        primary.stop("immediate")
        second.start()
        second.promote()
        with closing(Database(second.url)) as database:
            assert has_moved(database)
            again = numbers(database, 3)
            assert again[0] > given[-1]
            assert again == list(range(again[0], again[0] + 3))
            assert note_move(database, lambda _: None, now=NOW)
            assert not has_moved(database)
    primary.start()


@pytest.mark.postgres
def test_numbers_follow_one_another_while_nothing_moves(postgresql_url: str) -> None:
    with closing(Database(postgresql_url)) as database:
        migrate(database)
        fill_desk(database, NOW)
        assert numbers(database, 3) == [100_001, 100_002, 100_003]
        assert not has_moved(database)


@pytest.mark.postgres
def test_a_dump_restored_into_another_database_has_moved(migrated_postgresql_url: str) -> None:
    with closing(Database(migrated_postgresql_url)) as database:
        elsewhere = "UPDATE installation SET place = '00000001/1', numbers_place = '00000001/1'"
        database.write(lambda connection: connection.exec_driver_sql(elsewhere))
        fill_desk(database, NOW)
        assert has_moved(database)
        assert numbers(database, 2) == [110_002, 110_003]
