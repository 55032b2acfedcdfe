"""The signed redirect that starts the applet, with each opening recorded."""

import structlog
from flask import Blueprint, Response, abort, make_response, render_template, request

from app.actions.follow import find_start, most_openings, record_start
from app.core.backend import Start
from app.core.links import Expired, Forged, Purpose
from app.core.request import RequestState
from app.core.site import Site
from app.edge.access import Who, open_to
from app.edge.headers import REDIRECT, posting_to, with_headers
from app.edge.this_app import running
from app.store.files import find_file
from app.store.requests import StartTarget
from app.web.applet import start_url
from app.web.kept_file import send_kept_file
from app.web.links import gone, is_only_looking
from app.web.words import speak_for

pages = Blueprint("go", __name__)
log = structlog.get_logger()


@pages.route("/go/<token>", methods=["GET", "POST"])
@open_to(Who.LINK_HOLDERS)
def go(token: str) -> Response:
    """302 to the applet, or the applet itself, or a page that gets it from the vendor.

    204 for a mail scanner or a prefetch, which is not counted. 410 with a way to a new link when this one is used up or
    has expired, 404 when it is not ours.
    """
    here = running()
    try:
        link = here.links.read(Purpose.GO, token)
    except Forged:
        abort(404)
    except Expired as expired:
        return _over(find_start(here.database, expired.link.id))
    target = find_start(here.database, link.id)
    if target is None or target.state is not RequestState.OPENED:
        return _over(target)
    return _opened(link.id, target)


def _opened(link_id: str, target: StartTarget) -> Response:
    here = running()
    site = here.desk.sites.get(target.site)
    speak_for(site)
    if target.opens >= most_openings(site):
        return _over(target)
    if is_only_looking():
        return with_headers(Response(status=204), REDIRECT)
    if site is not None and site.one_time_links and request.method != "POST":
        page = render_template("start.html", site=site, reference=target.reference, action=request.path)
        return make_response(page)
    if not record_start(here.database, link_id, most_openings(site), now=here.clock()):
        return _over(target)
    return _started(target, site)


def _started(target: StartTarget, site: Site | None) -> Response:
    match target.start:
        case Start.LINK if target.applet_link:
            return _redirect(target.applet_link)
        case Start.FILE:
            return _vendor_applet(target, site)
        case Start.DESK if target.applet_id and target.ticket_created_at:
            return _redirect(start_url(target.applet_id, target.ticket_created_at))
        case Start.BROWSER:
            return _in_browser(target, site)
    return _over(target)


def _redirect(address: str) -> Response:
    return with_headers(Response(status=302, headers={"Location": address}), REDIRECT)


def _vendor_applet(target: StartTarget, site: Site | None) -> Response:
    """The applet that came as the vendor's answer; where it was not kept, the browser gets one from the vendor."""
    database = running().database
    with database.read() as connection:
        file = find_file(connection, target.applet_file or "")
    if file is None:
        log.error("applet_missing", reference=target.reference, site=target.site)
        return _in_browser(target, site)
    return send_kept_file(database, file, target.applet_name, target.applet_type)


def _in_browser(target: StartTarget, site: Site | None) -> Response:
    """A page that makes the vendor's call from the customer's browser, by POST so that no address contains their
    data."""
    call = running().vendors.browser_call(target.reference, site) if site else None
    if call is None:
        return _over(target)
    html = render_template(
        "vendor.html",
        site=site,
        reference=target.reference,
        action=call.address,
        fields=call.fields,
    )
    return with_headers(make_response(html), posting_to(call.address))


def _over(target: StartTarget | None) -> Response:
    here = running()
    if target is None:
        return gone(here.desk.site("default"))
    again_url = None
    if target.state is RequestState.OPENED:
        again_url = f"/r/{here.links.status_token(target.status_id, target.requested_at)}"
    return gone(here.desk.sites.get(target.site), again_url)
