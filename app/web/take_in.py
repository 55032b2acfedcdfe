"""Takes in what customers send by a form: on to its status page, or what to tell its sender."""

from collections.abc import Callable

import structlog
from flask import Response

from app.actions.submit import TooMany
from app.core.links import Expired, Forged, Link, Purpose
from app.core.request import CustomerRequest
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.web.request_form import NOT_RECORDED, NotTaken, not_recorded_sentence, wait_sentence
from app.web.words import _

log = structlog.get_logger()


def sent_form(token: str, slug: str) -> Link | NotTaken:
    """The form of ours that was sent, by its token; `slug` is the site whose form it must be, empty for none's.

    A late or foreign one is shown again, filled, with a token that is good.
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
    """Let `record` put a request on disk, and go to its status page; what else it returns is the answer.

    Too many of one network and a database that is away are told. `slug` is the site's, for the log.
    """
    try:
        found = record()
    except TooMany as many:
        return NotTaken(wait_sentence(many.retry_after), 429, many.retry_after)
    except NOT_RECORDED as error:
        log.error("request_not_recorded", site=slug, error=type(error).__name__)
        return NotTaken(not_recorded_sentence(), 503, 5)
    return to_status(found) if isinstance(found, CustomerRequest) else found


def to_status(recorded: CustomerRequest) -> Response:
    """To the page that follows the request."""
    return see_other(f"/r/{running().links.status_token(recorded.status_id, recorded.created_at)}")
