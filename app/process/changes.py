"""Tells open consoles that something has changed: server-sent events on sockets that occupy no thread.

A web process answers a request for the stream like any other, then gives the socket away
(`app/process/web_process.py`). While there are streams, one thread of the process looks for changes and announces them
on all streams. It sleeps until the process's main loop, which wakes once a second anyway, has seen a write: a thread
that wakes by itself would cost more than its work. A stream carries no data: the page fetches what has changed with its
own technician's rights. It ends with its session, wherever that is ended.
"""

import secrets
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from app.process.database_faults import note_database_fault
from app.process.session_watch import SessionWatch
from app.store.database import DATABASE_FAULTS

LENGTH = 16 * 1024  # bytes of one stream, announced as Content-Length, so that a kept-alive connection can go on
MOST_STREAMS = 500  # in one process
MOST_STREAMS_EACH = 20  # of one technician in one process
LOOK_EVERY = 10.0  # seconds, if the main loop sees no write: passing the wait limit changes pages without a write
TICK_EVERY = 0.9  # seconds at the least
BEAT_EVERY = 20.0  # seconds; proxies close a connection that is silent for longer
LONGEST = 600  # seconds; then the browser reconnects, and its session is checked again
_CHANGED = b"data: changed\n\n"
_BEAT = b"event: beat\ndata:\n\n"  # an event, as scripts do not see comments: without it they know the stream is dead
_RESERVE = 64  # bytes kept for the end


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening technician, and the hash of their session."""

    technician: int
    session: str


@dataclass(eq=False, slots=True)
class _Stream:
    """A listening client. `left` is bytes until its announced length, `until` its end on the monotonic clock."""

    socket: socket.socket
    who: Listener
    until: float
    left: int = LENGTH

    def send(self, data: bytes) -> bool:
        """Send; False when the client could not take all of it at once."""
        try:
            sent = self.socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            return False
        self.left -= sent
        return sent == len(data)

    def end(self) -> None:
        """Fill the stream up to its announced length, so that it ends cleanly."""
        self.send(b":" + b" " * (self.left - 3) + b"\n\n")
        self.socket.close()


class Stirred:
    """Whether the database was written to since the last call, by its version.

    Always true on PostgreSQL, where checking costs a query. For one thread only.
    """

    def __init__(self, version: Callable[[], int | None]) -> None:
        self._version = version
        self._seen: int | None = None

    def __call__(self) -> bool:
        before, self._seen = self._seen, self._version()
        return self._seen is None or self._seen != before


class Changes:
    """The streams of one process.

    `newest` returns another value whenever something has changed. `stirred` tells whether the database was, or may have
    been, written to since its last call; it must cost next to nothing. `live` returns those of
    some sessions, given by their hashes, that have not ended.
    """

    def __init__(
        self,
        newest: Callable[[], object],
        stirred: Callable[[], bool],
        live: Callable[[Collection[str]], Collection[str]],
    ) -> None:
        self._newest = newest
        self._sessions = SessionWatch(live)
        self._stirred = stirred
        self._tick_at = 0.0
        self._is_stirred = False
        self._lock = threading.Lock()
        self._expected: dict[socket.socket, Listener] = {}
        self._fresh: list[_Stream] = []
        self._streams: dict[int, _Stream] = {}
        self._each: Counter[int] = Counter()
        self._thread: threading.Thread | None = None
        self._open = False
        self._wake: socket.socket
        self._woken: socket.socket

    @property
    def is_open(self) -> bool:
        """Whether the web process gives sockets away."""
        return self._open

    def open(self) -> None:
        """Let the web process hand over expected sockets from now on."""
        self._open = True

    def has_room(self, who: int) -> bool:
        """Whether this technician may have one more stream in this process."""
        with self._lock:
            return self._each.total() < MOST_STREAMS and self._each[who] < MOST_STREAMS_EACH

    def expect(self, sock: socket.socket, who: Listener) -> None:
        """Announce a socket on which the beginning of a stream was sent."""
        with self._lock:
            self._expected[sock] = who

    def take(self, sock: socket.socket) -> bool:
        """Take over a socket that was announced with `expect`; False when it was not."""
        if not self._expected:
            return False
        with self._lock:
            who = self._expected.pop(sock, None)
            if who is None or sock.fileno() < 0:
                return False
            sock.setblocking(False)
            self._each[who.technician] += 1
            lifetime = LONGEST * (0.8 + secrets.randbelow(200) / 1000)
            self._fresh.append(_Stream(sock, who, time.monotonic() + lifetime))
            self._start()
        self._poke()
        return True

    def tick(self) -> None:
        """Called by the process's main loop each time it wakes: decide whether to look for changes."""
        if not self._streams or time.monotonic() < self._tick_at:
            return
        self._tick_at = time.monotonic() + TICK_EVERY
        try:
            if self._stirred():
                self._is_stirred = True
        except (*DATABASE_FAULTS, OSError):
            self._is_stirred = True  # the look reports what is wrong
        if self._is_stirred:
            self._poke()

    def close(self) -> None:
        """End all streams. The browsers reconnect, to another process."""
        with self._lock:
            self._open = False
            thread = self._thread
        if thread:
            self._poke()
            thread.join(2)

    def _start(self) -> None:
        if self._thread is None:
            self._woken, self._wake = socket.socketpair()
            self._wake.setblocking(False)
            self._woken.setblocking(False)
            self._thread = threading.Thread(target=self._work, name="changes", daemon=True)
            self._thread.start()

    def _poke(self) -> None:
        try:
            self._wake.send(b"\0")
        except OSError:
            return  # the thread is awake, or has ended

    def _work(self) -> None:
        with self._wake, self._woken, selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            try:
                self._until_closed(selector)
            finally:
                # Even after a fault: a silent open stream would tell its client that nothing has changed.
                self._end_all(selector)

    def _end_all(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            self._thread = None
        self._hear(selector, [])
        self._end(selector, lambda _: True)

    def _until_closed(self, selector: selectors.BaseSelector) -> None:
        seen: object = None
        beat = look = time.monotonic()
        while self._open:
            wake = min(look, beat, self._sessions.due)
            events = selector.select(max(0.0, wake - time.monotonic()) if self._streams else None)
            self._hear(selector, [key.fd for key, _mask in events])
            now = time.monotonic()
            if (self._is_stirred or now >= look) and self._streams:
                self._is_stirred = False
                look = now + LOOK_EVERY
                seen = self._look(selector, seen)
                self._sessions.soon()
            if now >= self._sessions.due:
                self._end_with_sessions(selector, now)
            if now >= beat:
                beat = now + BEAT_EVERY
                self._say(selector, _BEAT)
            self._end_old(selector, now)

    def _hear(self, selector: selectors.BaseSelector, readable: list[int]) -> None:
        """Add new streams, and drop those of clients who left. A client that sends something is dropped too."""
        for descriptor in readable:
            if stream := self._streams.get(descriptor):
                self._drop(selector, stream)
            elif descriptor == self._woken.fileno():
                self._woken.recv(4096)
        with self._lock:
            fresh, self._fresh = self._fresh, []
        for stream in fresh:
            self._streams[stream.socket.fileno()] = stream
            selector.register(stream.socket, selectors.EVENT_READ)
            self._sessions.at_once()

    def _look(self, selector: selectors.BaseSelector, seen: object) -> object:
        try:
            newest = self._newest()
        except (*DATABASE_FAULTS, OSError) as fault:
            note_database_fault(fault, "changes")
            self._is_stirred = True  # look again at the main loop's next tick
            return seen
        if newest != seen:  # the first time too: something may have changed since the page was made
            self._say(selector, _CHANGED)
        return newest

    def _say(self, selector: selectors.BaseSelector, words: bytes) -> None:
        for stream in list(self._streams.values()):
            if not stream.send(words):
                self._drop(selector, stream)

    def _end_old(self, selector: selectors.BaseSelector, now: float) -> None:
        self._end(selector, lambda stream: now >= stream.until or stream.left < _RESERVE)

    def _end_with_sessions(self, selector: selectors.BaseSelector, now: float) -> None:
        try:
            ended = self._sessions.ended({stream.who.session for stream in self._streams.values()}, now)
        except (*DATABASE_FAULTS, OSError) as fault:
            note_database_fault(fault, "sessions of streams")
            return
        self._end(selector, lambda stream: stream.who.session in ended)

    def _end(self, selector: selectors.BaseSelector, is_over: Callable[[_Stream], bool]) -> None:
        for stream in filter(is_over, list(self._streams.values())):
            self._forget(selector, stream)
            stream.end()

    def _drop(self, selector: selectors.BaseSelector, stream: _Stream) -> None:
        self._forget(selector, stream)
        stream.socket.close()

    def _forget(self, selector: selectors.BaseSelector, stream: _Stream) -> None:
        selector.unregister(stream.socket)
        del self._streams[stream.socket.fileno()]
        with self._lock:
            self._each[stream.who.technician] -= 1
            if not self._each[stream.who.technician]:
                del self._each[stream.who.technician]
