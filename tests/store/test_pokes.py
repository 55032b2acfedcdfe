"""Pokes of transactions: heard once they are on disk, and not at all when they are undone."""

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Connection

from app.core.poke import Poke, read_poke
from app.store.database import Database
from app.store.pokes import CHANNEL, poke


class Undone(Exception):
    """The transaction is not to be."""


def undone(connection: Connection) -> None:
    poke(connection, 13)
    raise Undone


def listening(database: Database) -> Callable[[], list[object]]:
    """Listen from now on; the function answers what was heard."""
    if database.is_sqlite:
        heard: list[object] = []
        database.listen(heard.append)
        return lambda: heard
    ear = psycopg.connect(database.url.set(drivername="postgresql").render_as_string(False), autocommit=True)
    ear.execute(f"LISTEN {CHANNEL}")  # type: ignore[call-overload]

    def hear() -> list[object]:
        found: list[object] = [read_poke(one.payload) for one in ear.notifies(timeout=10, stop_after=1)]
        ear.close()
        return found

    return hear


def test_a_poke_is_heard_once_it_is_on_disk_and_only_then(database: Database) -> None:
    heard = listening(database)
    with pytest.raises(Undone):
        database.write(undone)
    database.write(lambda connection: poke(connection, 12, [7, 3, 7]))
    assert heard() == [Poke(12, (3, 7))]
