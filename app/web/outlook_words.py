"""What a customer may expect now, in words: whether somebody is there, when it opens, how long it usually takes."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from app.core.outlook import Outlook
from app.web.language import page_language
from app.web.words import _


@dataclass(frozen=True, slots=True)
class OutlookWords:
    """What a page says of an outlook: `fact` is the state of things, `opens` when it opens again, in words and as the
    moment that the page's script writes on the customer's own clock. `wait` is how long it usually takes; `call_back`
    whether the next page offers one."""

    key: str
    fact: str
    opens: str
    moment: str
    wait: str
    call_back: bool


def outlook_words(outlook: Outlook) -> OutlookWords:
    """The words in the page's language; empty ones for what there is nothing to say of."""
    fact = ""
    if outlook.is_closed:
        fact = _("We are closed now.")
    elif outlook.has_nobody:
        fact = _("Nobody is at the desk at the moment.")
    wait = outlook.wait
    usually = _(
        "It usually takes %(low)s to %(high)s minutes until a technician joins you.", low=wait.low, high=wait.high
    ) if wait else ""  # fmt: skip
    opens = outlook.opens
    return OutlookWords(
        key=outlook.key,
        fact=fact,
        opens=moment_words(opens, outlook.zone or "UTC") if opens else "",
        moment=opens.strftime("%Y-%m-%dT%H:%M:%SZ") if opens else "",
        wait=usually,
        call_back=outlook.call_back,
    )


def moment_words(moment: datetime, zone: str) -> str:
    """A day and time on the clock of this zone, with the zone's name, in the page's language."""
    language, there = page_language(), moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    day, time = format_date(there, "full", language), format_skeleton("Hm", there, locale=language)
    return f"{day}, {time} ({zone.replace('_', ' ')})"
