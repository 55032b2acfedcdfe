"""The customer's call-back on the page on which they wait: when it can be, what was promised, and its forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton

from app.actions import call_back as actions
from app.actions.ticket import TicketOver, TooOften
from app.core.call_back import SPAN, CallBack, Promise, Way, read_begin, read_to
from app.core.customer_info import InfoMode
from app.core.hours import Hours
from app.core.outlook import Outlook
from app.core.text import Invalid
from app.core.ticket import Ticket, TicketState
from app.edge.this_app import running
from app.process.database_faults import note_database_fault
from app.store.call_backs import call_back_of
from app.store.database import DATABASE_FAULTS
from app.web.language import page_language
from app.web.request_form import not_recorded_sentence
from app.web.words import _

FORMS = ("call_back", "call_back_drop")


@dataclass(frozen=True, slots=True)
class Time:
    """A time that can be chosen, or was promised: its form's value, its words on the desk's clock, and its begin and
    end for the page's script."""

    value: str
    words: str
    begin: str
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What the page shows of call-backs. `promised` is the time that was promised, `is_late` that it has passed, `kept`
    that the opening hours still cover it. `to` is what to show of the address; `knows_to` that its field may be
    empty."""

    times: tuple[Time, ...]
    zone: str
    promised: Time | None
    is_late: bool
    kept: bool
    to: str
    knows_to: bool
    typed: Mapping[str, str]
    problem: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a form of a call-back was not taken, as a sentence, with the answer's status and seconds to wait."""

    sentence: str
    status: int = 422
    retry_after: int | None = None


def hours_for_call_backs(ticket: Ticket) -> Hours | None:
    """The opening hours within which this waiting ticket's customer may be called back; None without call-backs."""
    desk = running().desk
    site = desk.sites.get(ticket.site)
    if ticket.state is not TicketState.WAITING or not desk.options.call_backs or not (site and site.call_backs):
        return None
    return desk.hours.apply_to(ticket.site, ticket.department_id)


def promise_of(ticket: Ticket) -> CallBack | None:
    """What was promised to a waiting customer. Desks without opening hours never promise anything."""
    here = running()
    if ticket.state is not TicketState.WAITING or not here.desk.hours.scopes:
        return None
    with here.database.read() as connection:
        return call_back_of(connection, ticket.number)


def key_of(promise: CallBack | None) -> str:
    """A short text that differs whenever the page shows something else of the promise."""
    if promise is None:
        return ""
    return f" {promise.begins_at:%Y%m%d%H%M} {promise.standing(running().clock())}"


def part_of(
    ticket: Ticket,
    outlook: Outlook,
    promise: CallBack | None,
    typed: Mapping[str, str] | None = None,
    problem: str = "",
) -> Part | None:
    """What to show; None where call-backs are not offered, and none was promised."""
    here, hours = running(), hours_for_call_backs(ticket)
    if promise is None and (hours is None or not outlook.has_nobody):
        return None
    zone = hours.zone if hours else "UTC"
    times: list[datetime] = []
    if hours is not None:
        with here.database.read() as connection:
            times = actions.offered_times(connection, ticket, hours, here.desk.staff, now=here.clock())
    if promise is None and not times:
        return None
    known = _known(ticket)
    hidden = ticket.info_mode is InfoMode.HIDDEN
    to = "" if hidden else (promise.to if promise and promise.to else known)
    return Part(
        times=tuple(_time(at, zone) for at in times),
        zone=zone.replace("_", " "),
        promised=_time(promise.begins_at, zone) if promise else None,
        is_late=promise is not None and promise.standing(here.clock()) is Promise.LATE,
        kept=promise is None or promise.is_kept_by(hours),
        to=to,
        knows_to=bool(known),
        typed={"call_back_to": to, "call_back_at": _value(promise.begins_at) if promise else "", **(typed or {})},
        problem=problem,
    )


def take(ticket: Ticket, parameters: Mapping[str, str]) -> Refused | None:
    """Take a form of this page: promise or move a call-back, or give it up."""
    here = running()
    try:
        if parameters["action"] == "call_back_drop":
            actions.drop(here.database, ticket.number, now=here.clock())
        else:
            actions.ask(here.database, ticket.number, _wanted(ticket, parameters), now=here.clock())
    except TicketOver:
        return None
    except Invalid as invalid:
        return Refused(_about(invalid))
    except actions.NotOffered:
        return Refused(_("This time is not free any more. Please choose another one."), 409)
    except TooOften as often:
        return Refused(_("Please wait a moment and try again."), 429, often.retry_after)
    except DATABASE_FAULTS as error:
        note_database_fault(error, "call-back", ticket=str(ticket.number))
        return Refused(not_recorded_sentence(), 503)
    return None


def _wanted(ticket: Ticket, parameters: Mapping[str, str]) -> actions.Wanted:
    begins_at = read_begin(parameters.get("call_back_at", ""))
    text = parameters.get("call_back_to", "").strip()
    if not text and _known(ticket):
        return actions.Wanted(begins_at, Way.PHONE if ticket.customer.phone else Way.MAIL, None)
    way, to = read_to(text)
    return actions.Wanted(begins_at, way, to)


def _known(ticket: Ticket) -> str:
    return ticket.customer.phone or ticket.customer.email or ""


def _about(invalid: Invalid) -> str:
    if any(fact.field == "call_back_at" for fact in invalid.problems):
        return _("This time is not free any more. Please choose another one.")
    return _("Please enter a phone number or an e-mail address.")


def _time(at: datetime, zone: str) -> Time:
    language, there = page_language(), at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    end = (at + SPAN).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    day = format_skeleton("MMMEd", there, locale=language)
    clock = "–".join(format_skeleton("Hm", each, locale=language) for each in (there, end))
    return Time(_value(at), f"{day}, {clock}", f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at + SPAN:%Y-%m-%dT%H:%M:%SZ}")


def _value(at: datetime) -> str:
    return str(int(at.timestamp()))
