"""Rotate and revoke the keys that sign links and seal secrets; stored secrets are re-encrypted with the newest key."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from app.actions.finish_erasure import finish_erasure
from app.actions.sealing import reseal
from app.keys.key_file import Key, Reseal, revoke_key, rotate_keys
from app.keys.seal import Sealer
from app.store.audit import record
from app.store.database import Database
from app.store.erasures import mark_erasure


def rotate(
    database: Database, keys_path: Path, resealed: Callable[[Sealer], None], *, by: int | None, now: datetime
) -> str:
    """Make a new first key and return its name. `resealed` is called once the stored secrets are encrypted with it."""
    fresh = rotate_keys(keys_path, now, _reseal(database, resealed, now))
    _record(database, "key.rotated", fresh.kid, by=by, now=now)
    return fresh.kid


def revoke(
    database: Database,
    keys_path: Path,
    kid: str,
    resealed: Callable[[Sealer], None],
    *,
    by: int | None,
    now: datetime,
) -> None:
    """Remove the key with this name. `resealed` is called once no stored secret is encrypted with it."""
    revoke_key(keys_path, kid, now, _reseal(database, resealed, now))
    _record(database, "key.revoked", kid, by=by, now=now)


def _reseal(database: Database, resealed: Callable[[Sealer], None], now: datetime) -> Reseal:
    def reseal_all(ring: Sequence[Key]) -> None:
        sealer = Sealer([key.secret for key in ring])
        reseal(database, sealer)
        database.write(lambda connection: mark_erasure(connection, now))
        finish_erasure(database)  # removes what the old key encrypted from SQLite's log
        resealed(sealer)

    return reseal_all


def _record(database: Database, act: str, kid: str, *, by: int | None, now: datetime) -> None:
    database.write(lambda connection: record(connection, act, f"key {kid}", by=by, now=now))
