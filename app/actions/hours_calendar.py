"""Read special days from a calendar file (`.ics`)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from app.core.fact import Fact
from app.core.hours import SpecialDay
from app.core.hours_rules import LONGEST_NAME
from app.core.text import Invalid, without_control

MOST_BYTES = 512 * 1024
_LONGEST = 366  # days of one event


def read_calendar(raw: bytes, since: date) -> dict[date, SpecialDay]:
    """The closed days of a calendar's whole-day events from `since` on. Events with a time of day are left out.

    Raises Invalid, about the field `calendar`: too large, not a calendar, or without such an event.
    """
    from icalendar import Calendar

    if len(raw) > MOST_BYTES:
        raise Invalid(Fact("calendar", "too_large", {"limit": MOST_BYTES // 1024}))
    try:
        events = Calendar.from_ical(raw).walk("VEVENT")
        days = {day: SpecialDay(name) for event in events for day, name in _days(event) if day >= since}
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError, RecursionError):
        raise Invalid(Fact("calendar", "unreadable")) from None
    if not days:
        raise Invalid(Fact("calendar", "no_days"))
    return days


def _days(event: Any) -> Iterator[tuple[date, str]]:
    """The days of one event; a repeating one counts for its first time only."""
    begin = event.decoded("DTSTART")
    if isinstance(begin, datetime):
        return
    end = event.decoded("DTEND") if "DTEND" in event else begin + timedelta(days=1)
    name = without_control(str(event.get("SUMMARY", ""))).strip()[:LONGEST_NAME] or "-"
    for number in range(min((end - begin).days, _LONGEST)):
        yield begin + timedelta(days=number), name
