"""Several PostgreSQL servers: the one that takes writes is used, and no commit is waited for without end."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from sqlalchemy.exc import SQLAlchemyError

from app.core.staff import Department
from app.store import commits
from app.store.commits import DatabaseAway, OutcomeUnknown
from app.store.database import Database, DatabaseNotNow, is_unknown
from app.store.migrate import migrate
from app.store.postgresql import in_one_form
from app.store.sites import bump_generation
from app.store.staff import add_department, load_staff
from tests.own_postgresql import OwnPostgresql, own_postgresql
from tests.waiting import until


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgresql+psycopg://u:p@db1:5432,db2/handbell", "postgresql+psycopg://u:p@/handbell?host=db1:5432&host=db2"),
        ("postgresql+psycopg://a,b?sslmode=require", "postgresql+psycopg:///?host=a&host=b&sslmode=require"),
        ("postgresql+psycopg://u:p,q@db1/handbell?x=a,b", "postgresql+psycopg://u:p,q@db1/handbell?x=a,b"),
        ("sqlite:////data/a,b.sqlite3", "sqlite:////data/a,b.sqlite3"),
    ],
)
def test_a_list_of_hosts_is_read_as_libpq_writes_it(given: str, read: str) -> None:
    assert in_one_form(given) == read


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[OwnPostgresql, OwnPostgresql]]:
    """A server with a migrated database, and its synchronous standby."""
    with own_postgresql() as first, first.standby() as second:
        with closing(Database(first.url)) as database:
            migrate(database)
        first.set(synchronous_standby_names="standby")
        yield first, second


def both(*servers: OwnPostgresql) -> str:
    """The address of both, the first one first."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"postgresql+psycopg://postgres@{hosts}/handbell"


@contextmanager
def standby_away(second: OwnPostgresql) -> Iterator[None]:
    second.stop()
    try:
        yield
    finally:
        second.start()


def department(database: Database, number: int) -> None:
    database.write(lambda connection: add_department(connection, Department(number, f"Department {number}")))


def try_to_write(database: Database, number: int) -> Exception | None:
    try:
        department(database, number)
    except SQLAlchemyError as failed:
        return failed
    return None


@pytest.mark.slow
@pytest.mark.postgres
def test_of_several_hosts_the_one_that_takes_writes_is_used(pair: tuple[OwnPostgresql, OwnPostgresql]) -> None:
    first, second = pair
    with closing(Database(both(second, first))) as database:
        migrate(database)
        database.write(bump_generation)
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one() is False


@pytest.mark.slow
@pytest.mark.postgres
def test_a_standby_is_refused_in_a_sentence(pair: tuple[OwnPostgresql, OwnPostgresql]) -> None:
    with closing(Database(pair[1].url)) as database, pytest.raises(DatabaseNotNow, match="the database is read-only"):
        migrate(database)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_server_that_turned_read_only_is_left(pair: tuple[OwnPostgresql, OwnPostgresql]) -> None:
    first, _ = pair
    with closing(Database(first.url)) as database:
        department(database, 100)
        first.set(default_transaction_read_only="on")
        assert until(lambda: isinstance(try_to_write(database, 101), SQLAlchemyError))
        first.execute("ALTER SYSTEM RESET default_transaction_read_only")
        first.execute("SELECT pg_reload_conf()")
        assert until(lambda: try_to_write(database, 102) is None)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_commit_without_its_standby_ends_in_time_and_its_outcome_is_unknown(
    pair: tuple[OwnPostgresql, OwnPostgresql], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "COMMITS_WITHIN", 1.0)
    with closing(Database(pair[0].url)) as database:
        department(database, 1)
        with standby_away(pair[1]), ThreadPoolExecutor(8) as threads:
            failed = try_to_write(database, 2)
            assert isinstance(failed, OutcomeUnknown)
            # From now on one write finds out, and the others do not wait.
            faults = list(threads.map(lambda number: try_to_write(database, number), range(3, 11)))
            assert {type(fault) for fault in faults} == {DatabaseAway, OutcomeUnknown}
            assert {is_unknown(fault) for fault in faults if fault} == {False, True}
            assert [fault for fault in faults if is_unknown(fault)] != []
            with database.read() as connection:
                written = set(load_staff(connection).departments)
            # What fails at once is not written.
            assert not written & {number for number, fault in enumerate(faults, 3) if isinstance(fault, DatabaseAway)}
        assert until(lambda: try_to_write(database, 20) is None)
        assert [try_to_write(database, number) for number in (21, 22, 23)] == [None] * 3


@pytest.mark.slow
@pytest.mark.postgres
def test_a_connection_that_ends_during_a_commit_leaves_the_outcome_unknown(
    pair: tuple[OwnPostgresql, OwnPostgresql],
) -> None:
    first, second = pair
    waits = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with closing(Database(first.url)) as database, ThreadPoolExecutor(1) as thread:
        department(database, 30)
        with standby_away(second):
            writing = thread.submit(try_to_write, database, 31)
            assert until(lambda: first.execute(waits))
            assert isinstance(writing.result(30), OutcomeUnknown)
