"""A flood of equal lines: some at once, then one a second, and each says how many were left out before it."""

from app.process.thinning import BURST, Thinning


def test_the_first_lines_pass_and_then_one_a_second() -> None:
    thinning = Thinning()
    at_once = [thinning.passes("forged", 100.0) for _ in range(BURST + 5)]
    assert at_once == [0] * BURST + [None] * 5
    assert thinning.passes("forged", 100.9) is None
    assert thinning.passes("forged", 101.0) == 6
    assert thinning.passes("forged", 101.0) is None
    assert thinning.passes("forged", 102.0) == 1


def test_kinds_do_not_hide_one_another() -> None:
    thinning = Thinning()
    for _ in range(100):
        thinning.passes("forged", 0.0)
    assert thinning.passes("forbidden", 0.0) == 0


def test_a_quiet_time_gives_the_burst_back_and_no_more() -> None:
    thinning = Thinning()
    for _ in range(BURST + 1):
        thinning.passes("forged", 0.0)
    later = [thinning.passes("forged", 10_000.0) for _ in range(BURST + 1)]
    assert later == [1, *[0] * (BURST - 1), None]
