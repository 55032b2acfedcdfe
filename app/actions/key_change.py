"""Rotate, revoke and reset the signing keys: one transaction each, with all stored secrets under the newest key."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from app.actions.finish_erasure import finish_erasure
from app.actions.sealing import reseal
from app.actions.signing_keys import begin_keys, existing_keys, opened_keys, ring_sealer, store_keys
from app.keys.installation_secret import InstallationSecret
from app.keys.signing_key import BadKeys, Key, new_key
from app.store.audit import record
from app.store.database import Database
from app.store.erasures import mark_erasure
from app.store.signing_keys import lock_keys


def rotate(database: Database, secret: InstallationSecret, *, by: int | None, now: datetime) -> str:
    """Make a new key and return its name; the one before stays valid for 24 hours, older ones are removed.

    All keys come under the first line of the secret. Raises BadKeys.
    """
    fresh = new_key(now)

    def change(connection: Connection) -> None:
        found = _locked_keys(connection, secret)
        kept = [fresh, *_replaced(found, now)]
        _store(connection, kept, found, secret, now)
        record(connection, "key.rotated", f"key {fresh.kid}", by=by, now=now)

    database.write(change)
    finish_erasure(database)  # removes what the old keys encrypted from SQLite's log
    return fresh.kid


def revoke(database: Database, secret: InstallationSecret, kid: str, *, by: int | None, now: datetime) -> bool:
    """Remove the key with this name; a new one takes the place of the newest. Raises BadKeys when there is none.

    Returns whether the key is a line of the secret, too.
    """
    fresh = new_key(now)

    def change(connection: Connection) -> bool:
        found = _locked_keys(connection, secret)
        gone = next((key for key in found if key.kid == kid), None)
        if gone is None:
            raise BadKeys(f"no key {kid} in the database; see: handbell keys list")
        # Never an older key: a process that has not looked yet signs and seals with the revoked one.
        newest = [fresh, *_replaced(found, now)] if gone == found[0] else [k for k in found if k.is_live(now)]
        _store(connection, [key for key in newest if key.kid != kid], found, secret, now)
        record(connection, "key.revoked", f"key {kid}", by=by, now=now)
        return gone.secret in [line.secret for line in secret.read()]

    in_secret = database.write(change)
    finish_erasure(database)
    return in_secret


def reset(database: Database, secret: InstallationSecret, *, by: int | None, now: datetime) -> None:
    """Begin with the keys of this secret, as the one that seals those in the database is lost.

    Raises BadKeys when it is not lost.
    """
    with database.read() as connection:
        if _can_be_opened(connection, secret):
            raise BadKeys(f"{secret} opens the keys in the database; see: handbell keys rotate")
    secret.ensure(now)

    def change(connection: Connection) -> None:
        lock_keys(connection)
        begin_keys(connection, secret, now=now)
        record(connection, "keys.reset", "all keys", by=by, now=now)

    database.write(change)


def _locked_keys(connection: Connection, secret: InstallationSecret) -> list[Key]:
    lock_keys(connection)
    return existing_keys(connection, secret)


def _replaced(keys: Sequence[Key], now: datetime) -> list[Key]:
    """The live keys, as they are once another is the newest."""
    return [replace(key, replaced_at=key.replaced_at or now) for key in keys if key.is_live(now)]


def _store(
    connection: Connection, kept: Sequence[Key], found: Sequence[Key], secret: InstallationSecret, now: datetime
) -> None:
    """Store the keys; every secret that one of those found opens, or a line of the secret, gets the newest."""
    reseal(connection, ring_sealer([*kept[:1], *found, *secret.read()]))
    store_keys(connection, kept, secret)
    mark_erasure(connection, now)


def _can_be_opened(connection: Connection, secret: InstallationSecret) -> bool:
    try:
        opened_keys(connection, secret)
    except BadKeys:
        return False
    return True
