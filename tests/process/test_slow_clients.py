"""The worker collects requests before a thread sees them; every connection is accounted for, whatever clients do."""

import errno
import random
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

from app.core import arriving
from app.core.arriving import MOST_BODY
from app.process import connections, web_process
from tests.process.worker_at_work import WorkerAtWork, answered, at_work, heard
from tests.waiting import until

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n"
THREADS = 4


class Echo:
    """Answers with method, path and body; `/wait` is answered once it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/wait":
            self.inside.release()
            self.go.wait(30)
        if environ["PATH_INFO"] == "/large":
            answer = b"x" * 20_000_000
        elif environ["PATH_INFO"] == "/unread":
            answer = b"unread"
        else:
            answer = b"%s %s %s." % (
                environ["REQUEST_METHOD"].encode(),
                environ["PATH_INFO"].encode(),
                environ["wsgi.input"].read(),
            )
        start_response("200 OK", [("Content-Length", str(len(answer)))])
        return [answer]


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def worker(echo: Echo) -> Iterator[WorkerAtWork]:
    with at_work(echo, threads=THREADS) as running:
        yield running
        echo.go.set()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines are over at once."""
    monkeypatch.setattr(connections, "HEAD_WITHIN", 0.2)
    monkeypatch.setattr(connections, "BODY_WITHIN", 0.2)
    monkeypatch.setattr(connections, "LEAVES_WITHIN", 0.2)
    monkeypatch.setattr(web_process, "_LOOK_EVERY", 0.05)


