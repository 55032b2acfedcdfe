"""Figures of a day: percentiles by nearest rank, for all sites together and for each."""

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.figures import (
    ALL_SITES,
    DayFigures,
    Measured,
    Times,
    bounds,
    day_figures,
    figures_csv,
    is_finished,
    last_days,
    percentile,
)

DAY = date(2026, 3, 1)
TIMES = st.lists(st.integers(0, 10**9), max_size=300)


@pytest.mark.slow
@given(TIMES, st.integers(1, 100))
@settings(max_examples=300, deadline=None)
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[int], percent: int) -> None:
    found = percentile(sorted(values), percent)
    if not values:
        assert found is None
        return
    enough = math.ceil(len(values) * percent / 100)
    assert found == next(v for v in sorted(values) if sum(other <= v for other in values) >= enough)


def test_percentiles_of_a_hundred() -> None:
    hundred = list(range(1, 101))
    assert [percentile(hundred, p) for p in (1, 50, 95, 100)] == [1, 50, 95, 100]
    assert [percentile([7], p) for p in (1, 50, 100)] == [7, 7, 7]
    assert percentile([1, 2, 3, 4], 50) == 2


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**7)), max_size=80))
@settings(max_examples=100, deadline=None)
def test_all_sites_together_are_what_each_had(samples: list[tuple[str, int]]) -> None:
    counts = {site: (len([s for s in samples if s[0] == site]), 1) for site in {site for site, _ in samples}}
    found = {one.site: one for one in day_figures(DAY, Measured(counts, samples, []))}
    assert found.keys() == {ALL_SITES, *counts}
    assert found[ALL_SITES].requests == len(samples)
    assert found[ALL_SITES].opened == len(counts)
    for site, one in found.items():
        own = sorted(ms for name, ms in samples if site in (ALL_SITES, name))
        assert one.to_applet == Times(percentile(own, 50), percentile(own, 95))
        assert one.to_claim == Times()


def test_a_site_with_a_time_alone_has_figures_too() -> None:
    """Its requests came in on another day."""
    measured = Measured({"a": (5, 3)}, [("b", 7), ("b", 9)], [("c", milliseconds) for milliseconds in range(1, 101)])
    assert day_figures(DAY, measured) == [
        DayFigures(DAY, ALL_SITES, 5, 3, Times(7, 9), Times(50, 95)),
        DayFigures(DAY, "a", 5, 3),
        DayFigures(DAY, "b", 0, 0, Times(7, 9)),
        DayFigures(DAY, "c", 0, 0, Times(), Times(50, 95)),
    ]


def test_a_day_without_anything_is_a_day_all_the_same() -> None:
    assert day_figures(DAY, Measured({}, [], [])) == [DayFigures(DAY, ALL_SITES)]


def test_a_day_is_finished_two_midnights_later() -> None:
    assert [is_finished(DAY, date(2026, 3, d)) for d in (1, 2, 3, 4)] == [False, False, True, True]
    assert bounds(DAY) == (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    assert last_days(DAY, 3) == [date(2026, 2, 27), date(2026, 2, 28), DAY]


def test_csv_says_what_is_finished_and_names_all_sites_with_a_star() -> None:
    found = [DayFigures(DAY, ALL_SITES, 3, 2, Times(1500, 9000)), DayFigures(DAY, "shop", 3, 2)]
    head, *lines = "".join(figures_csv(found, DAY)).split("\r\n")
    assert head.startswith("\ufeffday,site,finished,requests,opened,")
    assert lines == ["2026-03-01,*,no,3,2,1500,9000,,", "2026-03-01,shop,no,3,2,,,,", ""]


def test_csv_says_of_a_day_long_past_that_it_is_finished() -> None:
    *_, line, _ = "".join(figures_csv([DayFigures(DAY, "shop", 3, 2)], date(2026, 3, 9))).split("\r\n")
    assert line == "2026-03-01,shop,yes,3,2,,,,"
