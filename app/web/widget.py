"""The widget's scripts for other sites' pages: the newest under one briefly cached address, any under its digest."""

from flask import Blueprint, Response, abort, request

from app.core.texts import texts_for
from app.edge.access import Who, open_to
from app.edge.headers import WIDGET
from app.edge.this_app import running
from app.files.widget_files import WidgetFile, dressed, widget_files, widget_script
from app.web.language import limit_to, page_language

pages = Blueprint("widget", __name__)
_CURRENT = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
_FOREVER = "public, max-age=31536000, immutable"


@pages.get("/widget.js")
@open_to(Who.EVERYONE)
def current() -> Response:
    """The newest widget in the language of `?lang=`, else of the browser; with `?site=`, in one of the site's
    languages, its colour and its words."""
    site = running().desk.site(request.args.get("site", ""))
    limit_to(site.languages if site else ())
    language = page_language().replace("_", "-")
    script = widget_script(language)
    if site:
        script = dressed(script, site.colour, texts_for(site.texts, language))
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
    encoding = next(
        (e for e in ("br", "gzip") if e in file.encoded and request.accept_encodings.quality(e) > 0), "identity"
    )
    response = Response(file.encoded[encoding], content_type="text/javascript; charset=utf-8")
    response.headers.extend([*WIDGET, ("Cache-Control", caching), ("Vary", varies)])
    if encoding != "identity":
        response.headers["Content-Encoding"] = encoding
    response.set_etag(f"{file.digest}-{encoding}")
    response.make_conditional(request)  # changes the response in place
    return response
