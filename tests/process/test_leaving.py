"""`handbell serve` ends in two steps: `/readyz` answers 503 while all else is served, then connections are refused."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.live_server import clean_environment, free_port
from tests.waiting import until

pytestmark = pytest.mark.slow

_SERVE = "import app.process.leaving as leaving, app.cli; leaving.LEAVES_FOR = {seconds}; app.cli.handbell(['serve'])"
_HOUR = 3600.0
_PATIENCE = 30.0


class Host:
    """A running `handbell serve`, and what its addresses answer on new connections."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port

    def status(self, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def refuses(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) != 0


@contextmanager
def host(folder: Path, leaves_for: float, ends_with: int = 0, **settings: str) -> Iterator[Host]:
    """A host that leaves for this many seconds, in a process group of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE.format(seconds=leaves_for)],
        env=clean_environment(folder / "data", PORT=str(port), **settings),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        assert "ready\n" in iter(process.stdout.readline, "")
        yield Host(process, port)
        process.stdout.read()  # until the last process has ended
        assert process.wait(_PATIENCE) == ends_with
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to the master", "to all processes, as systemd does"])
def test_after_sigterm_all_but_readyz_is_served_for_a_while(tmp_path: Path, send: Callable[[int, int], None]) -> None:
    with host(tmp_path, _HOUR) as leaving:
        assert [leaving.status("/readyz") for _ in range(8)] == [200] * 8
        send(leaving.process.pid, signal.SIGTERM)
        assert until(lambda: leaving.status("/readyz") == 503, _PATIENCE)
        # Both processes: the kernel gives each its share of new connections.
        assert [leaving.status("/readyz") for _ in range(8)] == [503] * 8
        assert [leaving.status(path) for path in ("/healthz", "/", "/widget.js")] == [200] * 3
        os.kill(leaving.process.pid, signal.SIGTERM)  # ends at once


def test_ctrl_c_ends_a_host_at_once(tmp_path: Path) -> None:
    # One process, which is there once the host is ready: gunicorn reports a failure when another is still starting.
    with host(tmp_path, _HOUR, HANDBELL_PROCESSES="1") as ended:
        os.killpg(ended.process.pid, signal.SIGINT)


# A connection that the busy process has not accepted yet is rightly reset.
@pytest.mark.flaky(reruns=3)
@pytest.mark.parametrize(("way", "ends_with"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_new_connections_are_refused_while_an_old_one_is_served(tmp_path: Path, way: int, ends_with: int) -> None:
    """gunicorn leaves them in the kernel's queue, unanswered, and then resets them."""
    with host(tmp_path, 0.0, ends_with) as ended:
        body = b"a=1"
        head = f"POST /s/default HTTP/1.1\r\nHost: 127.0.0.1:{ended.port}\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", ended.port), _PATIENCE) as begun:
            begun.sendall(head.encode() + body[:1])
            os.kill(ended.process.pid, way)
            assert until(ended.refuses, _PATIENCE)
            begun.sendall(body[1:])
            assert begun.recv(4096).startswith(b"HTTP/1.1 ")
