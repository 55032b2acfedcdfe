"""One database, SQLite or PostgreSQL: reads, and writes that are on disk when they return."""

import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import TimeoutError as WriteTimeout
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from app.store.commits import Commits, DatabaseAway, OutcomeUnknown
from app.store.postgresql import in_one_form, is_read_only, open_alone, open_postgresql, postgresql_faults
from app.store.sqlite import SqliteWriter, open_sqlite, sqlite_faults
from app.store.writable import Unwritable, Writes, disk_fault

T = TypeVar("T")
DATABASE_FAULTS = (SQLAlchemyError, sqlite3.Error, WriteTimeout)  # what a read raises, or a write that is not on disk
Hear = Callable[[Any], object]
_NOTES = "handbell notes"


def is_unknown(fault: BaseException) -> bool:
    """Whether a write that failed so may be written all the same."""
    return isinstance(fault, OutcomeUnknown | WriteTimeout)


def note(connection: Connection, what: object) -> None:
    """Tell whoever listens to the database of this, when the transaction at hand is on disk and not before."""
    connection.info[_NOTES].append(what)


class DatabaseUnusable(Exception):
    """The database cannot be opened or is wrongly configured; the message says what to do."""


class DatabaseNotNow(DatabaseUnusable):
    """The database cannot be reached, or takes no writes: it may later."""


