"""What notices say, in each language; without any request around, as threads send them."""

import functools
import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from app.core.declaration import N_
from app.core.notice import EVERYTHING, INVITATION, SILENCE, TEST, Event
from app.files.resources import DEFAULT_LANGUAGE, TRANSLATIONS, languages

EVENT_NAMES: Mapping[str, str] = {
    Event.REQUESTED: N_("New request"),
    Event.WAITING: N_("Waits for too long"),
    Event.CLAIMED: N_("Claimed"),
    Event.PASSED_ON: N_("Passed on"),
    Event.CUSTOMER_WROTE: N_("The customer wrote"),
    Event.CLOSED: N_("Closed"),
    Event.CANCELLED: N_("Cancelled by the customer"),
    Event.ANSWERED: N_("The customer said whether it helped"),
    Event.CALL_BACK_PROMISED: N_("Call-back agreed"),
    Event.CALL_BACK_DUE: N_("Call-back due"),
    Event.CALL_BACK_LATE: N_("Call-back late"),
    Event.PARKED: N_("Parked"),
    Event.SUSPECT: N_("Suspect"),
    Event.KEY_ENDS: N_("A vendor’s key ends soon"),
    EVERYTHING: N_("Everything"),
    TEST: N_("This is a test"),
    INVITATION: N_("A link to choose a password"),
    SILENCE: N_("No longer waiting"),
}
_RTL = ("ar", "he")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a notice says beside its event. `customer` and `problem` only where the operator wants them in notices."""

    site: str
    reference: str | None
    ticket: int | None
    link: str
    customer: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A notice in words: a title on one line, lines of a name and its value, a link with its words, and why one gets
    it."""

    title: str
    lines: tuple[tuple[str, str], ...]
    link: str
    link_words: str
    footer: str
    language: str

    @property
    def dir(self) -> str:
        """The direction of its language."""
        return "rtl" if self.language.partition("_")[0] in _RTL else "ltr"


def say(text: str, language: str) -> str:
    """A text of the catalogues in this language (a tag such as `pt_BR`); English where it has none."""
    return _catalogue(language).gettext(text)


_TITLES: Mapping[str, str] = {
    Event.REQUESTED: N_("We have your request"),
    Event.CALL_BACK_PROMISED: N_("We will call you back"),
    Event.CLAIMED: N_("Your technician is ready"),
    Event.CLOSED: N_("Your conversation with us"),
}


_OPENS: Mapping[str, str] = {
    Event.CALL_BACK_PROMISED: N_("Change or cancel the call-back"),
    Event.CLOSED: N_("Read the conversation"),
}


def span_words(begins_at: datetime, ends_at: datetime, zone: str, language: str | None) -> str:
    """A span of time on the clock of a zone, which is named: `Tue, Dec 1, 14:00–14:30 (Europe/Berlin)`."""
    tag = _known(language)
    begin, end = (at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in (begins_at, ends_at))
    day = format_skeleton("MMMEd", begin, locale=tag)
    return f"{day}, {format_skeleton('Hm', begin, locale=tag)}–{format_skeleton('Hm', end, locale=tag)} ({zone})"


def customer_words(
    event: str, site: str, reference: str, link: str, language: str | None, *, call_back: str | None = None
) -> Words:
    """The words of a mail to a customer: nothing that anybody typed into a form. `call_back` is its time, as
    `span_words` says it."""
    tag = _known(language)
    opens = _OPENS.get(event, N_("Open your request"))
    lines = (
        (say(N_("Time"), tag), call_back),
        (say(N_("Site"), tag), site),
        (say(N_("Reference"), tag), reference),
    )
    footer = N_(
        "You get this because this address was given with a request to %(site)s. "
        "If it was not you, you need not do anything."
    )
    return Words(
        title=say(_TITLES[event], tag),
        lines=tuple((name, value) for name, value in lines if value),
        link=link,
        link_words=say(opens, tag),
        footer=say(footer, tag) % {"site": site},
        language=tag,
    )


def invitation_words(link: str, language: str | None) -> Words:
    """The words of a mail with the link by which a technician chooses a password."""
    tag = _known(language)
    footer = N_("An administrator of the support desk has sent you this. The link works once, for 24 hours.")
    return Words(
        title=say(N_("A link to choose a password"), tag),
        lines=(),
        link=link,
        link_words=say(N_("Choose your password"), tag),
        footer=say(footer, tag),
        language=tag,
    )


def _known(language: str | None) -> str:
    """The language as a folder's name, English where there is none."""
    tag = (language or "").replace("-", "_")
    return next((one for one in (tag, tag.partition("_")[0]) if one in languages()), DEFAULT_LANGUAGE)


def notice_words(event: str, facts: Facts, language: str | None) -> Words:
    """The words of a notice for a technician or a chat."""
    tag = _known(language)
    which = facts.reference or (f"#{facts.ticket}" if facts.ticket else facts.site)
    lines = (
        (say(N_("Site"), tag), facts.site),
        (say(N_("Reference"), tag), facts.reference),
        (say(N_("Ticket"), tag), str(facts.ticket) if facts.ticket else None),
        (say(N_("Customer"), tag), facts.customer),
        (say(N_("Problem"), tag), facts.problem),
    )
    return Words(
        title=f"{say(EVENT_NAMES.get(event, event), tag)}: {which}",
        lines=tuple((name, value) for name, value in lines if value),
        link=facts.link,
        link_words=say(N_("Open it in the console"), tag),
        footer=say(N_("You get this because of a rule on the page “Notices” of the console."), tag),
        language=tag,
    )


@functools.cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", TRANSLATIONS, [language], fallback=True)
