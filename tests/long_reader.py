"""Readers of the SQLite database that do not stop, as a backup or a replicator."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Self

from app.store.database import Database


@contextmanager
def long_reader(database: Database) -> Iterator[None]:
    """Read the database until the block ends, which keeps the write-ahead log from being emptied."""
    with closing(sqlite3.connect(database.url.database or "")) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM requests").fetchall()
        yield


class Replicator:
    """Reads the database all the time but for its own checkpoints, as Litestream does."""

    def __init__(self, database: Database) -> None:
        self._connection = sqlite3.connect(database.url.database or "", isolation_level=None)

    def __enter__(self) -> Self:
        self._connection.execute("CREATE TABLE replicated (times INTEGER)")
        self._read()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def checkpoint(self) -> None:
        """Put the whole log into the database, so that the write after it begins the log anew, and read on."""
        self._connection.execute("ROLLBACK")
        busy, frames, done = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert (busy, frames) == (0, done), "other readers held the log"
        self._connection.execute("INSERT INTO replicated VALUES (1)")
        self._read()

    def _read(self) -> None:
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT count(*) FROM replicated").fetchone()
