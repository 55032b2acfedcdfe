"""The clock that all parts of one process are given: on PostgreSQL, the database's time, so that hosts agree."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

import structlog

from app import metrics
from app.store.database import Database

Clock = Callable[[], datetime]
log = structlog.get_logger()
_TELL = timedelta(seconds=2)
_OFF = timedelta(seconds=30)  # the lease of a hand-off
_TELL_EVERY = 60.0  # seconds
_CORRECT = timedelta(milliseconds=100)


def utc_now() -> datetime:
    """This host's time, as aware UTC."""
    return datetime.now(UTC)


class DatabaseClock:
    """The time of the database's host. On SQLite that is this host, whose clock it is.

    Between two looks the monotonic clock counts on, so a wrong or jumping clock of this host changes nothing on
    PostgreSQL. `skew` is how far this host's clock was ahead at the last look; on SQLite, how far it has jumped
    since the look before.
    """

    def __init__(self, database: Database, host: Clock = utc_now) -> None:
        self._database = database
        self._host = host
        self._seen, self._at = host(), monotonic()
        self._tell_at = 0.0
        self.skew = timedelta(0)
        self.look()

    def __call__(self) -> datetime:
        return self._host() if self._database.is_sqlite else self._counted()

    def is_off(self) -> bool:
        """Look, and return whether this host's clock is so far from the database's that it must hand nothing off."""
        self.look()
        return not self._database.is_sqlite and abs(self.skew) > _OFF

    def look(self) -> None:
        """Measure the skew, and go by what was measured. Raises what the database raises."""
        if self._database.is_sqlite:
            self.skew = self._host() - self._counted()
            self._seen, self._at = self._host(), monotonic()
        else:
            before = monotonic()
            seen, at = self._database.time(), (before + monotonic()) / 2
            self.skew = self._host() - seen - timedelta(seconds=monotonic() - at)
            if abs(seen + timedelta(seconds=monotonic() - at) - self._counted()) > _CORRECT:
                self._seen, self._at = seen, at
        metrics.clock_skew(self.skew.total_seconds())
        self._tell()

    def _counted(self) -> datetime:
        return self._seen + timedelta(seconds=monotonic() - self._at)

    def _tell(self) -> None:
        if abs(self.skew) >= _TELL and monotonic() >= self._tell_at:
            self._tell_at = monotonic() + _TELL_EVERY
            event = "clock_jumped" if self._database.is_sqlite else "clock_skewed"
            log.warning(event, seconds=round(self.skew.total_seconds(), 1))
