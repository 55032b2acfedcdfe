"""Daily figures: how many asked for help, how many got a session, and how long it took them.

A day is one in UTC, and belongs to what began on it. It is finished when two more nights have passed, so that whoever
came late in the evening and was helped in the morning counts.
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

    `requests` is all that came in, suspects among them, `opened` how many of them got a session. `to_applet` is from
    the request to the first opening of its start link or applet, `to_claim` from the ticket to the technician who
    took it.
    """

    day: date
    site: str
    requests: int = 0
    opened: int = 0
    to_applet: Times = Times()
    to_claim: Times = Times()


@dataclass(frozen=True, slots=True)
class Measured:
    """Measurements of one day. `counts` are requests and opened ones by site; the times are (site, milliseconds)."""

    counts: Mapping[str, tuple[int, int]]
    to_applet: Sequence[tuple[str, int]]
    to_claim: Sequence[tuple[str, int]]


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """By nearest rank: the smallest value that at least `percent` (1 to 100) of all do not exceed; None of none."""
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None


def day_figures(day: date, measured: Measured) -> list[DayFigures]:
    """The day's figures: of all sites together, then of each site at which something happened."""
    to_applet, to_claim = _by_site(measured.to_applet), _by_site(measured.to_claim)
    sites = sorted((measured.counts.keys() | to_applet.keys() | to_claim.keys()) - {ALL_SITES})
    counts = {**measured.counts, ALL_SITES: _together(measured.counts.values())}
    return [
        DayFigures(day, site, *counts.get(site, (0, 0)), _times(to_applet[site]), _times(to_claim[site]))
        for site in (ALL_SITES, *sites)
    ]


def last_days(today: date, days: int) -> list[date]:
    """So many days, today the last of them."""
    return [today - _DAY * back for back in range(days - 1, -1, -1)]


def is_finished(day: date, today: date) -> bool:
    """Whether nothing counts for this day any more."""
    return day <= today - _DAY * UNFINISHED


def bounds(day: date) -> tuple[datetime, datetime]:
    """When the day begins and when the next one does."""
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
    """For programs, in the order of COLUMNS. All sites together have no site; what is not finished yet may change."""
    times = (one.to_applet.median, one.to_applet.p95, one.to_claim.median, one.to_claim.p95)
    values = (f"{one.day}", one.site or None, is_finished(one.day, today), one.requests, one.opened, *times)
    return dict(zip(COLUMNS, values, strict=True))


def figures_csv(found: Iterable[DayFigures], today: date) -> Iterator[str]:
    """For spreadsheets; all sites together are the site `*`."""
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
