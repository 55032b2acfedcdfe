"""The site that an address names, for pages: an answer for one that is switched off, 404 for an unknown one."""

from flask import Response, abort, make_response, render_template

from app.core.site import Site
from app.edge.headers import FRAMED_BY_ANY, with_headers
from app.edge.incoming import is_framed
from app.process.configuration import Desk
from app.web.words import _, speak_for


def enabled_site(desk: Desk, slug: str) -> Site:
    """The site. Aborts with 410 and the site's contact for one that is switched off, and with 404 for an unknown
    one."""
    site = desk.sites.get(slug) or abort(404)
    if site.disabled:
        abort(_switched_off(site))
    return site


def _switched_off(site: Site) -> Response:
    speak_for(site)
    html = render_template(
        "message.html",
        site=site,
        title=_("This support page is switched off"),
        lines=[_("No requests are taken here at the moment. Nothing that you typed was sent.")],
    )
    response = make_response(html, 410)
    return with_headers(response, FRAMED_BY_ANY) if is_framed() else response
