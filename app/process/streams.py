"""Streams of server-sent events: who listens on which, what room there is for more, and how one ends."""

import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from app.store.live_here import Spot

LENGTH = 16 * 1024  # bytes of a console's stream
LENGTH_OF_PAGE = 64 * 1024  # of a ticket's page: a conversation says more than a queue
LONGEST = 600  # seconds; then the browser reconnects, and its session is checked again
CHANGED = b"data: changed\n\n"
NEWS = b"event: ticket\ndata: %d\n\n"
BEAT = b"event: beat\ndata:\n\n"  # an event, as scripts do not see comments: without it they know the stream is dead
_RESERVE = 64  # bytes kept for the end


class Room(Enum):
    """Those who share the room for streams in a process."""

    TECHNICIANS = "technicians"
    CUSTOMERS = "customers"


MOST = {Room.TECHNICIANS: 500, Room.CUSTOMERS: 500}  # of all together in one process
MOST_EACH = {Room.TECHNICIANS: 20, Room.CUSTOMERS: 3}  # of one technician, or of one ticket's customer
MOST_STREAMS = sum(MOST.values())


@dataclass(frozen=True, slots=True)
class Listener:
    """The listener of a stream: a technician's console, told of everything, or the page of a ticket, told of that.

    The stream ends with `session`: the hash of a console's session, or an applet's link (`of_link`).
    `length` is the bytes of the stream, announced as Content-Length, so that a kept-alive connection can go on.
    """

    room: Room
    who: int  # a technician's id, or the number of a customer's ticket
    session: str
    page: Spot | None = None

    @property
    def length(self) -> int:
        """Bytes of the stream."""
        return LENGTH_OF_PAGE if self.page else LENGTH


def of_link(link_id: str) -> str:
    """The session of a customer's stream: it ends when this applet's link has nothing more to wait for."""
    return f"link {link_id}"


def links_among(sessions: Iterable[str]) -> dict[str, str]:
    """The links' ids among these sessions, each with its session."""
    return {one.removeprefix("link "): one for one in sessions if one.startswith("link ")}


@dataclass(eq=False, slots=True)
class Stream:
    """A listening client. `left` is bytes until its announced length, `until` its end on the monotonic clock."""

    socket: socket.socket
    who: Listener
    until: float = field(default_factory=lambda: time.monotonic() + LONGEST * (0.8 + secrets.randbelow(200) / 1000))
    left: int = 0

    def __post_init__(self) -> None:
        self.left = self.who.length

    def send(self, data: bytes) -> bool:
        """Send; False when the client could not take all of it at once."""
        try:
            sent = self.socket.send(data, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            return False
        self.left -= sent
        return sent == len(data)

    @property
    def is_used_up(self) -> bool:
        """Whether its announced length is about to be reached."""
        return self.left < _RESERVE

    def end(self) -> None:
        """Fill the stream up to its announced length, so that it ends cleanly."""
        self.send(b":" + b" " * (self.left - 3) + b"\n\n")
        self.socket.close()


class Streams:
    """The open streams of a process. For one thread only, but for `reserve` and `release`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._each: Counter[tuple[Room, int]] = Counter()
        self._all: Counter[Room] = Counter()
        self._by_descriptor: dict[int, Stream] = {}
        self._consoles: dict[int, set[Stream]] = {}  # by technician
        self._pages: dict[int, set[Stream]] = {}  # by ticket

    def __len__(self) -> int:
        return len(self._by_descriptor)

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._by_descriptor.values()))

    def reserve(self, who: Listener) -> bool:
        """Count one stream more, if this listener may have it."""
        with self._lock:
            if self._all[who.room] >= MOST[who.room] or self._each[who.room, who.who] >= MOST_EACH[who.room]:
                return False
            self._all[who.room] += 1
            self._each[who.room, who.who] += 1
            return True

    def release(self, who: Listener) -> None:
        """Count one stream less."""
        with self._lock:
            self._all[who.room] -= 1
            self._each[who.room, who.who] -= 1
            if not self._each[who.room, who.who]:
                del self._each[who.room, who.who]

    def add(self, stream: Stream) -> None:
        """Add a stream that is counted already."""
        self._by_descriptor[stream.socket.fileno()] = stream
        places, place = self._place(stream.who)
        places.setdefault(place, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """Remove it and count it no more; its socket is still open."""
        del self._by_descriptor[stream.socket.fileno()]
        places, place = self._place(stream.who)
        places[place].remove(stream)
        if not places[place]:
            del places[place]
        self.release(stream.who)

    def at(self, descriptor: int) -> Stream | None:
        """The stream whose socket has this descriptor."""
        return self._by_descriptor.get(descriptor)

    @property
    def has_consoles(self) -> bool:
        """Whether a technician's console listens."""
        return bool(self._consoles)

    def consoles(self, technician: int | None = None) -> list[Stream]:
        """The consoles of this technician, or of all."""
        wanted = self._consoles if technician is None else (technician,)
        return [stream for one in wanted for stream in self._consoles.get(one, ())]

    def pages(self, ticket: int) -> list[Stream]:
        """The open pages of this ticket."""
        return list(self._pages.get(ticket, ()))

    def _place(self, who: Listener) -> tuple[dict[int, set[Stream]], int]:
        return (self._pages, who.page.ticket) if who.page else (self._consoles, who.who)
