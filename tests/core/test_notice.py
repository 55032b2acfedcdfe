"""Events that people are told of, and when a failed delivery is tried again."""

import json
from datetime import UTC, datetime, timedelta

from app.core.notice import LONGEST_KEPT, RequestParked, event_body, next_try
from app.core.why import Why, WhyCode

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
PARKED = RequestParked(
    reference="7K3M-Q2XH", site="default", reason="stale", why=Why(WhyCode.STALE), attempts=7, maybe_duplicate=True
)


def test_the_event_says_what_happened_and_nothing_of_the_customer() -> None:
    assert json.loads(event_body(PARKED, NOW)) == {
        "type": "request.parked",
        "timestamp": "2026-03-01T12:00:00.123Z",
        "data": {
            "reference": "7K3M-Q2XH",
            "site": "default",
            "reason": "stale",
            "why": "stale",
            "why_values": {},
            "attempts": 7,
            "maybe_duplicate": True,
        },
    }


def test_it_is_tried_again_seven_times_later_and_later_and_then_given_up() -> None:
    waits = []
    for tries in range(1, 8):
        due = next_try(tries, NOW, NOW, lambda low, high: 1.0)
        assert due
        waits.append((due - NOW).total_seconds())
    assert waits == [5, 60, 300, 1800, 7200, 18000, 36000]
    assert next_try(8, NOW, NOW, lambda low, high: 1.0) is None


def test_even_the_latest_tries_end_within_a_day() -> None:
    at = NOW
    for tries in range(1, 8):
        due = next_try(tries, NOW, at, lambda low, high: high)
        assert due
        at = due
    assert at - NOW < LONGEST_KEPT
    assert next_try(1, NOW - LONGEST_KEPT + timedelta(seconds=5), NOW, lambda low, high: 1.0) is None
