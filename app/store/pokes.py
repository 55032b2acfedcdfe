"""Pokes: a transaction says that a ticket has news, and whoever listens is told as soon as it is on disk.

On PostgreSQL the transaction itself notifies all processes of all hosts. On SQLite the process that wrote hears it from
its database (`Database.listen`) and tells the others of its host (`app/process/pokes.py`).
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text

from app.core.poke import poke_for
from app.store.database import note

CHANNEL = "handbell"  # of PostgreSQL's NOTIFY
_NOTIFY = text("SELECT pg_notify(:channel, :words)")


def poke(connection: Connection, ticket: int, technicians: Iterable[int] = ()) -> None:
    """Once this transaction is on disk, tell those who look at the ticket, and these technicians on all their pages.

    The transaction must be one of `Database.write`.
    """
    told = poke_for(ticket, technicians)
    if connection.dialect.name == "postgresql":
        notify(connection, str(told))
    else:
        note(connection, told)


def notify(connection: Connection, words: str) -> None:
    """Say these words to everybody who listens to this PostgreSQL, once the transaction is on disk."""
    connection.execute(_NOTIFY, {"channel": CHANNEL, "words": words})
