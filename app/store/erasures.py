"""Erasures that SQLite has not finished: its write-ahead log still contains the erased values."""

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from app.store.tables import outstanding_erasures as outstanding


def mark_erasure(connection: Connection, now: datetime) -> None:
    """Record, in the erasing transaction, that the log has to be emptied. PostgreSQL has no such log."""
    if connection.dialect.name == "sqlite":
        connection.execute(insert(outstanding).values(erased_at=now))


def newest_erasure(connection: Connection) -> int | None:
    """The id of the newest unfinished erasure; None when there is none."""
    newest: int | None = connection.execute(select(func.max(outstanding.c.id))).scalar_one()
    return newest


def outstanding_since(connection: Connection) -> datetime | None:
    """The time of the oldest unfinished erasure; None when there is none."""
    oldest: datetime | None = connection.execute(select(func.min(outstanding.c.erased_at))).scalar_one()
    return oldest


def mark_finished(connection: Connection, newest: int) -> None:
    """Mark the erasures up to this id as finished: their values are no longer in the log."""
    connection.execute(delete(outstanding).where(outstanding.c.id <= newest))
