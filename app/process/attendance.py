"""Which technicians are there, as this process last looked: pages ask often, and the database only now and then."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database
from app.store.presence import present_technicians

LOOK_EVERY = 3.0  # seconds


class Attendance:
    """The technicians who are there, a few seconds old. Safe to use from every thread."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._present: frozenset[int] = frozenset()
        self._until = 0.0

    def present(self) -> frozenset[int]:
        """Ids of the technicians with an open console or a recent action; while the database is away, as last seen."""
        if monotonic() >= self._until:
            self._until = monotonic() + LOOK_EVERY  # first, so that other threads do not ask too
            try:
                with self._database.read() as connection:
                    self._present = present_technicians(connection, self._clock())
            except DATABASE_FAULTS as fault:
                note_database_fault(fault, "attendance")
        return self._present

    def forget(self) -> None:
        """Look again at the next call."""
        self._until = 0.0
