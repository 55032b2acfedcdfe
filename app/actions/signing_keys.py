"""The signing keys of the database: opened with the installation's secret, and made at the first start."""

import base64
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.actions.sealing import reseal
from app.keys.installation_secret import InstallationSecret, as_signing_keys
from app.keys.seal import Sealer, Unsealable
from app.keys.signing_key import BadKeys, Key
from app.store.database import Database
from app.store.signing_keys import StoredKey, hold_keys, load_keys, lock_keys, replace_keys


def ensure_keys(database: Database, secret: InstallationSecret, *, now: datetime) -> None:
    """Make the first key, or take over those of an earlier version's keys file; safe on several hosts at once.

    Makes the keys file only for a database that has no keys. Raises BadKeys when the secret does not open those that
    it has.
    """
    with database.read() as connection:
        if opened_keys(connection, secret):
            return
    with database.exclusive() as connection:
        lock_keys(connection)
        if not opened_keys(connection, secret):
            secret.ensure(now)
            begin_keys(connection, secret, now=now)


def begin_keys(connection: Connection, secret: InstallationSecret, *, now: datetime) -> None:
    """Store the lines of the secret that may still sign as the signing keys, and reseal what any line sealed.

    The keys file stays as it is, so that a version before runs beside this one. Raises BadKeys.
    """
    lines = secret.read()
    reseal(connection, ring_sealer(lines))
    store_keys(connection, [key for key in as_signing_keys(lines, now) if key.is_live(now)], secret)


def opened_keys(connection: Connection, secret: InstallationSecret) -> list[Key]:
    """All keys, the newest first; none before the first start. Raises BadKeys."""
    stored = load_keys(connection)
    if not stored:
        return []
    if not secret.exists():
        raise BadKeys(f"{secret}, which seals the keys in the database, is missing: {_remedy(secret)}")
    sealer = secret.sealer()
    try:
        return [_opened(key, sealer) for key in stored]
    except Unsealable:
        raise BadKeys(f"{secret} is not the one that seals the keys in the database: {_remedy(secret)}") from None


def existing_keys(connection: Connection, secret: InstallationSecret) -> list[Key]:
    """All keys, the newest first, where the first start is over. Raises BadKeys."""
    if not (found := opened_keys(connection, secret)):
        raise BadKeys("the keys are gone from the database: start Handbell again")
    return found


def store_keys(connection: Connection, keys: Sequence[Key], secret: InstallationSecret) -> None:
    """Store these keys instead of all others, sealed with the first line of the secret. Raises BadKeys."""
    sealer = secret.sealer()
    replace_keys(
        connection,
        [
            StoredKey(key.kid, sealer.seal(base64.b64encode(key.secret).decode()), key.made_at, key.replaced_at)
            for key in keys
        ],
    )


def sealer_in(connection: Connection, secret: InstallationSecret) -> Sealer:
    """A sealer for what this transaction stores: no key is removed until it ends. Raises BadKeys.

    Take it before any row is locked: a rotation locks the keys first, and then the rows.
    """
    hold_keys(connection)
    return ring_sealer(existing_keys(connection, secret))


def ring_sealer(keys: Sequence[Key]) -> Sealer:
    """Seals with the first of these keys, opens with any."""
    return Sealer([key.secret for key in keys])


def _opened(stored: StoredKey, sealer: Sealer) -> Key:
    return Key(stored.kid, base64.b64decode(sealer.unseal(stored.sealed)), stored.made_at, stored.replaced_at)


def _remedy(secret: InstallationSecret) -> str:
    copy = "" if secret.text else f"copy that file to {secret.path}, or "
    return f"every host needs the keys file of the one that started first; {copy}set HANDBELL_KEYS to its content"
