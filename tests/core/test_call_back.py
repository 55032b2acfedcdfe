"""Which call-backs can be promised: only what the opening hours cover, over clock changes and holidays too."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.core.call_back import (
    DUE_BEFORE,
    LONGEST_TO,
    MOST_DAYS,
    MOST_OF_A_DAY,
    SOONEST,
    SPAN,
    CallBack,
    Promise,
    Way,
    can_be_promised,
    is_covered,
    offered,
    read_begin,
    read_to,
)
from app.core.fact import Fact
from app.core.hours import DAY, Hours, Span, SpecialDay
from app.core.hours_text import read_week
from app.core.text import Invalid

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Chatham",
    "UTC",
)
BERLIN = ZoneInfo("Europe/Berlin")


def hours(week: str = "mo-fr 09:00-12:30 13:30-17:00", zone: str = "Europe/Berlin", **more: object) -> Hours:
    return Hours(zone=zone, week=read_week(week), **more)  # type: ignore[arg-type]


def there(*when: int, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    year, month, day, *clock = when
    return datetime(year, month, day, *clock, tzinfo=zone, fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


def shown(times: list[datetime], zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{at.astimezone(zone):%a %H:%M}" for at in times]


def is_open(of: Hours, at: datetime) -> bool:
    """By a naive reading: the clock on the wall lies in a span of its day, or in one of the day before that lasts over
    midnight."""
    local = at.astimezone(ZoneInfo(of.zone))
    minute, before = local.hour * 60 + local.minute, local.date() - timedelta(days=1)
    return any(span.begin <= minute < span.end for span in of.spans_on(local.date())) or any(
        span.begin <= minute + DAY < span.end for span in of.spans_on(before)
    )


def test_half_hours_and_full_hours_within_the_opening_hours_are_offered() -> None:
    monday = there(2026, 3, 2, 8, 10)
    times = shown(offered(hours("mo 09:00-12:00; tu 09:00-17:00"), monday))
    assert times[:6] == ["Mon 09:00", "Mon 09:30", "Mon 10:00", "Mon 10:30", "Mon 11:00", "Mon 11:30"]
    assert times[6:14] == [f"Tue {hour:02d}:00" for hour in range(9, 17)], "a long day is offered by the hour"
    assert times[14:] == times[:6], "the third day is a week later"


def test_the_first_time_is_not_at_once_and_no_time_lies_across_a_break() -> None:
    times = shown(offered(hours(), there(2026, 3, 2, 11, 20)))
    assert times[0] == "Mon 12:00"
    assert "Mon 12:30" not in times
    assert not any(time.endswith(("13:00", "17:00")) for time in times)


def test_a_desk_that_opens_at_odd_minutes_offers_even_ones() -> None:
    times = shown(offered(hours("mo 09:10-10:45"), there(2026, 3, 2, 7, 0)))
    assert times[:2] == ["Mon 09:30", "Mon 10:00"]


def test_only_whole_minutes_are_offered() -> None:
    times = offered(hours(), there(2026, 3, 2, 9, 3, 7) + timedelta(microseconds=5))
    assert {(at.minute % 30, at.second, at.microsecond) for at in times} == {(0, 0, 0)}


def test_what_nobody_has_time_for_is_left_out() -> None:
    monday = there(2026, 3, 2, 8, 0)
    of = hours("mo 09:00-12:00")
    first = offered(of, monday)[0]
    assert offered(of, monday, {first})[0] == first + SPAN


def test_a_holiday_in_the_middle_is_stepped_over() -> None:
    """Good Friday and Easter Monday 2026, with a bridge day that is open for a while."""
    of = hours(
        holidays={date(2026, 4, 3): "Good Friday", date(2026, 4, 6): "Easter Monday"},
        days={date(2026, 4, 7): SpecialDay("Stock-taking", (Span(600, 660),))},
    )
    thursday = there(2026, 4, 2, 16, 0)
    times = offered(of, thursday)
    assert sorted({at.astimezone(BERLIN).date() for at in times}) == [
        date(2026, 4, 2),
        date(2026, 4, 7),
        date(2026, 4, 8),
    ]
    assert [time for time in shown(times) if time.startswith("Tue")] == ["Tue 10:00", "Tue 10:30"]
    for closed in (there(2026, 4, 3, 10, 0), there(2026, 4, 6, 10, 0), there(2026, 4, 7, 9, 0)):
        assert not is_covered(of, closed)
        assert not can_be_promised(of, thursday, closed)


def test_a_desk_that_is_closed_for_weeks_offers_the_days_after() -> None:
    away = {date(2026, 3, 2) + timedelta(days=day): SpecialDay("Moving") for day in range(40)}
    times = offered(hours(days=away), there(2026, 3, 2, 8, 0))
    assert times[0].astimezone(BERLIN).date() == date(2026, 4, 13)
    assert can_be_promised(hours(days=away), there(2026, 3, 2, 8, 0), times[-1])


def test_a_desk_that_never_opens_offers_nothing() -> None:
    assert offered(hours(""), there(2026, 3, 2, 8, 0)) == []
    assert not can_be_promised(hours(""), there(2026, 3, 2, 8, 0), there(2026, 3, 2, 10, 0))


def test_clocks_that_go_forward_take_their_hour_from_what_is_offered() -> None:
    """On 29 March 2026 Berlin has no 02:00 to 03:00."""
    of = hours("su 01:00-05:00")
    times = offered(of, there(2026, 3, 28, 12, 0))
    first = [at for at in times if at.astimezone(BERLIN).date() == date(2026, 3, 29)]
    assert shown(first) == ["Sun 01:00", "Sun 01:30", "Sun 03:00", "Sun 03:30", "Sun 04:00", "Sun 04:30"]
    assert all(later - earlier == SPAN for earlier, later in pairwise(first))


def test_clocks_that_go_back_give_their_hour_twice() -> None:
    """On 25 October 2026 Berlin has 02:00 to 03:00 twice, and is open in both."""
    of = hours("su 01:30-03:30")
    times = offered(of, there(2026, 10, 24, 12, 0))
    first = [at for at in times if at.astimezone(BERLIN).date() == date(2026, 10, 25)]
    assert shown(first) == ["Sun 01:30", "Sun 02:00", "Sun 02:30", "Sun 02:00", "Sun 02:30", "Sun 03:00"]
    assert len(set(first)) == 6
    assert all(is_covered(of, at) for at in first)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_nothing_is_offered_that_no_hour_covers(zone: str) -> None:
    """400 days against a naive reading of the rules, with holidays and hours over midnight."""
    of = hours(
        "mo-th 08:15-12:00 13:00-17:45; fr 22:00-02:30; su 01:00-04:00",
        zone,
        holidays={date(2026, 1, 1) + timedelta(days=29 * each): "Holiday" for each in range(15)},
    )
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    for day in range(400):
        now = begin + timedelta(days=day, minutes=day * 37 % 1440)
        times = offered(of, now)
        assert times == sorted(set(times))
        assert times[0] >= now + SOONEST
        by_day: dict[date, int] = defaultdict(int)
        for at in times:
            local = at.astimezone(ZoneInfo(zone))
            by_day[local.date()] += 1
            assert local.minute in (0, 30)
            assert all(is_open(of, at + timedelta(minutes=each)) for each in (0, 15, 29)), (zone, at)
        assert can_be_promised(of, now, times[day % len(times)])
        assert len(by_day) == MOST_DAYS
        assert max(by_day.values()) <= MOST_OF_A_DAY


def test_only_what_was_offered_can_be_promised() -> None:
    of, monday = hours(), there(2026, 3, 2, 9, 0)
    assert can_be_promised(of, monday, there(2026, 3, 2, 9, 30)), "offered some minutes ago"
    assert can_be_promised(of, there(2026, 3, 2, 9, 20), there(2026, 3, 2, 9, 30)), "ten minutes before, still"
    assert not can_be_promised(of, there(2026, 3, 2, 9, 20, 1), there(2026, 3, 2, 9, 30))
    refused = {
        "too soon": there(2026, 3, 2, 9, 0),
        "past": there(2026, 2, 27, 10, 0),
        "not on the half hour": there(2026, 3, 2, 10, 15),
        "not on the minute": there(2026, 3, 2, 10, 0, 1),
        "in the break": there(2026, 3, 2, 12, 30),
        "into the break": there(2026, 3, 2, 12, 0) + timedelta(minutes=30),
        "at night": there(2026, 3, 2, 20, 0),
        "beyond the days that are offered": there(2026, 3, 5, 10, 0),
    }
    assert [why for why, at in refused.items() if can_be_promised(of, monday, at)] == []


def test_a_promise_is_made_then_due_then_late() -> None:
    begins = there(2026, 3, 2, 14, 0)
    promise = CallBack(
        ticket=1, begins_at=begins, ends_at=begins + SPAN, way=Way.PHONE, to=None, made_at=begins, next_at=None
    )
    tick = timedelta(microseconds=1)
    assert promise.standing(begins - DUE_BEFORE - tick) is Promise.MADE
    assert promise.standing(begins - DUE_BEFORE) is Promise.DUE
    assert promise.standing(begins + SPAN - tick) is Promise.DUE
    assert promise.standing(begins + SPAN) is Promise.LATE
    assert promise.is_kept_by(hours())
    assert promise.is_kept_by(None), "always open"
    assert not promise.is_kept_by(hours("tu 09:00-17:00"))


@pytest.mark.parametrize("text", ["+49 30 123456", " 030/123-456 ", "(030) 12 34 5", "555-0100"])
def test_a_phone_number_is_taken_as_it_was_typed(text: str) -> None:
    assert read_to(text) == (Way.PHONE, text.strip())


def test_a_mail_address_is_taken() -> None:
    assert read_to("Zoe@example.com") == (Way.MAIL, "Zoe@example.com")


@pytest.mark.parametrize("text", ["030-12", "1" * 40, "z" * (LONGEST_TO - 5) + "@b.de"])
def test_the_shortest_and_the_longest_are_taken(text: str) -> None:
    assert read_to(text)[1] == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        (" ", "missing"),
        ("call me", "unknown"),
        ("12", "unknown"),
        ("030-1", "unknown"),
        ("a@", "unknown"),
        ("+49 30 123456 or later", "unknown"),
        ("1" * 41, "unknown"),
        ("z" * (LONGEST_TO - 4) + "@b.de", "unknown"),
    ],
)
def test_anything_else_is_not(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_to(text)
    assert refused.value.problems == (Fact("call_back_to", code),)


@pytest.mark.parametrize("text", ["", "x", "-5", "1e9", "99999999999", "\N{ARABIC-INDIC DIGIT ONE}"])
def test_a_time_that_no_form_sends_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_begin(text)
    assert refused.value.problems == (Fact("call_back_at", "missing"),)
    assert read_begin("1772445600") == datetime(2026, 3, 2, 10, tzinfo=UTC)