class Database:
    """A database at an address. Connections are opened on first use, so that a process may fork before that."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(in_one_form(url))
        except ArgumentError:
            raise DatabaseUnusable("HANDBELL_DATABASE_URL is not a database address") from None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._reader = self._sqlite_reader() if self.is_sqlite else open_postgresql(self.url)
        self._in_transaction = self._reader.execution_options(isolation_level="READ COMMITTED")
        self._writer = SqliteWriter(self.path) if self.is_sqlite else None
        self._commits = Commits()
        self._writes = Writes()
        self._local = threading.local()
        self._is_away, self._away_until, self._trying = False, 0.0, threading.Lock()
        self._hear: Hear = _nobody_hears

    def listen(self, hear: Hear) -> None:
        """Call `hear` with everything that jobs `note`, in the thread that asked for the job; it must not raise."""
        self._hear = hear

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; each statement sees the latest commits. Raises DatabaseAway at once while no
        connection can be made."""
        with self._connect(self._reader) as connection:
            yield connection

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run `job` in a transaction and return its result when that is on disk.

        On SQLite the job runs in the writer's thread, and runs again when another job in the same transaction failed:
        it must not write again, wait for anything, use the caller's thread state or change anything but the database.
        An exception of the job undoes its changes and is raised here; `is_unknown` tells whether another one leaves
        open what became of it.
        """
        noting = _Noting(job)
        try:
            result = self._written(noting)
        except DATABASE_FAULTS as fault:
            self._writes.failed(fault)
            raise
        self._writes.done()
        for what in noting.notes:
            self._hear(what)
        return result

    def _written(self, job: Callable[[Connection], T]) -> T:
        if self._writer:
            return self._writer.run(job)
        with self._connect(self._in_transaction) as connection:
            return self._commits.run(connection, job)

    def _connect(self, engine: Engine) -> Connection:
        """While the database is away one caller at a time tries, twice a second; the others do not wait for that."""
        if not self._is_away:
            return self._connected(engine)
        if monotonic() < self._away_until or not self._trying.acquire(blocking=False):
            raise DatabaseAway("the database took no connection just now")
        try:
            return self._connected(engine)
        finally:
            self._trying.release()

    def _connected(self, engine: Engine) -> Connection:
        try:
            connection = engine.connect()
        except (DBAPIError, sqlite3.Error):
            self._is_away, self._away_until = True, monotonic() + _AWAY
            raise
        self._is_away = False
        return connection

    def generation(self) -> int:
        """The configuration's generation. Read for every page, so it is the cheapest read of all."""
        return int(self.glance(_GENERATION)[0])

    def unwritable(self) -> Unwritable | None:
        """Why the database takes no writes now; None when it does. Raises what a read raises."""
        if found := self._unwritable_at_rest():
            return found
        if self._writes.may_ask():
            with suppress(*DATABASE_FAULTS):
                self.write(lambda connection: connection.exec_driver_sql(_ASK))
        return self._writes.fault

    def _unwritable_at_rest(self) -> Unwritable | None:
        if self.is_sqlite:
            self.generation()
            return disk_fault(self.path.parent)
        return Unwritable.READ_ONLY if self.glance(_READ_ONLY_NOW)[0] == "on" else None

    def time(self) -> datetime:
        """The time of PostgreSQL's host."""
        return _EPOCH + timedelta(microseconds=int(self.glance(_TIME)[0]))

    def glance(self, query: str, *values: int) -> tuple[Any, ...]:
        """The one row of a frequent query, read without SQLAlchemy on SQLite; `?` stands for each value."""
        if not self.is_sqlite:
            return self._glance(query.replace("?", "%s"), values)
        raw: sqlite3.Connection | None = getattr(self._local, "raw", None)
        if raw is None:
            raw = self._local.raw = open_sqlite(self.path, read_only=True)
        return tuple(raw.execute(query, values).fetchone())

    def _glance(self, query: str, values: tuple[int, ...], *, again: bool = True) -> tuple[Any, ...]:
        """Made again, once, when its connection ends under it."""
        try:
            with self.read() as connection:
                return tuple(connection.exec_driver_sql(query, values or None).one())
        except DBAPIError as error:
            if not (again and error.connection_invalidated):
                raise
        return self._glance(query, values, again=False)

    def own_connection(self) -> Any:
        """A connection of PostgreSQL's driver outside the pool, for whoever waits on it for long: a server that
        vanishes without a word is noticed within a minute. Raises SQLAlchemyError."""
        engine = open_alone(self.url)
        connection = self._connect(engine)
        own = connection.connection.driver_connection
        connection.detach()
        return own

    @property
    def driver_error(self) -> type[Exception]:
        """What the driver of a connection of one's own raises."""
        return cast(type[Exception], self._reader.dialect.loaded_dbapi.Error)

    def version(self) -> int | None:
        """A number that changes when another connection has committed since this thread's last call; None on
        PostgreSQL.

        Much cheaper than a query.
        """
        return int(self.glance("PRAGMA data_version")[0]) if self.is_sqlite else None

    def check(self) -> None:
        """Raises DatabaseUnusable when the database cannot be reached or would lose acknowledged writes."""
        try:
            with self.read() as connection:
                wrong = sqlite_faults(connection) if self.is_sqlite else postgresql_faults(connection)
                read_only = not self.is_sqlite and is_read_only(connection)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise DatabaseNotNow(f"cannot open the database ({' '.join(str(cause).split())})") from None
        if read_only:
            raise DatabaseNotNow(_MUST_WRITE)
        if wrong:
            raise DatabaseUnusable(f"the database must have {', '.join(wrong)}")

    def checkpoint(self, marker: int = 0) -> int | None:
        """Remove what SQLite's write-ahead log has from before now, such as erased values; see
        `SqliteWriter.checkpoint`."""
        return self._writer.checkpoint(marker) if self._writer else marker

    @contextmanager
    def exclusive(self) -> Generator[Connection]:
        """A connection in a transaction for migrations, under a lock that keeps other processes out."""
        if self._writer:
            with self._writer.turn() as connection:
                yield connection
            return
        with self._connect(self._in_transaction) as connection, connection.begin():
            # An index of millions of rows takes longer than any statement of a page; other hosts wait for it here.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection

    def close(self) -> None:
        """Finish the writer's jobs and close all connections."""
        if self._writer:
            self._writer.close()
        self._reader.dispose()

    @property
    def path(self) -> Path:
        """SQLite's file."""
        return Path(self.url.database or "")

    def _sqlite_reader(self) -> Engine:
        return create_engine(
            "sqlite://",
            hide_parameters=True,
            creator=lambda: open_sqlite(self.path, read_only=True),
            poolclass=QueuePool,
            pool_size=16,
            max_overflow=64,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
        )


class _Noting(Generic[T]):
    """A job, and what it noted when it last ran."""

    __slots__ = ("_job", "notes")

    def __init__(self, job: Callable[[Connection], T]) -> None:
        self._job = job
        self.notes: list[object] = []

    def __call__(self, connection: Connection) -> T:
        self.notes = connection.info[_NOTES] = []
        return self._job(connection)


def _nobody_hears(_what: object) -> None:
    """Notes are for running processes and for commands."""


_MUST_WRITE = (
    "the database is read-only: a standby, or set so; HANDBELL_DATABASE_URL must lead to the server that takes writes, "
    "or name all servers"
)
_AWAY = 0.4  # seconds without a try after one that failed
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_READ_ONLY_NOW = "SHOW transaction_read_only"
_ASK = "UPDATE installation SET id = id"
_TIME = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_GENERATION = "SELECT generation FROM configuration"
_ADVISORY_LOCK = 0x48414E44  # "HAND"
