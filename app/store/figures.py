"""Daily figures: measured from the rows of one day, stored once the day is finished."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select
from sqlalchemy.dialects import postgresql, sqlite

from app.core.figures import ALL_SITES, DayFigures, Measured, Times, bounds
from app.store.tables import as_stored, day_figures, links, requests, tickets

_US_IN_A_MS = 1_000


# Microseconds as stored: converting thousands of them to datetimes would cost more than the query.
# Sub-queries for each row: with a join the planner may read all tickets for one day's.
_FIRST_OPENED = select(func.min(links.c.opened_at)).where(links.c.reference == requests.c.reference).scalar_subquery()
_APPLET_OPENED = (
    select(tickets.c.applet_opened_at).where(tickets.c.number == requests.c.ticket_number).scalar_subquery()
)
_COUNTS = select(requests.c.site, func.count(), func.count(requests.c.opened_at)).group_by(requests.c.site)
_TO_APPLET = select(
    requests.c.site, as_stored(requests.c.created_at), as_stored(_FIRST_OPENED), as_stored(_APPLET_OPENED)
).where(requests.c.opened_at.is_not(None))
_TO_CLAIM = select(tickets.c.site, as_stored(tickets.c.claimed_at) - as_stored(tickets.c.created_at)).where(
    tickets.c.claimed_at.is_not(None)
)


def measure(connection: Connection, day: date) -> Measured:
    """Measure the day from its own rows, by index."""
    begin, end = bounds(day)
    asked = (requests.c.created_at >= begin, requests.c.created_at < end)
    ticketed = (tickets.c.created_at >= begin, tickets.c.created_at < end)
    counts = {row[0]: (row[1], row[2]) for row in connection.execute(_COUNTS.where(*asked))}
    to_applet = [
        (site, _milliseconds(min(at for at in opened if at is not None) - created))
        for site, created, *opened in connection.execute(_TO_APPLET.where(*asked))
        if opened != [None, None]
    ]
    to_claim = [(site, _milliseconds(took)) for site, took in connection.execute(_TO_CLAIM.where(*ticketed))]
    return Measured(counts, to_applet, to_claim)


def first_day(connection: Connection) -> date | None:
    """The day of the oldest request or ticket; None when there is none."""
    oldest = (connection.execute(select(func.min(table.c.created_at))).scalar_one() for table in (requests, tickets))
    return min((at.date() for at in oldest if at), default=None)


def load_days(connection: Connection, first: date, last: date, site: str | None = None) -> list[DayFigures]:
    """Stored figures of these days, oldest first, of one site (or ALL_SITES) or of all."""
    query = select(day_figures).where(_among(first, last) if site is None else _of_site(site, first, last))
    query = query.order_by(day_figures.c.day, day_figures.c.site)
    return [_known(row) for row in connection.execute(query)]


def sums_by_site(connection: Connection, first: date, last: date) -> dict[str, tuple[int, int]]:
    """Stored requests, and opened ones, of each site in these days."""
    sums = (func.sum(day_figures.c.requests), func.sum(day_figures.c.opened))
    query = select(day_figures.c.site, *sums).where(_among(first, last)).group_by(day_figures.c.site)
    return {site: (int(made), int(opened)) for site, made, opened in connection.execute(query) if site != ALL_SITES}


def days_kept(connection: Connection, first: date, last: date) -> set[date]:
    """The days of this range that are stored."""
    query = select(day_figures.c.day).where(_of_site(ALL_SITES, first, last))
    return {date.fromisoformat(day) for day in connection.execute(query).scalars()}


def _among(first: date, last: date) -> ColumnElement[bool]:
    return day_figures.c.day.between(f"{first}", f"{last}")


def _of_site(site: str, first: date, last: date) -> ColumnElement[bool]:
    """Each day by name: a range of days would be read with the figures of all sites."""
    days = [f"{first + timedelta(days=number)}" for number in range((last - first).days + 1)]
    return and_(day_figures.c.day.in_(days), day_figures.c.site == site)


def keep_day(connection: Connection, figures: Sequence[DayFigures]) -> bool:
    """Store a finished day, the row of all sites first; False when another process has done so."""
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


def _milliseconds(microseconds: int) -> int:
    return max(0, microseconds // _US_IN_A_MS)


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
