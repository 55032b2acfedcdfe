"""The widget's scripts, as other people's pages load them: current under one short-lived address, or by digest."""

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
    """The current widget in the language asked for by `?lang=`, else by the browser; with `?site=`, one of the
    site's."""
    site = running().desk.site(request.args.get("site", ""))
    limit_to(site.languages if site else ())
    script = widget_script(page_language().replace("_", "-"))
    return _sent(script, _CURRENT, "Accept-Encoding, Accept-Language")


@pages.get("/widget/<digest>/<name>")
@open_to(Who.EVERYONE)
def by_digest(digest: str, name: str) -> Response:
    """One file for good. A page that was open while Handbell was renewed asks by an old digest: it gets today's."""
    file = widget_files().get(name) or abort(404)
    return _sent(file, _FOREVER if digest == file.digest else _CURRENT, "Accept-Encoding")


def _sent(file: WidgetFile, caching: str, varies: str) -> Response:
    encoding = next((name for name in ("br", "gzip") if request.accept_encodings.quality(name) > 0), "identity")
    response = Response(file.encoded[encoding], content_type="text/javascript; charset=utf-8")
    response.headers.extend([*WIDGET, ("Cache-Control", caching), ("Vary", varies)])
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.set_etag(f"{file.digest}-{encoding}")
    response.make_conditional(request)  # in place
    return response
