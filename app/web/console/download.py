"""Downloads of the console: streamed as they are made, not kept in a file."""

from collections.abc import Iterable

from flask import Response

from app.edge.headers import ATTACHMENT, with_headers


def download(parts: Iterable[str], kind: str, name: str) -> Response:
    """A file of this name, in UTF-8."""
    response = Response((part.encode() for part in parts), content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return with_headers(response, ATTACHMENT)
