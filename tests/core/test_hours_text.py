"""The text of opening hours: read, refused with what is wrong, and written again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.fact import Fact
from app.core.hours import DAY, Span
from app.core.hours_text import read_week, written_week
from app.core.text import Invalid

NINE_TO_FIVE = (Span(540, 1020),)
EIGHT = " ".join(f"0{hour}:00-0{hour}:30" for hour in range(8))


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("mo-fr 09:00-17:00", (*(NINE_TO_FIVE,) * 5, (), ())),
        (" MO,we 9:00-17:00 ;; ", (NINE_TO_FIVE, (), NINE_TO_FIVE, (), (), (), ())),
        ("sa-mo 09:00-17:00", (NINE_TO_FIVE, (), (), (), (), NINE_TO_FIVE, NINE_TO_FIVE)),
        ("mo 13:30-17:00 09:00-12:30", ((Span(540, 750), Span(810, 1020)), *((),) * 6)),
        ("mo 09:00-12:00; mo 12:00-13:00", ((Span(540, 720), Span(720, 780)), *((),) * 6)),
        ("su 22:00-06:00", (*((),) * 6, (Span(1320, DAY + 360),))),
        ("mo-su 00:00-24:00", ((Span(0, DAY),),) * 7),
        ("mo 22:00-00:00", ((Span(1320, DAY),), *((),) * 6)),
        ("mo 09:00-12:00 12:00-13:00", ((Span(540, 720), Span(720, 780)), *((),) * 6)),
        ("mo 09:00-09:00", ((Span(540, 540 + DAY),), *((),) * 6)),
        (f"mo {EIGHT}", (tuple(Span(hour * 60, hour * 60 + 30) for hour in range(8)), *((),) * 6)),
        ("", ((),) * 7),
    ],
)
def test_a_week_is_read(text: str, week: tuple[tuple[Span, ...], ...]) -> None:
    assert read_week(text) == week


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("mo", "no_time", ""),
        ("xx 09:00-17:00", "day", "xx"),
        ("mo- 09:00-17:00", "day", "mo-"),
        ("mo,, 09:00-17:00", "day", ""),
        ("mo 9-17", "time", "9-17"),
        ("mo 09:60-17:00", "time", "09:60-17:00"),
        ("mo 09:00-17:60", "time", "09:00-17:60"),
        ("mo 24:00-25:00", "time", "24:00-25:00"),
        ("mo 24:00-01:00", "time", "24:00-01:00"),
        ("mo 09:00-24:01", "time", "09:00-24:01"),
        ("mo 09:00-17:00x", "time", "09:00-17:00x"),
        ("mo ٠٩:00-17:00", "time", "٠٩:00-17:00"),
        ("mo 09:00-12:00 11:59-13:00", "overlap", "09:00-12:00 11:59-13:00"),
        ("mo 09:00-12:00; mo-fr 11:00-13:00", "overlap", "mo 09:00-12:00"),
        ("su 22:00-06:00; mo 05:00-09:00", "overlap", "su 22:00-06:00"),
        ("sa 20:00-06:00; su 05:00-09:00", "overlap", "sa 20:00-06:00"),
        (f"mo {EIGHT} 08:00-08:30", "many", f"mo {EIGHT} 08:00-08:30"),
    ],
)
def test_what_is_wrong_is_named(text: str, code: str, part: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_week(text)
    assert refused.value.problems == (Fact("spans", code, {"part": part}),)


_DAYS = st.lists(st.integers(0, 48), unique=True, max_size=8).map(sorted)


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(_DAYS, min_size=7, max_size=7))
def test_what_is_written_is_read_again(marks: list[list[int]]) -> None:
    week = tuple(
        tuple(Span(begin * 30, end * 30) for begin, end in zip(day[::2], day[1::2], strict=False)) for day in marks
    )
    assert read_week(written_week(week)) == week


def test_equal_neighbours_are_written_as_a_range() -> None:
    assert written_week(read_week("mo,tu,we,fr 09:00-17:00; sa,su 22:00-02:00")) == (
        "mo-we 09:00-17:00; fr 09:00-17:00; sa-su 22:00-02:00"
    )


def test_a_day_that_ends_at_midnight_is_written_as_24_00() -> None:
    assert written_week(read_week("mo 22:00-00:00; tu 00:00-24:00")) == "mo 22:00-24:00; tu 00:00-24:00"
