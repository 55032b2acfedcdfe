"""When a failed hand-off is tried again, and when it is not."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.backend import Refused, Unavailable
from app.core.retry import Parking, delay, parking
from app.core.why import Why, WhyCode

NO = Why(WhyCode.BAD_KEY, {"status": 403})
AWAY = Why(WhyCode.UNREACHABLE, {"host": "vendor.example"})
SILENT = Why(WhyCode.NO_ANSWER, {"host": "vendor.example"})
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_delays_grow_and_stay_at_a_quarter_of_an_hour() -> None:
    seconds = [delay(n, lambda _low, _high: 1.0).total_seconds() for n in range(1, 10)]
    assert seconds == [5, 15, 45, 120, 300, 600, 900, 900, 900]


def test_each_delay_is_spread_from_half_to_one_and_a_half() -> None:
    assert delay(1, lambda low, _high: low) == timedelta(seconds=2.5)
    assert delay(1, lambda _low, high: high) == timedelta(seconds=7.5)


def test_a_call_that_may_have_opened_a_session_is_made_again_when_a_vendor_that_hung_may_be_back() -> None:
    seconds = [delay(n, lambda _low, _high: 1.0, maybe_sent=True).total_seconds() for n in range(1, 5)]
    assert seconds == [30, 30, 45, 120]
    assert delay(1, lambda low, _high: low, maybe_sent=True) == timedelta(seconds=15)


@pytest.mark.parametrize(
    ("error", "unsure", "next_try_after", "why"),
    [
        (Refused(NO), 0, 5, Parking.REFUSED),
        (Unavailable(AWAY), 0, 5, None),
        (Unavailable(AWAY), 5, 5, None),  # unsure calls before do not stop retries after a plain failure
        (Unavailable(SILENT, maybe_sent=True), 1, 5, None),
        (Unavailable(SILENT, maybe_sent=True), 2, 5, Parking.UNSURE),
        (Unavailable(AWAY), 0, 30 * 60, None),
        (Unavailable(AWAY), 0, 30 * 60 + 1, Parking.STALE),
    ],
)
def test_a_failure_is_tried_again_or_parked(
    error: Refused | Unavailable, unsure: int, next_try_after: int, why: Parking | None
) -> None:
    assert parking(error, unsure, NOW, NOW + timedelta(seconds=next_try_after)) is why
