"""Positions of a chart's marks: inside the plot, at whole numbers and times."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.chart import Slot, duration_scale, labelled, number_scale, runs, slots


@pytest.mark.slow
@given(st.integers(0, 10**12))
@settings(max_examples=300, deadline=None)
def test_every_value_fits_with_few_lines_evenly_apart(highest: int) -> None:
    for scale in (number_scale(highest, 168), duration_scale(highest, 168)):
        assert scale.top >= highest
        assert scale.lines[0] == 0
        assert scale.lines[-1] == scale.top
        assert 2 <= len(scale.lines) <= 5
        assert len({b - a for a, b in zip(scale.lines, scale.lines[1:], strict=False)}) == 1
        assert 0 <= scale.y(highest) <= 168
        assert scale.y(0) == 168


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 1_000), (900, 1_000), (3_500, 4_000), (61_000, 90_000), (3_600_000, 3_600_000), (10**9, 15 * 86_400_000)],
)
def test_times_end_at_whole_seconds_minutes_hours_or_days(highest: int, top: int) -> None:
    assert duration_scale(highest, 100).top == top


def test_lines_are_as_many_as_may_be() -> None:
    assert number_scale(4, 168).lines == (0, 1, 2, 3, 4)
    assert number_scale(1_234, 168).lines == (0, 500, 1_000, 1_500)
    assert duration_scale(4_000, 168).lines == (0, 1_000, 2_000, 3_000, 4_000)


def test_places_have_no_more_figures_than_can_be_seen() -> None:
    assert number_scale(3, 100).y(1) == 66.7
    assert slots(7)[1] == Slot(14.286, 14.286)
    assert Slot(14.286, 14.286).narrowed(0.6) == Slot(17.143, 8.572)


def test_of_few_days_each_has_a_label() -> None:
    assert labelled(5) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", [7, 30, 90])
def test_days_fill_the_plot_from_left_to_right_and_mirrored(count: int) -> None:
    plain, mirrored = slots(count), slots(count, mirrored=True)
    assert plain == mirrored[::-1]
    assert plain[0].left == 0
    assert plain[-1].left + plain[-1].width == pytest.approx(100, abs=0.02)
    assert Slot(10, 10).narrowed(0.5) == Slot(12.5, 5)
    assert Slot(10, 10).middle == 15
    assert labelled(count)[-1] == count - 1
    assert len(labelled(count)) <= 5


def test_a_line_joins_neighbours_that_are_known() -> None:
    assert runs([1, 2, None, 3, None, 4, 0]) == [(0, 1), (5, 6)]
