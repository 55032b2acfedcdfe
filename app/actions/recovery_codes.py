"""Recovery codes: ten texts of 80 random bits, each of which replaces a lost second factor once."""

import base64
import hashlib
import secrets
from collections.abc import Iterable

from argon2.low_level import Type, hash_secret_raw
from sqlalchemy import Connection

from app.store import account as store

_CODES = 10
_GROUPS = 4  # of four letters each: 80 bits in a recovery code
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_SALT = 16  # bytes
_SLOW = "argon2id"
COST = (2, 19456, 1)  # passes, KiB, threads: the same as for a password


def fresh_codes() -> list[str]:
    """Ten new codes in the form in which people write them down: `abcd-efgh-ijkl-mnop`."""
    return [_fresh_code() for _ in range(_CODES)]


def letters_of(code: str) -> str | None:
    """The letters of a recovery code, in any grouping and case; None when the text is not one."""
    letters = "".join(each for each in code[:64].lower() if each in _ALPHABET)
    return letters if len(letters) == 4 * _GROUPS else None


def kept_codes(codes: Iterable[str]) -> list[str]:
    """Hashes to store for these codes: Argon2id with one shared salt, so that a try costs one hash (about 24 ms), not
    ten."""
    salt = secrets.token_bytes(_SALT)
    return [_slow_hash(code.replace("-", ""), salt) for code in codes]


def use(connection: Connection, technician_id: int, letters: str) -> bool:
    """Use a recovery code; False when it is wrong or was used before."""
    hashes = [_plain_hash(technician_id, letters)]
    if known := store.a_recovery_code(connection, technician_id, f"{_SLOW}:"):
        hashes.append(_slow_hash(letters, bytes.fromhex(known.split(":")[1])))
    return store.use_recovery_code(connection, technician_id, hashes)


def _fresh_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[n : n + 4] for n in range(0, 4 * _GROUPS, 4))


def _slow_hash(letters: str, salt: bytes) -> str:
    raw = hash_secret_raw(letters.encode(), salt, *COST, 32, Type.ID)
    return f"{_SLOW}:{salt.hex()}:{raw.hex()}"


def _plain_hash(technician_id: int, letters: str) -> str:
    """The hash that versions before 0.2 stored; such codes stay valid until they are used or renewed."""
    return hashlib.sha256(f"{technician_id} {letters}".encode()).hexdigest()
