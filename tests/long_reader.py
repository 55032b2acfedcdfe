"""A reader of the SQLite database that does not stop, as a backup or a replicator."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from app.store.database import Database


@contextmanager
def long_reader(database: Database) -> Iterator[None]:
    """Read the database until the block ends, which keeps the write-ahead log from being emptied."""
    with closing(sqlite3.connect(database.url.database or "")) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM requests").fetchall()
        yield
