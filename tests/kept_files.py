"""Kept files in a database: made for a test, and all that is there."""

from datetime import datetime

from sqlalchemy import select

from app.actions.keep_file import keep_file
from app.store.database import Database
from app.store.tables import file_chunks, files

ROOM = 2 * 1024**3


def keep(database: Database, content: bytes, now: datetime) -> str:
    """Keep a file; returns its id."""
    return keep_file(database, [content], len(content), ROOM, now=now)[0]


def kept_content(database: Database) -> dict[str, bytes]:
    """All files, also those that are not whole, by id."""
    with database.read() as connection:
        found = {row.id: b"" for row in connection.execute(select(files))}
        for row in connection.execute(select(file_chunks).order_by(file_chunks.c.file, file_chunks.c.number)):
            found[row.file] += row.data
    return found
