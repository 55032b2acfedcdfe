"""A file kept for a short time: why it may not be kept, the pieces it is stored in, and how sizes are written."""

import re
from collections.abc import Iterable, Iterator

CHUNK = 1024 * 1024  # bytes in one row, except a file's last
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_SIZE = re.compile(r"([0-9]{1,15}) ?([KMG]?)B?", re.IGNORECASE)


class TooLarge(Exception):
    """The file exceeds the size limit."""


class NoRoom(Exception):
    """Kept files have reached HANDBELL_FILES_MAX."""


class NotWritten(Exception):
    """The file cannot be written."""


def in_chunks(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The same bytes in chunks of CHUNK bytes and one shorter chunk, maybe empty, at the end.

    Raises TooLarge beyond `most` bytes.
    """
    size = 0
    waiting = bytearray()
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise TooLarge
        waiting += piece
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    yield bytes(waiting)


def read_size(written: str) -> int:
    """Bytes from a number with K, M or G (of 1,024) or without. Raises ValueError."""
    if not (found := _SIZE.fullmatch(written.strip())):
        raise ValueError("must be a number of bytes, or one with K, M or G, such as 2G")
    return int(found[1]) * _UNITS[found[2].upper()]


def written_size(size: int) -> str:
    """The size as people read it: `0 bytes`, `1.5 MB`, `2 GB`."""
    for unit in ("G", "M", "K"):
        if size >= _UNITS[unit]:
            return f"{size / _UNITS[unit]:.1f}".removesuffix(".0") + f" {unit}B"
    return f"{size} bytes"
