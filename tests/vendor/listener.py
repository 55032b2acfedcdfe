"""A port on loopback with a thread for each connection; it can refuse connections for a while, and closes cleanly."""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable

_BACKLOG = 1024


class Listener:
    """Calls `serve` with every connection, in its own thread, and closes it afterwards."""

    def __init__(self, serve: Callable[[socket.socket], None], port: int = 0) -> None:
        self._serve = serve
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        self._acceptor: threading.Thread | None = None
        self._fillers: list[socket.socket] = []
        self._socket = _bound(port)
        self.port = int(self._socket.getsockname()[1])
        self.accept()

    def accept(self) -> None:
        """Accept connections, or do so again. Does nothing when it already does."""
        if self._acceptor is None:
            self._empty()
            self._socket.listen(_BACKLOG)
            self._acceptor = threading.Thread(target=self._accept, args=(self._socket,), name=f"port-{self.port}")
            self._acceptor.start()

    def refuse(self) -> None:
        """Close the port: the system refuses new connections. Open connections stay open."""
        if self._acceptor is None:
            self._empty()
            return
        acceptor, self._acceptor = self._acceptor, None
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()  # wakes the thread
        acceptor.join()
        self._socket = _bound(self.port)  # bound, not listening, so that no other process gets the port

    def ignore(self) -> None:
        """Neither accept nor refuse connections: the queue of a port that never accepts is full (Linux)."""
        self.refuse()
        self._socket.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def close(self) -> None:
        """Refuse connections, end the open ones and wait for all threads."""
        self.refuse()
        self._socket.close()
        with self._lock:
            left = dict(self._open)
        for connection in left.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in left:
            thread.join()

    def _empty(self) -> None:
        """Undo `ignore`."""
        if self._fillers:
            for filler in self._fillers:
                filler.close()
            self._fillers.clear()
            self._socket.close()
            self._socket = _bound(self.port)

    def _accept(self, listening: socket.socket) -> None:
        with listening:
            while True:
                connection, _address = listening.accept()
                if self._acceptor is None:
                    reset(connection)
                    return
                thread = threading.Thread(target=self._run, args=(connection,), name=f"call-on-{self.port}")
                with self._lock:
                    self._open[thread] = connection
                thread.start()

    def _run(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):  # callers may leave at any time
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._serve(connection)
        finally:
            with self._lock:
                del self._open[threading.current_thread()]


def reset(connection: socket.socket) -> None:
    """End a connection with RST instead of an orderly close."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def readable(connection: socket.socket, milliseconds: int | None = None) -> bool:
    """Wait until there is data to read, or the caller has left; False when neither happened in time."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(milliseconds))


def has_left(connection: socket.socket) -> bool:
    """Whether the caller of a plain connection has closed or reset it."""
    try:
        return readable(connection, 0) and not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
