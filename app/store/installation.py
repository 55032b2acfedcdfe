"""The row about the installation as a whole: see `tables.installation`.

The data has moved when it lives elsewhere than when it was last seen: a promoted standby, a restored backup. Both may
lack the newest transactions. On PostgreSQL its place is the timeline and the database. On SQLite it is a number that
also stands in a file beside the database, and grows in both: a restored database has the smaller one.
"""

from sqlalchemy import Connection, func, select, text, update

from app.store.database import Database
from app.store.sqlite import read_mark, write_mark
from app.store.tables import installation

_SKIPPED = 10_000  # ticket numbers after a move; migration 0014 has the same for PostgreSQL
_PLACE = text("SELECT handbell_place()")
_HAS_MOVED = "SELECT place IS DISTINCT FROM handbell_place() AND handbell_place() IS NOT NULL FROM installation"
_SKIP = text("UPDATE sqlite_sequence SET seq = seq + :skipped WHERE name = 'tickets'").bindparams(skipped=_SKIPPED)


def compatible_from(connection: Connection) -> str | None:
    """The oldest schema whose programs may run on the one that is there."""
    found: str | None = connection.execute(select(installation.c.compatible_from)).scalar_one()
    return found


def set_compatible_from(connection: Connection, revision: str) -> None:
    """Raise the oldest schema whose programs may run."""
    connection.execute(update(installation).values(compatible_from=revision))


def has_moved(database: Database) -> bool:
    """Whether the data lives elsewhere than when it was last seen."""
    if not database.is_sqlite:
        return bool(database.glance(_HAS_MOVED)[0])
    return _is_older(database.glance("SELECT place FROM installation")[0], read_mark(database.path))


def move_in(connection: Connection, database: Database) -> bool:
    """Take note of the new place; False when another process has done so. On SQLite later tickets skip some numbers."""
    place = connection.execute(_PLACE).scalar_one() if not database.is_sqlite else _newer_mark(connection, database)
    if place is None:
        return False
    moved = update(installation).where(installation.c.place.is_distinct_from(place)).values(place=place)
    return connection.execute(moved).rowcount == 1


def _newer_mark(connection: Connection, database: Database) -> str | None:
    place, mark = connection.execute(select(installation.c.place)).scalar_one(), read_mark(database.path)
    if not _is_older(place, mark):
        return None
    connection.execute(_SKIP)
    newer = max(int(place), mark or 0) + 1
    write_mark(database.path, newer)
    return str(newer)


def _is_older(place: str | None, mark: int | None) -> bool:
    """Whether a restored SQLite database is older than the number beside it, or has come here without it."""
    return place is not None and (mark is None or int(place) < mark)


def turn_mark(database: Database) -> None:
    """On SQLite, let a backup that was taken before now be known as one."""
    if not database.is_sqlite:
        return
    newer = update(installation).values(place=func.coalesce(installation.c.place, "0").op("+")(1))
    mark = database.write(lambda connection: connection.execute(newer.returning(installation.c.place)).scalar_one())
    write_mark(database.path, int(mark))
