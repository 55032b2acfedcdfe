"""Measures the rate of calls."""

from bisect import bisect_left
from collections.abc import Sequence


def most_within(seconds: float, times: Sequence[float]) -> int:
    """The greatest number of calls within any `seconds`."""
    ordered = sorted(times)
    return max((bisect_left(ordered, at + seconds) - place for place, at in enumerate(ordered)), default=0)
