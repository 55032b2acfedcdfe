"""A webhook's receiver on loopback that does what a test tells it to, and keeps what it got."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any


@dataclass
class Receiver:
    """`does` is a status, or `hang` (no answer), `drip` (one that never ends), `close` (none at all)."""

    address: str = ""
    does: int | str = 204
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> list[str]:
        """Of the notices it got, in turn."""
        return [headers["webhook-id"] for _, headers, _ in self.got]


def is_genuine(secret: str, headers: dict[str, str], body: bytes, now: float) -> bool:
    """What docs/operations.md tells a receiver to do."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    signatures = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ")]
    fresh = abs(now - int(headers["webhook-timestamp"])) < 300
    return fresh and any(hmac.compare_digest(expected, one) for one in signatures)


class _Handler(BaseHTTPRequestHandler):
    """Does what its receiver says."""

    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._keep({name.lower(): value for name, value in self.headers.items()}, body)
        self.close_connection = True
        match self.receiver.does:
            case "hang":
                self.receiver.over.wait()
            case "drip":
                self._drip()
            case "close":
                return
            case status:
                self.send_response(int(status))
                self.send_header("Location", f"{self.receiver.address}/elsewhere")
                self.send_header("Content-Length", "1000000000000")
                self.end_headers()

    def do_GET(self) -> None:
        """Whoever follows a redirect comes here."""
        self._keep({}, b"")
        self.send_error(404)

    def _keep(self, headers: dict[str, str], body: bytes) -> None:
        with self.receiver.lock:
            self.receiver.got.append((self.path, headers, body))
        self.receiver.arrived.set()

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        try:
            while not self.receiver.over.wait(0.02):
                self.wfile.write(b"x")
                self.wfile.flush()
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up, as over a certificate that it does not trust, is what some tests are about."""


@contextmanager
def receiving(does: int | str = 204, tls: SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that runs as long as the block."""
    receiver = Receiver(does=does)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.address = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
