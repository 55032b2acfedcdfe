"""The signing keys' file: lines `kid:base64` (32 bytes), newest first, readable by its owner only.

A kid made here contains the time it was made, so that the previous key can be kept for exactly 24 hours.
"""

import base64
import binascii
import contextlib
import fcntl
import itertools
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEEP_OLD = timedelta(hours=24)
_KID_TIME = "%Y%m%dT%H%M%SZ"


Reseal = Callable[[Sequence["Key"]], None]


class BadKeys(Exception):
    """The keys file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """One signing key. `made_at` is None for a kid that an operator chose."""

    kid: str
    secret: bytes
    made_at: datetime | None


def new_key(now: datetime) -> Key:
    """A new random key whose kid contains the time (UTC) it was made."""
    kid = f"{now.astimezone(UTC).strftime(_KID_TIME)}-{secrets.token_hex(2)}"
    return Key(kid, secrets.token_bytes(32), now)


def ensure_keys(path: Path, now: datetime) -> None:
    """Make the file with one key if there is none; safe in two processes at once."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    _write(fresh, [new_key(now)])
    # The link is made only if the name is still free, and the file is complete when it appears.
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    _keep_names(path.parent)


def read_keys(path: Path) -> list[Key]:
    """All keys, newest first. Raises BadKeys."""
    try:
        mode = path.stat().st_mode & 0o777
        lines = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise BadKeys(f"cannot read the keys file {path}: {error}") from None
    if mode & 0o077:
        raise BadKeys(f"the keys file {path} may be read by others (mode {mode:04o}); run: chmod 600 {path}")
    keys = [_key(path, number, line) for number, line in enumerate(lines, 1)]
    if not keys:
        raise BadKeys(f"the keys file {path} is empty; delete it to have one made")
    if len({key.secret for key in keys}) < len(keys) or len({key.kid for key in keys}) < len(keys):
        raise BadKeys(f"the keys file {path} has the same key twice; delete one of the lines")
    return keys


def live_keys(keys: Sequence[Key], now: datetime) -> list[Key]:
    """The newest key and those that were replaced less than 24 hours ago."""
    live = list(keys[:1])
    for successor, key in itertools.pairwise(keys):
        if successor.made_at is None or successor.made_at + KEEP_OLD > now:
            live.append(key)
        else:
            break
    return live


@contextlib.contextmanager
def keys_held(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Lock the keys against other processes on this host, to change them or to store what they seal.

    Yields False with `wait` False when another process holds them. Where no lock file can be written beside the keys,
    they cannot be changed from here either, and no lock is needed.
    """
    lock = None
    with contextlib.suppress(OSError):
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield lock is None or _locked(lock, wait)
    finally:
        if lock is not None:
            os.close(lock)


def _locked(lock: int, wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _nothing_is_sealed(_keys: Sequence[Key]) -> None:
    """For callers that store no secrets."""


def rotate_keys(path: Path, now: datetime, reseal: Reseal = _nothing_is_sealed) -> Key:
    """Put a new key first; the previous one stays valid for 24 hours, older ones are removed. Raises BadKeys.

    `reseal` is called in between, while all keys are in the file: when it returns, every secret must be sealed with the
    first key. When it raises, every key stays.
    """
    with keys_held(path):
        keys = read_keys(path)
        fresh = new_key(now)
        _replace(path, [fresh, *keys])
        reseal([fresh, *keys])
        _replace(path, [fresh, *live_keys(keys, now)])
    return fresh


def revoke_key(path: Path, kid: str, now: datetime, reseal: Reseal = _nothing_is_sealed) -> None:
    """Remove one key at once; a signing key is replaced by a new one. Raises BadKeys when there is no such key.

    `reseal` as in `rotate_keys`: when it raises, the key stays in the file, as the last one.
    """
    with keys_held(path):
        keys = read_keys(path)
        if kid not in (key.kid for key in keys):
            raise BadKeys(f"no key {kid} in {path}; see: handbell keys list")
        # An expired key must not become valid again because its successor is removed. An older key must not become the
        # signing one: another host, whose file still has the revoked key first, could seal with that again.
        kept = [key for key in live_keys(keys, now) if key.kid != kid]
        if keys[0].kid == kid:
            kept.insert(0, new_key(now))
        going = [key for key in keys if key not in kept]
        _replace(path, [*kept, *going])
        reseal([*kept, *going])
        _replace(path, kept)


def _key(path: Path, number: int, line: str) -> Key:
    kid, colon, encoded = line.partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if not kid or not colon or len(secret) != 32:
        raise BadKeys(f"{path} line {number}: expected <name>:<32 bytes in base64>")
    if len(set(secret)) < 8:
        raise BadKeys(f"{path} line {number}: this is an example, not a key; delete the line")
    return Key(kid, secret, _made_at(kid))


def _made_at(kid: str) -> datetime | None:
    try:
        return datetime.strptime(kid.split("-", maxsplit=1)[0], _KID_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _write(path: Path, keys: Sequence[Key]) -> None:
    text = "".join(f"{key.kid}:{base64.b64encode(key.secret).decode()}\n" for key in keys)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, keys: Sequence[Key]) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write(fresh, keys)
        fresh.replace(path)
        _keep_names(path.parent)
    except OSError as error:
        raise BadKeys(f"cannot write the keys file {path}: {error.strerror}") from None


def _keep_names(folder: Path) -> None:
    """Sync the folder, so that a power cut cannot restore the old file after secrets were sealed with the new key."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
