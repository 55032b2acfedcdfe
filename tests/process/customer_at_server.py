"""A customer's applet page at a real server, as far as tests of streams need one."""

import socket
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

from app.core.links import Link, LinkSigner, Purpose
from app.store.database import Database
from app.store.tickets import insert_ticket
from tests.keys_in_use import keys_at
from tests.live_server import LiveServer
from tests.store.rows import ticket_row

PATIENCE = 10.0  # seconds


class CustomerAtServer:
    """The customer of a new ticket, which waits in the general queue."""

    def __init__(self, live: LiveServer) -> None:
        self._live = live
        now = datetime.now(UTC)
        row = ticket_row(created_at=now)
        with closing(Database(live.database_url)) as database:
            ticket = database.write(lambda connection: insert_ticket(connection, row))
        secret = keys_at(live.database_url, live.data_dir / "keys")[0].secret
        link = Link(Purpose.APPLET, ticket.applet_id, now + timedelta(days=1))
        self.number = ticket.number
        self.path = f"/applet/{LinkSigner([secret]).sign(link)}"

    def stream(self, peer: str) -> socket.socket:
        """A stream of this page, whose answer has not been read."""
        return open_stream(self._live.port, f"{self.path}/stream?peer={peer}")


def open_stream(port: int, path: str, **headers: str) -> socket.socket:
    """A stream whose answer has not been read."""
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n{sent}\r\n".encode())
    return client


def hear(client: socket.socket, words: bytes = b"data: changed\n\n") -> bytes:
    """Everything up to and including these words."""
    heard = b""
    while words not in heard:
        more = client.recv(4096)
        assert more, f"it ended after {heard!r}"
        heard += more
    return heard


def drain(client: socket.socket) -> None:
    """Read what has come."""
    client.setblocking(False)
    with suppress(BlockingIOError):
        while client.recv(4096):
            pass
    client.settimeout(PATIENCE)
