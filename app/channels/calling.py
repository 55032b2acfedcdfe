"""One HTTP call to an address that an administrator chose: with time limits, to permitted addresses, without redirects,
proxies or a second try."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url

from app.core.notice import Delivery, TryResult
from app.core.targets import Targets
from app.outgoing import NotPermitted, connect, system_authorities

CONNECT_TIMEOUT = 2.0  # seconds, for each of the host's addresses and for TLS
READ_TIMEOUT = 5.0
DEADLINE = 8.0  # for the whole exchange, even when the answer arrives slowly
MOST_READ = 64 * 1024  # bytes of an answer
_LATE = "no answer in time"
_NOT_PUBLIC = "its address is not public; list its network in HANDBELL_PRIVATE_TARGETS, or change it"


class CallFailed(Exception):
    """There was no answer; `maybe`: the receiver may have had it all."""

    def __init__(self, why: str, *, maybe: bool = False, away: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.maybe = maybe
        self.away = away

    def result(self) -> TryResult:
        """The failure as the result of a try."""
        return TryResult(Delivery.FAILED, self.why, maybe=self.maybe, away=self.away)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's status, and the beginning of its body if that was wanted."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""


class Caller:
    """Makes calls. Certificates are verified against `context`, by default the system's authorities."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context or system_authorities()

    def call(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        body: bytes | None,
        targets: Targets,
        *,
        most: int = 0,
    ) -> Answer:
        """Call once; reads at most `most` bytes of the answer's body. Raises CallFailed.

        Only https is allowed, or http to 127.0.0.1, and only to addresses that `targets` permit.
        """
        until = time.monotonic() + DEADLINE
        try:
            url = parse_url(address)
            connection = self._connection(url, targets, until)
        except (HTTPError, ValueError):
            raise CallFailed("its address must be https", away=False) from None
        late = threading.Event()
        cut_off = threading.Timer(DEADLINE, _cut, (connection, late))
        cut_off.daemon = True
        cut_off.start()
        sent = False
        try:
            _connect(connection, until)
            connection.request(method, url.request_uri, body, headers, preload_content=False)
            sent = True
            answer = connection.getresponse()
            if late.is_set():  # what was read may be cut short
                raise CallFailed(_LATE, maybe=True)
            found = Answer(answer.status, dict(answer.headers), _content(answer, most))
        except NotPermitted:
            raise CallFailed(_NOT_PUBLIC, away=False) from None
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            raise CallFailed(_LATE if late.is_set() else _why(error), maybe=sent) from None
        finally:
            cut_off.cancel()
            connection.close()
        return found

    def _connection(self, url: Url, targets: Targets, until: float) -> HTTPConnection:
        host = (url.host or "").strip("[]")
        if url.scheme == "https" and host:
            return _TlsConnection(targets, until, host, url.port, ssl_context=self._context)
        if url.scheme == "http" and host == "127.0.0.1":
            return _Connection(targets, until, host, url.port)
        raise ValueError("neither https nor http://127.0.0.1")


class _Connection(HTTPConnection):
    """A connection to a permitted address, made before the monotonic time `until`."""

    def __init__(self, targets: Targets, until: float, host: str, port: int | None, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._targets = targets
        self._until = until

    def _new_conn(self) -> socket.socket:
        return connect(self.host, self.port, self._targets, self._seconds)

    def _seconds(self, _rest: int) -> float:
        """The timeout of the next step: a name may have a hundred addresses that do not answer."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(CONNECT_TIMEOUT, left)


class _TlsConnection(_Connection, HTTPSConnection):
    """The same, over TLS."""


def _connect(connection: HTTPConnection, until: float) -> None:
    """Connect. As no timer can cut a connection that does not exist yet, one that comes too late is refused here."""
    connection.connect()
    if time.monotonic() > until:
        raise TimeoutError
    connection.timeout = READ_TIMEOUT
    if connection.sock:
        connection.sock.settimeout(READ_TIMEOUT)


def _cut(connection: HTTPConnection, late: threading.Event) -> None:
    """End a call that takes too long: its reader sees the end of the stream.

    Bypasses the TLS layer, which another thread is using.
    """
    late.set()
    if connection.sock:
        with suppress(OSError):
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _content(answer: BaseHTTPResponse, most: int) -> bytes:
    """The beginning of the body; of one that breaks off, nothing: the status says it all."""
    try:
        return answer.read(most, decode_content=True) if most else b""
    except (HTTPError, OSError, http.client.HTTPException, ValueError):
        return b""


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "no sound TLS connection"
    if isinstance(error, TimeoutError):
        return _LATE
    return "no connection, or no whole answer"
