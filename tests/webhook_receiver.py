"""A webhook's receiver on loopback that behaves as a test tells it, and records what it receives."""

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
    """`does` is a status, or `hang` (no answer), `drip` (an endless one), `close` (close without answer)."""

    address: str = ""
    does: int | str = 204
    says: bytes = b""  # the answer's body; empty for an endless one
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ids(self) -> list[str]:
        """The ids of the received notices, in order."""
        return [headers["webhook-id"] for _, headers, _ in self.got]


def is_genuine(secret: str, headers: dict[str, str], body: bytes, now: float) -> bool:
    """Verify a webhook as docs/operations.md tells receivers to."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    signatures = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ")]
    fresh = abs(now - int(headers["webhook-timestamp"])) < 300
    return fresh and any(hmac.compare_digest(expected, one) for one in signatures)


class _Handler(BaseHTTPRequestHandler):
    """Behaves as its receiver is told."""

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
                self.send_header("Content-Length", str(len(self.receiver.says) or 1_000_000_000_000))
                self.end_headers()
                self.wfile.write(self.receiver.says)

    def do_GET(self) -> None:
        """Record a followed redirect."""
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
        """Write nothing to standard error."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that hang up, for example because they do not trust the certificate."""


@contextmanager
def receiving(does: int | str = 204, tls: SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that runs until the block ends."""
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
