"""Our gunicorn worker in a thread of a test's own process, with an application of the test's."""

import http.client
import math
import os
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.config import Config

from app.process.server_log import ServerLog
from app.process.web_process import WebProcess
from tests.waiting import until


class _App:
    def __init__(self, application: Any) -> None:
        self._application = application

    def wsgi(self) -> Any:
        return self._application


class WorkerAtWork:
    """A running worker. `connections` is how many it counts."""

    def __init__(self, application: Any, **settings: Any) -> None:
        config = Config()
        for name, value in {"threads": 4, "keepalive": 75, "graceful_timeout": 20, "loglevel": "warning"}.items():
            config.set(name, settings.get(name, value))
        config.set("worker_connections", settings.get("worker_connections", 1000))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._listener.getsockname()[1])
        arguments = (os.getppid(), [self._listener], _App(application), 30, config, ServerLog(config))
        self.worker = WebProcess(1, *arguments)
        self.worker.tpool = self.worker.get_thread_pool()
        self.worker.poller = selectors.DefaultSelector()
        self.worker.method_queue.init()
        self.worker.load_wsgi()
        self._thread = threading.Thread(target=self.worker.run, name="worker at work")
        self._thread.start()

    @property
    def connections(self) -> int:
        return int(self.worker.nr_conns)

    def comes_to(self, connections: int) -> bool:
        """Whether it has so many connections, sooner or later."""
        return until(lambda: self.connections == connections)

    def connect(self, said: bytes = b"", address: str = "127.0.0.1") -> socket.socket:
        """A client at this address of loopback, which says this."""
        client = socket.create_connection(("127.0.0.1", self.port), 30, (address, 0))
        client.sendall(said)
        return client

    def get(self, path: str = "/", address: str = "127.0.0.1") -> bytes:
        """The body of an answer with 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(address, 0))
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200
        return body

    def begin_to_stop(self) -> None:
        """As some seconds after SIGTERM, when proxies know: no new connections, and what is under way is finished."""
        self.worker._ends_at = -math.inf
        self.worker.method_queue.defer(lambda: None)  # wakes its main loop

    def stop(self) -> None:
        """Ends as with SIGTERM; fails when it does not end."""
        self.begin_to_stop()
        self._thread.join(30)
        assert not self._thread.is_alive()
        self.worker.tpool.shutdown()
        self.worker.tmp.close()


@contextmanager
def at_work(application: Any, **settings: Any) -> Iterator[WorkerAtWork]:
    worker = WorkerAtWork(application, **settings)
    try:
        yield worker
    finally:
        worker.stop()


def answered(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    whole = b""
    while more := client.recv(65536):
        whole += more
    return whole


def heard(client: socket.socket, words: bytes, times: int = 1) -> bytes:
    """All until these words came so many times."""
    whole = b""
    while whole.count(words) < times:
        more = client.recv(65536)
        assert more, whole
        whole += more
    return whole
