"""The page that checks a website: the browser opens it, and the widget there says what it saw."""

from flask import Response

from app.edge.headers import OPENING, with_headers
from app.web.console.frame import administrators_only, console_page, console_pages
from app.web.console.sites.forms import site_of

pages = console_pages("website_check")


@pages.get("/sites/<slug>/website-check")
@administrators_only
def website_check(slug: str) -> Response:
    """The form for a page's address. The address stays in the browser: this server neither gets nor calls it."""
    response = console_page("console/sites/website_check.html", site=site_of(slug), current="embed")
    return with_headers(response, OPENING)
