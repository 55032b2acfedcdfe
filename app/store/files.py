"""Kept files: rows in chunks of CHUNK bytes, so that every host that shares the database has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from app.core.kept_file import CHUNK
from app.store.tables import file_chunks, files, live_files, request_pictures, requests

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_AT_ONCE = 500  # ids in one statement
_MOST_REMOVED = 8  # chunks in one transaction: SQLite overwrites them all, and other writes wait meanwhile


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A whole file: its size in bytes, and when it was begun."""

    id: str
    size: int
    created_at: datetime


def begin_file(connection: Connection, file_id: str, now: datetime) -> None:
    """Add a file without content."""
    connection.execute(insert(files).values(id=file_id, created_at=now))


def add_chunk(connection: Connection, file_id: str, number: int, data: bytes) -> None:
    """Add the chunk with this number, from 0. Raises IntegrityError when the file was removed meanwhile."""
    connection.execute(insert(file_chunks).values(file=file_id, number=number, data=data))


def touch_file(connection: Connection, file_id: str, now: datetime) -> None:
    """Note that a file is still being written."""
    connection.execute(update(files).where(files.c.id == file_id).values(created_at=now))


def count_chunks(connection: Connection, file_id: str) -> int:
    """How many chunks of a file are there."""
    query = select(func.count()).where(file_chunks.c.file == file_id)
    return connection.execute(query).scalar_one()


def finish_file(connection: Connection, file_id: str, size: int) -> None:
    """Set the size of a file whose chunks are all there. Until then nobody finds it."""
    connection.execute(update(files).where(files.c.id == file_id).values(size=size))


def find_file(connection: Connection, file_id: str) -> KeptFile | None:
    """The file with this id; None when there is none, or not all of it."""
    row = connection.execute(select(files).where(files.c.id == file_id, files.c.size.is_not(None))).one_or_none()
    return None if row is None else KeptFile(row.id, row.size, row.created_at)


def read_chunk(connection: Connection, file_id: str, number: int) -> bytes | None:
    """One chunk; None when it is not there (any more)."""
    query = select(file_chunks.c.data).where(file_chunks.c.file == file_id, file_chunks.c.number == number)
    found: bytes | None = connection.execute(query).scalar_one_or_none()
    return found


def bytes_kept(connection: Connection, begun_since: datetime) -> int:
    """Bytes of all whole files, and of those that were begun since then and are being written."""
    whole = connection.execute(select(func.coalesce(func.sum(files.c.size), 0))).scalar_one()
    written = (
        select(func.count())
        .select_from(file_chunks.join(files))
        .where(files.c.size.is_(None), files.c.created_at >= begun_since)
    )
    # A file's last chunk comes with its size, so all others are full.
    return int(whole) + CHUNK * int(connection.execute(written).scalar_one())


def remove_files(connection: Connection, ids: Sequence[str]) -> int:
    """Remove these files with their chunks; returns how many were there."""
    return connection.execute(delete(files).where(files.c.id.in_(ids))).rowcount


def remove_files_of(connection: Connection, references: Sequence[str]) -> int:
    """Remove the applets of these requests; returns how many were there."""
    theirs = select(requests.c.applet_file).where(
        requests.c.reference.in_(references), requests.c.applet_file.is_not(None)
    )
    return connection.execute(delete(files).where(files.c.id.in_(theirs))).rowcount


def abandon_files(connection: Connection, ids: Sequence[str]) -> None:
    """Let nobody find these files any more; `remove_old_chunks` removes them, a few chunks at a time."""
    for start in range(0, len(ids), _AT_ONCE):
        these = files.c.id.in_(ids[start : start + _AT_ONCE])
        connection.execute(update(files).where(these).values(size=None, created_at=LONG_AGO))


def remove_old_chunks(connection: Connection, created_before: datetime, begun_before: datetime) -> int:
    """Remove chunks of one file that was created before the first time and is in no conversation and of no request, or
    that was begun before the second and is not whole; the file's row goes with the last. Returns 0 when there is no
    such file."""
    unfinished = and_(files.c.size.is_(None), files.c.created_at < begun_before)
    over = and_(
        files.c.created_at < created_before,
        ~exists().where(live_files.c.kept == files.c.id),
        ~exists().where(request_pictures.c.kept == files.c.id),
    )
    old = select(files.c.id).where(or_(over, unfinished)).limit(1)
    file_id: str | None = connection.execute(old).scalar_one_or_none()
    if file_id is None:
        return 0
    connection.execute(update(files).where(files.c.id == file_id).values(size=None))  # nobody begins to read it now
    last = connection.execute(select(func.max(file_chunks.c.number)).where(file_chunks.c.file == file_id)).scalar_one()
    if last is None or last < _MOST_REMOVED:
        return remove_files(connection, [file_id])
    end = and_(file_chunks.c.file == file_id, file_chunks.c.number > last - _MOST_REMOVED)
    return connection.execute(delete(file_chunks).where(end)).rowcount
