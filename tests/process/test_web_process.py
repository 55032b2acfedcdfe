"""Streams at a real server: they occupy no thread, and their clients come and go."""

import inspect
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from gunicorn.config import Config
from gunicorn.http.body import LengthReader
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import TConn, ThreadWorker

from app.process.streams import LENGTH
from app.process.web_process import WebProcess
from tests.live_server import LiveServer, serving
from tests.process.console_at_server import Console, hear_change
from tests.waiting import until

_STREAMS = 30  # of one process with eight threads; a technician may have 20 in one
_PATIENCE = 10.0  # seconds


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("streams"), HANDBELL_PROCESSES="1") as server:
        yield server


@pytest.fixture(scope="module")
def consoles(live: LiveServer) -> tuple[Console, Console]:
    """The consoles of two technicians."""
    live.run("technician", "password", "robin@example.com", "--password-file", "-", stdin="a-password-for-robin\n")
    return Console(live, *live.first_log_in), Console(live, "robin@example.com", "a-password-for-robin")


def comes(console: Console, status: int) -> bool:
    """Whether another stream is eventually answered with this status; the server counts just after it answers."""
    return until(lambda: console.status("/console/changes") == status, _PATIENCE)


def test_a_stream_says_how_long_it_is_and_that_nobody_may_keep_it(consoles: tuple[Console, Console]) -> None:
    with consoles[0].stream():
        beginning = consoles[0].beginning.decode()
    assert beginning.startswith("HTTP/1.1 200 OK")
    assert f"Content-Length: {LENGTH + len('retry: 3000') + 2}\r\n" in beginning
    assert "Content-Type: text/event-stream" in beginning
    assert "X-Accel-Buffering: no" in beginning
    assert "Cache-Control: no-store" in beginning


@pytest.mark.slow
def test_more_streams_than_threads_leave_the_site_answering(
    live: LiveServer, consoles: tuple[Console, Console]
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(consoles[n % 2].stream()) for n in range(_STREAMS)]
        for path in ("/", "/readyz", "/console/login"):
            assert consoles[0].status(path) == 200
        consoles[0].ask()
        for client in clients:
            hear_change(client)


def test_a_client_that_closes_at_once_is_told_of_changes_as_well(consoles: tuple[Console, Console]) -> None:
    with consoles[0].stream("1.0") as client:
        consoles[0].ask()
        hear_change(client)


@pytest.mark.slow
def test_clients_who_have_gone_make_room_for_others(consoles: tuple[Console, Console]) -> None:
    for _ in range(2):
        with ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(consoles[0].stream())
            assert comes(consoles[0], 503)
            assert consoles[1].status("/console/changes") == 200
        assert comes(consoles[0], 200)


@pytest.mark.slow
def test_a_server_that_stops_ends_its_streams(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("stops"), HANDBELL_PROCESSES="1") as live:
        console = Console(live, *live.first_log_in)
        client = console.stream()
        console.ask()
        whole = console.heard + len(hear_change(client))
    while more := client.recv(65536):
        whole += len(more)
    client.close()
    assert whole == LENGTH


@pytest.mark.slow
def test_a_process_that_starts_a_thread_at_this_moment_ends_as_well() -> None:
    """The handler runs in the thread that has the pool's lock. Here another one has it, so that the test ends."""
    process = WebProcess(1, 1, [], None, 1, Config(), None)
    process.tpool = ThreadPoolExecutor(1)

    def end() -> None:
        with pytest.raises(SystemExit):
            process.handle_quit(signal.SIGQUIT, None)

    with process.tpool._shutdown_lock:
        ends = threading.Thread(target=end, daemon=True)
        ends.start()
        ends.join(_PATIENCE)
        assert not ends.is_alive()
    process.tmp.close()


LOOK_AT = (
    "app/process/web_process.py and connections.py override gunicorn's threaded worker: compare them with "
    "gunicorn/workers/gthread.py of the new version, then raise the cap in pyproject.toml"
)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("load_wsgi", ["self"]),
        ("handle_quit", ["self", "sig", "frame"]),
        ("notify", ["self"]),
        ("handle", ["self", "conn"]),
        ("finish_request", ["self", "conn", "fs"]),
        ("handle_error", ["self", "req", "client", "addr", "exc"]),
        ("handle_request", ["self", "req", "conn"]),
        ("accept", ["self", "listener"]),
        ("enqueue_req", ["self", "conn"]),
        ("murder_keepalived", ["self", "force"]),
        ("murder_pending", ["self"]),
        ("_cap_keepalive", ["self", "deadline"]),
    ],
)
def test_what_we_override_of_gunicorn_is_as_we_know_it(name: str, parameters: list[str]) -> None:
    method = getattr(ThreadWorker, name, None)
    assert method is not None, f"{name} is gone. {LOOK_AT}"
    assert list(inspect.signature(method).parameters) == parameters, f"{name} has other parameters. {LOOK_AT}"


def test_gunicorn_still_goes_through_what_we_override() -> None:
    source = inspect.getsource(ThreadWorker)
    internals = (
        *("self.nr_conns", "self.worker_connections", "self.finish_request", "self.handle, conn", "self.accept)"),
        *("self.murder_keepalived()", "self.murder_keepalived(force=True)", "self.murder_pending()", "self.poller"),
        *("self._cap_keepalive(", "next(conn.parser)", "conn.initialized", "conn.data_ready", "self.handle_request("),
    )
    assert [internal for internal in internals if internal not in source] == [], f"gone. {LOOK_AT}"
    assert "if self.initialized:\n            return" in inspect.getsource(TConn.init), f"init does more. {LOOK_AT}"
    assert list(inspect.signature(TConn).parameters) == ["cfg", "sock", "client", "server"], LOOK_AT
    assert "sock" in inspect.getsource(TConn), f"a connection has no sock any more. {LOOK_AT}"


def test_a_parser_without_a_socket_still_ends_where_its_bytes_do() -> None:
    parser = RequestParser(Config(), (), ("192.0.2.1", 1))
    parser.unreader.unread(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
    request = next(parser)
    assert isinstance(request.body.reader, LengthReader), LOOK_AT
    assert request.body.reader.length == 5, LOOK_AT
    assert request.body.read() == b"ab"
    assert parser.unreader.take_buffered() == b""
    request.force_close()
    assert request.should_close()
