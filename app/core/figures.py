"""Daily figures: how many requests came in, how many got a session, and how long that took.

A day is in UTC; a request counts for the day on which it was made. A day is finished two midnights later, so that a
request of the late evening that was helped in the morning counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.core.csv import BOM, csv_line

ALL_SITES = ""
RANGES = (7, 30, 90)  # days that pages offer
UNFINISHED = 2  # today and yesterday
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds, None where nothing was measured."""

    median: int | None = None
    p95: int | None = None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day of one site, or of ALL_SITES together.

    `requests` counts all that came in, suspect ones included; `opened` counts those that got a session. `to_applet` is
    the time from the request to the first opening of its start link or applet, `to_claim` from the ticket to its first
    claim.
    """

    day: date
    site: str
    requests: int = 0
    opened: int = 0
    to_applet: Times = Times()
    to_claim: Times = Times()


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of one day. `counts` are (requests, opened ones) by site; the times are (site, milliseconds)."""

    counts: Mapping[str, tuple[int, int]]
    to_applet: Sequence[tuple[str, int]]
    to_claim: Sequence[tuple[str, int]]


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The percentile by nearest rank: the smallest value that at least `percent` (1 to 100) of all values do not
    exceed; None for an empty list."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def day_figures(day: date, measured: Measured) -> list[DayFigures]:
    """The day's figures: of all sites together, then of each site that has any."""
    to_applet, to_claim = _by_site(measured.to_applet), _by_site(measured.to_claim)
    sites = sorted((measured.counts.keys() | to_applet.keys() | to_claim.keys()) - {ALL_SITES})
    counts = {**measured.counts, ALL_SITES: _together(measured.counts.values())}
    return [
        DayFigures(day, site, *counts.get(site, (0, 0)), _times(to_applet[site]), _times(to_claim[site]))
        for site in (ALL_SITES, *sites)
    ]


def last_days(today: date, days: int) -> list[date]:
    """The last `days` days, ending with today."""
    return [today - _DAY * back for back in range(days - 1, -1, -1)]


def is_finished(day: date, today: date) -> bool:
    """Whether the day's figures can no longer change."""
    return day <= today - _DAY * UNFINISHED


def bounds(day: date) -> tuple[datetime, datetime]:
    """The beginning of the day and of the next one."""
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return begin, begin + _DAY


COLUMNS = (
    "day",
    "site",
    "finished",
    "requests",
    "opened",
    "to_applet_median_ms",
    "to_applet_p95_ms",
    "to_claim_median_ms",
    "to_claim_p95_ms",
)


def plain_figures(one: DayFigures, today: date) -> dict[str, str | int | None]:
    """The figures for programs, in the order of COLUMNS. `site` is None for all sites together; an unfinished day may
    change."""
    times = (one.to_applet.median, one.to_applet.p95, one.to_claim.median, one.to_claim.p95)
    values = (f"{one.day}", one.site or None, is_finished(one.day, today), one.requests, one.opened, *times)
    return dict(zip(COLUMNS, values, strict=True))


def figures_csv(found: Iterable[DayFigures], today: date) -> Iterator[str]:
    """The figures for spreadsheets; all sites together are the site `*`."""
    yield BOM + csv_line(COLUMNS)
    for one in found:
        plain = plain_figures(one, today)
        finished = "yes" if plain["finished"] else "no"
        yield csv_line({**plain, "site": plain["site"] or "*", "finished": finished}.values())


def _by_site(samples: Iterable[tuple[str, int]]) -> defaultdict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for site, milliseconds in samples:
        found[site].append(milliseconds)
        found[ALL_SITES].append(milliseconds)
    return found


def _together(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    pairs = list(counts)
    return sum(requests for requests, _opened in pairs), sum(opened for _requests, opened in pairs)


def _times(samples: list[int]) -> Times:
    ordered = sorted(samples)
    return Times(percentile(ordered, 50), percentile(ordered, 95))
