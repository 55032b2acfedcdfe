"""One call of a vendor's server: its time limits always hold, and a failure tells whether the request may have arrived.

Every call has its own connection. Requests for support are rare, so a kept connection would nearly always be too old,
and a reset on one leaves open whether the session was made. A new one costs about 1.3 ms of CPU with TLS and 0.2 ms
without, as the certificates, which would take 25 ms more, are loaded once.
"""

import functools
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import BaseHTTPResponse

from app.backends.answer import Head, VendorAnswer, carries_applet
from app.backends.kept_applet import Keep, applet_name, applet_type
from app.core.backend import AppletFile, Refused, Unavailable
from app.core.kept_file import NoRoom, NotWritten, TooLarge
from app.core.targets import Targets
from app.core.why import Why, WhyCode
from app.outgoing import NotPermitted, connect, system_authorities

_CHUNK = 64 * 1024  # bytes
_NETWORK = (HTTPError, http.client.HTTPException, OSError)
_CERTIFICATE = {  # OpenSSL's codes
    10: WhyCode.CERTIFICATE_EXPIRED,
    18: WhyCode.CERTIFICATE_UNTRUSTED,
    19: WhyCode.CERTIFICATE_UNTRUSTED,
    20: WhyCode.CERTIFICATE_UNTRUSTED,
    62: WhyCode.CERTIFICATE_NAME,
    64: WhyCode.CERTIFICATE_NAME,
}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Time limits in seconds, sizes in bytes.

    `connect` is for one connection with its TLS, `read` for a pause in the answer, `whole` for the whole exchange from
    the first byte sent, `applet` replaces that for an applet as the body. A failed connection is tried again after each
    of `pauses`.
    """

    connect: float = 2.0
    read: float = 10.0
    whole: float = 10.0
    applet: float = 120.0
    pauses: tuple[float, ...] = (0.1, 0.4)
    most_body: int = 8 * 1024 * 1024
    most_applet: int = 64 * 1024 * 1024


def _verifying(authorities: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(authorities)
    return context


class VendorCalls:
    """Makes calls to permitted `targets`; safe in any number of threads. One per process is enough.

    TLS is verified against the system's authorities, and those of the PEM file `authorities` where given.
    """

    def __init__(
        self,
        targets: Targets,
        *,
        limits: Limits | None = None,
        authorities: Path | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._targets = targets
        self._limits = limits or Limits()
        self._clock = clock
        self._tls = _verifying(authorities) if authorities else system_authorities()

    def post(
        self, address: str, body: bytes, headers: Mapping[str, str], keep: Keep, *, look: bool = False
    ) -> VendorAnswer:
        """Send the body to an address from `VendorAddresses`; an applet in the answer is given to `keep`.

        Redirects are not followed. The body of an unsuccessful answer stays unread, unless `look` asks for it to show
        it to a person. Raises Refused if none of the host's addresses is a permitted target. Raises Unavailable: with
        `maybe_sent` once the first byte was sent, before that only after all retries.
        """
        started = time.monotonic()
        host = urlsplit(address).hostname or ""
        for pause in (*self._limits.pauses, None):
            attempt = _Attempt(self._limits)
            try:
                return self._exchange(attempt, address, body, headers, keep, look)
            except NotPermitted:
                raise Refused(Why(WhyCode.NOT_PUBLIC, {"host": host})) from None
            except _NETWORK as error:
                # Looking up a name has no time limit of its own; several look-ups must not add up.
                late = time.monotonic() - started > self._limits.connect * (len(self._limits.pauses) + 1)
                if attempt.sent or pause is None or late:
                    raise _unavailable(error, attempt, host) from None
                time.sleep(pause)
        raise AssertionError  # the last pause is None

    def _exchange(
        self,
        attempt: "_Attempt",
        address: str,
        body: bytes,
        headers: Mapping[str, str],
        keep: Keep,
        look: bool,
    ) -> VendorAnswer:
        parts = urlsplit(address)
        connection = self._connection(attempt, parts.scheme, parts.hostname or "", parts.port)
        try:
            try:
                connection.request(
                    "POST", parts.path, body=body, headers={**headers, "Connection": "close"}, preload_content=False
                )
            except (BrokenPipeError, ConnectionResetError):
                # A server may answer and close before it has read everything.
                if not attempt.sent:
                    raise
            response = connection.getresponse()
            try:
                return self._answer(attempt, response, keep, look)
            finally:
                response.close()
        finally:
            connection.close()

    def _connection(self, attempt: "_Attempt", scheme: str, host: str, port: int | None) -> HTTPConnection:
        if scheme == "https":
            return _TlsConnection(attempt, self._targets, host, port, ssl_context=self._tls)
        return _Connection(attempt, self._targets, host, port)

    def _answer(self, attempt: "_Attempt", response: BaseHTTPResponse, keep: Keep, look: bool) -> VendorAnswer:
        head = Head(response.status, {name.lower(): value for name, value in response.headers.items()})
        at = self._clock()
        if not head.good:
            return VendorAnswer(head, at, _glimpse(response) if look else b"")
        try:
            start = response.read(_CHUNK)
            if carries_applet(head, start):
                attempt.extend(self._limits.applet)
                return VendorAnswer(head, at, applet=self._keep(head, _chunks(response, start), keep))
            return VendorAnswer(head, at, self._whole(_chunks(response, start)))
        except (DecodeError, TooLarge):
            return VendorAnswer(head, at, None)

    def _keep(self, head: Head, chunks: Iterator[bytes], keep: Keep) -> AppletFile:
        try:
            kept, size = keep(chunks, self._limits.most_applet)
        except NoRoom:
            raise Unavailable(Why(WhyCode.NO_ROOM), maybe_sent=True) from None
        except NotWritten:
            raise Unavailable(Why(WhyCode.NOT_WRITTEN), maybe_sent=True) from None
        name = applet_name(head.headers.get("content-disposition"), head.media_type)
        return AppletFile(kept, name, applet_type(head.media_type), size)

    def _whole(self, chunks: Iterator[bytes]) -> bytes:
        whole = bytearray()
        for chunk in chunks:
            whole += chunk
            if len(whole) > self._limits.most_body:
                raise TooLarge
        return bytes(whole)


def _glimpse(response: BaseHTTPResponse) -> bytes | None:
    """The beginning of a body that is only shown; None if it does not come."""
    try:
        return response.read(_CHUNK)
    except _NETWORK:
        return None


def _chunks(response: BaseHTTPResponse, start: bytes) -> Iterator[bytes]:
    """The decoded body, at most one chunk at a time: a small compressed body can be very large."""
    chunk = start
    while chunk:
        yield chunk
        chunk = response.read(_CHUNK)


def _unavailable(error: BaseException, attempt: "_Attempt", host: str) -> Unavailable:
    """The error as a code, because a library's message may contain anything that was sent or received."""
    if not attempt.sent:
        return Unavailable(Why(_why_not_connected(error), {"host": host}))
    code = WhyCode.NO_ANSWER if attempt.over else WhyCode.BROKEN_OFF
    return Unavailable(Why(code, {"host": host}), maybe_sent=True)


