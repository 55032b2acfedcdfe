"""A request's state as JSON, for its status page and for the widget."""

from typing import Any

from flask import Blueprint, Response, request

from app.actions.applet_program import platforms_with_program
from app.actions.follow import Followed, Progress, follow
from app.actions.pictures import pictures_left
from app.actions.ticket import cancel
from app.actions.wait_view import Wait, wait_of
from app.api.from_pages import PageRefused, answer, answering, is_preflight, let_read, preflight_answer, register_cors
from app.api.opening import opening_of
from app.api.requests import start_url
from app.core.links import Expired, Forged, Link, Purpose
from app.core.live import Line
from app.core.moment import iso
from app.core.outlook import Outlook
from app.core.request import CustomerRequest
from app.core.routing import route
from app.core.security_event import Limit
from app.core.standing import Queue
from app.core.ticket import TicketState
from app.edge.access import Who, open_to
from app.edge.incoming import client_address
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.limits import POLLS

api = Blueprint("request_state", __name__, url_prefix="/api/v1")
register_cors(api)


@api.route("/requests/<token>", methods=["GET", "DELETE", "OPTIONS"], provide_automatic_options=False)
@open_to(Who.LINK_HOLDERS)
@answering
def request_state(token: str) -> Response:
    """`{"reference", "state", "start", "start_url", "helper", "opened_at", "opening", "wait"}`; all but two may
    be null. DELETE cancels the ticket while it waits.

    `start` is the path that starts the session, `helper` the name of the technician who has claimed it, `opened_at`
    when its session was opened.
    """
    here = running()
    link = status_link(token)
    if is_preflight():
        let_its_pages_read(link)
        return preflight_answer("GET, DELETE")
    if wait := here.rates.client_retry_after(POLLS, client_address(), "poll", link.id):
        limited(Limit.POLLS)
        let_its_pages_read(link)
        raise PageRefused(429, f"asked too often; wait {wait} s").after(wait)
    followed = follow(here.database, here.desk.sites, link.id, now=here.clock())
    if followed is None:
        raise PageRefused(410, "this request is not kept any more")
    _let_read(followed.request.site)
    stands = _wait(followed)
    if request.method == "DELETE":
        return _cancelled(stands)
    start = followed.start
    may_start = followed.progress in (Progress.READY, Progress.STARTED) and start is not None
    helper = here.desk.staff.technician(followed.helper_id)
    outlook = _outlook(followed)
    told = {
        "reference": followed.request.reference,
        "state": followed.progress,
        "start": f"/go/{here.links.token(Purpose.GO, start.id, start.expires_at)}" if may_start and start else None,
        "start_url": start_url(followed),
        "helper": helper.name if helper else None,
        "opened_at": iso(followed.request.opened_at),
        "opening": opening_of(outlook) if outlook else None,
        "wait": _told(stands, followed.request) if stands else None,
    }
    return answer(told)


def _wait(followed: Followed) -> Wait | None:
    number = followed.request.ticket_number
    return wait_of(running().database, number) if number is not None else None


def _told(wait: Wait, asked: CustomerRequest) -> dict[str, Any]:
    """The wait as JSON. `page` is the path of the conversation, with what to do with the operator's program where there
    is one."""
    here, ticket = running(), wait.ticket
    site = here.desk.sites.get(asked.site)
    pictures = site is not None and site.takes_pictures
    beside = "?page" if platforms_with_program(here.settings.applets_dir) else ""
    return {
        "place": wait.place,
        "lines": [_line(line) for line in wait.lines],
        "page": here.links.applet_path(ticket.applet_id, ticket.created_at) + beside,
        "may_cancel": ticket.state is TicketState.WAITING,
        "pictures_left": pictures_left(here.database, asked.reference) if pictures else 0,
    }


def _line(line: Line) -> dict[str, Any]:
    technician = running().desk.staff.technician(int(line.who)) if line.who.isdecimal() else None
    name = technician.name if technician else None
    return {"id": line.id, "mine": line.is_customers, "name": name, "body": line.body}


def _cancelled(wait: Wait | None) -> Response:
    """Cancel a ticket that waits; 409 for one that a technician has, or that has ended."""
    if wait is None or wait.ticket.state is not TicketState.WAITING:
        raise PageRefused(409, "there is nothing to cancel (any more)")
    here = running()
    cancel(here.database, wait.ticket.number, now=here.clock())
    return answer({"state": Progress.ENDED})


def _outlook(followed: Followed) -> Outlook | None:
    here = running()
    desk, asked = here.desk, followed.request
    site = desk.sites.get(asked.site)
    if site is None or followed.helper_id is not None or followed.progress in (Progress.PARKED, Progress.ENDED):
        return None
    there = route(asked.department, asked.tech, desk.staff)
    return here.outlooks.of_queue(desk, site, Queue(there.kind, there.technician_id or there.department_id))


def status_link(token: str) -> Link:
    """The status link in the address. Raises PageRefused: 404 for none, 410 for one that has expired."""
    try:
        return running().links.read(Purpose.STATUS, token)
    except Forged:
        raise PageRefused(404, "this is not a status link") from None
    except Expired as expired:
        let_its_pages_read(expired.link)
        raise PageRefused(410, "this status link has expired") from None


def let_its_pages_read(link: Link) -> None:
    """Let pages of the request's site read the answer, even a refusal. The site is looked up only for pages."""
    here = running()
    if "Origin" not in request.headers:
        return
    followed = follow(here.database, here.desk.sites, link.id, now=here.clock())
    if followed:
        _let_read(followed.request.site)


def _let_read(slug: str) -> None:
    origin = request.headers.get("Origin")
    site = running().desk.sites.get(slug)
    if origin and site and origin in site.origins:
        let_read(origin)
