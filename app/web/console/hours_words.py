"""Facts about opening hours, in the page's language."""

from collections.abc import Callable, Iterable
from typing import Any

from app.core.fact import Fact
from app.web.words import _

# By code; a fact of another field with the same code has the same words.
_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "day": lambda values: _("This is not a time, such as 09:00-17:00."),
    "no_time": lambda values: _("This is not a time, such as 09:00-17:00."),
    "time": lambda values: _("“%(part)s” is not a time. Write 09:00-17:00, up to 24:00.", **values),
    "overlap": lambda values: _("These times overlap: %(part)s", **values),
    "many": lambda values: _("That is too many."),
    "missing": lambda values: _("Please fill this in."),
    "too_long": lambda values: _("At most %(limit)s characters, please.", limit=values["limit"]),
    "date": lambda values: _("Please choose a day."),
    "too_large": lambda values: _("The file may have %(limit)s KiB at the most.", **values),
    "unreadable": lambda values: _("This is not a calendar file."),
    "no_days": lambda values: _("The calendar has no whole-day event from today on."),
}
_UNKNOWN: dict[str, Callable[[dict[str, Any]], str]] = {
    "zone": lambda values: _("Please choose a time zone from the list, such as Europe/Berlin."),
    "country": lambda values: _("The holidays of this country are not known."),
    "region": lambda values: _("This region is not known. Known are: %(known)s", known=", ".join(values["known"])),
}


def by_field(facts: Iterable[Fact]) -> dict[str, str]:
    """What is wrong, by field."""
    return {fact.field: _sentence(fact) for fact in facts}


def _sentence(fact: Fact) -> str:
    words = _UNKNOWN[fact.field] if fact.code == "unknown" else _WORDS[fact.code]
    return words(dict(fact.values))
