"""Ready answers: the desk's, which administrators keep, one's own, and those that a ticket's conversation offers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, update_wrapper

from flask import Response, abort, flash, jsonify, request

from app.actions import ready_answers as actions
from app.actions.ready_answers import ChangedMeanwhile, NotThere, TooMany
from app.core.customer_info import InfoMode
from app.core.ready_answer import ANY_LANGUAGE, LONGEST_ANSWER, MOST_ANSWERS, ReadyAnswer, field_of, filled
from app.core.team import LONGEST_NAME, one_line
from app.core.text import normal_newlines, without_control
from app.core.ticket import Ticket
from app.edge.headers import JSON, with_headers
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.files.resources import languages
from app.store import ready_answers as store
from app.web.console.frame import View, administrators_only, console_page, console_pages, me, sees, technicians_only
from app.web.console.sites.look import language_names
from app.web.console.team import fault_words
from app.web.console.ticket import find_ticket
from app.web.language import matching_language
from app.web.words import _

pages = console_pages("ready_answers")


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection of answers: its address, who may change it, and whether it is the reader's own or the desk's."""

    name: str
    path: str
    guard: Callable[[View], View]
    own: bool

    @property
    def owner(self) -> int | None:
        """The reader's id, or None for the desk's shelf."""
        return me().id if self.own else None


DESK = Shelf("desk", "/desk/answers", administrators_only, own=False)
OWN = Shelf("own", "/account/answers", technicians_only, own=True)


@pages.get("/tickets/<int:number>/answers")
@technicians_only
def offered(number: int) -> Response:
    """The answers that the technician may send to this ticket's customer, filled in and in the customer's language."""
    ticket = find_ticket(number)
    if ticket is None or not sees(ticket):
        abort(404)
    with running().database.read() as connection:
        found = store.answers_for(connection, me().id)
    answers = [{"name": each.name, "own": each.owner is not None, "text": _said_to(ticket, each)} for each in found]
    return with_headers(jsonify(answers=answers), JSON)


def _said_to(ticket: Ticket, answer: ReadyAnswer) -> str:
    """The answer's text for the ticket's customer. Ask_customer_info hides their name also from what we fill in."""
    tag = matching_language(ticket.language, answer.languages) if answer.languages else None
    name = None if ticket.info_mode is InfoMode.HIDDEN else ticket.customer.name
    return filled(answer.texts[tag or ANY_LANGUAGE], name=name, reference=ticket.reference or str(ticket.number))


def _listed(shelf: Shelf) -> Response:
    with running().database.read() as connection:
        answers = store.answers_of(connection, shelf.owner)
    names = dict(language_names())
    rows = [{"answer": each, "languages": [names.get(tag, tag) for tag in each.languages]} for each in answers]
    return console_page("console/answers.html", shelf=shelf, rows=rows, full=len(rows) >= MOST_ANSWERS)


def _new(shelf: Shelf) -> Response:
    if request.method == "GET":
        return _form(shelf, ReadyAnswer(""))
    answer = _typed(shelf)
    if problems := _problems(answer):
        return _form(shelf, answer, problems)
    here = running()
    try:
        actions.add_answer(here.database, answer, by=me().id, now=here.clock())
    except TooMany:
        return _form(shelf, answer, {"form": _("There are as many answers as can be kept. Remove one first.")})
    flash(_("The answer has been added."))
    return _back(shelf)


def _one(shelf: Shelf, answer_id: int) -> Response:
    was = _found(shelf, answer_id)
    if request.method == "GET":
        return _form(shelf, was)
    answer = _typed(shelf, answer_id)
    if problems := _problems(answer):
        return _form(shelf, answer, problems)
    here = running()
    try:
        actions.change_answer(here.database, answer, by=me().id, now=here.clock())
    except NotThere:
        abort(404)
    except ChangedMeanwhile:
        now = replace(answer, version=_found(shelf, answer_id).version)
        return _form(
            shelf, now, {"form": _("Somebody else has changed it meanwhile. Saving it again replaces their text.")}
        )
    flash(_("Saved."))
    return _back(shelf)


def _remove(shelf: Shelf, answer_id: int) -> Response:
    here = running()
    try:
        actions.remove_answer(here.database, answer_id, shelf.owner, by=me().id, now=here.clock())
    except NotThere:
        abort(404)
    flash(_("The answer is removed."))
    return _back(shelf)


def _register(shelf: Shelf) -> None:
    """The pages of a shelf: its list, a new answer, one answer, and its removal."""
    for rule, methods, act in (
        ("", ["GET"], _listed),
        ("/add", ["GET", "POST"], _new),
        ("/<int:answer_id>", ["GET", "POST"], _one),
        ("/<int:answer_id>/remove", ["POST"], _remove),
    ):
        endpoint = f"{shelf.name}{act.__name__}"
        view: View = update_wrapper(partial(act, shelf), act)
        pages.add_url_rule(f"{shelf.path}{rule}", endpoint, shelf.guard(view), methods=methods)


_register(DESK)
_register(OWN)


def _found(shelf: Shelf, answer_id: int) -> ReadyAnswer:
    if answer_id >= 2**63:
        abort(404)
    with running().database.read() as connection:
        found = store.one_answer(connection, answer_id, shelf.owner)
    return found or abort(404)


def _typed(shelf: Shelf, answer_id: int = 0) -> ReadyAnswer:
    texts = {tag: normal_newlines(request.form.get(field_of(tag), "")).strip() for tag in (ANY_LANGUAGE, *languages())}
    kept = {tag: text for tag, text in texts.items() if text}
    version = request.form.get("version", 0, type=int)
    return ReadyAnswer(one_line(request.form.get("name", "")), kept, shelf.owner, answer_id, version)


def _problems(answer: ReadyAnswer) -> dict[str, str]:
    longest = {"name": LONGEST_NAME}
    return {at: fault_words(fault, longest.get(at, LONGEST_ANSWER)) for at, fault in answer.faults().items()}


def _form(shelf: Shelf, answer: ReadyAnswer, problems: dict[str, str] | None = None) -> Response:
    names = [(field_of(tag), tag, name) for tag, name in language_names()]
    texts = {field_of(tag): without_control(text) for tag, text in answer.texts.items()}
    return console_page(
        "console/answer.html",
        status=422 if problems else 200,
        shelf=shelf,
        answer=answer,
        names=names,
        labels={"name": _("Name"), "text": _("Text"), **{at: name for at, _tag, name in names}},
        values={"name": without_control(answer.name), **texts},
        problems=problems or {},
        longest=LONGEST_ANSWER,
    )


def _back(shelf: Shelf) -> Response:
    return see_other(f"/console{shelf.path}")
