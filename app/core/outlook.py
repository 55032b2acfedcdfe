"""What a customer may expect now: whether somebody is there, when it opens, and how long it usually takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, inf
from zoneinfo import ZoneInfo

from app.core.presence import Cover

FEWEST_SAMPLES = 8
LONGEST_TOLD = 120  # minutes
WEEKS = 4
_HALF_WINDOW = timedelta(minutes=30)
_LOW, _HIGH = 0.2, 0.8  # three of five customers wait as long as is said


@dataclass(frozen=True, slots=True)
class UsualWait:
    """Whole minutes: three of five customers waited at least `low` and at most `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a request finds now. `cover` is None for a vendor's technicians, whose presence is not known here; `opens`
    is set when it is closed, if it opens within a year, with the time zone of the hours. With `call_back` the customer
    may ask to be called back."""

    cover: Cover | None
    opens: datetime | None = None
    zone: str | None = None
    wait: UsualWait | None = None
    call_back: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether it is outside the opening hours."""
        return self.cover is Cover.CLOSED

    @property
    def has_nobody(self) -> bool:
        """Whether nobody hears the request now."""
        return self.cover in (Cover.CLOSED, Cover.NOBODY)

    @property
    def key(self) -> str:
        """A short text that differs whenever the outlook does."""
        wait = f"{self.wait.low}-{self.wait.high}" if self.wait else ""
        return f"{self.cover or ''} {self.opens.isoformat() if self.opens else ''}{wait}".strip()


def same_hours(now: datetime, zone: str) -> list[tuple[datetime, datetime]]:
    """The hour around this time of the day in each of the last four weeks, on the zone's clock; begin and end."""
    there = now.astimezone(ZoneInfo(zone))
    middles = [(there - timedelta(weeks=week)).astimezone(now.tzinfo) for week in range(1, WEEKS + 1)]
    return [(middle - _HALF_WINDOW, middle + _HALF_WINDOW) for middle in middles]


def usual_wait(waits: Sequence[timedelta | None]) -> UsualWait | None:
    """The range in which three of five of these waits lie; None stands for one that nobody ended.

    None when there are too few of them, or when it would be longer than two hours.
    """
    if len(waits) < FEWEST_SAMPLES:
        return None
    ordered = sorted(inf if wait is None else wait.total_seconds() / 60 for wait in waits)
    last = len(ordered) - 1
    low, high = ordered[round(last * _LOW)], ordered[round(last * _HIGH)]
    if high > LONGEST_TOLD:
        return None
    shortest = max(1, int(low))
    return UsualWait(shortest, max(shortest + 1, ceil(high)))
