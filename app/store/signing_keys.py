"""The signing keys as stored: sealed, the newest first."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from app.store.tables import signing_keys

_LOCK = 0x4B455953  # "KEYS"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A sealed key. `made_at` is None for a name that an operator chose, `replaced_at` for the newest key."""

    kid: str
    sealed: str
    made_at: datetime | None
    replaced_at: datetime | None


def load_keys(connection: Connection) -> list[StoredKey]:
    """All keys, the newest first."""
    query = select(signing_keys).order_by(signing_keys.c.replaced_at.desc().nulls_first(), signing_keys.c.kid.desc())
    return [StoredKey(*row) for row in connection.execute(query)]


def replace_keys(connection: Connection, keys: Iterable[StoredKey]) -> None:
    """Store these keys instead of all others."""
    connection.execute(delete(signing_keys))
    connection.execute(insert(signing_keys), [asdict(key) for key in keys])


def hold_keys(connection: Connection) -> None:
    """Let nobody change the keys until the transaction ends. SQLite has one writer, so needs no lock."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock_shared(_LOCK)))


def lock_keys(connection: Connection) -> None:
    """Lock the keys, to change them, until the transaction ends: waits for all that hold them."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
