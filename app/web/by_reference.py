"""The way back to a request, by its reference and a detail that the customer gave."""

from flask import Blueprint, Response, make_response, render_template

from app.actions.by_reference import request_of_customer
from app.actions.codes import CheckWanted, TooManyWrong
from app.core.new_session import form_parameters
from app.core.request import CustomerRequest
from app.core.security_event import Limit, SecurityEvent
from app.core.site import Site
from app.core.text import is_blank, without_control
from app.edge.access import Who, open_to
from app.edge.incoming import client_address, form_body, is_foreign_post
from app.edge.security_log import limited, tell
from app.edge.this_app import running
from app.web.pin import not_from_there, site_of_page, solved_pin_check
from app.web.request_form import NotTaken
from app.web.take_in import sent_form, take_in
from app.web.words import _

pages = Blueprint("by_reference", __name__)
_LONGEST = 254  # characters


@pages.get("/reference")
@open_to(Who.EVERYONE)
def ask() -> Response:
    """The page on which a reference is typed."""
    return _page(site_of_page(), {})


@pages.post("/reference")
@open_to(Who.EVERYONE)
def typed() -> Response:
    """Redirect to the request's status page, or show the page again."""
    site = site_of_page()
    if is_foreign_post(running().settings):  # another site must not use up its visitors' tries
        return not_from_there(site)
    sent = form_parameters(form_body())
    slug = site.slug if site else ""
    form = sent_form(sent.get("form_token", ""), slug)
    if isinstance(form, NotTaken):
        taken: Response | NotTaken = form
    else:
        taken = take_in(lambda: _found(sent), slug)
    return _page(site, sent, taken) if isinstance(taken, NotTaken) else taken


def _found(sent: dict[str, str]) -> CustomerRequest | NotTaken:
    here = running()
    reference, contact = (sent.get(name, "")[:_LONGEST] for name in ("reference", "contact"))
    if is_blank(reference) or is_blank(contact):
        return NotTaken(_("Please fill in both."), 422)
    solved = solved_pin_check(sent.get("check", ""))
    try:
        found = request_of_customer(here.database, reference, contact, client_address(), solved, now=here.clock())
    except CheckWanted:
        limited(Limit.PINS)
        return NotTaken(_("Please wait a moment and try again."), 429, 1)
    except TooManyWrong as many:
        limited(Limit.PINS)
        return NotTaken(_("Please wait a moment and try again."), 429, many.retry_after)
    if found is None:
        tell(SecurityEvent.PIN_WRONG)
        return NotTaken(_("We found no such request of the last day. Please look at both again."), 422)
    return found


def _page(site: Site | None, sent: dict[str, str], wrong: NotTaken | None = None) -> Response:
    query = f"?site={site.slug}" if site and site.slug != "default" else ""
    html = render_template(
        "by-reference.html",
        site=site,
        problem=wrong.sentence if wrong else None,
        typed={name: without_control(sent.get(name, ""))[:_LONGEST] for name in ("reference", "contact")},
        form_token=running().links.form_token(site.slug if site else ""),
        action=f"/reference{query}",
        request_url=f"/s/{site.slug}" if site else "/",
    )
    response = make_response(html, wrong.status if wrong else 200)
    if wrong and wrong.retry_after is not None:
        response.headers["Retry-After"] = str(wrong.retry_after)
    return response
