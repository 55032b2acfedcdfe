"""The key of an account at the vendor: its syntax, the part that is shown, and when it ends."""

import re
from datetime import date, timedelta

from app.core.fact import Fact
from app.core.text import Invalid

LONGEST_KEY = 512  # characters
WARN_BEFORE_END = timedelta(days=30)
_KEY = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")
_SHOWN = 4  # characters
_SHORTEST_SHOWN = 12  # four characters of a shorter key would reveal too much


def vendor_key(text: str) -> str:
    """The key without surrounding blanks; empty when there is none. Raises Invalid, which contains no part of it."""
    key = text.strip()
    if key and not _KEY.fullmatch(key):
        raise Invalid(Fact("vendor_key", "key", {"most": LONGEST_KEY}))
    return key


def key_ending(key: str) -> str | None:
    """The last four characters, by which people tell keys apart; None for a key shorter than 12."""
    return key[-_SHOWN:] if len(key) >= _SHORTEST_SHOWN else None


def key_ends(made: date) -> date:
    """The first day on which a key is no longer valid: the vendor disables it after a year (New Session API)."""
    leap_day = made.month == 2 and made.day == 29
    return made.replace(year=min(made.year + 1, date.max.year), day=28 if leap_day else made.day)


def as_date(text: str) -> date | None:
    """The day in the form `2026-01-31`; None for any other spelling."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
