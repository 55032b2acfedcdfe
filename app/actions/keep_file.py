"""Keep a file in the database for a day, where every host finds it."""

import contextlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.core.kept_file import CHUNK, NoRoom, in_chunks
from app.store.database import DATABASE_FAULTS, Database
from app.store.erasures import mark_erasure
from app.store.files import add_chunk, begin_file, bytes_kept, finish_file, remove_files

WRITTEN_WITHIN = timedelta(minutes=10)  # afterwards a file that is not whole is what a killed process left


def keep_file(database: Database, pieces: Iterable[bytes], most: int, room: int, *, now: datetime) -> tuple[str, int]:
    """Write the pieces, each megabyte on disk before the next is read; returns the file's random id, and its bytes.

    `room` is how many bytes all kept files may have together. Raises TooLarge beyond `most` bytes, NoRoom, and what
    the database or the pieces raise. A failure leaves nothing behind.
    """
    file_id = secrets.token_hex(16)
    size = 0
    try:
        for number, chunk in enumerate(in_chunks(pieces, most)):
            size += len(chunk)
            _write(database, file_id, number, chunk, size, room, now)
    except BaseException:
        _remove(database, file_id, now)
        raise
    return file_id, size


def _write(database: Database, file_id: str, number: int, chunk: bytes, size: int, room: int, now: datetime) -> None:
    def write(connection: Connection) -> None:
        # On PostgreSQL, files that are written at the same moment may exceed the room by a chunk each.
        if bytes_kept(connection, now - WRITTEN_WITHIN) + len(chunk) > room:
            raise NoRoom
        if number == 0:
            begin_file(connection, file_id, now)
        add_chunk(connection, file_id, number, chunk)
        if len(chunk) < CHUNK:
            finish_file(connection, file_id, size)

    database.write(write)


def _remove(database: Database, file_id: str, now: datetime) -> None:
    """Remove what was written; where the database is away, pruning does it."""

    def remove(connection: Connection) -> None:
        if remove_files(connection, [file_id]):
            mark_erasure(connection, now)

    with contextlib.suppress(*DATABASE_FAULTS):
        database.write(remove)
