"""The buttons of a ticket: claim it, pass it on, add a note, close it, reopen it."""

from collections.abc import Callable

from flask import Response, abort, flash, request

from app.actions import work as actions
from app.actions.work import Meanwhile, Work
from app.core.note import form_key, read_note
from app.core.standing import Standing, queue_of, read_queue, read_standing
from app.core.text import Invalid, without_control
from app.core.ticket import Outcome, Ticket, TicketState
from app.core.way_back import HOME
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.web.console.frame import console_page, console_pages, me, sees, technicians_only
from app.web.console.ticket import address_of, find_ticket, how_it_stands, ticket_page, was_everybodys
from app.web.console.ticket_history import queue_name
from app.web.fault_text import sentences
from app.web.words import _

pages = console_pages("work")
_TYPED = ("note", "closing_note", "outcome", "to")


@pages.post("/tickets/<int:number>/claim")
@technicians_only
def claim(number: int) -> Response:
    """Claim a waiting ticket, or take over one that the page showed as another technician's. 409 names the one who was
    first."""
    ticket = find_ticket(number)
    if ticket and not sees(ticket) and was_everybodys(ticket):
        return _lost(ticket)
    ticket = _seen_ticket(number)
    seen = _seen() if "seen" in request.form else _as_it_waits(ticket)
    return _done(ticket, seen, lambda work: actions.claim(running().database, work), _("You have this ticket now."))


@pages.post("/tickets/<int:number>/release")
@technicians_only
def release(number: int) -> Response:
    """Return the ticket to its queue."""
    ticket = _seen_ticket(number)
    said = _("The ticket is back in its queue.")
    return _done(ticket, _seen(), lambda work: actions.release(running().database, work), said)


@pages.post("/tickets/<int:number>/transfer")
@technicians_only
def transfer(number: int) -> Response:
    """Move the ticket to the queue `to`: `t-<id>` of a technician, `d-<id>` of a department, or `general`."""
    ticket = _seen_ticket(number)
    staff = running().desk.staff
    to = read_queue(request.form.get("to", ""))
    if to is None or not to.takes_tickets(staff):
        return _refused(ticket, {"to": _("Choose who gets it.")})
    if ticket.state is TicketState.WAITING and to == queue_of(ticket) and _seen() == Standing.of(ticket):
        return _refused(ticket, {"to": _("The ticket is already there.")})
    said = _("Ticket %(number)s is passed on: %(queue)s", number=number, queue=queue_name(to, staff))
    return _done(ticket, _seen(), lambda work: actions.transfer(running().database, work, to), said)


@pages.post("/tickets/<int:number>/note")
@technicians_only
def note(number: int) -> Response:
    """Add a note for colleagues; the customer never sees it."""
    ticket = _seen_ticket(number)
    try:
        text = read_note("note", request.form.get("note", ""))
    except Invalid as invalid:
        return _refused(ticket, sentences(invalid.problems))
    if not text:
        return _refused(ticket, {"note": _("Please fill this in.")})
    written = actions.note(_work(ticket, Standing.of(ticket)), text, form_key(request.form.get("form", "")))
    try:
        actions.add_note(running().database, number, written)
    except Meanwhile:
        return _stale(number)
    flash(_("The note is saved."))
    return see_other(address_of(number))


@pages.post("/tickets/<int:number>/close")
@technicians_only
def close(number: int) -> Response:
    """End the ticket with an outcome, and a note if one was typed."""
    ticket = _seen_ticket(number)
    outcome = request.form.get("outcome", "")
    try:
        text = read_note("closing_note", request.form.get("closing_note", ""))
    except Invalid as invalid:
        return _refused(ticket, sentences(invalid.problems))
    if outcome not in list(Outcome):
        return _refused(ticket, {"outcome": _("Choose an outcome.")})

    def end(work: Work) -> None:
        last = actions.note(work, text, form_key(request.form.get("form", ""))) if text else None
        actions.close(running().database, work, Outcome(outcome), last)

    return _done(ticket, _seen(), end, _("Ticket %(number)s is closed.", number=number))


