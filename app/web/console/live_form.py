"""A technician's message to the customer, by the form of the ticket's page."""

from flask import Response, request

from app.actions.live import post
from app.core.links import new_link_id
from app.core.live import Kind, NotTaken, Refusal, TooMany, is_key, read_post
from app.core.security_event import Limit
from app.core.text import without_control
from app.core.ticket import Ticket
from app.edge.incoming import see_other
from app.edge.security_log import limited
from app.edge.this_app import running
from app.web.console.frame import console_pages, technicians_only
from app.web.console.live_session import seen_ticket, speaker
from app.web.console.ticket import how_it_stands, ticket_page
from app.web.live_forms import said_problem
from app.web.words import _

pages = console_pages("live_form")


@pages.post("/tickets/<int:number>/say")
@technicians_only
def say(number: int) -> Response:
    """Say `message` to the customer, once for each `key`. Refused, the page has what was typed."""
    here, ticket = running(), seen_ticket(number)
    key, typed = request.form.get("key", ""), request.form.get("message", "")
    try:
        said = read_post({"kind": Kind.SAY, "body": typed, "key": key if is_key(key) else new_link_id()})
        post(here.database, number, speaker(), said, now=here.clock())
    except NotTaken as refused:
        return _refused(seen_ticket(number), refused.why, typed)
    except TooMany as many:
        limited(Limit.LIVE)
        response = _again(ticket, 429, typed, {"message": _("Please wait a moment and try again.")})
        response.headers["Retry-After"] = str(many.retry_after)
        return response
    return see_other(f"/console/tickets/{number}#conversation")


def _refused(ticket: Ticket, why: Refusal, typed: str) -> Response:
    if why in (Refusal.NOT_NOW, Refusal.NOT_YOURS):
        told = [how_it_stands(ticket), _("Nothing was changed."), _("What you wrote is still here.")]
        return _again(ticket, 409, typed, {}, told)
    return _again(ticket, 422, typed, {"message": said_problem(why)})


def _again(
    ticket: Ticket, status: int, typed: str, problems: dict[str, str], told: list[str] | None = None
) -> Response:
    values = {"message": without_control(typed)}
    return ticket_page(ticket, status=status, told=told or (), values=values, problems=problems)
