"""Faults of the database, logged once a minute: every thread of a process notices that it is away."""

import threading
from time import monotonic

import structlog

log = structlog.get_logger()
_EVERY = 60.0  # seconds


class _Noted:
    """The number of faults since the last line, and when the next may be written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._unsaid = 0

    def due(self) -> int:
        """The faults to tell of, this one included; 0 while the last line is younger than a minute."""
        with self._lock:
            self._unsaid += 1
            if monotonic() < self._next:
                return 0
            count, self._unsaid, self._next = self._unsaid, 0, monotonic() + _EVERY
            return count


_noted = _Noted()


def note_database_fault(fault: BaseException, during: str, **ids: str) -> None:
    """Log that the database failed, at most once a minute in this process. `during` says in what, `ids` name what was
    concerned, `faults` counts those since the line before."""
    if count := _noted.due():
        log.error("database_fault", error=type(fault).__name__, during=during, faults=count, **ids)
