"""The customer's forms of the conversation: to say something, to end, to answer, to go on elsewhere. For pages without
script."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.actions.live import answer, post
from app.actions.live_move import offer_move
from app.core.fact import Fact
from app.core.links import new_link_id
from app.core.live import (
    CUSTOMER_SPEAKS,
    LONGEST_SAID,
    Kind,
    NotTaken,
    Refusal,
    TooMany,
    is_key,
    read_post,
)
from app.core.security_event import Limit
from app.core.ticket import Ticket
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS
from app.web.fault_text import sentence
from app.web.words import _

_Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unsaid:
    """Why a form was not taken, for the page that is shown again with what was typed: names of the template's values,
    and the status. `retry_after` is in seconds."""

    status: int
    shown: Mapping[str, str]
    retry_after: int | None = None


def take_form(ticket: Ticket, action: str, parameters: _Parameters) -> str | Unsaid:
    """Do what the form says. Returns the query and fragment of the page to show then.

    A ticket in another state than the page showed changes nothing: the page then shows how it stands.
    """
    form = _FORMS[action]
    try:
        form.do(ticket, parameters)
    except NotTaken as refused:
        return form.after if refused.why is Refusal.NOT_NOW else _again(form, parameters, refused.why)
    except TooMany as many:
        limited(Limit.LIVE)
        wait = _("Please wait a moment and try again.")
        return Unsaid(429, form.shown(parameters, wait), many.retry_after)
    except DATABASE_FAULTS as fault:
        note_database_fault(fault, "conversation", ticket=str(ticket.number))
        return Unsaid(503, form.shown(parameters, _("This message could not be sent. It is in the field again.")), 5)
    return form.after


def said_problem(why: Refusal) -> str:
    """What is wrong with a message, in words."""
    if why is Refusal.TOO_LONG:
        return _("This message is too long. Please send it in parts.")
    return _("Please fill this in.")


@dataclass(frozen=True, slots=True)
class _Form:
    """`after` is the query and fragment of the page that follows; `field` is what was typed, and `name` begins the
    names under which the template gets it back."""

    do: Callable[[Ticket, _Parameters], object]
    after: str
    name: str = "say"
    field: str = "message"

    def shown(self, parameters: _Parameters, problem: str) -> dict[str, str]:
        typed = parameters.get(self.field, "")
        return {f"{self.name}_problem": problem, f"{self.name}_text": typed}


def _again(form: _Form, parameters: _Parameters, why: Refusal) -> Unsaid:
    if form.name == "answer" and why is Refusal.TOO_LONG:
        long = Fact("said", "too_long", {"limit": LONGEST_SAID, "length": len(parameters.get("said", ""))})
        return Unsaid(422, form.shown(parameters, sentence(long)))
    return Unsaid(422, form.shown(parameters, said_problem(why)))


def _say(ticket: Ticket, parameters: _Parameters) -> None:
    _post(ticket, Kind.SAY, parameters)


def _end(ticket: Ticket, parameters: _Parameters) -> None:
    _post(ticket, Kind.END, parameters)


def _post(ticket: Ticket, kind: Kind, parameters: _Parameters) -> None:
    here, key = running(), parameters.get("key", "")
    typed = {"kind": kind, "body": parameters.get("message", ""), "key": key if is_key(key) else new_link_id()}
    post(here.database, ticket.number, CUSTOMER_SPEAKS, read_post(typed), now=here.clock())


def _answer(ticket: Ticket, parameters: _Parameters) -> None:
    here, helped = running(), parameters.get("helped")
    if helped not in ("yes", "no"):
        raise NotTaken(Refusal.FIELD)
    answer(here.database, ticket.number, helped == "yes", parameters.get("said", ""), now=here.clock())


def _offer(ticket: Ticket, _parameters: _Parameters) -> None:
    here = running()
    offer_move(here.database, ticket, now=here.clock())


_FORMS: Mapping[str, _Form] = {
    "say": _Form(_say, "#conversation"),
    "end": _Form(_end, ""),
    "answer": _Form(_answer, "?thanks", "answer", "said"),
    "code": _Form(_offer, "?code#computer", "code", ""),
}
FORMS = frozenset(_FORMS)
