"""Commands' lines for the security log: a file, which a running process of this host empties within seconds.

A command's own standard error goes to the terminal, where no alarm would see them.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path


class Spool:
    """A file of lines of JSON, for its owner alone; safe to use from every process of a host."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, line: Mapping[str, object]) -> None:
        """Put a line at the end. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._held(os.O_WRONLY | os.O_APPEND | os.O_CREAT) as file:
            os.write(file, json.dumps(line).encode() + b"\n")

    def take(self, each: Callable[[dict[str, object]], None]) -> None:
        """Give every line to `each`, then empty the file: after a crash a line comes twice. Raises OSError."""
        if not self._has_lines():
            return
        with self._held(os.O_RDWR) as file:
            for line in _read(file).splitlines():
                with contextlib.suppress(ValueError):
                    each(_parsed(line))
            os.ftruncate(file, 0)

    def _has_lines(self) -> bool:
        try:
            return self._path.stat().st_size > 0
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _held(self, flags: int) -> Iterator[int]:
        file = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _parsed(line: bytes) -> dict[str, object]:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("a line is an object")
    return found


def _read(file: int) -> bytes:
    return b"".join(iter(lambda: os.read(file, 65536), b""))
