"""Delivers one notice to a site's webhook by one POST; of the answer only the status is read."""

import functools
import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from app.channels.declaring import Channel, Sending
from app.core.declaration import N_, Option
from app.core.notice import Delivery, TryResult
from app.core.targets import Targets
from app.core.webhook import BadSecret, signed_headers
from app.core.webhook_address import webhook_address
from app.keys.seal import Unsealable
from app.outgoing import NotPermitted, connect, system_authorities

CONNECT_TIMEOUT = 2.0  # seconds, for each of the host's addresses and for TLS
READ_TIMEOUT = 5.0
DEADLINE = 8.0  # for the whole exchange, even when the answer arrives slowly
_HEADERS = {"Content-Type": "application/json", "User-Agent": "Handbell"}
_GONE = 410
_LATE = "no answer in time"
_NOT_PUBLIC = "its address is not public; list its network in HANDBELL_PRIVATE_TARGETS, or change it"


class Webhooks:
    """Posts to webhooks. Certificates are verified against `context`, by default the system's authorities."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context or system_authorities()

    def send(self, address: str, headers: dict[str, str], body: bytes, targets: Targets) -> TryResult:
        """Post once and return the result; never raises. Follows no redirect, makes no second try, uses no proxy.

        Only https is allowed, or http to 127.0.0.1, and only to addresses that `targets` permit.
        """
        until = time.monotonic() + DEADLINE
        try:
            url = parse_url(address)
            connection = self._connection(url, targets, until)
        except (HTTPError, ValueError):
            return TryResult(Delivery.FAILED, "its address must be https")
        late = threading.Event()
        cut_off = threading.Timer(DEADLINE, _cut, (connection, late))
        cut_off.daemon = True
        cut_off.start()
        sent = False
        try:
            _connect(connection, until)
            connection.request("POST", url.request_uri, body, {**_HEADERS, **headers}, preload_content=False)
            sent = True
            status = connection.getresponse().status
        except NotPermitted:
            return TryResult(Delivery.FAILED, _NOT_PUBLIC)
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            return TryResult(Delivery.FAILED, _LATE if late.is_set() else _why(error), maybe=sent, away=True)
        finally:
            cut_off.cancel()
            connection.close()
        if late.is_set():  # what was read may be cut short
            return TryResult(Delivery.FAILED, _LATE, maybe=True, away=True)
        return TryResult(_delivery(status), f"status {status}")

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


def _delivery(status: int) -> Delivery:
    if 200 <= status < 300:
        return Delivery.DELIVERED
    return Delivery.GONE if status == _GONE else Delivery.FAILED


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "no sound TLS connection"
    if isinstance(error, TimeoutError):
        return _LATE
    return "no connection, or no whole answer"


@functools.cache
def _webhooks() -> Webhooks:
    """One for the process, as loading the authorities takes 25 ms."""
    return Webhooks()


def deliver(sending: Sending) -> TryResult:
    """Post the event to the site's webhook, signed with its secret; nothing is sent unsigned."""
    site = sending.site
    if site.sealed_webhook_secret is None:
        return TryResult(Delivery.FAILED, "the site has no webhook secret")
    body = sending.body.encode()
    try:
        headers = signed_headers(sending.unseal(site.sealed_webhook_secret), sending.id, sending.now, body)
    except (Unsealable, BadSecret) as error:
        return TryResult(Delivery.FAILED, str(error))
    return _webhooks().send(site.webhook or "", headers, body, sending.targets)


CHANNEL = Channel(
    name="webhook",
    options=(Option(name="webhook", label=N_("Webhook"), read=webhook_address, kept_as="webhook", needed=True),),
    deliver=deliver,
)
