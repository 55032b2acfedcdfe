"""Stylesheets and scripts: read once, compressed once, served under an address that changes with their bytes."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request

from app.access import Who, open_to
from app.resources import resource

pages = Blueprint("static_files", __name__)
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_FOREVER = [
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Vary", "Accept-Encoding"),
]


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    digest: str
    content_type: str
    plain: bytes
    gzipped: bytes


@cache
def assets() -> dict[str, Asset]:
    """Every file of the static folder that a page may name."""
    folder = resource("static")
    return {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in _TYPES}


def asset_url(name: str) -> str:
    """The address of a static file; a name that does not exist is a mistake in a template."""
    return f"/static/{assets()[name].digest}/{name}"


def register(app: Flask) -> None:
    """Give templates `asset(name)`."""
    app.jinja_env.globals["asset"] = asset_url


@pages.get("/static/<digest>/<name>")
@open_to(Who.EVERYONE)
def static_file(digest: str, name: str) -> Response:
    """A file by its name and the digest of its bytes."""
    asset = assets().get(name)
    if asset is None or asset.digest != digest:
        abort(404)
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(asset.gzipped if gzipped else asset.plain, content_type=asset.content_type)
    response.headers.extend(_FOREVER)
    if gzipped:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _asset(path: Path) -> Asset:
    plain = path.read_bytes()
    digest = hashlib.sha256(plain).hexdigest()[:12]
    return Asset(digest, _TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0))
