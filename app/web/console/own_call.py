"""A call of our own API as a program would make it: through the whole application, without a network.

Rates and refusals apply, and the answer is byte for byte what a program would get.
"""

import sys
from collections.abc import Iterable
from contextvars import Context
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request

from app.edge.incoming import client_address
from app.edge.this_app import running


@dataclass(frozen=True, slots=True)
class Call:
    """A `POST` to send: the path, the headers other than `Host`, and the body."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """The response; `status` is text such as `302 FOUND`."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def code(self) -> int:
        """The status as a number."""
        return int(self.status.split(" ", 1)[0])

    def header(self, name: str) -> str:
        """The value of a header; empty when it is missing."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")


def own_host() -> str:
    """The host for such calls: that of our links."""
    return urlsplit(running().settings.base_url).netloc


def answer_to(call: Call) -> CallAnswer:
    """Make the call for the client of the current request, without using anything else of that request."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return Context().run(_served, app, _environ(call))


def _environ(call: Call) -> dict[str, Any]:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers}
    content_type = named.pop("HTTP_CONTENT_TYPE", "")
    return {
        **named,
        "HTTP_HOST": own_host(),
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(call.body)),
        "REMOTE_ADDR": client_address(),
        "SERVER_NAME": request.environ["SERVER_NAME"],
        "SERVER_PORT": request.environ["SERVER_PORT"],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(call.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _served(app: Flask, environ: dict[str, Any]) -> CallAnswer:
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> object:
        begun.append((status, headers))
        return lambda _written: None

    chunks: Iterable[bytes] = app.wsgi_app(environ, start_response)  # type: ignore[arg-type]
    try:
        body = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, headers = begun[-1]
    return CallAnswer(status, tuple(headers), body)
