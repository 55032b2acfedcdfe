"""The connections of one web process: the number of each client's, and those that wait, with their deadlines.

A waiting connection costs a socket and the bytes that it has sent so far, but no thread. If there are too many, the one
that has waited longest is closed.
"""

import socket
import struct
import time
from collections import Counter
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import TConn

from app.core.arriving import Arriving, Stage
from app.core.client import client_network, is_in
from app.process.pieces import Pieces

HEAD_WITHIN = 10.0  # seconds from the first byte; of a new connection, from its beginning
BODY_WITHIN = 30.0  # seconds from the end of the head; longer while it arrives at SLOWEST_BODY or faster
SLOWEST_BODY = 1000  # bytes a second
LEAVES_WITHIN = 2.0  # seconds for a client to close after its last answer
MOST_HELD = 64 * 1024 * 1024  # bytes of all unfinished requests together
_SHARE = 4  # a client may have one part in four of all connections
TAKES_WITHIN = 60  # seconds in which a client must read some of its answer
_ANSWER_LIMIT = struct.pack("ll", TAKES_WITHIN, 0)  # a timeval; Python's own limit costs a poll for each send


class Connection(TConn):  # type: ignore[misc]
    """A client's connection and the part of its next request that has arrived. Its parser never reads the socket."""

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any, network: str | None) -> None:
        super().__init__(cfg, sock, client, server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _ANSWER_LIMIT)
        self.parser = RequestParser(cfg, (), client)
        self.parser.unreader = Pieces()
        self.initialized = self.data_ready = True
        self.network = network
        self.arriving = Arriving()
        self.deadline = time.monotonic() + HEAD_WITHIN
        self.is_kept = False
        self.was_told_to_continue = False
        self.leaving = False
        self.dropped = 0  # bytes that came after its last answer
        self._body_since = 0.0

    def add(self, data: bytes) -> Stage:
        """Add bytes of a request; empty `data` means that no more will come."""
        before = self.arriving.stage
        stage = self.arriving.add(data) if data else self.arriving.end()
        if self.is_kept and before is Stage.NOTHING:
            self.deadline = time.monotonic() + HEAD_WITHIN
        if stage is Stage.BODY:
            if before is not Stage.BODY:
                self._body_since = time.monotonic()
            self.deadline = self._body_since + max(BODY_WITHIN, self.arriving.of_body / SLOWEST_BODY)
        return stage

    def give(self) -> None:
        """Give the request, of which no more is waited for, to the parser."""
        self.parser.unreader.give(self.arriving.request)

    def keep(self, seconds: float) -> Stage:
        """Begin the next request, a part of which may already be here; it must begin within so many seconds."""
        rest, self.arriving = self.arriving.rest, Arriving()
        self.deadline = time.monotonic() + seconds
        self.is_kept, self.was_told_to_continue = True, False
        return self.add(rest) if rest else Stage.NOTHING

    def leave(self) -> None:
        """After the last answer, wait briefly for the client to close: a reset could destroy the answer on its way."""
        self.arriving = Arriving()
        self.sock.shutdown(socket.SHUT_WR)
        self.leaving = True
        self.deadline = time.monotonic() + LEAVES_WITHIN


class Connections:
    """All connections, at most `most`. Each is counted until it is forgotten. Addresses in `proxies` have no limit of
    their own. For use by one thread only."""

    def __init__(self, most: int, proxies: tuple[IPv4Network | IPv6Network, ...]) -> None:
        self.most = most
        self.each = max(1, most // _SHARE)
        self.waiting: dict[Connection, None] = {}
        self.held = 0
        self._proxies = proxies
        self._all: dict[Connection, int] = {}  # with the number of bytes kept of each
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def network(self, address: str) -> str | None:
        """The network that an address is counted under; None for our proxies, which are not counted."""
        return None if is_in(address, self._proxies) else client_network(address)

    def is_full_for(self, network: str | None) -> bool:
        """Whether this network already has its share."""
        return network is not None and self._of[network] >= self.each

    @property
    def is_full(self) -> bool:
        """Whether the maximum is reached."""
        return len(self._all) >= self.most

    def add(self, connection: Connection) -> None:
        """Count a new connection."""
        self._all[connection] = 0
        if connection.network is not None:
            self._of[connection.network] += 1

    def hold(self, connection: Connection) -> None:
        """Count the bytes that have arrived on it."""
        now_held = connection.arriving.held
        self.held += now_held - self._all[connection]
        self._all[connection] = now_held

    def forget(self, connection: Connection) -> None:
        """Stop counting a connection that was closed or given away."""
        if (held := self._all.pop(connection, None)) is None:
            return
        self.held -= held
        self.waiting.pop(connection, None)
        if connection.network is not None:
            self._of[connection.network] -= 1
            if not self._of[connection.network]:
                del self._of[connection.network]

    def dispensable(self, network: str | None = None) -> Connection | None:
        """The connection that has waited longest, of all or of one network; preferably not amid a body."""
        of_them = [one for one in self.waiting if network is None or one.network == network]
        others = (one for one in of_them if one.arriving.stage is not Stage.BODY)
        return next(others, of_them[0] if of_them else None)

    def largest(self) -> Connection | None:
        """The waiting connection with the most bytes."""
        return max(self.waiting, key=self._all.__getitem__, default=None)

    def late(self, now: float) -> list[Connection]:
        """The waiting connections past their deadline."""
        return [one for one in self.waiting if one.deadline <= now]
