"""A TCP relay on loopback before a real server, which can be cut off and joined again on the same port."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Relay:
    """Passes bytes to `target`, a port on 127.0.0.1, and back. `port` is its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._stop = threading.Event()
        self._thread = threading.Thread()
        self.port = 0
        self.join()

    def join(self) -> None:
        """Take connections (again)."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = listener.getsockname()[1]
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(listener,), daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """End every connection and refuse new ones, as a server does that stops."""
        self._stop.set()
        self._thread.join()

    def _run(self, listener: socket.socket) -> None:
        peers: dict[socket.socket, socket.socket] = {}
        with listener, selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            while not self._stop.is_set():
                for key, _ in selector.select(0.02):
                    found = key.fileobj
                    assert isinstance(found, socket.socket)
                    if found is listener:
                        pair = found.accept()[0], socket.create_connection(("127.0.0.1", self._target))
                        peers |= {pair[0]: pair[1], pair[1]: pair[0]}
                        for one in pair:
                            selector.register(one, selectors.EVENT_READ)
                    elif found in peers and not _pass_on(found, peers[found]):
                        for one in (found, peers.pop(found)):
                            peers.pop(one, None)
                            selector.unregister(one)
                            one.close()
            for one in peers:
                one.close()


def _pass_on(source: socket.socket, target: socket.socket) -> bool:
    with contextlib.suppress(OSError):
        if data := source.recv(65_536):
            target.sendall(data)
            return True
    return False


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    """One for a test, cut off at its end."""
    made = Relay(target)
    try:
        yield made
    finally:
        made.cut()
