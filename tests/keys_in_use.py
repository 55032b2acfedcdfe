"""The keys of a database, for tests that sign, seal or open as one of its processes does."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from app.actions.signing_keys import ensure_keys, opened_keys, ring_sealer
from app.keys.installation_secret import InstallationSecret
from app.keys.seal import Sealer
from app.keys.signing_key import Key
from app.store.database import Database
from app.store.migrate import migrate


def keys_of(database: Database, path: Path, now: datetime | None = None) -> list[Key]:
    """All keys, the newest first, opened with the keys file; both are made when there are none."""
    secret = InstallationSecret(path)
    ensure_keys(database, secret, now=now or datetime.now(UTC))
    with database.read() as connection:
        return opened_keys(connection, secret)


def keys_at(url: str, path: Path) -> list[Key]:
    """The keys of the database at this address."""
    with closing(Database(url)) as database:
        migrate(database)
        return keys_of(database, path)


def sealer_at(url: str, path: Path) -> Sealer:
    """Seals and opens as the processes on this database do."""
    return ring_sealer(keys_at(url, path))
