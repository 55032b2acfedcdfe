"""The installation's secret, the same on all its hosts: it seals the signing keys in the database.

It is the keys file, or the value of HANDBELL_KEYS: lines `name:base64` (32 bytes). The first line seals, all of them
open. Up to version 1.0 these lines were the signing keys themselves, the newest first.
"""

import base64
import binascii
import contextlib
import itertools
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.keys.seal import Sealer
from app.keys.signing_key import BadKeys, Key, made_at, new_key
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class InstallationSecret:
    """Where the secret is: in `text` (HANDBELL_KEYS), or else in the file at `path`."""

    path: Path
    text: str = ""

    def __str__(self) -> str:
        return "HANDBELL_KEYS" if self.text else f"the keys file {self.path}"

    def exists(self) -> bool:
        """Whether it was made or given; it may still be invalid."""
        return bool(self.text) or self.path.exists()

    def ensure(self, now: datetime) -> None:
        """Make the file with one key if there is none; safe in two processes at once. Raises BadKeys."""
        try:
            if not self.exists():
                _make(self.path, now)
        except OSError as error:
            raise BadKeys(f"cannot write {self}: {error.strerror}") from None

    def read(self) -> list[Key]:
        """All its lines. Raises BadKeys."""
        lines = (self.text or _content(self.path)).split()
        keys = [_key(f"{self} line {number}", line) for number, line in enumerate(lines, 1)]
        if not keys:
            raise BadKeys(f"{self} is empty; delete it to have one made")
        if len({key.secret for key in keys}) < len(keys) or len({key.kid for key in keys}) < len(keys):
            raise BadKeys(f"{self} has the same key twice; delete one of the lines")
        return keys

    def sealer(self) -> Sealer:
        """Seals and opens signing keys. Raises BadKeys."""
        return Sealer([key.secret for key in self.read()], use="signing-key")


def installation_secret(settings: Settings) -> InstallationSecret:
    """The secret that the settings name."""
    return InstallationSecret(settings.keys_path, settings.keys)


def as_signing_keys(lines: Sequence[Key], now: datetime) -> list[Key]:
    """The lines as signing keys, newest first. Each was replaced when the one before it was made, or is now."""
    keys, replaced_at = list(lines[:1]), now
    for successor, key in itertools.pairwise(lines):
        replaced_at = min(successor.made_at or replaced_at, replaced_at)
        keys.append(replace(key, replaced_at=replaced_at))
    return keys


def _content(path: Path) -> str:
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadKeys(f"cannot read the keys file {path}: {error}") from None
    if mode & 0o077:
        raise BadKeys(f"the keys file {path} may be read by others (mode {mode:04o}); run: chmod 600 {path}")
    return text


def _key(where: str, line: str) -> Key:
    kid, colon, encoded = line.partition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        secret = b""
    if not kid or not colon or len(secret) != 32:
        raise BadKeys(f"{where}: expected <name>:<32 bytes in base64>")
    if len(set(secret)) < 8:
        raise BadKeys(f"{where}: this is an example, not a key; delete the line")
    return Key(kid, secret, made_at(kid))


def _make(path: Path, now: datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh, key = path.with_name(f"{path.name}.{secrets.token_hex(8)}"), new_key(now)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{key.kid}:{base64.b64encode(key.secret).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    # The link is made only if the name is still free, and the file is complete when it appears.
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """Sync the folder, so that a power cut cannot take the file away after keys were sealed with it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
