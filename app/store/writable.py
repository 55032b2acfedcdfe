"""Whether a database takes writes now: what recent writes met, and what the disk says."""

import os
import threading
from enum import StrEnum
from pathlib import Path
from time import monotonic

from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

_NOT_THE_DATABASE_S = (DataError, IntegrityError, ProgrammingError)
_LEAST_ROOM = 2 * 1024 * 1024  # bytes; a busy minute's write-ahead log
_ASK_EVERY = 1.0  # seconds between two writes that only find out
_FULL_FOR = 5.0  # seconds: small writes may succeed on a disk that has no room for a new row
_DISK_FULL = "53100"  # SQLSTATE


class Unwritable(StrEnum):
    """Why the database takes no writes."""

    READ_ONLY = "the database is read-only"
    DISK_FULL = "the disk is full"
    FAILS = "the database takes no writes"


class Writes:
    """What the writes of one process met; safe in every thread."""

    def __init__(self) -> None:
        self._fails = False
        self._full_until = 0.0
        self._ask_at = 0.0
        self._asking = threading.Lock()

    def done(self) -> None:
        """A write is on disk."""
        self._fails = False

    def failed(self, fault: BaseException) -> None:
        """A write failed."""
        if isinstance(fault, _NOT_THE_DATABASE_S):
            return
        self._fails = True
        cause = getattr(fault, "orig", None) or fault
        if getattr(cause, "sqlstate", None) == _DISK_FULL or "disk is full" in str(cause):
            self._full_until = monotonic() + _FULL_FOR

    @property
    def fault(self) -> Unwritable | None:
        """What the last writes met."""
        if monotonic() < self._full_until:
            return Unwritable.DISK_FULL
        return Unwritable.FAILS if self._fails else None

    def may_ask(self) -> bool:
        """Whether to find out by a write now: after one that failed, once a second."""
        with self._asking:
            if not self._fails or monotonic() < self._ask_at:
                return False
            self._ask_at = monotonic() + _ASK_EVERY
            return True


def disk_fault(folder: Path) -> Unwritable | None:
    """Whether the disk with this folder is full or read-only."""
    disk = os.statvfs(folder)
    if disk.f_flag & os.ST_RDONLY:
        return Unwritable.READ_ONLY
    return Unwritable.DISK_FULL if disk.f_bavail * disk.f_frsize < _LEAST_ROOM else None
