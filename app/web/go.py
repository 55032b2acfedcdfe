"""The signed redirect that starts the applet, with each opening recorded."""

from flask import Blueprint, Response, abort, make_response, render_template, request

from app.access import Who, open_to
from app.actions.follow import find_start, most_openings, record_start
from app.core.links import Expired, Forged, Purpose
from app.core.platform import chosen_platform
from app.core.request import RequestState
from app.headers import REDIRECT, with_headers
from app.store.requests import StartTarget
from app.web.links import gone, is_only_looking
from app.wiring import Running, running

pages = Blueprint("go", __name__)


@pages.route("/go/<token>", methods=["GET", "POST"])
@open_to(Who.LINK_HOLDERS)
def go(token: str) -> Response:
    """302 to the applet; 410 with a way to a new link when this one is used up or late, 404 when it is not ours."""
    here = running()
    try:
        link = here.read(Purpose.GO, token)
    except Forged:
        abort(404)
    except Expired as expired:
        return _over(here, find_start(here.database, expired.link.id))
    target = find_start(here.database, link.id)
    if target is None or target.state is not RequestState.OPENED:
        return _over(here, target)
    site = here.desk.sites.get(target.site)
    one_time = site is not None and site.one_time_links
    if target.opens >= most_openings(site):
        return _over(here, target)
    if one_time and request.method != "POST":
        page = render_template("start.html", site=site, reference=target.reference, action=request.path)
        return make_response(page)
    if not is_only_looking() and not record_start(here.database, link.id, most_openings(site), here.clock()):
        return _over(here, target)
    return with_headers(Response(status=302, headers={"Location": _applet_url(here, target)}), REDIRECT)


def _applet_url(here: Running, target: StartTarget) -> str:
    path = here.applet_path(target.applet_id, target.ticket_created_at)
    chosen = chosen_platform(request.args.get("for", ""))
    return f"{path}?for={chosen}" if chosen else path


def _over(here: Running, target: StartTarget | None) -> Response:
    if target is None:
        return gone(here.desk.site("default"))
    again_url = None
    if target.state is RequestState.OPENED:
        again_url = f"/r/{here.status_token(target.status_id, target.requested_at)}"
    return gone(here.desk.sites.get(target.site), again_url)
