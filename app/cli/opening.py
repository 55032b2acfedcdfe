"""The database, for one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from app.settings import Settings, load_settings
from app.store.database import Database
from app.store.migrate import migrate


@contextmanager
def open_database(settings: Settings | None = None) -> Iterator[Database]:
    """The configured database, migrated; closed at the end."""
    database = Database((settings or load_settings()).database)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def now() -> datetime:
    """The time, aware."""
    return datetime.now(UTC)
