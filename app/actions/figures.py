"""Daily figures: a finished day is counted once and kept; an unfinished day is counted when a page asks for it."""

import threading
from datetime import date, datetime, timedelta

from app.core.figures import ALL_SITES, UNFINISHED, DayFigures, day_figures, is_finished, last_days
from app.store import figures as store
from app.store.database import Database

LOOKED_BACK = 92  # days in which a missing day is filled in
_TODAY_IS_GOOD_FOR, _EARLIER_IS_GOOD_FOR = timedelta(minutes=1), timedelta(minutes=10)
_COUNTED_LIVE = UNFINISHED + 1  # the day that has just been finished may not be kept yet


def finish_next_day(database: Database, *, now: datetime) -> date | None:
    """Count and keep the newest finished day that is not kept yet; None when there is none in the last LOOKED_BACK
    days.

    Safe in many processes at once: one of them keeps the day.
    """
    today = now.date()
    with database.read() as connection:
        begun = store.first_day(connection) or today
        days = [day for day in last_days(today, LOOKED_BACK) if begun <= day and is_finished(day, today)]
        kept = store.days_kept(connection, days[0], days[-1]) if days else set()
        day = next((day for day in reversed(days) if day not in kept), None)
        if day is None:
            return None
        figures = day_figures(day, store.measure(connection, day))
    database.write(lambda connection: store.keep_day(connection, figures))
    return day


class Figures:
    """Figures of the last days for pages; safe in every thread.

    A day that is not kept yet is measured from its rows and cached, for one minute (today) or ten minutes, so that
    reloading a page costs no more than that.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._measured: dict[date, tuple[datetime, list[DayFigures]]] = {}
        self._sums: dict[int, tuple[set[date], dict[str, tuple[int, int]]]] = {}  # by the number of days

    def of(self, days: int, site: str | None = None, *, now: datetime) -> list[DayFigures]:
        """Figures of the last `days` days including today, oldest first.

        `site` selects one site, or ALL_SITES for the sum of all; None gives the sum and each site. Days without figures
        are left out.
        """
        today = now.date()
        first = today - timedelta(days=days - 1)
        with self._database.read() as connection:
            found = store.load_days(connection, first, today, site)
        return found + [one for one in self._fresh(first, now=now) if site is None or one.site == site]

    def by_site(self, days: int, *, now: datetime) -> dict[str, tuple[int, int]]:
        """Requests and opened ones of each site in the last `days` days, summed by the database: a thousand sites have
        90,000 figures in 90 days."""
        first = now.date() - timedelta(days=days - 1)
        sums = self._kept_sums(days, first, now=now)
        for one in self._fresh(first, now=now):
            if one.site != ALL_SITES:
                made, opened = sums.get(one.site, (0, 0))
                sums[one.site] = (made + one.requests, opened + one.opened)
        return sums

    def _kept_sums(self, days: int, first: date, *, now: datetime) -> dict[str, tuple[int, int]]:
        """Sums of the kept days since `first`, read again only when these are other days than before."""
        with self._lock, self._database.read() as connection:
            kept = store.days_kept(connection, first, now.date())
            known, sums = self._sums.get(days, (set(), {}))
            if known != kept:
                sums = store.sums_by_site(connection, first, now.date())
                self._sums[days] = kept, sums
            return dict(sums)

    def _fresh(self, first: date, *, now: datetime) -> list[DayFigures]:
        """Figures of the days since `first` that are not kept yet."""
        today = now.date()
        recent = [day for day in last_days(today, _COUNTED_LIVE) if day >= first]
        with self._database.read() as connection:
            kept = store.days_kept(connection, recent[0], today)
        return [one for day in recent if day not in kept for one in self._measure(day, now=now)]

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
    """One site's figures with one row for each of the last `days` days; a day without figures is an empty row."""
    known = {one.day: one for one in found if one.site == site}
    return [known.get(day, DayFigures(day, site)) for day in last_days(now.date(), days)]
