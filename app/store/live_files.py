"""The files of conversations. A transaction that changes them has locked the ticket."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from app.core.live_file import LiveFile
from app.store.files import abandon_files
from app.store.tables import live_files

_f = live_files.c


def add_file(connection: Connection, file: LiveFile) -> None:
    """Add a file, whose bytes may still be on their way."""
    values = {column.name: getattr(file, column.name) for column in live_files.columns}
    connection.execute(insert(live_files).values(values))


def change_file(connection: Connection, file_id: str, **values: object) -> None:
    """Change columns of a file."""
    connection.execute(update(live_files).where(_f.id == file_id).values(values))


def remove_file(connection: Connection, file: LiveFile) -> None:
    """Forget a file. Its bytes are removed by `store.files.remove_old_chunks`."""
    connection.execute(delete(live_files).where(_f.id == file.id))
    abandon_files(connection, [file.kept])


def file_by_id(connection: Connection, ticket: int, file_id: str) -> LiveFile | None:
    """The ticket's file with this id, whole or not."""
    row = connection.execute(select(live_files).where(_f.id == file_id, _f.ticket == ticket)).one_or_none()
    return None if row is None else _file(row)


def file_with_key(connection: Connection, ticket: int, who: str, key: str) -> LiveFile | None:
    """The file that this person sends, or has sent, with this key."""
    its = (_f.ticket == ticket, _f.who == who, _f.key == key)
    row = connection.execute(select(live_files).where(*its)).one_or_none()
    return None if row is None else _file(row)


def files_by_id(connection: Connection, ids: Collection[str]) -> dict[str, LiveFile]:
    """These files by their ids."""
    if not ids:
        return {}
    return {row.id: _file(row) for row in connection.execute(select(live_files).where(_f.id.in_(ids)))}


def all_files(connection: Connection, ticket: int) -> list[LiveFile]:
    """The ticket's files, whole or not, the first first."""
    query = select(live_files).where(_f.ticket == ticket).order_by(_f.at, _f.id)
    return [_file(row) for row in connection.execute(query)]


def sum_of_files(connection: Connection, ticket: int) -> tuple[int, int]:
    """How many files the ticket has, whole or not, and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(_f.size), 0)).where(_f.ticket == ticket)
    count, size = connection.execute(query).one()
    return int(count), int(size)


def remove_files_of_tickets(connection: Connection, tickets: Collection[int]) -> None:
    """Forget all files of these tickets. Their bytes are removed by `store.files.remove_old_chunks`."""
    kept = list(connection.execute(select(_f.kept).where(_f.ticket.in_(tickets))).scalars())
    connection.execute(delete(live_files).where(_f.ticket.in_(tickets)))
    abandon_files(connection, kept)


def _file(row: Row[Any]) -> LiveFile:
    return LiveFile(**row._mapping)
