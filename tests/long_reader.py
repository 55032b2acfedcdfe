"""A program that reads the SQLite database and does not stop, as a backup or a replicator does."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from app.store.database import Database


@contextmanager
def long_reader(database: Database) -> Iterator[None]:
    """Hold the write-ahead log as it is."""
    with closing(sqlite3.connect(database.url.database or "")) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM requests").fetchall()
        yield
