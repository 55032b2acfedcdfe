"""SQLite: how its file is opened, and the single thread per process that writes to it.

The writer takes a file lock, which makes the processes take turns, then all writes that have gathered by then, and
commits them together with `synchronous=FULL`: the same durability for a fraction of the fsyncs. When one fails, the
others in its transaction are undone and done again, so that a failure affects no other write.
"""

import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from app.store.sqlite_log import generation, remove_earlier_generations

T = TypeVar("T")
_MOST_AT_ONCE = 64  # writes in one commit
_BUSY_MS = 15_000
_CHECKPOINT_MS = 200
_WRITE_TIMEOUT = 20.0  # seconds


_Job = tuple[Callable[[Connection], Any], "Future[Any]"]


class _Undo(Exception):
    """A job failed after it had written, so the transaction it shares must not be committed."""


class SqliteWriter:
    """The single writing thread of this process, and its turn among the processes."""

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
        self._noted: tuple[int, bytes] | None = None  # a marker of `checkpoint`, and the log's generation at that time

    def run(self, job: Callable[[Connection], T]) -> T:
        """Run the job and return its result once it is on disk; raises the job's exception, or TimeoutError after 20
        seconds."""
        if self._thread is None:
            self._start_thread()
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future.result(_WRITE_TIMEOUT)

    def checkpoint(self, marker: int) -> int | None:
        """Empty the write-ahead log. Returns the highest `marker` of this and earlier calls such that the log has
        nothing from before that call any more; None while another connection keeps it from being written anew.

        A replicator reads the log all the time, so that it is never emptied. But it is written anew now and then: then
        nothing from before is left either. Other writers wait for at most 0.4 seconds.
        """
        with self._inside:
            raw = self._open()[1]
            with self._file_lock(), _impatient(raw):
                busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not busy:
                    self._noted = None
                    return marker
                return self._written_anew(raw, marker)

    def _written_anew(self, raw: sqlite3.Connection, marker: int) -> int | None:
        log = Path(f"{self._path}-wal")
        now, noted = generation(log), self._noted
        if noted is None:
            self._noted = (marker, now)
            return None
        done, then = noted
        if now == then or not _without_other_writers(raw, lambda: remove_earlier_generations(log)):
            return None
        self._noted = (marker, now) if marker > done else None
        return done

    @contextmanager
    def turn(self) -> Iterator[Connection]:
        """A write transaction for this process alone, committed at the end."""
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
        """Finish the waiting writes, then close."""
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
            self._commit([first])

    def _gather(self, batch: list[_Job]) -> None:
        """Add waiting jobs. Called within this process's turn, because most jobs arrive during the turns of others."""
        with suppress(queue.Empty):
            while len(batch) < _MOST_AT_ONCE:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)
                    return
                batch.append(job)

    def _commit(self, batch: list[_Job]) -> None:
        """Run all jobs in one transaction; if one fails after it has written, run each in its own transaction."""
        try:
            outcomes = self._run_together(batch)
        except _Undo:
            for job in batch:
                self._commit_alone(job)
            return
        except BaseException as error:  # noqa: BLE001 - the waiting caller must get every error
            for _, future in batch:
                future.set_exception(error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _tell(future, *outcome)

    def _run_together(self, batch: list[_Job]) -> list[tuple[Any, Exception | None]]:
        with self.turn() as connection:
            self._gather(batch)
            raw = self._open()[1]
            outcomes: list[tuple[Any, Exception | None]] = []
            for job, _ in batch:
                written = raw.total_changes
                try:
                    outcomes.append((job(connection), None))
                except Exception as failure:
                    # On a full disk SQLite itself undoes the whole transaction.
                    if raw.total_changes != written or not raw.in_transaction:
                        raise _Undo from failure
                    outcomes.append((None, failure))
            return outcomes

    def _commit_alone(self, job: _Job) -> None:
        do, future = job
        try:
            with self.turn() as connection:
                result = do(connection)
        except BaseException as error:  # noqa: BLE001 - as above
            future.set_exception(error)
        else:
            future.set_result(result)

    def _open(self) -> tuple[Connection, sqlite3.Connection]:
        """The single connection: SQLAlchemy's for statements, and the raw one for BEGIN, COMMIT and ROLLBACK."""
        if self._connection is None or self._raw is None:
            raw = self._raw = open_sqlite(self._path)
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


@contextmanager
def _impatient(raw: sqlite3.Connection) -> Iterator[None]:
    """In this block the connection hardly waits for others."""
    raw.execute(f"PRAGMA busy_timeout={_CHECKPOINT_MS}")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout={_BUSY_MS}")


def _without_other_writers(raw: sqlite3.Connection, do: Callable[[], None]) -> bool:
    """Call `do` under SQLite's own lock, which programs other than ours take too; False when one has it."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    try:
        do()
    finally:
        raw.execute("ROLLBACK")
    return True


def _tell(future: Future[Any], result: Any, failure: Exception | None) -> None:
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def open_sqlite(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with our settings: WAL, synchronous FULL, deleted data overwritten, explicit transactions."""
    if not path.exists():
        # Created here, so that no other user can ever read it.
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
    """Once in a file's life. SQLite does not wait for other processes here, so they take turns by the lock."""
    lock = _open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
    finally:
        os.close(lock)


def _open_lock(path: Path) -> int:
    return os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)


def read_mark(path: Path) -> int | None:
    """The number in the file beside the database; None when there is none."""
    with suppress(OSError, ValueError):
        return int(Path(f"{path}.lock").read_text("ascii"))
    return None


def write_mark(path: Path, mark: int) -> None:
    """Write the number into the file beside the database, unless a greater one is there."""
    if mark <= (read_mark(path) or 0):
        return
    file = _open_lock(path)
    try:
        os.pwrite(file, f"{mark:020d}".encode("ascii"), 0)
    finally:
        os.close(file)


def sqlite_faults(connection: Connection) -> list[str]:
    """Settings that differ from ours; empty when all are right."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    return [
        f"{name}={value}"
        for name, value in wanted.items()
        if connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() != value
    ]
