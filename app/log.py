"""Log lines: JSON on standard error, with ids and never with names, mail addresses or texts."""

import contextlib
import logging
import math
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import structlog
from structlog.typing import Processor

_PROCESSORS: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(),
]

ONCE_IN = 60.0  # seconds


class _OfLibraries(logging.Handler):
    """Log lines of libraries, as JSON, without their text: it may hold an address, a value or a line of a request."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the logger's name, its level, where it was, and the kind of exception."""
        kind = record.exc_info[0] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            at=f"{record.filename}:{record.lineno}",
            error=kind.__name__ if kind else None,
        )


def set_up(level: str) -> None:
    """Configure structlog for this process, and the libraries' loggers to write by it."""
    root = logging.getLogger()
    if not any(isinstance(handler, _OfLibraries) for handler in root.handlers):
        root.addHandler(_OfLibraries())
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # a database that is away is told of once a minute
    structlog.configure(
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def frames(error: BaseException) -> list[str]:
    """The places of the error without any value, as a value may be customer data."""
    found = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in found]


class OnceAMinute:
    """Limits how often an event is logged that strangers can cause at will."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next = -math.inf
        self._times = 0

    def __call__(self) -> int:
        """Count one more event. Returns the number since the last line, or 0 while that is younger than a minute."""
        with self._lock:
            self._times += 1
            if (now := self._clock()) < self._next:
                return 0
            times, self._times, self._next = self._times, 0, now + ONCE_IN
            return times


def write_security_line(event: str, level: Literal["info", "warning"], **fields: object) -> None:
    """One line of the security log, whatever the level of the rest. A full disk, or a reader that is gone, stops
    nothing else."""
    logger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stderr),
        processors=_PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    with contextlib.suppress(OSError, ValueError):
        getattr(logger, level)(event, logger="handbell.security", **fields)
