"""Background work on a schedule: expire tickets, tell of call-backs, erase kept data, warn of lost secrets, count
finished days.

Safe in every process at once.
"""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

import structlog

from app.actions.call_back import tell_due
from app.actions.figures import finish_next_day
from app.actions.finish_erasure import finish_erasure
from app.actions.live import forget_old_signals
from app.actions.privacy import Pruned, prune, retention_of
from app.actions.sealing import Unsealer, lost_second_factors, lost_secrets
from app.core.happening import KEY_ENDS, Happening
from app.core.vendor_account import days_left
from app.process.database_faults import note_database_fault
from app.settings import Settings
from app.store.database import DATABASE_FAULTS, Database
from app.store.happenings import add_happening
from app.store.sites import load_sites

log = structlog.get_logger()
_EVERY = 600.0  # seconds
_KEY_DAYS = (30, 14, 7, 3, 1, 0)  # days left at which people are told that a vendor's key ends
_ERASURES_EVERY = 10.0  # seconds
_jitter = random.SystemRandom()


class Schedule:
    """A thread that warns of secrets and counts finished days at its start, and does all due work about every ten
    minutes."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime], keys: Unsealer) -> None:
        self._database = database
        self._usual_days = settings.retention_days
        self._old_applets = settings.old_vendor_applets_dir
        self._clock = clock
        self._keys = keys
        self._told_on: date | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, after the current work at the latest."""
        self._stop.set()
        self._thread.join()

    def run_once(self) -> Pruned:
        """Do all due work now."""
        self.look_after_secrets()
        self.finish_days()
        return self._prune()

    def finish_days(self) -> None:
        """Count and keep finished days that are not kept yet, before their rows are erased."""
        while not self._stop.is_set() and (day := finish_next_day(self._database, now=self._clock())):
            log.debug("day_counted", day=str(day))

    def look_after_secrets(self) -> None:
        """Once a day, report keys of vendors that end soon and secrets that no key opens."""
        today = self._clock().date()
        if self._told_on == today:
            return
        with self._database.read() as connection:
            sites = load_sites(connection)
            factors = lost_second_factors(connection, self._keys)
        if factors:
            log.error("second_factors_lost", technicians=len(factors), error="see: handbell check")
        for site in sites:
            if (days := days_left(site, today)) is not None:
                log.warning("vendor_key_ends", site=site.slug, days=days)
                self._tell_key_ends(site.slug, days, today)
            for lost in lost_secrets(site, self._keys):
                log.error("secret_lost", site=site.slug, secret=lost.field, error="see: handbell check")
        self._told_on = today

    def _tell_key_ends(self, site: str, days: int, today: date) -> None:
        """Every process does this: notices of the same day are the same."""
        if days in _KEY_DAYS:
            at = datetime(today.year, today.month, today.day, tzinfo=UTC)
            happening = Happening(what=KEY_ENDS, at=at, site=site, source=days)
            self._database.write(lambda connection: add_happening(connection, happening))

    def _work(self) -> None:
        remove_old_applets(self._old_applets)
        self._try("secrets", self.look_after_secrets)
        self._try("figures", self.finish_days)
        while not self._pause(_EVERY * _jitter.uniform(0.05, 1.0)):
            self._try("secrets", self.look_after_secrets)
            self._try("figures", self.finish_days)
            self._try("pruning", self._prune)

    def _pause(self, seconds: float) -> bool:
        """Wait, and meanwhile finish erasures begun by any process, tell of call-backs that are due, and forget old
        signals; returns whether to stop."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            if self._stop.wait(min(left, _ERASURES_EVERY)):
                return True
            self._try("erasure", lambda: finish_erasure(self._database))
            self._try("call-backs", lambda: tell_due(self._database, now=self._clock()))
            self._try("signals", lambda: forget_old_signals(self._database, now=self._clock()))
        return self._stop.is_set()

    def _prune(self) -> Pruned:
        kept_for = retention_of(self._database, self._usual_days)
        pruned = prune(self._database, kept_for, now=self._clock())
        log.debug("pruned", requests=pruned.requests_erased, tickets=pruned.tickets_erased)
        return pruned

    def _try(self, during: str, work: Callable[[], object]) -> None:
        try:
            work()
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, during)


def remove_old_applets(folder: Path) -> None:
    """Remove the files that earlier versions kept on this host's disk, where an erasure does not reach them."""
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):  # another process may have removed it already
                file.unlink()
        folder.rmdir()
