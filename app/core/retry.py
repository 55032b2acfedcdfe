"""When a hand-off that failed is tried again, and when it is given up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.backend import Refused, Unavailable

_DELAYS = tuple(timedelta(seconds=s) for s in (5, 15, 45, 120, 300, 600, 900))
_AFTER_SILENCE = timedelta(seconds=30)  # two calls into one hang would use up both that an unknown outcome has
_SPREAD = (0.5, 1.5)  # a vendor that comes back must not meet everybody at once
STALE_AFTER = timedelta(minutes=30)
LONGEST_PAUSE = timedelta(minutes=15)
MOST_UNSURE = 2  # an answer that stays out is asked for once more
MOST_LOST = 3  # workers that die over one request


class Parking(StrEnum):
    """Why a request waits for a person."""

    REFUSED = "refused"  # the vendor said no, and would again
    STALE = "stale"  # half an hour has gone by
    UNSURE = "unsure"  # sent twice, never answered: a session may exist
    LOST = "lost"  # its worker died three times


def delay(failures: int, spread: Callable[[float, float], float], *, maybe_sent: bool = False) -> timedelta:
    """How long to wait after this many failures (1, 2, …); `spread` draws a factor between two bounds.

    `maybe_sent` is whether the last call may have opened a session: it is the only one that is made once more.
    """
    pause = _DELAYS[min(failures, len(_DELAYS)) - 1]
    return (max(pause, _AFTER_SILENCE) if maybe_sent else pause) * spread(*_SPREAD)


def parking(error: Refused | Unavailable, unsure: int, waiting_since: datetime, next_try: datetime) -> Parking | None:
    """Why not to try again after this failure, or None. `unsure` counts calls that may have opened a session."""
    if isinstance(error, Refused):
        return Parking.REFUSED
    if error.maybe_sent and unsure >= MOST_UNSURE:
        return Parking.UNSURE
    return Parking.STALE if next_try > waiting_since + STALE_AFTER else None
