"""Takes forms of customers: redirects to the request's status page, or tells the sender what is wrong."""

from collections.abc import Callable

from flask import Response

from app.actions.submit import TooMany
from app.core.links import Expired, Forged, Link, Purpose
from app.core.request import CustomerRequest
from app.core.security_event import Limit
from app.edge.incoming import see_other
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, is_unknown
from app.web.request_form import NotTaken, not_confirmed_sentence, not_recorded_sentence, wait_sentence
from app.web.words import _


def sent_form(token: str, slug: str) -> Link | NotTaken:
    """The form of ours that was sent, by its token; `slug` is the form's site, empty for a form without one.

    A form with an expired or foreign token is to be shown again, filled in, with a valid token.
    """
    try:
        link = running().links.read(Purpose.FORM, token)
    except Expired:
        return NotTaken(
            _("This page has been open for a long time. Nothing is lost: please press the button once more."), 400
        )
    except Forged:
        link = None
    if link is None or link.site != slug or link.origin is not None:
        return NotTaken(_("Please look over what will be sent, then press the button once more."), 400)
    return link


def take_in(record: Callable[[], CustomerRequest | Response | NotTaken], slug: str) -> Response | NotTaken:
    """Call `record` and redirect to the status page of the request it returns; any other result is the answer.

    Too many requests of a network and a failing database become a NotTaken. `slug` is the site's, for the log.
    """
    try:
        found = record()
    except TooMany as many:
        limited(Limit.REQUESTS)
        return NotTaken(wait_sentence(many.retry_after), 429, many.retry_after)
    except DATABASE_FAULTS as error:
        note_database_fault(error, "request", site=slug)
        return NotTaken(not_confirmed_sentence() if is_unknown(error) else not_recorded_sentence(), 503, 5)
    return to_status(found) if isinstance(found, CustomerRequest) else found


def to_status(recorded: CustomerRequest) -> Response:
    """Redirect to the request's status page."""
    return see_other(f"/r/{running().links.status_token(recorded.status_id, recorded.created_at)}")
