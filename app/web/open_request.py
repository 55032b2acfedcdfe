"""The open request of this browser at a site: the same form again is the same request, and another one is asked about.

A cookie remembers it, set when a form of the hosted page is recorded and read when one is sent. See docs/decisions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, make_response, render_template, request

from app.actions.live import post
from app.core.customer import NAMES
from app.core.links import Expired, Forged, Purpose
from app.core.live import CUSTOMER_SPEAKS, Kind, NotTaken, TooMany, read_post
from app.core.request import CustomerRequest, RequestState
from app.core.site import Site
from app.core.text import is_blank, without_control
from app.core.ticket import Ticket
from app.edge.this_app import running
from app.store.requests import request_by_status_id
from app.store.tickets import ticket_by_number
from app.web.field_words import form_words

ADD, NEW = "add", "new"
CHOICE = "open_request"  # the field with one of these
_LIFE = 3600  # seconds
_ENDED = frozenset({RequestState.ENDED})


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that has not ended, and its ticket at the embedded desk if that is open."""

    request: CustomerRequest
    ticket: Ticket | None


def open_request(site: Site) -> OpenRequest | None:
    """The request that this browser has open at the site."""
    here = running()
    token = request.cookies.get(_cookie(), "")
    if not token:
        return None
    try:
        link = here.links.read(Purpose.STATUS, token)
    except (Forged, Expired):
        return None
    with here.database.read() as connection:
        found = request_by_status_id(connection, link.id)
        if found is None or found.site != site.slug or found.state in _ENDED:
            return None
        ticket = ticket_by_number(connection, found.ticket_number) if found.ticket_number is not None else None
    return OpenRequest(found, ticket if ticket and ticket.is_open else None)


def remembering(response: Response, site: Site) -> Response:
    """The redirect to a status page, which this browser remembers as its open request."""
    response.set_cookie(
        _cookie(),
        response.headers["Location"].removeprefix("/r/"),
        max_age=_LIFE,
        path=f"/s/{site.slug}",
        secure=running().settings.https,
        httponly=True,
        samesite="Strict",
    )
    return response


def ask_which(site: Site, found: OpenRequest, typed: Mapping[str, str], carried: list[tuple[str, str]]) -> Response:
    """The page that asks whether the form belongs to the open request."""
    here = running()
    html = render_template(
        "open-request.html",
        site=site,
        reference=found.request.reference,
        text=without_control(_addition(found, typed)),
        may_add=found.ticket is not None,
        carried=carried,
        action=f"/s/{site.slug}",
        choice=CHOICE,
        status_url=f"/r/{here.links.status_token(found.request.status_id, found.request.created_at)}",
    )
    return make_response(html)


def added(found: OpenRequest, typed: Mapping[str, str], key: str) -> bool:
    """Add what was typed to the conversation of the open request; False when that takes nothing (any more)."""
    here = running()
    text = _addition(found, typed)
    if found.ticket is None or is_blank(text):
        return False
    try:
        said = read_post({"kind": Kind.SAY, "body": without_control(text), "key": key})
        post(here.database, found.ticket.number, CUSTOMER_SPEAKS, said, now=here.clock())
    except (NotTaken, TooMany):
        return False
    return True


def _addition(found: OpenRequest, typed: Mapping[str, str]) -> str:
    """The problem, and the details that differ from those of the open request."""
    known = found.request.customer.values()
    new = [name for name in NAMES if not is_blank(typed[name]) and typed[name].strip() != (known[name] or "")]
    words = form_words()
    lines = [f"{words[name]}: {typed[name].strip()}" for name in new if name != "problem_description"]
    problem = [typed["problem_description"].strip()] if "problem_description" in new else []
    return "\n".join([*problem, *lines])


def _cookie() -> str:
    return "__Secure-handbell-request" if running().settings.https else "handbell-request"
