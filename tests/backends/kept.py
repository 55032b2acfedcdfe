"""Applets kept by a call, in a database of the test's own."""

from collections.abc import Iterable

from app.actions.keep_file import keep_file
from app.core.kept_file import NotWritten
from app.store.database import Database
from tests.kept_files import ROOM, kept_content
from tests.store.rows import NOW


class Kept:
    """Keeps files as the vendors of a process do, and shows them."""

    def __init__(self, database: Database, room: int = ROOM) -> None:
        self.database = database
        self.room = room

    def __call__(self, pieces: Iterable[bytes], most: int) -> tuple[str, int]:
        return keep_file(self.database, pieces, most, self.room, now=NOW)

    def content(self) -> dict[str, bytes]:
        """All files, also those that are not whole, by id."""
        return kept_content(self.database)


def not_written(pieces: Iterable[bytes], most: int) -> tuple[str, int]:
    """What keeping does while the database cannot be written."""
    raise NotWritten
