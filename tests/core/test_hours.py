"""Opening hours against a naive reading of the rules: what the wall clock shows at each moment."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.core.hours import DAY, Hours, Opening, Span, SpecialDay
from app.core.hours_text import read_week

WEEK = "mo-th 08:30-12:00 13:00-17:30; fr 08:00-14:00; sa 22:00-01:00; su 01:30-02:30"
# Clocks that change at midnight, by half an hour, southern ones, ones without a change, and a day that was left out.
ZONES = (
    "UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Santiago", "Africa/Cairo",
    "Africa/Casablanca", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Chatham",
)  # fmt: skip
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(week: str = "mo-fr 09:00-17:00", zone: str = "Europe/Berlin", **more: object) -> Hours:
    return Hours(zone=zone, week=read_week(week), **more)  # type: ignore[arg-type]


def naively_open(found: Hours, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a person who looks at the wall clock and at the sign on the door would say that it is open."""
    local = moment.astimezone(zone)
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    return any(span.begin <= minute < span.end for span in found.spans_on(today)) or any(
        span.begin <= minute + DAY < span.end for span in found.spans_on(yesterday)
    )


@pytest.mark.parametrize("zone", ZONES)
def test_four_hundred_days_are_as_the_wall_clock_says(zone: str) -> None:
    special = {date(2026, 3, 29): SpecialDay("Clocks", (Span(60, 150), Span(23 * 60, DAY + 60)))}
    found = hours(WEEK, zone, days=special, holidays={date(2026, 10, 26): "Holiday"})
    openings = found.openings(FIRST, FIRST + timedelta(days=400))
    here = ZoneInfo(zone)
    place = 0
    for step in range(400 * 48):
        moment = FIRST + timedelta(minutes=30 * step)
        while place < len(openings) and openings[place].end <= moment:
            place += 1
        says_open = place < len(openings) and openings[place].begin <= moment
        assert says_open == naively_open(found, moment, here), moment
    for opening in openings[1:-1]:
        edges = [
            (opening.begin, True), (opening.begin - timedelta(seconds=1), False),
            (opening.end, False), (opening.end - timedelta(seconds=1), True),
        ]  # fmt: skip
        assert [naively_open(found, moment, here) for moment, _is in edges] == [is_open for _moment, is_open in edges]


def test_the_clock_that_goes_forward_leaves_the_hour_out() -> None:
    found = hours("su 01:00-04:00")
    assert found.openings(at("2026-03-28"), at("2026-03-30")) == [
        Opening(at("2026-03-29T00:00"), at("2026-03-29T02:00"))
    ]


def test_the_clock_that_goes_back_gives_the_hour_twice() -> None:
    found = hours("su 02:00-02:30")
    assert found.openings(at("2026-10-24"), at("2026-10-26")) == [
        Opening(at("2026-10-25T00:00"), at("2026-10-25T00:30")),
        Opening(at("2026-10-25T01:00"), at("2026-10-25T01:30")),
    ]


def test_next_opening_over_a_weekend_and_a_holiday() -> None:
    found = hours(holidays={date(2026, 12, 28): "Holiday"})
    friday = at("2026-12-25T15:00")
    assert found.is_open(friday)
    assert found.next_opening(friday) == friday
    assert found.next_closing(friday) == at("2026-12-25T16:00")
    assert found.next_opening(at("2026-12-25T16:00")) == at("2026-12-29T08:00")
    assert found.next_closing(at("2026-12-25T16:00")) is None


def test_a_special_day_has_its_own_hours_even_on_a_holiday() -> None:
    day = date(2026, 12, 28)
    found = hours(holidays={day: "Holiday"}, days={day: SpecialDay("Stock-taking", (Span(600, 660),))})
    assert found.next_opening(at("2026-12-26T00:00")) == at("2026-12-28T09:00")
    assert found.special(day) == SpecialDay("Stock-taking", (Span(600, 660),))
    assert found.special(date(2026, 12, 29)) is None


def test_hours_with_other_holidays_are_other_hours() -> None:
    """Answers are kept by hours and minute: those from before a change of the country must not be found."""
    assert hours() != hours(holidays={date(2026, 12, 28): "Holiday"})
    assert hours() != hours(days={date(2026, 12, 28): SpecialDay("Closed")})


def test_always_open_never_closes() -> None:
    found = hours("mo-su 00:00-24:00")
    moment = at("2026-03-01T12:00")
    assert found.openings(moment, moment + timedelta(days=60)) == [Opening(moment, moment + timedelta(days=60))]
    assert found.next_closing(moment) is None


def test_never_open_never_opens() -> None:
    found = hours("")
    assert found.next_opening(at("2026-03-01")) is None
    assert found.openings(at("2026-03-01"), at("2026-04-01")) == []


def test_an_opening_longer_than_a_week_ends_when_it_ends() -> None:
    days = {date(2026, 6, 15): SpecialDay("Closed")}
    found = hours("mo-su 00:00-24:00", "UTC", days=days)
    assert found.next_closing(at("2026-06-01T10:00")) == at("2026-06-15T00:00")
