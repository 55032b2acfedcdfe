"""Tells open pages that something has changed: server-sent events on sockets that occupy no thread.

A web process answers a request for a stream like any other, then gives the socket away (`app/process/web_process.py`).
While there are streams, one thread of the process waits for clients and for news of tickets (`ears.py`). These it tells
to the ticket's pages, and to the consoles of the technicians whom it concerns; any other change to all consoles. For
such changes it looks when the process's main loop, which wakes once a second anyway, has seen a write: a thread that
wakes by itself would cost more than its work. A stream carries no data: the page fetches what has changed with its own
rights. It ends with its session, wherever that is ended.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from app.core.poke import Poke
from app.process.database_faults import note_database_fault
from app.process.ears import Ear
from app.process.session_watch import SessionWatch
from app.process.streams import BEAT, CHANGED, NEWS, Listener, Room, Stream, Streams
from app.store.database import DATABASE_FAULTS
from app.store.live_here import Spot

LOOK_EVERY = 10.0  # seconds, if the main loop sees no write: passing the wait limit changes pages without a write
TICK_EVERY = 0.9  # seconds at the least
BEAT_EVERY = 20.0  # seconds; proxies close a connection that is silent for longer
_END_WITHIN = 10.0  # seconds; it may be reading from a slow database


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


class Pages(Protocol):
    """Notes which pages of tickets, and which consoles, have streams here; it must not wait."""

    def arrived(self, page: Spot) -> None:
        """A stream of this page has begun."""

    def ended(self, page: Spot, *, has_left: bool) -> None:
        """A stream of this page has ended; with `has_left` by the client."""

    def listens(self, session: str) -> None:
        """A stream of this console session has begun."""

    def listens_no_more(self, session: str) -> None:
        """A stream of this console session has ended."""

    def close(self) -> None:
        """All have ended."""


class Changes:
    """The streams of one process.

    `newest` returns another value whenever something has changed. `stirred` tells whether the database was, or may have
    been, written to since its last call; it must cost next to nothing. `live` returns those of some sessions that have
    not ended. `ear` hears of tickets' news, and `pages` is told which pages of tickets have streams.
    """

    def __init__(
        self,
        newest: Callable[[], object],
        stirred: Callable[[], bool],
        live: Callable[[Collection[str]], Collection[str]],
        ear: Ear,
        pages: Pages,
    ) -> None:
        self._newest = newest
        self._sessions = SessionWatch(live)
        self._stirred = stirred
        self._ear = ear
        self._pages = pages
        self._tick_at = 0.0
        self._is_stirred = False
        self._lock = threading.Lock()
        self._expected: dict[socket.socket, Listener] = {}
        self._fresh: list[Stream] = []
        self._streams = Streams()
        self._thread: threading.Thread | None = None
        self._open = False
        self._wake: socket.socket
        self._woken: socket.socket

    @property
    def is_open(self) -> bool:
        """Whether the web process gives sockets away."""
        return self._open

    @property
    def is_deaf(self) -> bool:
        """Whether tickets' news are not heard here, so that streams of their pages would be silent."""
        return self._ear.is_deaf

    def open(self) -> None:
        """Let the web process hand over expected sockets from now on."""
        self._open = True

    def reserve(self, who: Listener) -> bool:
        """Whether this listener may have one more stream in this process, which then has its place from now on."""
        return self._streams.reserve(who)

    def expect(self, sock: socket.socket, who: Listener) -> None:
        """Announce a socket on which the beginning of a stream was sent, and which has its place."""
        with self._lock:
            self._expected[sock] = who

    def take(self, sock: socket.socket) -> bool:
        """Take over a socket that was announced with `expect`; False when it was not."""
        if not self._expected:
            return False
        with self._lock:
            who = self._expected.pop(sock, None)
            if who is None:
                return False
            if sock.fileno() < 0:
                self._streams.release(who)
                return False
            sock.setblocking(False)
            self._fresh.append(Stream(sock, who))
            self._start()
        self._poke()
        return True

    def tick(self) -> None:
        """Called by the process's main loop each time it wakes: decide whether to look for changes."""
        if not self._streams.has_consoles or time.monotonic() < self._tick_at:
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
            thread.join(_END_WITHIN)
        self._pages.close()

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
            self._ear.open(selector, self._poke)
            try:
                self._until_closed(selector)
            finally:
                # Even after a fault: a silent open stream would tell its client that nothing has changed.
                self._end_all(selector)
                self._ear.close(selector)

    def _end_all(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            self._thread = None
        self._admit(selector)
        self._end(selector, lambda _: True)

    def _until_closed(self, selector: selectors.BaseSelector) -> None:
        seen: object = None
        beat = look = time.monotonic()
        while self._open:
            wake = min(look, beat, self._sessions.due)
            events = selector.select(max(0.0, wake - time.monotonic()) if self._streams else None)
            readable = [key.fd for key, _mask in events]
            self._hear(selector, readable)
            self._admit(selector)
            self._tell_news(selector, self._ear.tend(selector, readable))
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
                self._say(selector, BEAT, self._streams)
                self._end(selector, lambda stream: now >= stream.until)  # noqa: B023 - called at once

    def _hear(self, selector: selectors.BaseSelector, readable: list[int]) -> None:
        """Drop the streams of clients who left. A client that sends something is dropped too."""
        for descriptor in readable:
            if stream := self._streams.at(descriptor):
                self._drop(selector, stream)
            elif descriptor == self._woken.fileno():
                self._woken.recv(4096)

    def _admit(self, selector: selectors.BaseSelector) -> None:
        """Begin new streams. A page is told at once: something may have changed since it asked."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        for stream in fresh:
            self._streams.add(stream)
            selector.register(stream.socket, selectors.EVENT_READ)
            self._sessions.at_once()
            if stream.who.page:
                self._pages.arrived(stream.who.page)
            if stream.who.room is Room.TECHNICIANS:
                self._pages.listens(stream.who.session)
        self._say(selector, CHANGED, [stream for stream in fresh if stream.who.page])

    def _tell_news(self, selector: selectors.BaseSelector, pokes: list[Poke] | None) -> None:
        """Tell of tickets' news; everybody when some of them may be lost, and nobody where none can be heard."""
        if self._ear.is_deaf:
            self._end(selector, lambda stream: stream.who.page is not None)
        elif pokes is None:
            self._say(selector, CHANGED, self._streams)
        elif pokes:
            for ticket in {poke.ticket for poke in pokes}:
                self._say(selector, CHANGED, self._streams.pages(ticket))
            for ticket, technician in {(poke.ticket, one) for poke in pokes for one in poke.technicians}:
                self._say(selector, NEWS % ticket, self._streams.consoles(technician))
            self._sessions.soon()

    def _look(self, selector: selectors.BaseSelector, seen: object) -> object:
        if not self._streams.has_consoles:
            return seen
        try:
            newest = self._newest()
        except (*DATABASE_FAULTS, OSError) as fault:
            note_database_fault(fault, "changes")
            self._is_stirred = True  # look again at the main loop's next tick
            return seen
        if newest != seen:  # the first time too: something may have changed since the page was made
            self._say(selector, CHANGED, self._streams.consoles())
        return newest

    def _say(self, selector: selectors.BaseSelector, words: bytes, to: Iterable[Stream]) -> None:
        for stream in to:
            if not stream.send(words):
                self._drop(selector, stream)
            elif stream.is_used_up:
                self._finish(selector, stream)

    def _end_with_sessions(self, selector: selectors.BaseSelector, now: float) -> None:
        try:
            ended = self._sessions.ended({stream.who.session for stream in self._streams}, now)
        except (*DATABASE_FAULTS, OSError) as fault:
            note_database_fault(fault, "sessions of streams")
            return
        self._end(selector, lambda stream: stream.who.session in ended)

    def _end(self, selector: selectors.BaseSelector, is_over: Callable[[Stream], bool]) -> None:
        for stream in filter(is_over, self._streams):
            self._finish(selector, stream)

    def _finish(self, selector: selectors.BaseSelector, stream: Stream) -> None:
        """End it cleanly. A page that still is there comes back."""
        self._forget(selector, stream, has_left=False)
        stream.end()

    def _drop(self, selector: selectors.BaseSelector, stream: Stream) -> None:
        self._forget(selector, stream, has_left=True)
        stream.socket.close()

    def _forget(self, selector: selectors.BaseSelector, stream: Stream, *, has_left: bool) -> None:
        selector.unregister(stream.socket)
        self._streams.remove(stream)
        if stream.who.page:
            self._pages.ended(stream.who.page, has_left=has_left)
        if stream.who.room is Room.TECHNICIANS:
            self._pages.listens_no_more(stream.who.session)