def test_slow_clients_take_no_thread(worker: WorkerAtWork) -> None:
    with ExitStack() as stack:
        for _ in range(10 * THREADS):
            stack.enter_context(worker.connect())
            stack.enter_context(worker.connect(b"GET / HTTP/1.1\r\nHost:"))
            stack.enter_context(worker.connect(HEAD + b"Content-Length: 5\r\n\r\nab"))
            stack.enter_context(worker.connect(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"))
        assert worker.comes_to(40 * THREADS)
        assert worker.get() == b"GET / ."
    assert worker.comes_to(0)


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost:", HEAD + b"Content-Length: 5\r\n\r\nab"])
def test_a_request_that_comes_too_slowly_is_given_up(soon: None, worker: WorkerAtWork, said: bytes) -> None:
    with worker.connect(said) as client:
        assert answered(client).startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert worker.comes_to(0)


def test_a_client_that_says_nothing_is_closed(soon: None, worker: WorkerAtWork) -> None:
    with worker.connect() as client:
        assert answered(client) == b""
    assert worker.comes_to(0)


def test_a_second_request_that_comes_too_slowly_is_given_up(soon: None, worker: WorkerAtWork) -> None:
    with worker.connect(GET % 1 + b"G") as client:
        assert b" 408 " in answered(client)
    assert worker.comes_to(0)


def test_a_kept_connection_waits_for_its_next_request_and_not_for_ever(soon: None, echo: Echo) -> None:
    with at_work(echo, keepalive=1) as worker, worker.connect(GET % 1) as client:
        heard(client, b"GET /1 .")
        client.sendall(GET % 2)
        heard(client, b"GET /2 .")
        assert answered(client) == b""
        assert worker.comes_to(0)


def test_a_body_may_take_its_time_as_long_as_it_comes(worker: WorkerAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_WITHIN", 0.0)
    monkeypatch.setattr(connections, "SLOWEST_BODY", 100)
    monkeypatch.setattr(web_process, "_LOOK_EVERY", 0.0)
    with worker.connect(HEAD + b"Content-Length: 2001\r\n\r\n" + b"a" * 2000) as client:
        assert worker.get() == b"GET / ."  # the main loop has looked for late ones
        client.sendall(b"b")
        heard(client, b"aab.")
    with worker.connect(HEAD + b"Content-Length: 2001\r\n\r\n" + b"a") as client:
        assert b" 408 " in answered(client)


def test_requests_in_pieces_are_answered(worker: WorkerAtWork) -> None:
    with worker.connect() as client:
        for piece in (b"\r\nPO", b"ST /a HTTP/1.1\r", b"\nContent-Le", b"ngth: 5\r\n\r", b"\nab", b"cd", b"eGET /b"):
            client.sendall(piece)
        heard(client, b"POST /a abcde.")
        client.sendall(b" HTTP/1.1\r\n\r\n")
        heard(client, b"GET /b .")


def test_pipelined_requests_are_answered_in_their_order(worker: WorkerAtWork) -> None:
    posts = [HEAD + b"Content-Length: 1\r\n\r\n%d" % n for n in range(5)]
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n5\r\n0\r\n\r\n"
    with worker.connect(
        b"".join([*posts, chunked, GET % 6, b"GET /7 HTTP/1.1\r\nConnection: close\r\n\r\n"])
    ) as client:
        whole = answered(client)
    assert [whole.find(b"POST /echo %d." % n) for n in range(6)] == sorted(
        whole.find(b"echo %d." % n) - 6 for n in range(6)
    )
    assert whole.count(b"HTTP/1.1 200 OK") == 8
    assert worker.comes_to(0)


def test_a_body_that_the_application_does_not_read_is_not_the_next_request(worker: WorkerAtWork) -> None:
    body = GET % 9
    post = b"POST /unread HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body)
    with worker.connect(post + body + GET % 2) as client:
        whole = heard(client, b"GET /2 .")
    assert b"/9" not in whole
    assert whole.count(b"HTTP/1.1") == 2


def test_a_client_that_waits_to_be_told_is_told_once(worker: WorkerAtWork) -> None:
    expecting = b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with worker.connect(expecting) as client:
        assert heard(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abcde")
        assert b"100 Continue" not in heard(client, b"abcde.")
        client.sendall(expecting + b"abcde")
        heard(client, b"abcde.")


def test_a_body_that_is_too_large_is_refused_and_nothing_may_follow(worker: WorkerAtWork) -> None:
    with worker.connect(HEAD + b"Content-Length: %d\r\n\r\n" % (MOST_BODY * 2)) as client:
        with suppress(ConnectionError):
            client.sendall(b"a" * MOST_BODY + GET % 9 * 100)
        with suppress(ConnectionError):
            whole = heard(client, b"Connection: close")
            assert b"/9" not in whole
    assert worker.comes_to(0)


def test_where_the_parser_sees_another_end_nothing_may_follow(
    worker: WorkerAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "_length", lambda head: 0)
    with worker.connect(HEAD + b"Content-Length: 50\r\n\r\n" + GET % 9) as client:
        whole = answered(client)
    assert b"/9" not in whole
    assert whole.count(b"HTTP/1.1 ") <= 1


def test_a_head_that_is_too_long_is_refused(worker: WorkerAtWork) -> None:
    with worker.connect(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000) as client, suppress(ConnectionError):
        assert b" 431 " in answered(client)
    assert worker.comes_to(0)


def test_a_client_that_has_sent_all_and_closed_its_side_is_answered(worker: WorkerAtWork) -> None:
    with worker.connect(GET % 1) as client:
        client.shutdown(socket.SHUT_WR)
        assert answered(client).endswith(b"GET /1 .")
    with worker.connect(HEAD + b"Content-Length: 5\r\n\r\nab") as client:
        client.shutdown(socket.SHUT_WR)
        assert answered(client).endswith(b"POST /echo ab.")
    with worker.connect(b"GET / HT") as client:
        client.shutdown(socket.SHUT_WR)
        assert answered(client) == b""
    assert worker.comes_to(0)


def test_a_client_that_never_closes_is_left(soon: None, worker: WorkerAtWork) -> None:
    """And holds nobody up meanwhile: gunicorn waited for it in the main loop."""
    with ExitStack() as stack:
        closing = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
        for client in [stack.enter_context(worker.connect(closing)) for _ in range(20)]:
            answered(client)
        assert worker.get() == b"GET / ."
        assert worker.comes_to(0)


def test_a_client_that_goes_on_sending_after_its_last_answer_is_left(worker: WorkerAtWork) -> None:
    with worker.connect(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n") as client:
        heard(client, b"GET / .")
        with pytest.raises(ConnectionError):
            client.sendall(b"x" * 64_000_000)
    assert worker.comes_to(0)


def test_a_client_has_its_share_of_all_connections(echo: Echo) -> None:
    with at_work(echo, worker_connections=12) as worker, ExitStack() as stack:
        mine = [stack.enter_context(worker.connect(b"G", "127.0.0.2")) for _ in range(3)]
        other = stack.enter_context(worker.connect(b"G", "127.0.0.3"))
        assert worker.comes_to(4)
        another = stack.enter_context(worker.connect(b"G", "127.0.0.2"))
        assert answered(mine[0]) == b"", "the oldest makes room"
        assert worker.connections == 4
        for client in (*mine[1:], other, another):
            client.sendall(b"ET /a HTTP/1.1\r\n\r\n")
            heard(client, b"GET /a .")


def test_whose_share_is_all_under_way_gets_no_more(echo: Echo) -> None:
    with at_work(echo, worker_connections=12) as worker, ExitStack() as stack:
        waiting = b"GET /wait HTTP/1.1\r\n\r\n"
        mine = [stack.enter_context(worker.connect(waiting, "127.0.0.2")) for _ in range(3)]
        for _ in mine:
            assert echo.inside.acquire(timeout=30)
        with worker.connect(address="127.0.0.2") as one_more, suppress(ConnectionError):
            assert answered(one_more) == b""
        assert worker.get(address="127.0.0.3") == b"GET / ."
        echo.go.set()
        for client in mine:
            heard(client, b"GET /wait .")


def test_the_oldest_makes_room_when_there_are_too_many(echo: Echo) -> None:
    with at_work(echo, worker_connections=8) as worker, ExitStack() as stack:
        body = stack.enter_context(worker.connect(HEAD + b"Content-Length: 2\r\n\r\na", "127.0.0.100"))
        assert worker.comes_to(1)
        old = stack.enter_context(worker.connect(b"G", "127.0.0.101"))
        assert worker.comes_to(2)
        for n in range(6):
            stack.enter_context(worker.connect(b"G", f"127.0.0.{n + 2}"))
        assert worker.comes_to(8)
        assert worker.get(address="127.0.0.50") == b"GET / ."
        assert answered(old) == b""
        body.sendall(b"b")
        heard(body, b"POST /echo ab.")


def test_what_arrives_of_all_requests_together_is_limited(
    worker: WorkerAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_process, "MOST_HELD", 100_000)
    with worker.connect(HEAD + b"Content-Length: 90000\r\n\r\n" + b"a" * 80_000) as large:
        assert worker.comes_to(1)
        with worker.connect(HEAD + b"Content-Length: 40000\r\n\r\n" + b"a" * 30_000) as small:
            with suppress(ConnectionError):
                assert answered(large) == b""
            small.sendall(b"a" * 10_000)
            heard(small, b"aaa.")
    assert worker.comes_to(0)
    assert worker.worker._book.held == 0


def test_a_process_without_descriptors_makes_room(echo: Echo) -> None:
    class Exhausted:
        def accept(self) -> None:
            raise OSError(errno.EMFILE, "Too many open files")

    with at_work(echo) as worker, worker.connect(b"G") as client:
        assert worker.comes_to(1)
        worker.worker.method_queue.defer(worker.worker.accept, Exhausted())
        assert answered(client) == b""
        worker.worker.method_queue.defer(worker.worker.accept, Exhausted())
        assert worker.get() == b"GET / ."


def test_a_connection_that_is_lost_as_it_is_accepted_ends_nothing(
    worker: WorkerAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    with monkeypatch.context() as patch:
        patch.setattr(connections.Connection, "__init__", fail)
        with worker.connect() as client, suppress(ConnectionError):
            assert answered(client) == b""
    assert worker.connections == 0
    assert worker.get() == b"GET / ."


@pytest.mark.parametrize("name", ["add", "keep", "leave"])
def test_what_fails_leaves_no_connection_behind(
    worker: WorkerAtWork, monkeypatch: pytest.MonkeyPatch, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("of a test")

    with monkeypatch.context() as patch, worker.connect() as client:
        patch.setattr(connections.Connection, name, fail)
        client.sendall(GET % 1 if name != "leave" else b"GET / HTTP/1.0\r\n\r\n")
        with suppress(ConnectionError):
            answered(client)
        assert worker.comes_to(0)
    assert worker.get() == b"GET / ."
    assert "of a test" not in capfd.readouterr().err


def test_a_client_that_takes_nothing_is_left(worker: WorkerAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_ANSWER_LIMIT", struct.pack("ll", 0, 200_000))
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            stack.enter_context(worker.connect(b"GET /large HTTP/1.1\r\n\r\n"))
        assert worker.get() == b"GET / ."
    assert worker.comes_to(0)


def test_after_a_storm_nothing_is_left(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that do anything at all, and vanish in every way, some of them by a reset."""
    monkeypatch.setattr(web_process, "MOST_HELD", 200_000)
    chance = random.Random(20)
    echo.go.set()
    words = [b"GET / HTTP/1.1\r\n\r\n", b"GET /w", b"\r\n\r\n", b"\n", b"x" * 9000, HEAD, b"Content-Length: 70\r\n\r\n"]
    words += [
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"5\r\nabcde\r\n",
        b"0\r\n\r\n",
        b"Connection: close\r\n",
        b"\xff\x00",
    ]
    words += [b"Expect: 100-continue\r\n", b"GET /large HTTP/1.1\r\n\r\n", HEAD + b"Content-Length: 3\r\n\r\nabc"]
    with at_work(echo, worker_connections=100) as worker:
        clients: list[socket.socket] = []
        for _ in range(3000):
            if not clients or chance.random() < 0.4:
                clients.append(worker.connect(address=f"127.0.0.{chance.randint(2, 9)}"))
            client = chance.choice(clients)
            with suppress(OSError):
                client.settimeout(0.001)
                act = chance.random()
                if act < 0.7:
                    client.sendall(chance.choice(words))
                elif act < 0.8:
                    client.recv(65536)
                elif act < 0.85:
                    client.shutdown(socket.SHUT_WR)
                else:
                    if act < 0.92:
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    clients.remove(client)
                    client.close()
        for client in clients:
            client.close()
        assert worker.comes_to(0)
        assert (worker.worker._book.held, worker.worker._book.waiting, dict(worker.worker._book._of)) == (0, {}, {})
        assert worker.get() == b"GET / ."


def test_a_worker_that_stops_answers_what_is_here_and_waits_for_nobody_long(echo: Echo) -> None:
    with at_work(echo) as worker, ExitStack() as stack:
        kept = stack.enter_context(worker.connect(GET % 1))
        heard(kept, b"GET /1 .")
        under_way = stack.enter_context(worker.connect(b"GET /wait HTTP/1.1\r\n\r\n"))
        assert echo.inside.acquire(timeout=30)
        silent = stack.enter_context(worker.connect())
        assert worker.comes_to(3)
        worker.begin_to_stop()
        assert until(lambda: not worker.worker.alive)
        echo.go.set()
        heard(under_way, b"GET /wait .")
        kept.sendall(GET % 2)
        last = answered(kept)
        assert b"Connection: close" in last
        assert last.endswith(b"GET /2 .")
        assert answered(silent) == b""
