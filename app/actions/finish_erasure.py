"""Finish erasures: empty SQLite's write-ahead log, which still contains erased values."""

from app.store.database import Database
from app.store.erasures import mark_finished, newest_erasure


def finish_erasure(database: Database) -> bool:
    """Empty the log; returns whether no erased value is left in it.

    False while a backup, a replicator or a long query reads the log: the background work tries again every ten seconds,
    until nobody reads it or the log has been written anew since.
    """
    if not database.is_sqlite:
        return True
    with database.read() as connection:
        newest = newest_erasure(connection)
    if newest is None:
        return True
    done = database.checkpoint(newest)
    if done is None:
        return False
    database.write(lambda connection: mark_finished(connection, done))
    return done >= newest