def _why_not_connected(error: BaseException) -> WhyCode:
    if isinstance(error, socket.gaierror):
        return WhyCode.NO_SUCH_NAME
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, WhyCode.CERTIFICATE)
    if isinstance(error, TimeoutError):
        return WhyCode.UNREACHABLE
    return WhyCode.NO_TLS if isinstance(error, ssl.SSLError) else WhyCode.NO_CONNECTION


class _Attempt:
    """One attempt: its deadline, and whether anything was sent."""

    def __init__(self, limits: Limits) -> None:
        self.sent = False
        self.over = False
        self._limits = limits
        self._deadline = time.monotonic() + limits.connect

    def send(self) -> None:
        """Note that the server may have the request from now on."""
        if not self.sent:
            self.sent = True
            self.extend(self._limits.whole)

    def extend(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now."""
        self._deadline = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds for the next step. Raises TimeoutError when there are none."""
        left = min(self._deadline - time.monotonic(), self._limits.read)
        if left <= 0:
            self.over = True
            raise TimeoutError
        return left


class _Connection(HTTPConnection):
    """A connection to a permitted address, on which no step takes longer than its attempt has left."""

    def __init__(self, attempt: _Attempt, targets: Targets, host: str, port: int | None, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._attempt = attempt
        self._targets = targets
        self.response_class = functools.partial(_Response, attempt)  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        """Connect a socket to one of the host's permitted addresses; its timeout is what is left for TLS."""
        # An address that does not answer must not use up the time of the others.
        return connect(self.host, self.port, self._targets, lambda rest: self._attempt.left() / rest)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self._attempt.send()
        self.sock.settimeout(self._attempt.left())
        super().send(data)


class _TlsConnection(_Connection, HTTPSConnection):
    """A `_Connection` over TLS."""


class _Response(http.client.HTTPResponse):
    """An answer that is read through a `_TimedReader` from its first byte."""

    def __init__(self, attempt: _Attempt, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self._timed = _TimedReader(attempt, sock)
        self.fp = io.BufferedReader(self._timed)

    def begin(self) -> None:
        """Read the head, and refuse an incomplete one: http.client takes it for complete, with half a Location."""
        super().begin()
        if self._timed.ended:
            raise http.client.HTTPException("the head broke off")


class _TimedReader(io.RawIOBase):
    """Reads within the attempt's time; a socket's own timeout starts anew with every byte."""

    def __init__(self, attempt: _Attempt, sock: socket.socket) -> None:
        self._attempt = attempt
        self.ended = False
        self._socket = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._attempt.left())
        try:
            size = self._raw.readinto(buffer)
            self.ended = size == 0
            return size
        except TimeoutError:
            self._attempt.over = True
            raise

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
