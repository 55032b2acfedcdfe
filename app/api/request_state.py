"""A request's state as JSON, for its status page and for the widget."""

from flask import Blueprint, Response, request

from app.actions.follow import Followed, Progress, follow
from app.api.from_pages import PageRefused, answer, answering, is_preflight, let_read, preflight_answer, register_cors
from app.api.opening import opening_of
from app.api.requests import start_url
from app.core.links import Expired, Forged, Link, Purpose
from app.core.moment import iso
from app.core.outlook import Outlook
from app.core.routing import route
from app.core.security_event import Limit
from app.core.standing import Queue
from app.edge.access import Who, open_to
from app.edge.incoming import client_address
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.limits import POLLS

api = Blueprint("request_state", __name__, url_prefix="/api/v1")
register_cors(api)


@api.route("/requests/<token>", methods=["GET", "OPTIONS"], provide_automatic_options=False)
@open_to(Who.LINK_HOLDERS)
@answering
def request_state(token: str) -> Response:
    """`{"reference", "state", "start", "start_url", "helper", "opened_at", "opening"}`; all but two may be null.

    `start` is the path that starts the session, `helper` the name of the technician who has claimed it, `opened_at`
    when its session was opened.
    """
    here = running()
    link = _link(token)
    if is_preflight():
        _let_its_pages_read(link)
        return preflight_answer("GET")
    if wait := here.rates.client_retry_after(POLLS, client_address(), "poll", link.id):
        limited(Limit.POLLS)
        _let_its_pages_read(link)
        raise PageRefused(429, f"asked too often; wait {wait} s").after(wait)
    followed = follow(here.database, here.desk.sites, link.id, now=here.clock())
    if followed is None:
        raise PageRefused(410, "this request is not kept any more")
    _let_read(followed.request.site)
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
    }
    return answer(told)


def _outlook(followed: Followed) -> Outlook | None:
    here = running()
    desk, asked = here.desk, followed.request
    site = desk.sites.get(asked.site)
    if site is None or followed.helper_id is not None or followed.progress in (Progress.PARKED, Progress.ENDED):
        return None
    there = route(asked.department, asked.tech, desk.staff)
    return here.outlooks.of_queue(desk, site, Queue(there.kind, there.technician_id or there.department_id))


def _link(token: str) -> Link:
    try:
        return running().links.read(Purpose.STATUS, token)
    except Forged:
        raise PageRefused(404, "this is not a status link") from None
    except Expired as expired:
        _let_its_pages_read(expired.link)
        raise PageRefused(410, "this status link has expired") from None


def _let_its_pages_read(link: Link) -> None:
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
