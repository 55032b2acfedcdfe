"""gunicorn's threaded worker, changed so that no thread waits for a client that sends.

The main loop collects requests (`core/arriving.py`) within deadlines, and gives a thread only complete ones: a thousand
slow clients cost a thousand sockets. A connection whose answer has become a stream of changes is given away; it costs a
socket and no thread either. gunicorn itself reads requests in its threads, and waits up to two seconds in its main loop
for each connection that it closes.
"""

import contextlib
import errno
import resource
import selectors
import socket
import sys
import time
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http import errors
from gunicorn.http.body import LengthReader
from gunicorn.sock import create_sockets
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER

from app import metrics
from app.core.arriving import Stage
from app.core.client import client_network
from app.log import OnceAMinute, frames
from app.process.connections import MOST_HELD, Connection, Connections
from app.process.database_faults import note_database_fault
from app.process.ending import EndingInSteps
from app.process.server_log import status_of
from app.process.streams import MOST_STREAMS
from app.store.database import DATABASE_FAULTS, DatabaseNotNow

log = structlog.get_logger()
_malformed = OnceAMinute()
_refused = OnceAMinute()
_GIVEN_AWAY = object()
_AT_ONCE = 8  # connections accepted before other events are handled
_PIECE = 16 * 1024  # bytes read at once
_MOST_DROPPED = 64 * 1024  # bytes that a client may send after its last answer
_LOAD_AGAIN_AFTER = 0.5  # seconds
_LOOK_EVERY = 0.5  # seconds between two checks of deadlines
_OTHER_FILES = 250  # file descriptors of a process for anything else: hand-offs, database, metrics
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_GONE = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)


