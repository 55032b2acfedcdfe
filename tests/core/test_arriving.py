"""Requests that arrive in pieces: when all is here, as gunicorn's own parser would have it."""

import random
from collections.abc import Iterator

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.arriving import MOST_BODY, MOST_HEAD, MOST_UPLOAD, Arriving, Stage

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = [
    GET,
    b"\r\n" + GET,
    b"GET / HTTP/1.0\r\n\r\n",
    POST + b"Content-Length: 5\r\n\r\nab\ncd",
    POST + b"content-length:\t5 \r\nA: b\r\n\r\nabcde",
    b"POST / HTTP/1.1\r\nContent-Length: 0\r\nHost: x\r\n\r\n",
    POST + b"Content-Length: 4\r\n\r\n\r\n\r\n",
    POST + b"X-Content-Length: 9\r\n\r\n",
    CHUNKED + b"0\r\n\r\n",
    CHUNKED + b"5\r\nabcde\r\n0\r\n\r\n",
    CHUNKED + b"5;a=b\r\na\r\n\r\n\r\n003\r\nabc\r\n0\r\nSum: x\r\nB: c\r\n\r\n",
    CHUNKED + b"A \t;a\r\n0123456789\r\n000000000000000000000\r\n\r\n",
]
MALFORMED = [
    b"GET / HTTP/1.1\nHost: x\n\n",
    b"GET / HTTP/1.1\r\nHost: x\n",
    b"\n",
    CHUNKED + b"zz\r\n",
    CHUNKED + b"-5\r\n",
    CHUNKED + b"\r\n",
    CHUNKED + b"f" * 40 + b"\r\n",
    CHUNKED + b"f" * 80 + b"\r\n",
    CHUNKED + b"1" * 17_000,
    CHUNKED + b"0\r\nA: " + b"a" * 17_000,
    CHUNKED + b"1\r\na\r\n" * 400_000,
]


def one_by_one(data: bytes) -> Iterator[tuple[int, Arriving]]:
    arriving = Arriving()
    for n in range(len(data)):
        arriving.add(data[n : n + 1])
        yield n + 1, arriving


def parsed(data: bytes) -> tuple[bytes, bytes]:
    """The body, and what is left for the next request, when gunicorn's parser is given just this."""
    parser = RequestParser(Config(), [data], ("192.0.2.1", 1))
    request = next(parser)
    body = request.body.read()
    return body, parser.unreader.take_buffered()


@pytest.mark.parametrize("data", WHOLE)
def test_a_request_is_here_with_its_last_byte_and_not_before(data: bytes) -> None:
    for n, arriving in one_by_one(data):
        assert (arriving.stage is Stage.HERE) == (n == len(data)), data[:n]
    assert arriving.is_whole
    assert (arriving.request, arriving.rest) == (data, b"")
    assert parsed(data)[1] == b""


@pytest.mark.parametrize("data", WHOLE)
@pytest.mark.parametrize("after", [b"G", GET, GET + GET, b"\r\n"])
def test_what_follows_is_for_the_next(data: bytes, after: bytes) -> None:
    arriving = Arriving(data + after)
    assert (arriving.stage, arriving.is_whole) == (Stage.HERE, True)
    assert (arriving.request, arriving.rest) == (data, after)
    assert parsed(data + after)[1] == after


_ODD = st.sampled_from(
    [
        *(b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"0", b"5", b"a", b";", b":", b" ", b"\t", b"\x00", b"\xff"),
        *(b"Content-Length: 5", b"Content-Length:0", b"CONTENT-LENGTH:\t0003", b"Expect: 100-continue"),
        *(b"Transfer-Encoding: chunked", b"transfer-encoding : chunked", b"0\r\n\r\n", b"5\r\nabcde\r\n"),
        *(b"GET / HTTP/1.1\r\n", POST, GET),
    ]
)


