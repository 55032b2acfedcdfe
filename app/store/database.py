"""One database, SQLite or PostgreSQL: reads, and writes that are on disk when they return.

On SQLite one thread per process writes. It takes all writes that have gathered, a file lock that keeps the
processes in turn, and commits them together with `synchronous=FULL`: the same durability at a fraction of the
fsyncs. One that fails takes nothing else with it: what it shared a transaction with is undone and done again.
"""

import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

T = TypeVar("T")
_MOST_AT_ONCE = 64  # writes in one commit
_BUSY_MS = 15_000
_WRITE_TIMEOUT = 20.0  # seconds


class DatabaseUnusable(Exception):
    """The database cannot be opened or is not set as it must be; the message says what to do."""


class Database:
    """A database by its address. Connections are opened on first use, so a process may fork before that."""

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
        except ArgumentError:
            raise DatabaseUnusable("HANDBELL_DATABASE_URL is not a database address") from None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._reader = self._sqlite_reader() if self.is_sqlite else self._postgresql()
        self._writer = _SqliteWriter(self._path) if self.is_sqlite else None
        self._local = threading.local()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; each statement sees the latest commits."""
        with self._reader.connect() as connection:
            yield connection

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run `job` in a transaction and return its result when that is on disk.

        On SQLite the job runs in the writer's thread, and again when another one that shared its transaction
        failed: it must not write again, wait for anything, use the caller's thread state or change anything but
        the database. What it raises undoes its own changes and is raised here.
        """
        if self._writer:
            return self._writer.run(job)
        with self._reader.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            return job(connection)

    def generation(self) -> int:
        """The configuration's generation: the cheapest read there is, made for every page."""
        if not self.is_sqlite:
            with self.read() as connection:
                return int(connection.exec_driver_sql(_GENERATION).scalar_one())
        raw: sqlite3.Connection | None = getattr(self._local, "raw", None)
        if raw is None:
            raw = self._local.raw = _open_sqlite(self._path, read_only=True)
        return int(raw.execute(_GENERATION).fetchone()[0])

    def check(self) -> None:
        """Raises DatabaseUnusable when it cannot be reached or would lose acknowledged writes."""
        try:
            with self.read() as connection:
                wrong = _sqlite_faults(connection) if self.is_sqlite else _postgresql_faults(connection)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            cause = getattr(error, "orig", None) or error
            raise DatabaseUnusable(f"cannot open the database ({' '.join(str(cause).split())})") from None
        if wrong:
            raise DatabaseUnusable(f"the database must have {', '.join(wrong)}")

    def checkpoint(self) -> None:
        """Empty SQLite's write-ahead log, so that erased rows are gone from it too."""
        if self._writer:
            self._writer.checkpoint()

    @contextmanager
    def exclusive(self) -> Generator[Connection]:
        """The only migrator: a connection in a transaction, under a lock that other processes wait for."""
        if self._writer:
            with self._writer.turn() as connection:
                yield connection
            return
        with self._reader.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection

    def close(self) -> None:
        """Finish what was given to the writer and close all connections."""
        if self._writer:
            self._writer.close()
        self._reader.dispose()

    @property
    def _path(self) -> Path:
        return Path(self.url.database or "")

    def _sqlite_reader(self) -> Engine:
        return create_engine(
            "sqlite://",
            hide_parameters=True,
            creator=lambda: _open_sqlite(self._path, read_only=True),
            poolclass=QueuePool,
            pool_size=16,
            max_overflow=64,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
        )

    def _postgresql(self) -> Engine:
        return create_engine(
            self.url,
            hide_parameters=True,
            isolation_level="AUTOCOMMIT",
            pool_size=16,
            max_overflow=32,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={
                "connect_timeout": 5,
                "options": "-c synchronous_commit=on -c statement_timeout=30000",
            },
        )


_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class _Undo(Exception):
    """A job failed after it had written something: the transaction it shares must not be committed."""


