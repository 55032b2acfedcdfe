"""Figures of days: what is finished is counted once and kept, what is not is counted when somebody looks."""

from datetime import date, datetime, timedelta

from app.core.figures import ALL_SITES, UNFINISHED, DayFigures, day_figures, is_finished, last_days
from app.store import figures as store
from app.store.database import Database

LOOKED_BACK = 92  # days in which a gap is filled
_COUNTED_LIVE = UNFINISHED + 1  # the day that has just been finished may not be kept yet


def finish_next_day(database: Database, now: datetime) -> date | None:
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


def figures_of(database: Database, days: int, now: datetime, site: str | None = None) -> list[DayFigures]:
    """The last `days` days, today the last of them, the oldest first: of one site (ALL_SITES for all together), or of
    all together and each. Days of which nothing is known are left out."""
    today = now.date()
    first, last = today - timedelta(days=days - 1), today
    live = [day for day in last_days(today, _COUNTED_LIVE) if day >= first]
    with database.read() as connection:
        found = store.load_days(connection, first, last, site)
        kept = store.days_kept(connection, live[0], last)
        fresh = [one for day in live if day not in kept for one in day_figures(day, store.measure(connection, day))]
    return found + [one for one in fresh if site is None or one.site == site]


def day_by_day(found: list[DayFigures], days: int, now: datetime, site: str = ALL_SITES) -> list[DayFigures]:
    """One site's figures with a row for each of the last days, empty where nothing is known."""
    known = {one.day: one for one in found if one.site == site}
    return [known.get(day, DayFigures(day, site)) for day in last_days(now.date(), days)]
