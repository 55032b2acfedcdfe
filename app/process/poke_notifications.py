"""Pokes from PostgreSQL: one connection of this process listens to what transactions of all hosts notify.

It is made by a thread of its own, as that may take seconds, and made again when it is lost. Behind a pooler that gives
each transaction another connection nothing would be heard, so each connection has to prove itself.
"""

import secrets
import selectors
import threading
from collections.abc import Callable, Collection
from typing import Any

import structlog

from app.core.poke import Poke, read_poke
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database
from app.store.pokes import CHANNEL, notify

log = structlog.get_logger()
_AGAIN_AFTER = 1.0  # seconds after a fault
_DEAF_FOR = 60.0  # seconds until a connection that heard nothing is tried again
_PROOF_WITHIN = 3.0  # seconds


class PokeNotifications:
    """An `Ear`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._made: Any = None  # a connection that nobody has tended yet
        self._connection: Any = None
        self._descriptor = -1
        self._wake: Callable[[], None]
        self.is_deaf = False

    def open(self, _selector: selectors.BaseSelector, wake: Callable[[], None]) -> None:
        """Begin to connect."""
        self._wake = wake
        self._closed.clear()
        self._connect_after(0.0)

    def tend(self, selector: selectors.BaseSelector, readable: Collection[int]) -> list[Poke] | None:
        """What was heard since the last call; None with a new connection, as nothing was heard before it."""
        if made := self._taken():
            self._connection, self._descriptor = made, made.fileno()
            selector.register(self._descriptor, selectors.EVENT_READ)
            return None
        if self._descriptor not in readable:
            return []
        return self._heard(selector)

    def close(self, selector: selectors.BaseSelector) -> None:
        """End the connection."""
        self._closed.set()
        if made := self._taken():
            made.close()
        if self._connection is not None:
            self._lose(selector)

    def _heard(self, selector: selectors.BaseSelector) -> list[Poke]:
        said = []
        try:
            self._connection.pgconn.consume_input()
            while notified := self._connection.pgconn.notifies():
                said.append(notified.extra.decode("ascii", "replace"))
        except self._database.driver_error as fault:
            note_database_fault(fault, "pokes")
            self._lose(selector)
            self._connect_after(_AGAIN_AFTER)
        pokes = map(read_poke, said)
        return [poke for poke in pokes if poke]

    def _lose(self, selector: selectors.BaseSelector) -> None:
        selector.unregister(self._descriptor)  # a lost connection has closed it already
        self._connection.close()
        self._connection, self._descriptor = None, -1

    def _taken(self) -> Any:
        with self._lock:
            made, self._made = self._made, None
        return made

    def _connect_after(self, seconds: float) -> None:
        threading.Thread(target=self._connect, args=(seconds,), name="pokes", daemon=True).start()

    def _connect(self, wait: float) -> None:
        """Until a connection hears, or nobody wants one any more."""
        while not self._closed.wait(wait):
            wait = _AGAIN_AFTER
            try:
                if self._made_one():
                    return
                wait = _DEAF_FOR
                log.warning("pokes_unheard")
            except (*DATABASE_FAULTS, self._database.driver_error) as fault:
                note_database_fault(fault, "pokes")

    def _made_one(self) -> bool:
        """Whether there is a connection now that hears."""
        connection = self._database.own_connection()
        try:
            self.is_deaf = not self._hears(connection)
        except BaseException:
            connection.close()
            raise
        if self.is_deaf or not self._given(connection):
            connection.close()
        return not self.is_deaf

    def _given(self, connection: Any) -> bool:
        with self._lock:
            if self._closed.is_set():
                return False
            self._made = connection
        self._wake()
        return True

    def _hears(self, connection: Any) -> bool:
        """Whether it hears what another connection says."""
        connection.execute(f"LISTEN {CHANNEL}")
        proof = f"proof {secrets.token_hex(8)}"
        self._database.write(lambda other: notify(other, proof))
        return any(one.payload == proof for one in connection.notifies(timeout=_PROOF_WITHIN))
