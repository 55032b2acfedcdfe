"""A request's status page, which starts its session."""

from flask import Blueprint, Response, abort, make_response, render_template
from werkzeug.exceptions import TooManyRequests

from app.actions.applet_program import platforms_with_program
from app.actions.follow import Followed, Progress, follow
from app.actions.hand_off import release
from app.actions.start_link import ensure_start_link
from app.core.backend import Start
from app.core.links import Purpose
from app.core.moment import iso
from app.core.platform import Platform
from app.core.request import RequestState
from app.core.security_event import Limit
from app.edge.access import Who, open_to
from app.edge.incoming import see_other
from app.edge.security_log import limited
from app.edge.this_app import running
from app.process.limits import LINKS_MADE_ANEW, TRIED_AGAIN
from app.web.links import asked_platform, gone, link_or_abort
from app.web.words import speak_for

pages = Blueprint("status_page", __name__)
_NAMES = {Platform.WINDOWS: "Windows", Platform.MACOS: "Mac", Platform.LINUX: "Linux"}


@pages.get("/r/<token>")
@open_to(Who.LINK_HOLDERS)
def status(token: str) -> Response:
    """The page after the form; it starts the session by itself the first time it can."""
    here = running()
    followed = _followed(token)
    request = followed.request
    site = here.desk.sites.get(request.site)
    speak_for(site)
    by_vendor = request.start not in (None, Start.DESK)
    programs = [] if by_vendor else platforms_with_program(here.settings.applets_dir)
    platform = asked_platform()
    go_url = _go_url(followed)
    helper = here.desk.staff.technician(followed.helper_id)
    may_start = followed.progress in (Progress.READY, Progress.STARTED)
    html = render_template(
        "status.html",
        site=site,
        reference=request.reference,
        state=followed.progress,
        ticket_number=request.ticket_number or request.vendor_ticket,
        slow=request.attempts > 1,
        go_url=go_url if may_start else None,
        auto_start=followed.progress is Progress.READY and not (site and site.one_time_links),
        opened_at=iso(request.opened_at) if may_start else None,
        state_url=f"/api/v1/requests/{token}",
        refresh_url=f"/r/{token}",
        again_url=f"/r/{token}" if may_start or followed.progress is Progress.PARKED else None,
        helper=helper.name if helper else None,
        follows=not by_vendor,
        program=by_vendor or platform in programs,
        platform=platform,
        platforms=[
            {"key": p, "label": _NAMES[p], "url": f"{go_url}?for={p}", "current": p is platform}
            for p in programs
            if go_url
        ],
        request_url=f"/s/{request.site}",
        return_to=request.return_to,
    )
    return make_response(html)


@pages.post("/r/<token>")
@open_to(Who.LINK_HOLDERS)
def again(token: str) -> Response:
    """Make a new start link while the request is open; try a parked request again."""
    here = running()
    followed = _followed(token)
    reference = followed.request.reference
    if followed.request.state is RequestState.OPENED:
        if wait := here.rates.retry_after(LINKS_MADE_ANEW, "start link", reference):
            limited(Limit.START_LINKS)
            raise TooManyRequests(retry_after=wait)
        ensure_start_link(here.database, reference, now=here.clock())
    elif followed.request.state is RequestState.PARKED and not here.rates.retry_after(TRIED_AGAIN, "again", reference):
        release(here.database, reference, now=here.clock())
        here.hand_offs.wake()
    return see_other(f"/r/{token}")


def _followed(token: str) -> Followed:
    here = running()
    link = link_or_abort(Purpose.STATUS, token)
    followed = follow(here.database, here.desk.sites, link.id, now=here.clock())
    if followed is None:
        abort(gone(here.desk.site("default")))
    return followed


def _go_url(followed: Followed) -> str | None:
    if followed.start is None:
        return None
    return f"/go/{running().links.token(Purpose.GO, followed.start.id, followed.start.expires_at)}"
