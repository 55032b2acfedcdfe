"""The format of times for programs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.core.moment import iso


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own clock shows Tokyo's time."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_time_is_utc_to_the_millisecond() -> None:
    moment = datetime(2026, 11, 26, 9, 30, 0, 123_999, tzinfo=UTC)
    assert iso(moment) == iso(moment.astimezone(timezone(timedelta(hours=-5)))) == "2026-11-26T09:30:00.123Z"
    assert iso(datetime(2026, 11, 26, 9, 30, tzinfo=UTC)) == "2026-11-26T09:30:00.000Z"


def test_no_time_is_none() -> None:
    assert iso(None) is None
