"""The widget's scripts for other sites' pages: the newest under one briefly cached address, any under its digest."""

from flask import Blueprint, Response, abort, request

from app.edge.access import Who, open_to
from app.edge.headers import WIDGET
from app.edge.this_app import running
from app.files.widget_files import WidgetFile, widget_files, widget_script
from app.web.language import limit_to, page_language

pages = Blueprint("widget", __name__)
_CURRENT = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
_FOREVER = "public, max-age=31536000, immutable"


@pages.get("/widget.js")
@open_to(Who.EVERYONE)
def current() -> Response:
    """The newest widget in the language of `?lang=`, else of the browser; with `?site=`, limited to the site's
    languages."""
    site = running().desk.site(request.args.get("site", ""))
    limit_to(site.languages if site else ())
    script = widget_script(page_language().replace("_", "-"))
    return _sent(script, _CURRENT, "Accept-Encoding, Accept-Language")


@pages.get("/widget/<digest>/<name>")
@open_to(Who.EVERYONE)
def by_digest(digest: str, name: str) -> Response:
    """One file under its digest.

    A page that was open during an upgrade asks for an old digest: it gets the newest file.
    """
    file = widget_files().get(name) or abort(404)
    return _sent(file, _FOREVER if digest == file.digest else _CURRENT, "Accept-Encoding")


def _sent(file: WidgetFile, caching: str, varies: str) -> Response:
    encoding = next((name for name in ("br", "gzip") if request.accept_encodings.quality(name) > 0), "identity")
    response = Response(file.encoded[encoding], content_type="text/javascript; charset=utf-8")
    response.headers.extend([*WIDGET, ("Cache-Control", caching), ("Vary", varies)])
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.set_etag(f"{file.digest}-{encoding}")
    response.make_conditional(request)  # changes the response in place
    return response
