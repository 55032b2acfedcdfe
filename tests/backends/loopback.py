"""Small servers on loopback that answer exactly what a test defines, even invalid answers."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_SO_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as received; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Loopback:
    """A running server. `connections` counts accepted connections; `over` is set when the test ends."""

    port: int
    scheme: str
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


Behaviour = Callable[[socket.socket, Loopback], None]


def http(status: int, body: bytes = b"", /, length: int | None = None, **headers: str) -> bytes:
    """An answer; underscores in header names become hyphens. `length` replaces the true Content-Length."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


def answers(raw: bytes) -> Behaviour:
    """A behaviour: read the request, send this answer, and close."""

    def behave(connection: socket.socket, server: Loopback) -> None:
        server.received.append(read_request(connection))
        connection.sendall(raw)

    return behave


def reset(connection: socket.socket) -> None:
    """End the connection with a reset instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _SO_RESET)
    connection.close()


def read_request(connection: socket.socket) -> Received:
    """Read one whole request with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, path, _ = first.split(" ")
    return Received(method, path, headers, body)


@contextmanager
def loopback(
    behave: Behaviour | bytes, tls: ssl.SSLContext | None = None, at: tuple[str, int] = ("127.0.0.1", 0)
) -> Iterator[Loopback]:
    """A server that handles every connection in this way."""
    behaviour = answers(behave) if isinstance(behave, bytes) else behave
    listening = socket.create_server(at, backlog=256)
    server = Loopback(listening.getsockname()[1], "https" if tls else "http")
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            try:
                if tls:
                    connection = tls.wrap_socket(connection, server_side=True)
                behaviour(connection, server)
            finally:
                connection.close()

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                server.connections += 1
                threads.append(threading.Thread(target=one, args=(connection,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        server.over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join()
        for thread in threads:
            thread.join()
