"""When a failed hand-off is tried again, and when it is given up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.backend import Refused, Unavailable

_DELAYS = tuple(timedelta(seconds=s) for s in (5, 15, 45, 120, 300, 600, 900))
_AFTER_SILENCE = timedelta(seconds=30)  # so that one outage does not use up both calls allowed for an unknown outcome
_SPREAD = (0.5, 1.5)  # factors, so that a vendor that comes back does not get all requests at once
STALE_AFTER = timedelta(minutes=30)
LONGEST_PAUSE = timedelta(minutes=15)
MOST_UNSURE = 2  # a call without an answer is repeated once
MOST_LOST = 3  # workers that died during one request


class Parking(StrEnum):
    """Why a request waits for a person."""

    REFUSED = "refused"  # the vendor said no, and would again
    STALE = "stale"  # half an hour has passed
    UNSURE = "unsure"  # sent twice, never answered: a session may exist
    LOST = "lost"  # its worker died three times


def delay(failures: int, spread: Callable[[float, float], float], *, maybe_sent: bool = False) -> timedelta:
    """How long to wait after this many failures (1, 2, …); `spread` draws a factor between two bounds.

    `maybe_sent`: the last call may have opened a session. Such a call is repeated only once.
    """
    pause = _DELAYS[min(failures, len(_DELAYS)) - 1]
    return (max(pause, _AFTER_SILENCE) if maybe_sent else pause) * spread(*_SPREAD)


def parking(error: Refused | Unavailable, unsure: int, waiting_since: datetime, next_try: datetime) -> Parking | None:
    """Why to give up after this failure, or None to try again. `unsure` counts calls that may have opened a session."""
    if isinstance(error, Refused):
        return Parking.REFUSED
    if error.maybe_sent and unsure >= MOST_UNSURE:
        return Parking.UNSURE
    return Parking.STALE if next_try > waiting_since + STALE_AFTER else None
