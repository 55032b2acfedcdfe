"""Erasures that SQLite has not finished: what was erased still stands in its write-ahead log."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from app.store.tables import outstanding_erasures as outstanding


def mark_erasure(connection: Connection, now: datetime) -> None:
    """Note, in the transaction that erases, that the log has to be emptied. PostgreSQL has no such log to empty."""
    if connection.dialect.name == "sqlite":
        connection.execute(insert(outstanding).values(erased_at=now))


def newest_erasure(connection: Connection) -> int | None:
    """The id of the newest erasure that is not finished."""
    newest: int | None = connection.execute(select(func.max(outstanding.c.id))).scalar_one()
    return newest


def outstanding_since(connection: Connection) -> datetime | None:
    """When the oldest erasure that is not finished was made."""
    oldest: datetime | None = connection.execute(select(func.min(outstanding.c.erased_at))).scalar_one()
    return oldest


def mark_finished(connection: Connection, newest: int) -> None:
    """Nothing of the erasures up to this id is in the log any more."""
    connection.execute(delete(outstanding).where(outstanding.c.id <= newest))