@pytest.mark.slow
@given(st.lists(_ODD, max_size=12).map(b"".join), st.sampled_from([b"", POST, CHUNKED, b"\r\n" + POST]), st.integers())
@settings(max_examples=500, deadline=None)
def test_gunicorn_s_parser_never_wants_more_than_what_is_whole(odd: bytes, before: bytes, seed: int) -> None:
    """What is whole here is so for gunicorn too, in any pieces, or is refused by it; and both see the same end."""
    data, chance, arriving = before + odd, random.Random(seed), Arriving()
    at = 0
    while at < len(data) and arriving.stage is not Stage.HERE:
        piece = chance.randint(1, 9)
        arriving.add(data[at : at + piece])
        at += piece
    if not arriving.is_whole:
        return
    assert Arriving(data).request == arriving.request, "however it comes in pieces"
    parser = RequestParser(Config(), [arriving.request], ("192.0.2.1", 1))
    try:
        request = next(parser)
        body = request.body.read()
    except ParseException:  # and not that there is no more
        return
    length = getattr(request.body.reader, "length", None)
    assert (length is None) == (arriving.length is None)
    if arriving.length is not None:
        assert len(body) == arriving.length
    assert parser.unreader.take_buffered() == b""


# No backslash in a name: pytest escapes it once more in mutmut's second run in one process, and finds no such test.
@pytest.mark.slow
@pytest.mark.parametrize("data", MALFORMED, ids=lambda data: repr(data[-30:]).replace("\\", "/"))
def test_what_is_malformed_is_here_at_once_and_is_the_last(data: bytes) -> None:
    arriving = Arriving(data)
    assert (arriving.stage, arriving.is_whole, arriving.rest) == (Stage.HERE, False, b"")
    assert arriving.request == data


def test_a_line_feed_whose_return_came_before_is_not_bare() -> None:
    arriving = Arriving(b"GET / HTTP/1.1\r")
    assert arriving.add(b"\nHost: x\r") is Stage.HEAD
    assert arriving.add(b"\n") is Stage.HEAD
    assert arriving.add(b"\n") is Stage.HERE
    assert not arriving.is_whole


def test_a_bare_line_feed_may_begin_a_piece() -> None:
    arriving = Arriving(b"GET / HTTP/1.1")
    assert arriving.add(b"\nHost: x") is Stage.HERE
    assert not arriving.is_whole


def test_of_a_head_that_has_not_ended_nothing_is_a_request() -> None:
    arriving = Arriving(b"GET")
    assert (arriving.length, arriving.wants_continue, arriving.request, arriving.rest) == (0, False, b"", b"GET")


LARGE_CHUNK = CHUNKED + b"4268\r\n" + b"a" * 17_000 + b"\r\n"


@pytest.mark.parametrize(
    ("data", "stage"),
    [
        (CHUNKED + b"10\r\n" + b"a" * 16 + b"\r\n0\r\n\r\n", Stage.HERE),
        (CHUNKED + b"%x\r\n" % MOST_BODY, Stage.BODY),
        (LARGE_CHUNK + b"5", Stage.BODY),
        (LARGE_CHUNK + b"0\r\nA: b", Stage.BODY),
        (CHUNKED + b"1" * (16 * 1024 - 1), Stage.BODY),
        (CHUNKED + b"0" + b"\r\nA: ".ljust(16 * 1024 - 1, b"a"), Stage.BODY),
    ],
    ids=range(6),
)
def test_chunks_are_read_in_hexadecimal_and_may_be_so_long(data: bytes, stage: Stage) -> None:
    arriving = Arriving(data)
    assert (arriving.stage, arriving.is_whole) == (stage, stage is Stage.HERE)


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"%x\r\n" % (MOST_BODY + 1),
        CHUNKED + b"1" * 16 * 1024,
        CHUNKED + b"1;" + b"a" * 17_000 + b"\r\n",
        CHUNKED + b"0" + b"\r\nA: ".ljust(16 * 1024, b"a"),
        CHUNKED + b"0\r\nA: " + b"a" * 17_000 + b"\r\n\r\n",
    ],
    ids=range(5),
)
def test_chunks_beyond_that_are_not_waited_for(data: bytes) -> None:
    arriving = Arriving(data)
    assert (arriving.stage, arriving.is_whole) == (Stage.HERE, False)


def test_a_head_may_be_so_long_and_no_longer() -> None:
    line = b"GET / HTTP/1.1\r\nA: "
    assert Arriving(line + b"a" * (MOST_HEAD - len(line))).stage is Stage.HEAD
    assert Arriving(line + b"a" * (MOST_HEAD - len(line) + 1)).stage is Stage.HEAD_TOO_LONG


