"""Calls to the stand-in with http.client only, which tolerates little."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.vendor.knobs import KEY
from tests.vendor.reception import FORM_PATHS, REST_PATH

FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
_WITHIN = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as received. Header names are looked up in any case."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str | None:
        """The Location header, which is sent as UTF-8 but read as Latin-1 by http.client."""
        value = self.headers["Location"]
        return None if value is None else value.encode("latin-1").decode()


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection that is closed at the end of the block."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN)
    try:
        yield connection
    finally:
        connection.close()


def heard(connection: http.client.HTTPConnection) -> Heard:
    """Read the answer on a connection to its end."""
    answer = connection.getresponse()
    return Heard(answer.status, answer.headers, answer.read())


def post_form(port: int, *, key: str = KEY, **values: str) -> Heard:
    """Make one call to the form flavour on its own connection."""
    with connected(port) as connection:
        connection.request("POST", FORM_PATHS[0], urlencode({"uid": key, **values}), FORM_TYPE)
        return heard(connection)


def post_rest(port: int, *, key: str = KEY, **members: object) -> Heard:
    """Make one call to the REST flavour on its own connection."""
    headers = {"Content-Type": "application/json", "INTEGRATION-KEY": key}
    with connected(port) as connection:
        connection.request("POST", REST_PATH, json.dumps(members).encode(), headers)
        return heard(connection)


def form_call(key: str = KEY, **values: str) -> bytes:
    """A form call as bytes, for a bare socket."""
    body = urlencode({"uid": key, **values}).encode()
    head = f"POST {FORM_PATHS[0]} HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM_TYPE['Content-Type']}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def dialled(port: int, timeout: float = _WITHIN) -> socket.socket:
    """A bare connection."""
    return socket.create_connection(("127.0.0.1", port), timeout)
