"""Keeps calls away from a vendor that is down: opens on failures, lets one probe through, closes on success.

Pure: the time is passed in, in seconds of any monotonic clock. Not thread-safe by itself.
"""

from collections import deque
from enum import StrEnum

IN_A_ROW = 5
WINDOW = 60.0  # seconds
ENOUGH_CALLS = 10
SHARE = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 120.0  # seconds


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"  # a probe is under way


class Breaker:
    """Opens after 5 failures in a row, or when half of at least 10 calls in 60 s failed."""

    def __init__(self) -> None:
        self.state = BreakerState.CLOSED
        self._calls: deque[tuple[float, bool]] = deque()
        self._in_a_row = 0
        self._pause = FIRST_PAUSE
        self._until = 0.0

    def room(self, now: float) -> int | None:
        """How many calls may begin: 0, 1 (a probe) or None for any number."""
        if self.state is BreakerState.HALF_OPEN or now < self._until:
            return 0
        return 1 if self.state is BreakerState.OPEN else None

    def began(self) -> bool:
        """Note that a call begins; returns whether it is the probe. Pass that on with the call's outcome."""
        if self.state is not BreakerState.OPEN:
            return False
        self.state = BreakerState.HALF_OPEN
        return True

    def undone(self, now: float, *, probe: bool) -> None:
        """A call that had begun was not made, so it tells nothing about the vendor."""
        if probe:
            self.state, self._until = BreakerState.OPEN, max(now, self._until)

    def succeeded(self, now: float, *, probe: bool) -> None:
        """The vendor answered."""
        if probe:
            self.state, self._pause = BreakerState.CLOSED, FIRST_PAUSE
        elif self.state is BreakerState.CLOSED:
            self._in_a_row = 0
            self._note(now, failed=False)

    def failed(self, now: float, *, probe: bool) -> None:
        """The vendor did not answer, or said that it cannot. A call that began before the breaker opened changes
        nothing."""
        if probe:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._open(now)
        elif self.state is BreakerState.CLOSED:
            self._in_a_row += 1
            self._note(now, failed=True)
            failures = sum(failed for _, failed in self._calls)
            often = len(self._calls) >= ENOUGH_CALLS and failures >= SHARE * len(self._calls)
            if self._in_a_row >= IN_A_ROW or often:
                self._open(now)

    def pause(self, now: float, seconds: float) -> None:
        """Honour a pause that the vendor asked for, in every state."""
        self._until = max(self._until, now + seconds)

    def _open(self, now: float) -> None:
        self.state, self._in_a_row = BreakerState.OPEN, 0
        self._until = max(self._until, now + self._pause)
        self._calls.clear()

    def _note(self, now: float, *, failed: bool) -> None:
        self._calls.append((now, failed))
        while self._calls and self._calls[0][0] < now - WINDOW:
            self._calls.popleft()
