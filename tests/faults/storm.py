"""Clients that send slowly or not at all, a thread for all of them, each from an address of its own or all from one."""

import itertools
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
_BODY = b"POST /s/default HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
_EVERY = 0.5  # seconds between two bytes


@dataclass(eq=False, slots=True)
class SlowClient:
    """One of them. `ended` when the server has closed; `answer` is what it said before."""

    socket: socket.socket
    says: bytes
    ended: bool = False
    answer: bytes = b""


@dataclass
class Storm:
    """All of them, by what they do."""

    heads: list[SlowClient] = field(default_factory=list)
    bodies: list[SlowClient] = field(default_factory=list)
    silent: list[SlowClient] = field(default_factory=list)

    @property
    def all(self) -> list[SlowClient]:
        return [*self.heads, *self.bodies, *self.silent]

    def trickle(self, over: threading.Event) -> None:
        """Until it is over: a byte from each, and what the server says to them."""
        with selectors.DefaultSelector() as selector:
            for client in self.all:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while not over.wait(_EVERY):
                for key, _events in selector.select(0):
                    if not _hear(key.data):
                        selector.unregister(key.data.socket)
                for client in self.all:
                    if not client.ended:
                        with suppress(OSError):
                            client.socket.send(client.says, socket.MSG_DONTWAIT)


def _hear(client: SlowClient) -> bool:
    try:
        more = client.socket.recv(4096, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return True
    except OSError:
        more = b""
    client.answer += more
    client.ended = not more
    return bool(more)


@contextmanager
def storm(port: int, *, heads: int, bodies: int, silent: int, one_address: bool = False) -> Iterator[Storm]:
    """So many slow clients at once, until the block ends."""
    addresses = itertools.cycle(["127.0.0.2"] if one_address else [f"127.0.1.{n}" for n in range(1, 251)])
    over, raging = threading.Event(), Storm()
    thread = threading.Thread(target=raging.trickle, args=(over,), name="storm")
    try:
        for group, count, begins, says in (
            (raging.heads, heads, _HEAD, b"a"),
            (raging.bodies, bodies, _BODY, b"a"),
            (raging.silent, silent, b"", b""),
        ):
            for _ in range(count):
                client = socket.create_connection(("127.0.0.1", port), 30, (next(addresses), 0))
                group.append(SlowClient(client, says))
                with suppress(ConnectionError):
                    client.sendall(begins)
        thread.start()
        yield raging
    finally:
        over.set()
        if thread.ident:
            thread.join()
        for one in raging.all:
            one.socket.close()
