"""Downloads of the console: streamed while they are generated, without a file on disk."""

from collections.abc import Iterable

from flask import Response

from app.edge.headers import ATTACHMENT, with_headers


def download(parts: Iterable[str], kind: str, name: str) -> Response:
    """A download of these texts as a UTF-8 file with this name."""
    response = Response((part.encode() for part in parts), content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return with_headers(response, ATTACHMENT)