class _SqliteWriter:
    """The one thread of this process that writes, and its turn among the processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._inside = threading.Lock()
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._raw: sqlite3.Connection | None = None
        self._lock_file: int | None = None

    def run(self, job: Callable[[Connection], T]) -> T:
        if self._thread is None:
            self._start_thread()
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future.result(_WRITE_TIMEOUT)

    def checkpoint(self) -> None:
        with self._inside:
            raw = self._open()[1]
            with self._file_lock():
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """A write transaction of this process alone, committed at the end."""
        with self._inside:
            connection, raw = self._open()
            with self._file_lock():
                raw.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    raw.execute("COMMIT")
                except BaseException:
                    if raw.in_transaction:
                        raw.execute("ROLLBACK")
                    raise

    def close(self) -> None:
        if self._thread:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        with self._inside:
            if self._connection:
                self._connection.close()
                self._connection = None
            if self._engine:
                self._engine.dispose()
                self._engine = None
            if self._lock_file is not None:
                os.close(self._lock_file)
                self._lock_file = None

    def _start_thread(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch = [first]
            more = True
            while more and len(batch) < _MOST_AT_ONCE:
                more = self._gather(batch)
            self._commit(batch)

    def _gather(self, batch: list[_Job]) -> bool:
        try:
            job = self._jobs.get_nowait()
        except queue.Empty:
            return False
        if job is None:
            self._jobs.put(None)
            return False
        batch.append(job)
        return True

    def _commit(self, batch: list[_Job]) -> None:
        """All in one transaction; when one of them fails after it has written, each in a transaction of its own."""
        try:
            outcomes = self._run_together(batch)
        except _Undo:
            for job in batch:
                self._commit_alone(job)
            return
        except BaseException as error:  # noqa: BLE001 - whoever waits must be told, whatever it was
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _tell(future, *outcome)

    def _run_together(self, batch: list[_Job]) -> list[tuple[Any, Exception | None]]:
        with self.turn() as connection:
            raw = self._open()[1]
            outcomes: list[tuple[Any, Exception | None]] = []
            for job, _ in batch:
                written = raw.total_changes
                try:
                    outcomes.append((job(connection), None))
                except Exception as failure:
                    if raw.total_changes != written:
                        raise _Undo from failure
                    outcomes.append((None, failure))
            return outcomes

    def _commit_alone(self, job: _Job) -> None:
        do, future = job
        try:
            with self.turn() as connection:
                result = do(connection)
        except BaseException as error:  # noqa: BLE001 - the same
            future.set_exception(error)
        else:
            future.set_result(result)

    def _open(self) -> tuple[Connection, sqlite3.Connection]:
        """The one connection, for statements and, bare, for the transaction's own words."""
        if self._connection is None or self._raw is None:
            raw = self._raw = _open_sqlite(self._path)
            self._engine = create_engine(
                "sqlite://",
                hide_parameters=True,
                creator=lambda: raw,
                poolclass=NullPool,
                isolation_level="AUTOCOMMIT",
            )
            self._connection = self._engine.connect()
        return self._connection, self._raw

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        if self._lock_file is None:
            self._lock_file = _open_lock(self._path)
        fcntl.flock(self._lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)


_GENERATION = "SELECT generation FROM configuration"
_ADVISORY_LOCK = 0x48414E44  # "HAND"


def _tell(future: Future[Any], result: Any, failure: Exception | None) -> None:
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def _open_sqlite(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    if not path.exists():
        # Made here, so that nobody else may read it from its first byte on.
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_MS / 1000)
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _switch_to_wal(connection, path)
    for pragma in ("synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


def _switch_to_wal(connection: sqlite3.Connection, path: Path) -> None:
    """Once in a file's life. SQLite does not wait for others here, so processes that start together take turns."""
    lock = _open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    return os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)


def _sqlite_faults(connection: Connection) -> list[str]:
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    return [
        f"{name}={value}"
        for name, value in wanted.items()
        if connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() != value
    ]


def _postgresql_faults(connection: Connection) -> list[str]:
    wanted = {"synchronous_commit": ("on", "remote_write", "remote_apply"), "server_encoding": ("UTF8",)}
    return [
        f"{name}={values[0]}"
        for name, values in wanted.items()
        if connection.exec_driver_sql(f"SHOW {name}").scalar_one() not in values
    ]
