"""Events that people are told of, and when a failed delivery is tried again.

No event contains customer data: its reference leads those with access to the rest.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.core.moment import iso
from app.core.why import Why

_DELAYS = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1_800, 7_200, 18_000, 36_000))
_SPREAD = (0.8, 1.2)  # factors, so that a receiver that comes back does not get everything at once
LONGEST_KEPT = timedelta(hours=24)


class Event(StrEnum):
    """The events. Their names are in webhooks and in the database, so none is ever renamed."""

    REQUESTED = "request.received"
    WAITING = "request.waiting"  # for longer than a rule's minutes, and not claimed
    CLAIMED = "request.claimed"
    PASSED_ON = "request.passed_on"
    CUSTOMER_WROTE = "request.customer_wrote"
    CLOSED = "request.closed"
    CANCELLED = "request.cancelled"
    ANSWERED = "request.answered"  # the customer said whether it helped
    CALL_BACK_PROMISED = "call_back.promised"  # or moved
    CALL_BACK_DUE = "call_back.due"
    CALL_BACK_LATE = "call_back.late"  # its time has passed, and nobody has claimed it
    PARKED = "request.parked"
    SUSPECT = "request.suspect"
    KEY_ENDS = "vendor_key.ending"


EVERYTHING = "*"  # in a rule, in place of an event
TEST = "handbell.test"
INVITATION = "handbell.invitation"  # its body is the link's secret, encrypted
SILENCE = "handbell.silence"  # what rang in a browser is over
CUSTOMER = "customer"  # a receiver: whoever made the request, at the address given in it
BROWSER = "browser"  # a receiver, with its id: a technician's browser, told by Web Push
TO_CUSTOMERS = (Event.REQUESTED, Event.CALL_BACK_PROMISED, Event.CLAIMED, Event.CLOSED)
MOST_TO_ADDRESS = 9  # mails to one customer's address within a day
MOST_OF_SITE = 300  # mails to a site's customers within an hour


class NoticeState(StrEnum):
    """The state of a notice."""

    WAITING = "waiting"  # due, under way, or to be tried again
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"  # not wanted any more: its receiver is gone, or what it tells is over


class Delivery(StrEnum):
    """The result of one try."""

    DELIVERED = "delivered"
    FAILED = "failed"  # to be tried again
    GONE = "gone"  # the receiver refuses for good


@dataclass(frozen=True, slots=True)
class TryResult:
    """The result of one try and the reason, in our own words.

    `maybe`: a failed one may have arrived all the same, as its answer was lost. `away`: the receiver gave no answer, so
    its other notices rest for a moment.
    """

    delivery: Delivery
    why: str
    maybe: bool = False
    away: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """A notice to be kept in the outbox.

    `receiver` says who gets it, in the channel's own terms; `lane` names what all notices share that one hanging
    receiver holds up. Equal ids are the same notice.
    """

    id: str
    channel: str
    receiver: str
    lane: str
    site: str
    event: str
    body: str
    created_at: datetime
    due_at: datetime
    ticket: int | None = None
    reference: str | None = None


def notice_id(*parts: object) -> str:
    """The id of a notice, from what makes it the same one: a receiver recognizes repetitions by it (`webhook-id`)."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return f"msg_{base64.urlsafe_b64encode(digest[:18]).decode()}"


def parked_notice(channel: str, event: RequestParked, at: datetime) -> NewNotice:
    """The notice for a channel of the site itself, due at once; `at` is when the request was parked."""
    return NewNotice(
        id=notice_id(channel, event.site, Event.PARKED, event.reference, event.attempts, iso(at)),
        channel=channel,
        receiver=f"site:{event.site}",
        lane=f"{channel}:{event.site}",
        site=event.site,
        event=Event.PARKED,
        body=event_body(event, at),
        created_at=at,
        due_at=at,
        reference=event.reference,
    )


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
    return json_body(Event.PARKED, data, at)


def json_body(event: str, data: Mapping[str, Any], at: datetime) -> str:
    """An event in the form of Standard Webhooks, as compact JSON."""
    return json.dumps({"type": event, "timestamp": iso(at), "data": data}, separators=(",", ":"))


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
    """Whether a notice has reached the longest time for which it is tried."""
    return now - created_at >= LONGEST_KEPT
