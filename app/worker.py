"""Background work on a schedule: tickets expire, kept data is erased. Safe in every process at once."""

import random
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as WriteTimeout
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.actions.privacy import Pruned, prune
from app.settings import Settings
from app.store.database import Database

log = structlog.get_logger()
_EVERY = 600.0  # seconds
_jitter = random.SystemRandom()


class Schedule:
    """A thread that prunes soon after its start and then every ten minutes or so."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._retention = timedelta(days=settings.retention_days)
        self._applets = settings.vendor_applets_dir
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End, at the latest when the work at hand is done."""
        self._stop.set()
        self._thread.join()

    def run_once(self) -> Pruned:
        """All due work, now."""
        return prune(self._database, self._retention, self._applets, self._clock())

    def _work(self) -> None:
        while not self._stop.wait(_EVERY * _jitter.uniform(0.05, 1.0)):
            try:
                pruned = self.run_once()
            except (SQLAlchemyError, sqlite3.Error, WriteTimeout) as error:
                log.error("prune_failed", error=type(error).__name__)
                continue
            log.debug("pruned", requests=pruned.requests_erased, tickets=pruned.tickets_erased)
