"""Finish erasures: empty SQLite's write-ahead log, in which erased values still stand."""

from app.store.database import Database
from app.store.erasures import mark_finished, newest_erasure


def finish_erasure(database: Database) -> bool:
    """Whether nothing that was erased is left in the log. False while a backup, a replicator or a long query reads it:
    the background work tries again every ten seconds."""
    if not database.is_sqlite:
        return True
    with database.read() as connection:
        newest = newest_erasure(connection)
    if newest is None:
        return True
    if not database.checkpoint():
        return False
    database.write(lambda connection: mark_finished(connection, newest))
    return True
