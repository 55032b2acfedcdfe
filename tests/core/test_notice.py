"""Events that people are told of, and when a failed delivery is tried again."""

import json
from datetime import UTC, datetime, timedelta

from app.core.notice import (
    LONGEST_KEPT,
    NewNotice,
    RequestParked,
    event_body,
    is_too_old,
    next_try,
    notice_id,
    parked_notice,
)
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


def test_the_notice_of_a_parked_request_is_due_at_once_for_its_site() -> None:
    assert parked_notice("webhook", PARKED, NOW) == NewNotice(
        id=notice_id("webhook", "default", "request.parked", "7K3M-Q2XH", 7, "2026-03-01T12:00:00.123Z"),
        channel="webhook",
        receiver="site:default",
        lane="webhook:default",
        site="default",
        event="request.parked",
        body=event_body(PARKED, NOW),
        created_at=NOW,
        due_at=NOW,
        reference="7K3M-Q2XH",
    )


def test_the_same_parts_make_the_same_id() -> None:
    """Receivers know repetitions by it, also those of another version."""
    assert notice_id("a", 1) == "msg_TzlaLp6hwGgDSNOEE1RYJw6e"
    assert notice_id("a", 1) != notice_id("a1")


def test_a_body_is_compact() -> None:
    assert event_body(PARKED, NOW).startswith(
        '{"type":"request.parked","timestamp":"2026-03-01T12:00:00.123Z","data":{'
    )


def test_a_notice_is_tried_for_a_day() -> None:
    assert not is_too_old(NOW, NOW + timedelta(hours=24) - timedelta(microseconds=1))
    assert is_too_old(NOW, NOW + timedelta(hours=24))


def test_a_delay_is_spread_between_four_and_six_fifths() -> None:
    assert next_try(1, NOW, NOW, lambda low, high: low) == NOW + timedelta(seconds=4)
    assert next_try(1, NOW, NOW, lambda low, high: high) == NOW + timedelta(seconds=6)
