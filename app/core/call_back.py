"""Call-backs: which times can be promised to a customer, and what becomes of a promise."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from app.core.fact import Fact
from app.core.hours import Hours, Opening
from app.core.team import mail_fault
from app.core.text import Invalid

SPAN = timedelta(minutes=30)
SOONEST = timedelta(minutes=30)  # from now to the first time that is offered
DUE_BEFORE = timedelta(minutes=10)  # the ticket is in the queue so long before
MOST_DAYS = 3
MOST_OF_A_DAY = 8
LONGEST_TO = 128  # characters
_LOOKED_AT = timedelta(days=14)
_PHONE = re.compile(r"[+0-9(][0-9 ()/.\-]{3,39}", re.ASCII)
_FEWEST_DIGITS = 5


class Way(StrEnum):
    """How the customer is called back."""

    PHONE = "phone"
    MAIL = "mail"


class Promise(StrEnum):
    """Where a promise stands while its ticket waits."""

    MADE = "made"  # its time is to come
    DUE = "due"  # its time has come, or is about to
    LATE = "late"  # its time has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """A promise to call a ticket's customer back within half an hour from `begins_at`. Without `to` at the address that
    the ticket has. `next_at` is when something is to be told of it; None once all is told."""

    ticket: int
    begins_at: datetime
    ends_at: datetime
    way: Way
    to: str | None
    made_at: datetime
    next_at: datetime | None

    def standing(self, now: datetime) -> Promise:
        """Where the promise stands."""
        if now >= self.ends_at:
            return Promise.LATE
        return Promise.DUE if now >= self.begins_at - DUE_BEFORE else Promise.MADE

    def is_kept_by(self, hours: Hours | None) -> bool:
        """Whether the opening hours still cover the time; without hours it is always open."""
        return hours is None or is_covered(hours, self.begins_at)


def is_covered(hours: Hours, begins_at: datetime) -> bool:
    """Whether it is open for the whole span that begins then."""
    return hours.openings(begins_at, begins_at + SPAN) == [Opening(begins_at, begins_at + SPAN)]


def offered(hours: Hours, now: datetime, full: Collection[datetime] = ()) -> list[datetime]:
    """When call-backs can begin: at most eight times on each of the next three days that have any.

    Each is a full or half hour on the clock of the hours' zone, and the whole span lies within the opening hours.
    `full` are those at which nobody has time any more.
    """
    zone = ZoneInfo(hours.zone)
    chosen: list[datetime] = []
    for days, (_day, times) in enumerate(groupby(_times(hours, now + SOONEST, full), lambda at: _day_of(at, zone))):
        if days == MOST_DAYS:
            break
        chosen += _some(list(times))
    return chosen


def can_be_promised(hours: Hours, now: datetime, begins_at: datetime) -> bool:
    """Whether this time may be promised: one of those that were offered a short while ago, which the hours cover."""
    if not now <= begins_at - DUE_BEFORE or not is_covered(hours, begins_at):
        return False
    there = begins_at.astimezone(ZoneInfo(hours.zone))
    if there.minute % 30 or there.second or there.microsecond:
        return False
    last = offered(hours, now)[-1:]
    return bool(last) and _day_of(begins_at, ZoneInfo(hours.zone)) <= _day_of(last[0], ZoneInfo(hours.zone))


def read_begin(text: str) -> datetime:
    """A time as its form sends it: whole seconds since 1970. Raises Invalid, about the field `call_back_at`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 10):
        raise Invalid(Fact("call_back_at", "missing"))
    return datetime.fromtimestamp(int(text), UTC)


def read_to(text: str) -> tuple[Way, str]:
    """A telephone number or a mail address. Raises Invalid, about the field `call_back_to`."""
    text = text.strip()
    if "@" in text and len(text) <= LONGEST_TO and mail_fault(text) is None:
        return Way.MAIL, text
    if _PHONE.fullmatch(text) and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS:
        return Way.PHONE, text
    raise Invalid(Fact("call_back_to", "missing" if not text else "unknown"))


def _times(hours: Hours, since: datetime, full: Collection[datetime]) -> Sequence[datetime]:
    """Every time at which a call-back could begin, within two weeks from the next opening on."""
    begin = hours.next_opening(since)
    if begin is None:
        return ()
    return [
        at
        for opening in hours.openings(begin, begin + _LOOKED_AT)
        for at in _within(opening, ZoneInfo(hours.zone))
        if at not in full
    ]


def _within(opening: Opening, zone: ZoneInfo) -> list[datetime]:
    there = opening.begin.astimezone(zone)
    past = timedelta(minutes=there.minute % 30, seconds=there.second, microseconds=there.microsecond)
    at = opening.begin + (SPAN - past if past else timedelta())
    times = []
    while at + SPAN <= opening.end:
        times.append(at)
        at += SPAN
    return times


def _some(times: Sequence[datetime]) -> Sequence[datetime]:
    step = -(-len(times) // MOST_OF_A_DAY)
    return times[::step]


def _day_of(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
