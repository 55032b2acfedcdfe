"""Quiet hours: until when a notice is held back."""

from datetime import UTC, datetime

import pytest

from app.core.hours import DAY, Span
from app.core.quiet import quiet_until

NIGHT = Span(22 * 60, DAY + 7 * 60)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T20:59", None),  # Berlin's clock is an hour ahead
        ("2026-03-02T21:00", "2026-03-03T06:00"),
        ("2026-03-03T05:59", "2026-03-03T06:00"),
        ("2026-03-03T06:00", None),
    ],
)
def test_a_night_lasts_into_the_morning(now: str, until: str | None) -> None:
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert quiet_until(NIGHT, "Europe/Berlin", datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected


def test_a_whole_day_is_not_quiet_but_one_minute_less_is() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert quiet_until(Span(0, DAY), "UTC", now) is None
    assert quiet_until(Span(0, DAY - 1), "UTC", now) == datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
