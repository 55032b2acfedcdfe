"""HTTP/1.1 as bytes: requests read from a connection, and answers to write, correct or not."""

import socket
from dataclasses import dataclass
from http import HTTPStatus

_PIECE = 65_536
_MOST = 16 * 1024 * 1024  # bytes of one request


class Unreadable(Exception):
    """The data is no HTTP request with a length."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request. Header names are lower case; repeated headers are joined with a comma."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    head: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def wants_close(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers except the length, and body."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self, *, close: bool = False, chunked: bool = False) -> bytes:
        """The answer as bytes. `close` announces that the connection ends with it."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head + (_chunks(self.body) if chunked else self.body)


class Reader:
    """The requests of one connection, in order."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ahead = b""

    def next(self) -> Incoming | None:
        """The next request; None when the caller closed before it was complete. Raises Unreadable."""
        head = self._until_blank_line()
        if head is None:
            return None
        method, target, headers = _parsed(head)
        if "transfer-encoding" in headers:
            raise Unreadable("a body without a length")
        body = self._exactly(int(headers.get("content-length", "0")))
        return None if body is None else Incoming(method, target, headers, body, head)

    def _until_blank_line(self) -> bytes | None:
        while b"\r\n\r\n" not in self._ahead:
            if not self._more():
                return None
        head, _blank, self._ahead = self._ahead.partition(b"\r\n\r\n")
        return head

    def _exactly(self, size: int) -> bytes | None:
        while len(self._ahead) < size:
            if not self._more():
                return None
        body, self._ahead = self._ahead[:size], self._ahead[size:]
        return body

    def _more(self) -> bool:
        if len(self._ahead) > _MOST:
            raise Unreadable("too much")
        piece = self._connection.recv(_PIECE)
        self._ahead += piece
        return bool(piece)


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Unreadable("no request line")
    headers: dict[str, str] = {}
    for line in lines:
        name, _colon, value = line.partition(":")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return words[0], words[1], headers


def _chunks(body: bytes) -> bytes:
    pieces = [body[at : at + _PIECE] for at in range(0, len(body), _PIECE)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
