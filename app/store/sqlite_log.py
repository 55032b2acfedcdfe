"""SQLite's write-ahead log as a file: a header, then frames of one page each.

When all of it is in the database, SQLite writes it anew from its beginning, as a new generation with another salt. The
file stays as long as it was: frames of earlier generations, which nobody reads any more, follow the last new one.
(SQLite, "Database File Format", 4: The Write-Ahead Log.)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HEADER, _FRAME_HEADER = 32, 24  # bytes
_PAGE_SIZE = slice(8, 12)
_SALT, _FRAME_SALT = slice(16, 24), slice(8, 16)


def generation(log: Path) -> bytes:
    """The salt of the log's generation; empty when there is no log."""
    try:
        with log.open("rb") as file:
            return file.read(_HEADER)[_SALT]
    except FileNotFoundError:
        return b""


def remove_earlier_generations(log: Path) -> None:
    """Cut the frames of earlier generations off, on disk. Call it under the write lock, so that nobody adds frames.

    SQLite does the same under `journal_size_limit`, but only for the connection that begins the generation.
    """
    with _opened(log) as file:
        header = os.pread(file, _HEADER, 0)
        frame = _FRAME_HEADER + int.from_bytes(header[_PAGE_SIZE])
        frames = (os.fstat(file).st_size - _HEADER) // frame
        new, end = 0, frames  # frames below `new` are of this generation, those from `end` on are not
        while new < end:
            middle = (new + end) // 2
            if os.pread(file, _FRAME_HEADER, _HEADER + middle * frame)[_FRAME_SALT] == header[_SALT]:
                new = middle + 1
            else:
                end = middle
        os.ftruncate(file, _HEADER + new * frame)
        os.fsync(file)


@contextmanager
def _opened(log: Path) -> Iterator[int]:
    file = os.open(log, os.O_RDWR)
    try:
        yield file
    finally:
        os.close(file)
