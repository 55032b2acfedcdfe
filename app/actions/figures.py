"""Figures of days: what is finished is counted once and kept, what is not is counted when somebody looks."""

import threading
from datetime import date, datetime, timedelta

from app.core.figures import ALL_SITES, UNFINISHED, DayFigures, day_figures, is_finished, last_days
from app.store import figures as store
from app.store.database import Database

LOOKED_BACK = 92  # days in which a gap is filled
_TODAY_IS_GOOD_FOR, _EARLIER_IS_GOOD_FOR = timedelta(minutes=1), timedelta(minutes=10)
_COUNTED_LIVE = UNFINISHED + 1  # the day that has just been finished may not be kept yet


def finish_next_day(database: Database, *, now: datetime) -> date | None:
    """Count and keep the newest finished day that is not kept; None when all of the last months are.

    Safe in many processes at once: one of them keeps it.
    """
    today = now.date()
    with database.read() as connection:
        begun = store.first_day(connection) or today
        days = [day for day in last_days(today, LOOKED_BACK) if begun <= day and is_finished(day, today)]
        kept = store.days_kept(connection, begun, today)
        day = next((day for day in reversed(days) if day not in kept), None)
        if day is None:
            return None
        figures = day_figures(day, store.measure(connection, day))
    database.write(lambda connection: store.keep_day(connection, figures))
    return day


class Figures:
    """The last days' figures as pages show them, safe to use from every thread.

    What is not kept yet is measured among its rows, and then good for a minute (today) or ten: looking again and again
    costs no more than that.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._measured: dict[date, tuple[datetime, list[DayFigures]]] = {}

    def of(self, days: int, site: str | None = None, *, now: datetime) -> list[DayFigures]:
        """The last `days` days, today the last of them, the oldest first: of one site (ALL_SITES for all together), or
        of all together and each. Days of which nothing is known are left out."""
        today = now.date()
        first = today - timedelta(days=days - 1)
        recent = [day for day in last_days(today, _COUNTED_LIVE) if day >= first]
        with self._database.read() as connection:
            found = store.load_days(connection, first, today, site)
            kept = store.days_kept(connection, recent[0], today)
        fresh = [one for day in recent if day not in kept for one in self._measure(day, now=now)]
        return found + [one for one in fresh if site is None or one.site == site]

    def _measure(self, day: date, *, now: datetime) -> list[DayFigures]:
        good_for = _TODAY_IS_GOOD_FOR if day == now.date() else _EARLIER_IS_GOOD_FOR
        with self._lock:
            at, figures = self._measured.get(day, (None, []))
            if at is None or not at <= now < at + good_for:
                with self._database.read() as connection:
                    figures = day_figures(day, store.measure(connection, day))
                self._measured = {d: known for d, known in self._measured.items() if d > day - timedelta(days=9)}
                self._measured[day] = (now, figures)
            return figures


def day_by_day(found: list[DayFigures], days: int, site: str = ALL_SITES, *, now: datetime) -> list[DayFigures]:
    """One site's figures with a row for each of the last days, empty where nothing is known."""
    known = {one.day: one for one in found if one.site == site}
    return [known.get(day, DayFigures(day, site)) for day in last_days(now.date(), days)]
