"""A request is given to gunicorn's parser in small pieces, whose copies cost little, and without losing a byte."""

import socket
from collections.abc import Iterator

import pytest
from gunicorn.config import Config

from app.core.arriving import Stage
from app.process.connections import Connection
from app.process.pieces import PIECE

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
MANY = 20_000


@pytest.fixture
def connection() -> Iterator[Connection]:
    ours, theirs = socket.socketpair()
    yield Connection(Config(), ours, ("192.0.2.1", 1), ("192.0.2.2", 1), None)
    ours.close()
    theirs.close()


def test_no_chunk_costs_a_copy_of_the_whole_body(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"1\r\nx\r\n" * MANY + b"0\r\n\r\n"
    assert connection.add(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body) is Stage.HERE
    connection.give()
    sizes: list[int] = []
    unreader = connection.parser.unreader
    read = unreader.read

    def noted(*arguments: int | None, **named: int | None) -> bytes:
        piece: bytes = read(*arguments, **named)
        sizes.append(len(piece))
        return piece

    monkeypatch.setattr(unreader, "read", noted)
    assert next(connection.parser).body.read() == b"x" * MANY
    assert max(sizes) <= PIECE
    assert unreader.take_buffered() == b""


def test_a_body_of_known_length_comes_whole_and_what_is_left_over_is_told(connection: Connection) -> None:
    body = b"0123456789abcdef" * 4096
    connection.add(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    connection.give()
    assert next(connection.parser).body.read() == body
    assert connection.parser.unreader.take_buffered() == b""
    connection.parser.unreader.give(b"x" * (2 * PIECE))
    assert connection.parser.unreader.read(3) == b"xxx"
    assert connection.parser.unreader.take_buffered() == b"x" * (2 * PIECE - 3)
