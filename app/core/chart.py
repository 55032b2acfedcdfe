"""Where the marks of a chart go. Sideways in percent of the plot, so that it fits every screen and its words stay as
large as they are; upwards in pixels from the top."""

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
    """From 0 up to `top`, with a line at each of `lines`, on a plot that is so many pixels high."""

    top: int
    lines: tuple[int, ...]
    height: int

    def y(self, value: int) -> float:
        """Where a value lies, in pixels from the top."""
        return round(self.height * (1 - value / self.top), 1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One day's share of the plot, in percent from its left edge."""

    left: float
    width: float

    @property
    def middle(self) -> float:
        """Where its point is."""
        return round(self.left + self.width / 2, 3)

    def narrowed(self, share: float) -> "Slot":
        """The same middle, and this share of the width."""
        return Slot(round(self.left + self.width * (1 - share) / 2, 3), round(self.width * share, 3))


def number_scale(highest: int, height: int) -> Scale:
    """For counts."""
    step = next(n * 10**power for power in range(19) for n in _NUMBERS if n * 10**power * _MOST_LINES >= highest)
    return _scale(highest, step, height)


def duration_scale(highest: int, height: int) -> Scale:
    """For milliseconds: lines at whole seconds, minutes, hours or days."""
    step = next((step for step in _DURATIONS if step * _MOST_LINES >= highest), 0)
    return _scale(highest, step or _DAY * number_scale(-(-highest // _DAY), height).lines[1], height)


def slots(count: int, *, mirrored: bool = False) -> list[Slot]:
    """So many days beside each other, from left to right; `mirrored` from right to left."""
    width = 100 / count
    found = [Slot(round(width * nth, 3), round(width, 3)) for nth in range(count)]
    return found[::-1] if mirrored else found


def labelled(count: int, most: int = 5) -> list[int]:
    """Which of so many days bear a label: evenly apart, the last among them."""
    step = -(-count // most)
    return list(range(count - 1, -1, -step))[::-1]


def runs(values: Sequence[int | None]) -> list[tuple[int, int]]:
    """Neighbours that a line joins: both are known."""
    return [(nth, nth + 1) for nth in range(len(values) - 1) if values[nth] is not None and values[nth + 1] is not None]


def _scale(highest: int, step: int, height: int) -> Scale:
    count = max(1, -(-highest // step))
    return Scale(step * count, tuple(step * nth for nth in range(count + 1)), height)
