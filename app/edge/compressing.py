"""Customers' pages sent compressed.

Compression tells the size of what an attacker writes beside a secret (BREACH). So pages of the console, which hold the
log-in's token against forged forms, and answers to forms, which repeat what was typed, are sent as they are; a page of
a secret address is found by nobody who does not know that address already.
"""

import gzip

from flask import Flask, Response, request

_WORTH_IT = 1_000  # bytes
_LEVEL = 6


def compress_pages(app: Flask) -> None:
    """Send customers' pages compressed to browsers that take gzip."""

    @app.after_request
    def compress(response: Response) -> Response:
        if _may_be_compressed(response):
            response.vary.add("Accept-Encoding")
            if request.accept_encodings.quality("gzip") > 0:
                response.set_data(gzip.compress(response.get_data(), _LEVEL, mtime=0))
                response.headers["Content-Encoding"] = "gzip"
        return response


def _may_be_compressed(response: Response) -> bool:
    return (
        request.method == "GET"
        and not request.path.startswith("/console")
        and response.mimetype == "text/html"
        and "Content-Encoding" not in response.headers
        and not response.is_streamed
        and not response.direct_passthrough
        and (response.content_length or 0) >= _WORTH_IT
    )