def test_a_body_that_is_too_large_is_not_waited_for() -> None:
    announced = POST + b"Content-Length: %d\r\n" % (MOST_BODY + 1)
    arriving = Arriving(announced + b"\r\n" + b"a" * MOST_BODY)
    assert arriving.stage is Stage.BODY
    assert arriving.add(b"a" * 10) is Stage.HERE
    expecting = Arriving(announced + b"Expect: 100-continue\r\n\r\n")
    assert (expecting.stage, expecting.is_whole) == (Stage.HERE, False)


@pytest.mark.parametrize(
    ("head", "wants"),
    [
        (POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nEXPECT:100-Continue\r\nContent-Length: 5\r\n\r\n", True),
        (b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", False),
        (POST + b"Expect: more\r\nContent-Length: 5\r\n\r\n", False),
        (POST + b"X-Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", False),
        (POST + b"Content-Length: 5\r\n\r\n", False),
    ],
)
def test_a_client_may_want_to_be_told_to_go_on(head: bytes, wants: bool) -> None:
    arriving = Arriving(head)
    assert (arriving.stage, arriving.wants_continue) == (Stage.BODY, wants)


def test_a_body_that_is_cut_off_is_here_and_a_head_is_not() -> None:
    body = Arriving(POST + b"Content-Length: 5\r\n\r\nab")
    assert body.of_body == 2
    assert body.end() is Stage.HERE
    assert not body.is_whole
    assert Arriving(POST).end() is Stage.HEAD
    assert Arriving().end() is Stage.NOTHING
    assert Arriving().of_body == 0


@pytest.mark.parametrize(
    ("line", "most"),
    [
        (b"POST /applet/a.b-c_d/files HTTP/1.1", MOST_UPLOAD),
        (b"POST /applet/a.b-c_d/files HTTP/1.0", MOST_UPLOAD),
        (b"POST /s/default/with-pictures HTTP/1.1", MOST_UPLOAD),
        (b"POST /s/default/pictures HTTP/1.1", MOST_UPLOAD),
        (b"POST /api/v1/requests/a.b-c_d/pictures HTTP/1.1", MOST_UPLOAD),
        (b"POST /api/v1/requests/a.b-c_d/pictures?lang=de HTTP/1.1", MOST_UPLOAD),
        (b"POST /api/v1/requests/a.b-c_d HTTP/1.1", MOST_BODY),
        (b"POST /s/default/submit HTTP/1.1", MOST_BODY),
        (b"POST /s/a/b/pictures HTTP/1.1", MOST_BODY),
        (b"POST /applet/a.b-c_d/files?x=1 HTTP/1.1", MOST_BODY),
        (b"POST /applet/a.b-c_d/files/1?at=0 HTTP/1.1", MOST_BODY),
        (b"POST /applet/a/b/files HTTP/1.1", MOST_BODY),
        (b"POST /applet/a.b-c_d HTTP/1.1", MOST_BODY),
        (b"POST /console/tickets/1/files HTTP/1.1", MOST_BODY),
        (b"POST /x?/applet/a/files HTTP/1.1", MOST_BODY),
        (b"PUT /applet/a.b-c_d/files HTTP/1.1", MOST_BODY),
        (b"POST /s/default HTTP/1.1\r\nX: POST /applet/a/files HTTP/1.1", MOST_BODY),
    ],
)
def test_only_forms_for_files_and_pictures_have_a_large_body(line: bytes, most: int) -> None:
    def whole(size: int) -> bool:
        arriving = Arriving(b"%s\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (line, size))
        piece = bytes(1024 * 1024)
        while arriving.stage is Stage.BODY:
            arriving.add(piece[: size - arriving.of_body])
        return arriving.is_whole

    assert (whole(most), whole(most + 2 * 1024 * 1024)) == (True, False)


def test_a_file_that_is_too_large_is_refused_before_it_comes() -> None:
    head = b"POST /applet/x/files HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert Arriving(head % MOST_UPLOAD).stage is Stage.BODY
    assert Arriving(head % (MOST_UPLOAD + 1)).stage is Stage.HERE
