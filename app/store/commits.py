"""Commits on PostgreSQL, with a time limit: one whose synchronous standby is away never returns by itself.

Such a commit is cancelled. The server has then written it, and a failover may still lose it: its outcome is unknown.
While commits are not confirmed one write at a time finds out whether they are again, and the others fail at once,
instead of keeping every thread waiting.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

T = TypeVar("T")
COMMITS_WITHIN = 3.0  # seconds; proxies wait a little longer for an answer
_LOOK_EVERY = 0.25
_CANCEL_WITHIN = 0.5
_HAS_WRITTEN = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"


class DatabaseAway(SQLAlchemyError):
    """The database took no connection, or confirmed no commit, a moment ago. Nothing was written."""


class OutcomeUnknown(SQLAlchemyError):
    """The database did not confirm a commit: it may be written or not, or be lost in a failover."""


@dataclass(slots=True, eq=False)
class _Pending:
    """A commit under way. `lock` is held while it is cancelled, so that nothing else on its connection is."""

    raw: Any
    until: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_over: bool = False
    is_cancelled: bool = False


class Commits:
    """The commits of one process; safe in every thread."""

    def __init__(self) -> None:
        self._pending: set[_Pending] = set()
        self._changed = threading.Lock()
        self._any = threading.Event()
        self._watcher: threading.Thread | None = None
        self._unconfirmed = False
        self._finding_out = threading.Lock()

    def run(self, connection: Connection, job: Callable[[Connection], T]) -> T:
        """Run the job in a transaction and commit it. Raises DatabaseAway before, or OutcomeUnknown at its end."""
        if not self._unconfirmed:
            return self._run(connection, job)
        if not self._finding_out.acquire(blocking=False):
            raise DatabaseAway("the database confirmed no commit just now")
        try:
            return self._run(connection, job)
        finally:
            self._finding_out.release()

    def _run(self, connection: Connection, job: Callable[[Connection], T]) -> T:
        with connection.begin() as transaction:
            result = job(connection)
            proves = self._unconfirmed and bool(connection.exec_driver_sql(_HAS_WRITTEN).scalar_one())
            with self._limited(connection):
                transaction.commit()
        if proves:
            self._unconfirmed = False
        return result

    @contextmanager
    def _limited(self, connection: Connection) -> Iterator[None]:
        mine = _Pending(connection.connection.driver_connection, monotonic() + COMMITS_WITHIN)
        self._watch(mine)
        try:
            yield
        except DBAPIError as error:
            if error.connection_invalidated:
                raise OutcomeUnknown("the connection ended during a commit") from error
            raise
        finally:
            self._forget(mine)
            if mine.is_cancelled:
                self._unconfirmed = True
                connection.invalidate()  # the cancellation may still be on its way
        if mine.is_cancelled:
            raise OutcomeUnknown(f"a commit was not confirmed within {COMMITS_WITHIN} s")

    def _watch(self, mine: _Pending) -> None:
        with self._changed:
            self._pending.add(mine)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._look, name="commits", daemon=True)
                self._watcher.start()
            self._any.set()

    def _forget(self, mine: _Pending) -> None:
        with self._changed:
            self._pending.discard(mine)
        with mine.lock:
            mine.is_over = True

    def _look(self) -> None:
        pause = threading.Event()
        while True:
            self._any.wait()
            pause.wait(_LOOK_EVERY)
            with self._changed:
                late = [one for one in self._pending if one.until <= monotonic()]
                if not self._pending:
                    self._any.clear()
            for one in late:
                with one.lock:
                    if not one.is_over:
                        _cancel(one)


def _cancel(one: _Pending) -> None:
    """Ask the server to end the commit; end the connection if it does not take that, or did not heed it."""
    import psycopg

    again, one.is_cancelled = one.is_cancelled, True
    if not again:
        with suppress(psycopg.Error, OSError):
            one.raw.cancel_safe(timeout=_CANCEL_WITHIN)
            one.until = monotonic() + _CANCEL_WITHIN
            return
    with suppress(OSError), socket.socket(fileno=os.dup(one.raw.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)