@pages.post("/tickets/<int:number>/reopen")
@technicians_only
def reopen(number: int) -> Response:
    """Reopen a ticket that was closed or expired."""
    ticket = _seen_ticket(number)
    said = _("You have this ticket now. The customer’s own page is open again.")
    return _done(ticket, _seen(), lambda work: actions.reopen(running().database, work), said)


@pages.get("/tickets/<int:number>/<any(claim,release,transfer,note,close,reopen,say):what>")
@technicians_only
def pressed(number: int, what: str) -> Response:
    """Redirect from a form's address, to which a browser returns after a refusal, to the ticket."""
    ticket = find_ticket(number)
    if ticket is None or not sees(ticket):
        abort(404)
    return see_other(address_of(number))


def _seen_ticket(number: int) -> Ticket:
    """The ticket; 404 when the technician may not see it. The 404 page still contains a typed note."""
    ticket = find_ticket(number)
    if ticket is None or not sees(ticket):
        abort(_kept() if _written() else 404)
    return ticket


def _seen() -> Standing | None:
    """The ticket's standing on the page that sent this form."""
    return read_standing(request.form.get("seen", ""))


def _as_it_waits(ticket: Ticket) -> Standing | None:
    """The standing to claim from for a button in the queue, which sends none: waiting, or already this technician's."""
    mine = ticket.state is TicketState.ACTIVE and ticket.owner_id == me().id
    return Standing.of(ticket) if mine or ticket.state is TicketState.WAITING else None


def _work(ticket: Ticket, seen: Standing) -> Work:
    return Work(ticket.number, seen, by=me().id, now=running().clock())


def _done(ticket: Ticket, seen: Standing | None, act: Callable[[Work], None], said: str) -> Response:
    """Run `act` and show the ticket, or the queue when the technician may not see the ticket any more."""
    try:
        if seen is None:
            raise Meanwhile
        act(_work(ticket, seen))
    except Meanwhile:
        return _stale(ticket.number)
    flash(said)
    after = find_ticket(ticket.number)
    return see_other(address_of(ticket.number) if after and sees(after) else HOME)


def _refused(ticket: Ticket, problems: dict[str, str]) -> Response:
    return ticket_page(ticket, status=422, values=_values(), problems=problems)


def _stale(number: int) -> Response:
    """409: the ticket as it is now, and why nothing was done."""
    ticket = find_ticket(number)
    if ticket and not sees(ticket):
        return _lost(ticket)
    ticket = _seen_ticket(number)
    told = [how_it_stands(ticket), _("Nothing was changed.")]
    if _written():
        told.append(_("What you wrote is still here."))
    return ticket_page(ticket, status=409, told=told, values=_values())


def _lost(ticket: Ticket) -> Response:
    """409 for a technician who saw the ticket a moment ago and may not any more: its owner, and nothing else."""
    owner = running().desk.staff.technician(ticket.owner_id) if ticket.state is TicketState.ACTIVE else None
    line = _("%(name)s has this ticket.", name=owner.name) if owner else _("It is in another queue now.")
    return _message(_("Somebody else changed it first"), [line, _("Nothing was changed.")], 409)


def _kept() -> Response:
    return _message(_("There is nothing here"), [_("Nothing was saved. This is what you wrote:")], 404)


def _message(title: str, lines: list[str], status: int) -> Response:
    actions_offered = [{"label": _("Back to the queue"), "url": HOME}]
    page = {"title": title, "lines": lines, "actions": actions_offered, "kept": _written(), "address": HOME}
    return console_page("console/message.html", status=status, **page)


def _written() -> str:
    """The typed note, which should not be lost."""
    return without_control(request.form.get("note") or request.form.get("closing_note") or "")


def _values() -> dict[str, str]:
    """The typed or chosen values, by field."""
    typed = {name: without_control(request.form[name]) for name in _TYPED if name in request.form}
    key = form_key(request.form.get("form", ""))
    return {**typed, "form": key} if key else typed
