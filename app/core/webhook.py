"""The events sent to a site's webhook and their signature: Standard Webhooks (https://www.standardwebhooks.com).

No event holds anything of a customer: a reference leads whoever may know more to the rest.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.moment import iso
from app.core.why import Why

_PREFIX = "whsec_"
_KEY_BYTES = (24, 64)  # Standard Webhooks: between 192 and 512 bits
_DELAYS = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1_800, 7_200, 18_000, 36_000))
_SPREAD = (0.8, 1.2)  # a receiver that comes back must not get everything at once
LONGEST_KEPT = timedelta(hours=24)


class BadSecret(Exception):
    """The webhook's secret is not `whsec_` and 24 to 64 bytes in base64."""


class Delivery(StrEnum):
    """The result of one try."""

    DELIVERED = "delivered"
    FAILED = "failed"  # to be tried again
    GONE = "gone"  # the receiver wants no more of it


@dataclass(frozen=True, slots=True)
class ReceiverAnswer:
    """The result of one try and the reason, in our own words."""

    delivery: Delivery
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParked:
    """A request was given up until a person sets it going again. `reason` is one of our own words, such as `stale`;
    with `maybe_duplicate` the vendor may hold a session of it already."""

    reference: str
    site: str
    reason: str
    why: Why
    attempts: int
    maybe_duplicate: bool


def new_notice_id() -> str:
    """The `webhook-id` of one notice, the same at each try: what a receiver tells repetitions by."""
    return f"msg_{secrets.token_urlsafe(18)}"


def new_secret() -> str:
    """A fresh secret for a webhook: 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


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


def signed_headers(secret: str, notice_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one try, made `now`. Raises BadSecret."""
    timestamp = str(int(now.timestamp()))
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(webhook_key(secret), notice_id, timestamp, body),
    }


def signature(key: bytes, notice_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 of id, timestamp (unix seconds) and body in base64."""
    signed = b".".join((notice_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def webhook_key(secret: str) -> bytes:
    """The key in a secret `whsec_<base64>`. Raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _KEY_BYTES[0] <= len(key) <= _KEY_BYTES[1]:
        raise BadSecret("a webhook's secret is whsec_ and 24 to 64 bytes in base64")
    return key


def next_try(
    tries: int, created_at: datetime, now: datetime, spread: Callable[[float, float], float]
) -> datetime | None:
    """When to try again after this many tries (1, 2, …) that failed, or None: it is given up.

    After 5 s, 1 min, 5 min, 30 min, 2 h, 5 h and 10 h, each times what `spread` draws between two bounds.
    """
    if tries > len(_DELAYS):
        return None
    due = now + _DELAYS[tries - 1] * spread(*_SPREAD)
    return None if is_too_old(created_at, due) else due


def is_too_old(created_at: datetime, now: datetime) -> bool:
    """Whether a notice has been kept as long as one may be."""
    return now - created_at >= LONGEST_KEPT
