"""Stylesheets and scripts, served under an address that changes with their content."""

from flask import Blueprint, Flask, Response, abort, request

from app.edge.access import Who, open_to
from app.files.assets import asset_url, assets

pages = Blueprint("static_files", __name__)
_FOREVER = [
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ("Vary", "Accept-Encoding"),
]
_OURS = [("Cross-Origin-Resource-Policy", "same-origin")]
_SHARED = [("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin")]


def register(app: Flask) -> None:
    """Give templates `asset(name)`."""
    app.jinja_env.globals["asset"] = asset_url


@pages.get("/static/<digest>/<name>")
@open_to(Who.EVERYONE)
def static_file(digest: str, name: str) -> Response:
    """A file by its name and the digest of its content."""
    asset = assets().get(name)
    if asset is None or asset.digest != digest:
        abort(404)
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(asset.gzipped if gzipped else asset.plain, content_type=asset.content_type)
    response.headers.extend(_FOREVER)
    response.headers.extend(_SHARED if asset.shared else _OURS)
    if gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response
