"""Pokes between the processes of a host on SQLite: a line in the pipe of each, in a folder of the data directory.

A process has a pipe from its first stream on. A pipe holds some thousand pokes for a process that is busy, where a
datagram socket holds ten on many systems, and its path may be of any length. What a killed process leaves behind is
removed by whoever finds that nobody reads it.
"""

import errno
import fcntl
import os
import secrets
import selectors
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

import structlog

from app.core.poke import Poke, read_poke
from app.log import OnceAMinute

log = structlog.get_logger()
_SUFFIX = ".pipe"
_USUAL_SIZE = 64 * 1024  # bytes that a pipe holds
_failed = OnceAMinute()


class PokePipes:
    """The pipes of a host's processes; of this one too, once it is `open` (an `Ear`). Raises no OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: Path | None = None
        self._reading = -1
        self._size = _USUAL_SIZE
        self.is_deaf = False

    def send(self, poke: Poke) -> None:
        """Tell every process that listens, this one too."""
        line = f"{poke}\n".encode()
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(_SUFFIX):
                    _write(entry.path, line)

    def open(self, selector: selectors.BaseSelector, _wake: Callable[[], None]) -> None:
        """Make this process's own pipe. Where the folder takes none, it stays deaf, which is logged."""
        name = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        own = name.with_suffix(_SUFFIX)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.mkfifo(name, 0o600)
            self._reading = os.open(name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)  # for writing too: it never ends
            name.rename(own)  # it is read by now, so nobody takes it for a dead process's
        except OSError as error:
            log.error("pokes_unheard", error=errno.errorcode.get(error.errno or 0))
            self.is_deaf = True
            return
        self._own, self._size = own, _size(self._reading)
        selector.register(self._reading, selectors.EVENT_READ)

    def tend(self, _selector: selectors.BaseSelector, readable: Collection[int]) -> list[Poke] | None:
        """What was said since the last call; None when that filled half of the pipe, so that some may be lost."""
        if self._reading not in readable:
            return []
        data = os.read(self._reading, self._size)
        if len(data) > self._size // 2:
            return None
        pokes = (read_poke(line) for line in data.decode("ascii", "replace").splitlines())
        return [poke for poke in pokes if poke]

    def close(self, selector: selectors.BaseSelector) -> None:
        """Remove this process's pipe."""
        if self._own:
            selector.unregister(self._reading)
            self._own.unlink(missing_ok=True)
            os.close(self._reading)
            self._own, self._reading = None, -1


def _size(pipe: int) -> int:
    command = getattr(fcntl, "F_GETPIPE_SZ", None)  # Linux
    return int(fcntl.fcntl(pipe, command)) if command else _USUAL_SIZE // 4


def _write(path: str, line: bytes) -> None:
    """A full pipe is left: its reader sees that it was full, and a line is written whole or not at all."""
    try:
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nobody reads it
            with suppress(OSError):
                Path(path).unlink()
        elif error.errno != errno.ENOENT and (times := _failed()):
            log.error("poke_failed", error=errno.errorcode.get(error.errno or 0), times=times)
        return
    try:
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(pipe, line)
    finally:
        os.close(pipe)
