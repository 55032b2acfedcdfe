"""Figures of days: measured among the rows of one day, kept once the day is finished."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.core.figures import ALL_SITES, DayFigures, Measured, Times, bounds
from app.store.tables import day_figures, links, requests, tickets

_FIRST_OPENED = select(func.min(links.c.opened_at)).where(links.c.reference == requests.c.reference).scalar_subquery()
_COUNTS = select(requests.c.site, func.count(), func.count(requests.c.opened_at)).group_by(requests.c.site)
_TO_APPLET = (
    select(requests.c.site, requests.c.created_at, _FIRST_OPENED, tickets.c.applet_opened_at)
    .outerjoin(tickets, tickets.c.number == requests.c.ticket_number)
    .where(requests.c.opened_at.is_not(None))
)
_TO_CLAIM = select(tickets.c.site, tickets.c.created_at, tickets.c.claimed_at).where(tickets.c.claimed_at.is_not(None))
_MS = timedelta(milliseconds=1)


def measure(connection: Connection, day: date) -> Measured:
    """Look at this day's rows alone, by index."""
    begin, end = bounds(day)
    asked = (requests.c.created_at >= begin, requests.c.created_at < end)
    ticketed = (tickets.c.created_at >= begin, tickets.c.created_at < end)
    counts = {row[0]: (row[1], row[2]) for row in connection.execute(_COUNTS.where(*asked))}
    to_applet = [
        (site, _between(created, min(at for at in opened if at)))
        for site, created, *opened in connection.execute(_TO_APPLET.where(*asked))
        if any(opened)
    ]
    to_claim = [
        (site, _between(created, claimed)) for site, created, claimed in connection.execute(_TO_CLAIM.where(*ticketed))
    ]
    return Measured(counts, to_applet, to_claim)


def first_day(connection: Connection) -> date | None:
    """The day of the oldest request or ticket; None before there is any."""
    oldest = (connection.execute(select(func.min(table.c.created_at))).scalar_one() for table in (requests, tickets))
    return min((at.date() for at in oldest if at), default=None)


def load_days(connection: Connection, first: date, last: date, site: str | None = None) -> list[DayFigures]:
    """What is kept of these days, of one site (ALL_SITES too) or of each; the oldest first."""
    query = select(day_figures).where(day_figures.c.day >= f"{first}", day_figures.c.day <= f"{last}")
    if site is not None:
        query = query.where(day_figures.c.site == site)
    query = query.order_by(day_figures.c.day, day_figures.c.site)
    return [_known(row) for row in connection.execute(query)]


def days_kept(connection: Connection, first: date, last: date) -> set[date]:
    """Which of these days are kept."""
    return {figures.day for figures in load_days(connection, first, last, ALL_SITES)}


def keep_day(connection: Connection, figures: Sequence[DayFigures]) -> bool:
    """Keep a finished day, that of all sites first; False where another process has done so."""
    together, *of_sites = (_values(one) for one in figures)
    first = _insert(connection).on_conflict_do_nothing().values(together).returning(day_figures.c.day)
    if connection.execute(first).first() is None:
        return False
    if of_sites:
        connection.execute(_insert(connection), of_sites)
    return True


def _insert(connection: Connection) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(day_figures)
    return postgresql.insert(day_figures)


def _between(begin: datetime, end: datetime) -> int:
    return max(0, (end - begin) // _MS)


def _values(figures: DayFigures) -> dict[str, object]:
    return {
        "day": f"{figures.day}",
        "site": figures.site,
        "requests": figures.requests,
        "opened": figures.opened,
        "to_applet_median": figures.to_applet.median,
        "to_applet_p95": figures.to_applet.p95,
        "to_claim_median": figures.to_claim.median,
        "to_claim_p95": figures.to_claim.p95,
    }


def _known(row: Row[tuple[object, ...]]) -> DayFigures:
    return DayFigures(
        date.fromisoformat(row.day),
        row.site,
        row.requests,
        row.opened,
        Times(row.to_applet_median, row.to_applet_p95),
        Times(row.to_claim_median, row.to_claim_p95),
    )
