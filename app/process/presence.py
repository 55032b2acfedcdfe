"""Notes in the database which pages of tickets, and which consoles, have a stream in this process.

A thread of its own does it, for many pages in one write, so that neither streams nor requests wait for the disk. A page
that left is noted a moment later, as a reload or a change of network brings it back within seconds. A page whose stream
has ended by itself comes back; where it does not, it is gone once nothing has beaten it for `core.live.BEATS_FOR`.
A console that left is forgotten after `core.presence.LISTENED_WITHIN`.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.process.clock import Clock
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database
from app.store.live_here import Spot, arrive, beat, leave
from app.store.pokes import poke
from app.store.presence import note_listening

BEAT_EVERY = 20.0  # seconds
LEFT_AFTER = 2.0  # seconds
_AGAIN_AFTER = 1.0  # seconds after a fault
_AT_ONCE = 50  # pages in one write


@dataclass(slots=True)
class _Open:
    """A page's streams, how many, and when it was last noted; None until it is."""

    streams: int = 0
    noted: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Left:
    """When a page left, on the monotonic clock, and when it had last been noted by this process."""

    at: float
    noted: datetime | None


@dataclass(frozen=True, slots=True)
class _Due:
    """What is to be noted now."""

    arrived: list[Spot]
    beaten: list[Spot]
    left: dict[Spot, _Left]
    consoles: list[str]

    def __bool__(self) -> bool:
        return bool(self.arrived or self.beaten or self.left or self.consoles)

    def note(self, connection: Connection, now: datetime) -> None:
        """Write it, and tell the other pages of these tickets."""
        for page in self.arrived:
            arrive(connection, page, now)
        for page, left in self.left.items():
            leave(connection, page, now, beaten=left.noted)
        beat(connection, self.beaten, now)
        note_listening(connection, self.consoles, now)
        for ticket in {page.ticket for page in (*self.arrived, *self.left)}:
            poke(connection, ticket)


class Presence:
    """The pages and consoles that are open here. Safe to use from every thread; nothing but `close` waits."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._open: dict[Spot, _Open] = {}
        self._left: dict[Spot, _Left] = {}
        self._consoles: Counter[str] = Counter()  # streams by session
        self._new_consoles: set[str] = set()
        self._beat_at = 0.0
        self._not_before = 0.0
        self._thread: threading.Thread | None = None
        self._closing = False

    def arrived(self, page: Spot) -> None:
        """A stream of this page has begun."""
        with self._lock:
            self._left.pop(page, None)
            one = self._open.setdefault(page, _Open())
            one.streams += 1
            one.noted = None
            self._start()
        self._woken.set()

    def ended(self, page: Spot, *, has_left: bool) -> None:
        """A stream of this page has ended; with `has_left` by the client."""
        with self._lock:
            one = self._open[page]
            one.streams -= 1
            if one.streams:
                return
            del self._open[page]
            if has_left:
                self._left[page] = _Left(time.monotonic(), one.noted)
        self._woken.set()

    def listens(self, session: str) -> None:
        """A stream of this console session has begun."""
        with self._lock:
            self._consoles[session] += 1
            self._new_consoles.add(session)
            self._start()
        self._woken.set()

    def listens_no_more(self, session: str) -> None:
        """A stream of this console session has ended."""
        with self._lock:
            self._consoles[session] -= 1
            if self._consoles[session] <= 0:
                del self._consoles[session]
                self._new_consoles.discard(session)

    def close(self) -> None:
        """Note at once which pages have left; the others come back to another process."""
        with self._lock:
            self._closing = True
            thread = self._thread
        self._woken.set()
        if thread:
            thread.join(2)

    def _start(self) -> None:
        if self._thread is None:
            self._beat_at = time.monotonic() + BEAT_EVERY
            self._thread = threading.Thread(target=self._work, name="presence", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while not self._closing:
            self._woken.wait(self._pause(time.monotonic()))
            self._woken.clear()
            if (now := time.monotonic()) >= self._not_before:
                self._note(now)

    def _pause(self, now: float) -> float | None:
        """Seconds until something is due; None when nothing will be."""
        with self._lock:
            times = [left.at + LEFT_AFTER for left in self._left.values()]
            if self._open or self._consoles:
                is_new = bool(self._new_consoles) or any(one.noted is None for one in self._open.values())
                times.append(now if is_new else self._beat_at)
        return max(0.0, self._not_before - now, min(times) - now) if times else None

    def _note(self, now: float) -> None:
        due, at = self._due(now), self._clock()
        if not due:
            return
        try:
            self._database.write(lambda connection: due.note(connection, at))
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, "presence")
            self._not_before = now + _AGAIN_AFTER
            return
        self._noted(due, now, at)

    def _due(self, now: float) -> _Due:
        with self._lock:
            new = [page for page, one in self._open.items() if one.noted is None]
            left = {page: one for page, one in self._left.items() if self._closing or now >= one.at + LEFT_AFTER}
            is_beat = now >= self._beat_at
            beaten = [page for page, one in self._open.items() if one.noted] if is_beat else []
            consoles = list(self._consoles) if is_beat else list(self._new_consoles)
        return _Due(new[:_AT_ONCE], beaten, left, consoles)

    def _noted(self, due: _Due, now: float, at: datetime) -> None:
        with self._lock:
            for page in (*due.arrived, *due.beaten):
                if one := self._open.get(page):
                    one.noted = at
            self._new_consoles.difference_update(due.consoles)
            for page, left in due.left.items():
                if self._left.get(page) is left:
                    del self._left[page]
            if now >= self._beat_at:
                self._beat_at = now + BEAT_EVERY
