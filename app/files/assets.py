"""The files of the static folder: read and compressed once, each under an address that changes with its content."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.files.resources import resource

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served. A `shared` one may also be used by pages of other sites."""

    digest: str
    content_type: str
    plain: bytes
    gzipped: bytes
    shared: bool = False


@cache
def assets() -> dict[str, Asset]:
    """All files of the static folder that a page may use; those of `vendor` are shared."""
    folder = resource("static")
    found = {path.name: _asset(path) for path in sorted(folder.iterdir()) if path.suffix in _TYPES}
    vendors = (path for path in sorted((folder / "vendor").glob("*.js")))
    return found | {path.name: _asset(path, shared=True) for path in vendors}


def asset_url(name: str) -> str:
    """The path of a static file; it must exist."""
    return f"/static/{assets()[name].digest}/{name}"


def squeezed(css: str) -> str:
    """The stylesheet without comments and without blanks that mean nothing. Its strings hold no `;`, `{` or `}`."""
    bare = re.sub(r"\s*\n\s*", "", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL))
    return re.sub(r"(?<=[:;{},]) | (?=[{}])", "", bare).replace(";}", "}")


def _asset(path: Path, *, shared: bool = False) -> Asset:
    plain = path.read_bytes()
    if path.suffix == ".css":
        plain = squeezed(plain.decode()).encode()
    digest = hashlib.sha256(plain).hexdigest()[:12]
    return Asset(digest, _TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0), shared)
