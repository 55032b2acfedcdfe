"""Pages reached by a signed link, and the answers for an invalid link."""

from flask import Response, abort, make_response, render_template, request

from app.core.links import Expired, Forged, Link, Purpose
from app.core.platform import Platform, chosen_platform, customer_platform
from app.core.site import Site
from app.edge.incoming import is_fetched_ahead
from app.edge.this_app import running
from app.web.words import _, speak_for


def link_or_abort(purpose: Purpose, token: str, site: Site | None = None) -> Link:
    """The link in the address; answers 404 for a forged one, 410 with a way on for an expired one."""
    here = running()
    try:
        return here.links.read(purpose, token)
    except Forged:
        abort(404)
    except Expired:
        abort(gone(site or here.desk.site("default")))


def gone(site: Site | None, again_url: str | None = None) -> Response:
    """410: this link has expired. With `again_url`, one button makes a new one."""
    speak_for(site)
    request_url = f"/s/{site.slug}" if site else "/"
    actions = [{"label": _("Get support"), "url": request_url, "method": "get"}]
    if again_url:
        actions.insert(0, {"label": _("Make a new link"), "url": again_url, "method": "post"})
        lines = [
            _("For your safety, a link like this works for a short time only."),
            _("Your request is still open."),
        ]
    else:
        lines = [
            _("For your safety, links like this work for a limited time."),
            _("Do you still need help? Just ask us again."),
        ]
    html = render_template("message.html", site=site, title=_("This link has expired"), lines=lines, actions=actions)
    return make_response(html, 410)


PLATFORM_NAMES = {Platform.WINDOWS: "Windows", Platform.MACOS: "Mac", Platform.LINUX: "Linux"}


def asked_platform() -> Platform:
    """The platform that the customer chose by hand (`?for=`), else that of their browser."""
    chosen = chosen_platform(request.args.get("for", ""))
    return chosen or customer_platform(request.headers.get("Sec-CH-UA-Platform"), request.headers.get("User-Agent"))


def is_only_looking() -> bool:
    """Whether this is a mail scanner, a prefetch or a link checker, which is not counted. A POST always counts."""
    return request.method == "HEAD" or (request.method == "GET" and is_fetched_ahead())
