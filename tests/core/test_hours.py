"""Opening hours against a naive reading of the rules: what the wall clock shows at each moment."""

import time
from collections.abc import Iterator
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


@pytest.mark.slow
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
    assert hours(holidays={day: "Holiday"}).special(day) == SpecialDay("Holiday")


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


ALWAYS = "mo-su 00:00-24:00"


def closed(*days: str) -> dict[date, SpecialDay]:
    return {date.fromisoformat(day): SpecialDay("Closed") for day in days}


def test_it_opens_at_the_very_moment_and_not_before() -> None:
    found = hours("mo 09:00-17:00", "UTC")
    opens = at("2026-06-01T09:00")
    assert found.is_open(opens)
    assert not found.is_open(opens - timedelta(microseconds=1))


def test_an_opening_is_not_seen_before_it_begins() -> None:
    found = hours("mo 09:00-17:00", "UTC")
    assert found.openings(at("2026-06-01T00:00"), at("2026-06-01T09:00")) == []


@pytest.mark.parametrize("days", [("2026-06-09",), [f"2026-06-{day:02d}" for day in range(9, 30)]])
def test_an_opening_of_just_eight_days_ends_when_it_ends(days: list[str]) -> None:
    found = hours(ALWAYS, "UTC", days=closed(*days))
    assert found.next_closing(at("2026-06-01T00:00")) == at("2026-06-09T00:00")


def test_changes_beyond_400_days_are_not_looked_for() -> None:
    since = at("2026-06-01T00:00")
    later = (since + timedelta(days=403)).date()
    assert hours(ALWAYS, "UTC", days={later: SpecialDay("Closed")}).next_closing(since) is None
    assert hours("", "UTC", days={later: SpecialDay("Open", (Span(0, DAY),))}).next_opening(since) is None


@pytest.mark.parametrize("since", ["2026-03-28T00:00", "2026-03-28T01:00", "2026-03-28T01:07", "2026-03-28T02:13"])
def test_what_opens_in_the_hour_left_out_opens_when_the_clock_has_gone_forward(since: str) -> None:
    found = hours("su 02:30-04:00")
    forward = at("2026-03-29T01:00")
    assert found.openings(at(since), at("2026-03-30")) == [Opening(forward, at("2026-03-29T02:00"))]
    assert found.openings(at(since), forward) == []


@pytest.fixture(params=["America/Los_Angeles", "Pacific/Kiritimati"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own clock stands in another zone."""
    with monkeypatch.context() as there:
        there.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
def test_the_machine_s_own_zone_does_not_matter() -> None:
    found = hours("we 22:00-21:00; fr 00:00-04:00")
    assert found.openings(at("2026-06-04T12:00"), at("2026-06-05T01:00")) == [
        Opening(at("2026-06-04T12:00"), at("2026-06-04T19:00")),
        Opening(at("2026-06-04T22:00"), at("2026-06-05T01:00")),
    ]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Pacific/Kiritimati"])
def test_a_span_of_nearly_a_day_lasts_to_its_end_in_every_zone(zone: str) -> None:
    found = hours("tu 22:00-21:30", zone)
    ends = datetime(2026, 6, 3, 21, 30, tzinfo=ZoneInfo(zone))
    assert found.is_open(ends - timedelta(minutes=1))
    assert not found.is_open(ends)
