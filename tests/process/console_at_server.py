"""A technician's browser at a real server, as far as tests of streams need one."""

import http.client
import re
import socket
from urllib.parse import urlencode

from tests.live_server import LiveServer
from tests.process.customer_at_server import open_stream

PATIENCE = 10.0  # seconds


class Console:
    """Logged in from the beginning."""

    def __init__(self, live: LiveServer, email: str, password: str) -> None:
        self._live = live
        self._uid = live.uid()
        page, self.cookie = self._fetch("GET", "/console/login")
        filled = {"csrf_token": _csrf(page), "email": email, "password": password}
        _page, self.cookie = self._fetch("POST", "/console/login", urlencode(filled))

    def log_out(self) -> None:
        page, cookie = self._fetch("GET", "/console/")
        self.cookie = cookie or self.cookie  # it holds what the form's token must fit
        self._fetch("POST", "/console/logout", urlencode({"csrf_token": _csrf(page)}))
        assert self.status("/console/changes") == 401

    def _fetch(self, method: str, path: str, body: str | None = None) -> tuple[str, str]:
        headers = {"Cookie": getattr(self, "cookie", "")}
        if body:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", self._live.port, timeout=PATIENCE)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        return page, (answer.headers["Set-Cookie"] or "").partition(";")[0]

    def stream(self, version: str = "1.1", at: LiveServer | None = None) -> socket.socket:
        """A stream, of this server or of another of the same desk, whose beginning has been read."""
        port = (at or self._live).port
        client = socket.create_connection(("127.0.0.1", port), PATIENCE)
        client.sendall(
            f"GET /console/changes HTTP/{version}\r\nHost: 127.0.0.1:{port}\r\n"
            f"Accept: text/event-stream\r\nCookie: {self.cookie}\r\n\r\n".encode()
        )
        self.beginning = b""
        while b"retry: 3000\n\n" not in self.beginning:
            more = client.recv(4096)
            assert more, self.beginning
            self.beginning += more
        self.heard = len(self.beginning.partition(b"retry: 3000\n\n")[2])
        return client

    def ticket_stream(self, number: int, peer: str) -> socket.socket:
        """A stream of this ticket's page, whose answer has not been read."""
        return open_stream(self._live.port, f"/console/tickets/{number}/stream?peer={peer}", Cookie=self.cookie)

    def ask(self) -> None:
        """A new request changes what is newest."""
        query = urlencode({"uid": self._uid, "customer_name": "Zoë"})
        self._fetch("GET", f"/integration/integration_api.php?{query}")

    def status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._live.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Cookie": self.cookie, "Accept": "text/event-stream"})
        status = connection.getresponse().status
        connection.close()
        return status


def _csrf(page: str) -> str:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    return token[1]


def hear_change(client: socket.socket) -> bytes:
    """All that was said until then."""
    heard = b""
    while b"data: changed\n\n" not in heard:
        more = client.recv(4096)
        assert more, heard
        heard += more
    return heard


def hear_the_end(client: socket.socket) -> int:
    """Bytes that came until the server closed; fails when it does not."""
    client.settimeout(3 * PATIENCE)
    heard = 0
    while more := client.recv(65536):
        heard += len(more)
    return heard
