"""Events that people are told of, and when a failed delivery is tried again.

No event contains customer data: its reference leads those with access to the rest.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.moment import iso
from app.core.why import Why

_DELAYS = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1_800, 7_200, 18_000, 36_000))
_SPREAD = (0.8, 1.2)  # factors, so that a receiver that comes back does not get everything at once
LONGEST_KEPT = timedelta(hours=24)


class Delivery(StrEnum):
    """The result of one try."""

    DELIVERED = "delivered"
    FAILED = "failed"  # to be tried again
    GONE = "gone"  # the receiver wants no more notices


@dataclass(frozen=True, slots=True)
class TryResult:
    """The result of one try and the reason, in our own words."""

    delivery: Delivery
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParked:
    """A request is parked until a person releases it.

    `reason` is one of our own words, such as `stale`; with `maybe_duplicate` the vendor may already hold a session for
    it.
    """

    reference: str
    site: str
    reason: str
    why: Why
    attempts: int
    maybe_duplicate: bool


def new_notice_id() -> str:
    """The `webhook-id` of one notice, the same at each try, by which a receiver recognizes repetitions."""
    return f"msg_{secrets.token_urlsafe(18)}"


def event_body(event: RequestParked, at: datetime) -> str:
    """The event as compact JSON; `at` is when it happened."""
    data = {
        "reference": event.reference,
        "site": event.site,
        "reason": event.reason,
        "why": event.why.code,
        "why_values": dict(event.why.values),
        "attempts": event.attempts,
        "maybe_duplicate": event.maybe_duplicate,
    }
    return json.dumps({"type": "request.parked", "timestamp": iso(at), "data": data}, separators=(",", ":"))


def next_try(
    tries: int, created_at: datetime, now: datetime, spread: Callable[[float, float], float]
) -> datetime | None:
    """When to try again after this many failed tries (1, 2, …); None to give up.

    After 5 s, 1 min, 5 min, 30 min, 2 h, 5 h and 10 h, each times a factor that `spread` draws between two bounds.
    """
    if tries > len(_DELAYS):
        return None
    due = now + _DELAYS[tries - 1] * spread(*_SPREAD)
    return None if is_too_old(created_at, due) else due


def is_too_old(created_at: datetime, now: datetime) -> bool:
    """Whether a notice has reached the longest time that one is kept."""
    return now - created_at >= LONGEST_KEPT
