"""Reads, and writes that are on disk when they return."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app.core.site import Site
from app.core.staff import Department
from app.store.database import Database, DatabaseUnusable
from app.store.migrate import migrate
from app.store.sites import add_site, bump_generation, change_site, load_generation, load_sites
from app.store.staff import add_department, load_staff, set_department_disabled
from tests.waiting import until

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENDLESS_WRITER = """
import sys
from app.core.staff import Department
from app.store.database import Database
from app.store.staff import add_department
database = Database(sys.argv[1])
number = 0
while True:
    number += 1
    database.write(lambda connection: add_department(connection, Department(number, "n")))
    print(number, flush=True)
"""


def department(number: int) -> Callable[[Connection], None]:
    return lambda connection: add_department(connection, Department(number, f"Department {number}"))


def numbers(database: Database) -> list[int]:
    with database.read() as connection:
        return list(load_staff(connection).departments)


def pragmas(connection: Connection) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}


@pytest.mark.slow
def test_sqlite_loses_nothing_and_leaves_nothing_behind(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    migrate(database)
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    assert database.write(pragmas) == wanted
    with database.read() as connection:
        assert pragmas(connection) == wanted
    with database.exclusive() as connection:
        assert pragmas(connection) == wanted
    database.close()


@pytest.mark.slow
def test_postgresql_commits_synchronously(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    shown = database.write(lambda connection: connection.exec_driver_sql("SHOW synchronous_commit").scalar_one())
    database.close()
    assert shown == "on"


@pytest.mark.slow
def test_a_database_that_would_lose_writes_is_refused(postgresql_url: str) -> None:
    careless = Database(postgresql_url)
    with careless.read() as connection:
        connection.exec_driver_sql("SET synchronous_commit = off")
    with pytest.raises(DatabaseUnusable, match="synchronous_commit=on"):
        careless.check()
    careless.close()


def test_what_was_written_is_read_at_once(database: Database) -> None:
    assert database.write(lambda connection: (department(5)(connection), "result")[1]) == "result"
    assert numbers(database) == [5]


@pytest.mark.slow
def test_reading_connections_cannot_write_on_sqlite(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    migrate(database)
    with database.read() as connection, pytest.raises(SQLAlchemyError, match="readonly"):
        connection.exec_driver_sql("UPDATE configuration SET generation = 9")
    database.close()


def test_a_job_that_fails_undoes_its_own_changes_and_raises(database: Database) -> None:
    def half(connection: Connection) -> None:
        department(1)(connection)
        raise LookupError("half way")

    with pytest.raises(LookupError, match="half way"):
        database.write(half)
    assert numbers(database) == []
    database.write(department(2))
    assert numbers(database) == [2]


@pytest.mark.slow
def test_many_threads_write_and_failing_jobs_undo_only_themselves(database: Database) -> None:
    start = threading.Barrier(16)

    def work(worker: int) -> int:
        start.wait(30)
        failures = 0
        for number in range(worker * 10 + 1, worker * 10 + 11):
            database.write(department(number))
            try:
                database.write(
                    lambda connection, number=number: (
                        department(1000 + number)(connection),
                        department(number)(connection),
                    )
                )
            except IntegrityError:
                failures += 1
        return failures

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [10] * 16
    assert numbers(database) == list(range(1, 161))
    assert database.generation() == 161


@pytest.mark.slow
def test_writes_that_gathered_are_committed_together_and_one_fails_alone(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    migrate(database)
    database.write(bump_generation)
    held, release = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        held.set()
        assert release.wait(30)

    def fail(connection: Connection) -> None:
        department(99)(connection)
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(database.write, hold)
        assert held.wait(30)
        good = [pool.submit(database.write, department(number)) for number in (1, 2, 3)]
        bad = pool.submit(database.write, fail)
        more = [pool.submit(database.write, department(number)) for number in (4, 5)]
        release.set()
        for done in (first, *good, *more):
            done.result(30)
        with pytest.raises(SQLAlchemyError, match="nowhere"):
            bad.result(30)
    assert numbers(database) == [1, 2, 3, 4, 5]
    database.close()


@pytest.mark.slow
def test_what_comes_while_another_process_has_its_turn_is_committed_together(sqlite_url: str) -> None:
    database, other = Database(sqlite_url), Database(sqlite_url)
    migrate(database)
    path = other.url.database
    database.write(bump_generation)  # the writer has started
    writer = database._writer
    assert writer

    def committed_before(connection: Connection, *, number: int) -> int:
        department(number)(connection)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
            return int(reader.execute("SELECT count(*) FROM departments").fetchone()[0])

    with ThreadPoolExecutor(4) as pool:
        with other.exclusive():
            done = [pool.submit(database.write, partial(committed_before, number=0))]
            assert until(lambda: f" -> FLOCK  ADVISORY  WRITE {os.getpid()} " in Path("/proc/locks").read_text("ascii"))
            done += [pool.submit(database.write, partial(committed_before, number=n)) for n in (1, 2, 3)]
            assert until(lambda: writer._jobs.qsize() == 3)
        assert [one.result(30) for one in done] == [0, 0, 0, 0]
    assert sorted(numbers(database)) == [0, 1, 2, 3]
    for each in (database, other):
        each.close()


def test_every_change_of_the_configuration_raises_the_generation(database: Database) -> None:
    seen = [database.generation()]
    site = Site(slug="a", name="A", uid="u")
    changes: list[Callable[[Connection], object]] = [
        department(1),
        lambda connection: set_department_disabled(connection, 1, True),
        lambda connection: add_site(connection, site, NOW),
        lambda connection: change_site(connection, site),
    ]
    for change in changes:
        database.write(change)
        seen.append(database.generation())
    assert seen == [1, 2, 3, 4, 5]
    with database.read() as connection:
        assert load_generation(connection) == 5
        assert load_sites(connection) == [site]


def test_the_generation_is_seen_by_another_process_s_connection(database: Database) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    assert other.generation() == 1
    database.write(bump_generation)
    assert other.generation() == 2
    other.close()


@pytest.mark.slow
def test_two_databases_on_one_file_write_in_turn(sqlite_url: str) -> None:
    both = [Database(sqlite_url), Database(sqlite_url)]
    migrate(both[0])
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: both[number % 2].write(department(number)), range(1, 101)))
    assert numbers(both[0]) == list(range(1, 101))
    for database in both:
        database.close()


@pytest.mark.slow
def test_kill_minus_9_loses_nothing_that_was_acknowledged(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, url], stdout=-1, text=True)
    assert process.stdout
    acknowledged = [int(process.stdout.readline()) for _ in range(25)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
    process.stdout.close()
    assert process.wait(30) == -signal.SIGKILL
    found = numbers(database)
    assert found[: len(acknowledged)] == acknowledged == list(range(1, len(acknowledged) + 1))
    assert len(found) <= len(acknowledged) + 1
    database.write(department(1_000_000))
    assert numbers(database)[-1] == 1_000_000


@pytest.mark.slow
def test_closing_finishes_what_was_given(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    migrate(database)
    held, release = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        held.set()
        assert release.wait(30)
        department(7)(connection)

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(database.write, slow)
        assert held.wait(30)
        closing = pool.submit(database.close)
        release.set()
        closing.result(30)
        writing.result(30)
    again = Database(sqlite_url)
    assert numbers(again) == [7]
    again.close()


@pytest.mark.slow
def test_a_checkpoint_empties_the_write_ahead_log(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    migrate(database)
    database.write(department(1))
    log = tmp_path / "data" / "handbell.sqlite3-wal"
    assert log.stat().st_size > 0
    database.checkpoint()
    assert log.stat().st_size == 0
    assert numbers(database) == [1]
    database.close()


def test_what_is_no_database_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="HANDBELL_DATABASE_URL"):
        Database("no address at all")
    (tmp_path / "notes").write_text("these are no pages of a database, but a shopping list, and a long one" * 50)
    with pytest.raises(DatabaseUnusable, match="cannot open the database"):
        Database(f"sqlite:///{tmp_path / 'notes'}").check()
    with pytest.raises(DatabaseUnusable, match="cannot open the database") as refused:
        Database("postgresql+psycopg://someone:s3cret@127.0.0.1:1/none").check()
    assert "s3cret" not in str(refused.value)


@pytest.mark.slow
def test_rows_must_belong_to_something(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    migrate(database)
    with pytest.raises(IntegrityError):
        database.write(lambda c: c.exec_driver_sql("INSERT INTO memberships VALUES (1, 2)"))
    database.close()


@pytest.mark.slow
def test_erased_bytes_do_not_stay_in_the_file(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    migrate(database)
    database.write(lambda connection: add_department(connection, Department(1, "CANARY-IN-A-COAL-MINE")))
    database.write(lambda connection: connection.exec_driver_sql("DELETE FROM departments"))
    database.checkpoint()
    database.close()
    with sqlite3.connect(tmp_path / "data" / "handbell.sqlite3") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    plain.close()
    for path in (tmp_path / "data").iterdir():
        assert b"CANARY" not in path.read_bytes(), path.name
