"""Positions of a chart's marks.

Horizontally in percent of the plot, so that it fits every screen and its text keeps its size; vertically in pixels from
the top.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_NUMBERS = (1, 2, 5)
_S, _MIN, _H, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_DURATIONS = (
    *(_S * n for n in (1, 2, 5, 10, 15, 30)),
    *(_MIN * n for n in (1, 2, 5, 10, 15, 30)),
    *(_H * n for n in (1, 2, 4, 8)),
)
_MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale from 0 to `top`, with a line at each of `lines`, on a plot of `height` pixels."""

    top: int
    lines: tuple[int, ...]
    height: int

    def y(self, value: int) -> float:
        """A value's position in pixels from the top."""
        return round(self.height * (1 - value / self.top), 1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One day's part of the plot, in percent from its left edge."""

    left: float
    width: float

    @property
    def middle(self) -> float:
        """The position of its point."""
        return round(self.left + self.width / 2, 3)

    def narrowed(self, share: float) -> "Slot":
        """A slot with the same middle and `share` of the width."""
        return Slot(round(self.left + self.width * (1 - share) / 2, 3), round(self.width * share, 3))


def number_scale(highest: int, height: int) -> Scale:
    """A scale for counts."""
    step = next(n * 10**power for power in range(19) for n in _NUMBERS if n * 10**power * _MOST_LINES >= highest)
    return _scale(highest, step, height)


def duration_scale(highest: int, height: int) -> Scale:
    """A scale for milliseconds: lines at whole seconds, minutes, hours or days."""
    step = next((step for step in _DURATIONS if step * _MOST_LINES >= highest), 0)
    return _scale(highest, step or _DAY * number_scale(-(-highest // _DAY), height).lines[1], height)


def slots(count: int, *, mirrored: bool = False) -> list[Slot]:
    """Slots for `count` days from left to right; `mirrored` from right to left."""
    width = 100 / count
    found = [Slot(round(width * nth, 3), round(width, 3)) for nth in range(count)]
    return found[::-1] if mirrored else found


def labelled(count: int, most: int = 5) -> list[int]:
    """The indexes of the days that get a label: at most `most`, evenly spaced, the last day included."""
    step = -(-count // most)
    return list(range(count - 1, -1, -step))[::-1]


def runs(values: Sequence[int | None]) -> list[tuple[int, int]]:
    """Pairs of neighbouring days that a line joins, as both values are known."""
    return [(nth, nth + 1) for nth in range(len(values) - 1) if values[nth] is not None and values[nth + 1] is not None]


def _scale(highest: int, step: int, height: int) -> Scale:
    count = max(1, -(-highest // step))
    return Scale(step * count, tuple(step * nth for nth in range(count + 1)), height)
