"""A site's colour and logo on its pages for customers, under addresses that change with their content."""

from flask import Blueprint, Flask, Response, abort

from app.core.colour import stylesheet, stylesheet_digest
from app.core.site import Site
from app.edge.access import Who, open_to
from app.edge.headers import with_headers
from app.edge.this_app import running
from app.store.logos import find_logo

pages = Blueprint("site_look", __name__)
_FOR_GOOD = [
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("Referrer-Policy", "no-referrer"),
]
_OURS_ALONE = [("Cross-Origin-Resource-Policy", "same-origin")]
_FOR_THE_WIDGET = [("Cross-Origin-Resource-Policy", "cross-origin")]


def register(app: Flask) -> None:
    """Give templates `look_url(site)`."""
    app.jinja_env.globals["look_url"] = look_url


def look_url(site: Site) -> str:
    """The path of the stylesheet for a site with a colour."""
    return f"/s/{site.slug}/look/{stylesheet_digest(site.colour or '')}.css"


@pages.get("/s/<slug>/look/<digest>.css")
@open_to(Who.EVERYONE)
def look(slug: str, digest: str) -> Response:
    """The site's colours for light and dark pages."""
    site = running().desk.sites.get(slug)
    if site is None or site.colour is None or stylesheet_digest(site.colour) != digest:
        abort(404)
    return with_headers(
        Response(stylesheet(site.colour), content_type="text/css; charset=utf-8"), [*_FOR_GOOD, *_OURS_ALONE]
    )


@pages.get("/s/<slug>/logo/<digest>")
@open_to(Who.EVERYONE)
def logo(slug: str, digest: str) -> Response:
    """The site's logo, as we encoded it."""
    here = running()
    site = here.desk.sites.get(slug)
    if site is None or site.logo != digest:
        abort(404)
    with here.database.read() as connection:
        found = find_logo(connection, slug, digest) or abort(404)
    return with_headers(Response(found.content, content_type=found.media_type), [*_FOR_GOOD, *_FOR_THE_WIDGET])
