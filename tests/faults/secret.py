"""Finds a secret in bytes, in any encoding."""

import base64
import html
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import text

from app.store.database import Database
from app.store.tables import metadata

_PIECE = 16  # characters; a part of the secret is as bad as the whole


@cache
def spellings(secret: str) -> dict[str, bytes]:
    """Encodings of the secret and its parts, by name."""
    raw = secret.encode()
    plain = {
        "clear": secret,
        "percent-encoded": quote(secret, safe=""),
        "percent-encoded, small": _small_percent(quote(secret, safe="")),
        "percent-encoded path": quote(secret),
        "form-encoded": quote_plus(secret),
        "twice percent-encoded": quote(quote(secret, safe=""), safe=""),
        "HTML": html.escape(secret),
        "JSON": json.dumps(secret)[1:-1].replace("/", "\\/"),
        "Python": repr(raw)[2:-1],
        "hexadecimal": raw.hex(),
        "backwards": secret[::-1],
    }
    pieces = {f"from {at} on": secret[at : at + _PIECE] for at in range(0, len(secret) - _PIECE + 1, _PIECE // 2)}
    found = {name: spelled.encode() for name, spelled in {**plain, **pieces}.items()}
    for before in range(3):  # base64 depends on the number of bytes before it; its ends depend on what surrounds it
        coded = base64.b64encode(b"\0" * before + raw)[4:-4]
        found[f"base64 after {before}"] = coded
        found[f"base64url after {before}"] = coded.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(secret: str, data: bytes) -> list[str]:
    """The encodings of the secret that occur in the data."""
    return [name for name, spelled in spellings(secret).items() if spelled in data]


def leaking_files(secret: str, folder: Path) -> dict[str, list[str]]:
    """All files below the folder that contain the secret: databases and their logs, metrics, logs, applets."""
    found = {str(path): leaks(secret, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}
    return {path: names for path, names in found.items() if names}


def contents(database: Database) -> Iterator[bytes]:
    """Every row of every table, as text."""
    with database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(text(f"SELECT * FROM {table.name}")):  # noqa: S608 - our own names
                yield repr(tuple(row)).encode()


def _small_percent(quoted: str) -> str:
    pieces = quoted.split("%")
    return "%".join([pieces[0], *(piece[:2].lower() + piece[2:] for piece in pieces[1:])])