class WebProcess(EndingInSteps):
    """As gthread, except for receiving requests, for streams of changes and for its end."""

    def load_wsgi(self) -> None:
        """Load the application, and tell it that streams are possible in this process."""
        if self.cfg.is_ssl:
            raise RuntimeError("Handbell speaks plain HTTP; end TLS in a proxy (docs/operations.md)")
        self._load_once_the_database_is_there()
        here = getattr(self.wsgi, "extensions", {}).get("handbell")
        self._changes = here.changes if here else None
        self._book = Connections(
            _affordable(self.cfg.worker_connections), here.settings.trusted_proxies if here else ()
        )
        self.worker_connections = sys.maxsize  # gunicorn would stop accepting; we make room
        self._look_at = 0.0
        if self._changes:
            self._changes.open()

    def _load_once_the_database_is_there(self) -> None:
        """gunicorn ends the whole host when a process cannot load the application.

        Meanwhile this process listens no more, so that the others get all connections.
        """
        while True:
            try:
                super().load_wsgi()
                break
            except (DatabaseNotNow, *DATABASE_FAULTS) as fault:
                for listener in self.sockets:
                    listener.close()
                self.sockets: list[Any] = []
                note_database_fault(fault, "start")
            self._wait_a_moment()
        if not self.sockets:
            self.sockets = create_sockets(self.cfg, self.log)
            for listener in self.sockets:
                util.close_on_exec(listener)
            self.wait_fds = [*self.sockets, self.PIPE[0]]

    def _wait_a_moment(self) -> None:
        """Show gunicorn's master that this process is alive, and end when it is to end."""
        time.sleep(_LOAD_AGAIN_AFTER)
        self.tmp.notify()
        if self.is_to_end or not self.is_parent_alive():
            sys.exit(0)

    def notify(self) -> None:
        """The main loop is alive: once a second, and with everything that comes."""
        super().notify()
        if self._changes:
            self._changes.tick()

    def accept(self, listener: Any) -> None:
        """Accept new connections, and read what they have already sent."""
        for _ in range(_AT_ONCE):
            try:
                sock, address = listener.accept()
            except OSError as error:
                if error.errno in _NO_ROOM and (oldest := self._book.dispensable()):
                    self._refuse(oldest, "full")
                elif error.errno not in (*_GONE, *_NO_ROOM):
                    raise
                return
            self._admit(sock, address, listener)

    def _admit(self, sock: socket.socket, address: Any, listener: Any) -> None:
        network = self._book.network(address[0])
        why: metrics.Refused | None = "full" if self._book.is_full else None
        if self._book.is_full_for(network):
            why = "address"
        if why:
            oldest = self._book.dispensable(network if why == "address" else None)
            if oldest is None:
                self._note(why, network)
                sock.close()
                return
            self._refuse(oldest, why)
        try:
            connection = Connection(self.cfg, sock, address, listener.getsockname(), network)
        except OSError:  # some systems refuse options on a connection that its client has reset
            sock.close()
            return
        self._book.add(connection)
        self.nr_conns = len(self._book)
        self._guarded(self._read, connection)

    def _guarded(self, act: Any, connection: Connection) -> None:
        """Close the connection on any error: none may end the main loop or leave a connection behind."""
        try:
            act(connection)
        except Exception as error:  # noqa: BLE001 - see above
            log.error("server_error", error=type(error).__name__, at=frames(error))
            self._close(connection)

    def _readable(self, connection: Connection, _socket: Any) -> None:
        if connection in self._book.waiting:  # it may have been closed after the poller saw it
            self._guarded(self._read, connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(_PIECE, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._wait(connection)
        except OSError:
            self._close(connection)
        else:
            (self._drop if connection.leaving else self._take)(connection, data)

    def _take(self, connection: Connection, data: bytes) -> None:
        stage = connection.add(data)
        if not data and stage is not Stage.HERE:
            self._close(connection)
        else:
            self._go_on(connection, stage)

    def _drop(self, connection: Connection, data: bytes) -> None:
        connection.dropped += len(data)
        if not data or connection.dropped > _MOST_DROPPED:
            self._close(connection)

    def _go_on(self, connection: Connection, stage: Stage) -> None:
        """Give a complete request to a thread; wait for the rest of an incomplete one."""
        if stage is Stage.HERE:
            self._wait_no_more(connection)
            connection.give()
            self.enqueue_req(connection)
        elif stage is Stage.HEAD_TOO_LONG:
            self.handle_error(None, connection.sock, connection.client, errors.LimitRequestHeaders(""))
            self._leave(connection)
        else:
            self._tell_to_continue(connection)
            self._wait(connection)
            self._book.hold(connection)
            if self._book.held > MOST_HELD and (largest := self._book.largest()):
                self._refuse(largest, "full")

    def _tell_to_continue(self, connection: Connection) -> None:
        if connection.arriving.wants_continue and not connection.was_told_to_continue:
            connection.was_told_to_continue = True
            with contextlib.suppress(OSError):
                connection.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n", socket.MSG_DONTWAIT)

    def _wait(self, connection: Connection) -> None:
        if connection not in self._book.waiting:
            self._book.waiting[connection] = None
            self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._readable, connection))

    def _wait_no_more(self, connection: Connection) -> None:
        if connection in self._book.waiting:
            del self._book.waiting[connection]
            with contextlib.suppress(KeyError, ValueError, OSError):
                self.poller.unregister(connection.sock)

    def _leave(self, connection: Connection) -> None:
        try:
            connection.leave()
        except OSError:
            self._close(connection)
        else:
            self._book.hold(connection)
            self._wait(connection)

    def _close(self, connection: Connection) -> None:
        self._wait_no_more(connection)
        connection.close()
        self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        self._book.forget(connection)
        self.nr_conns = len(self._book)

    def _refuse(self, connection: Connection, why: metrics.Refused) -> None:
        self._note(why, connection.network)
        self._close(connection)

    def _note(self, why: metrics.Refused, network: str | None) -> None:
        metrics.refused(why)
        if times := _refused():
            log.warning("connection_refused", why=why, client=network, times=times)

    def handle(self, conn: Connection) -> Any:
        """Handle one request. Its connection is given away if the answer began a stream."""
        result = super().handle(conn)
        return _GIVEN_AWAY if self._changes and self._changes.take(conn.sock) else result

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer it. If its end is uncertain, close the connection: nothing may follow on it."""
        arrived, reader = conn.arriving, req.body.reader
        length = reader.length if isinstance(reader, LengthReader) else None
        if not arrived.is_whole or length != arrived.length:
            req.force_close()
        if conn.was_told_to_continue or not arrived.is_whole:
            req._expected_100_continue = False
        try:
            return super().handle_request(req, conn)
        except BlockingIOError:  # the client reads nothing of its answer
            raise StopIteration from None  # gunicorn closes the connection

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that could not be read, or failed below the application, without repeating any of it."""
        status = status_of(exc)
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("server_error", error=type(exc).__name__, at=frames(exc))
        elif times := _malformed():
            log.warning("malformed_request", error=type(exc).__name__, client=client_network(addr[0]), times=times)
        _say(client, status)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Keep the connection or close it, unless it was given away."""
        result = None if fs.cancelled() or fs.exception() else fs.result()
        if result is _GIVEN_AWAY:
            self._forget(conn)
        elif not result or conn.parser.unreader.take_buffered():
            self._guarded(self._leave, conn)
        else:
            self._guarded(self._keep, conn)

    def _keep(self, connection: Connection) -> None:
        self._go_on(connection, connection.keep(self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER))

    def murder_pending(self) -> None:
        """Nothing: `murder_keepalived` handles all waiting connections."""

    def murder_keepalived(self, force: bool = False) -> None:
        """Close the connections past their deadline, or all."""
        now = time.monotonic()
        if now < self._look_at and not force:
            return
        self._look_at = now + _LOOK_EVERY
        for connection in list(self._book.waiting) if force else self._book.late(now):
            self._guarded(self._close if force else self._end_late, connection)
        metrics.connections(len(self._book))

    def _end_late(self, connection: Connection) -> None:
        if connection.leaving or connection.arriving.stage is Stage.NOTHING:
            self._close(connection)
            return
        self._note("late_head" if connection.arriving.stage is Stage.HEAD else "late_body", connection.network)
        _say(connection.sock, HTTPStatus.REQUEST_TIMEOUT)
        self._leave(connection)

    def _cap_keepalive(self, deadline: float) -> None:
        for connection in self._book.waiting:
            if connection.arriving.stage is Stage.NOTHING:
                connection.deadline = min(connection.deadline, deadline)


def _say(client: socket.socket, status: HTTPStatus) -> None:
    with contextlib.suppress(OSError):
        util.write_error(client, status.value, status.phrase, "")


def _affordable(most: int) -> int:
    """The number of connections that this process has file descriptors for, besides streams."""
    needed = most + MOST_STREAMS + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return most
    soft = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(most // 4, soft - MOST_STREAMS - _OTHER_FILES)
