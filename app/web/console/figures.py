"""The figures page: requests and sessions per day, and how long they took."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, request

from app.actions.figures import day_by_day
from app.core.figures import ALL_SITES, RANGES, DayFigures, figures_csv, is_finished, plain_figures
from app.edge.this_app import running
from app.web.console.download import download
from app.web.console.figures_chart import counts_chart, time_chart, words_for
from app.web.console.frame import console_page, console_pages, supervisors_only
from app.web.words import _

pages = console_pages("figures")
_HERE = "/console/figures"


@pages.get("/figures")
@supervisors_only
def figures() -> Response:
    """Charts and tables of the last 7, 30 or 90 days."""
    here = running()
    days, site, now = _days(), _site(), here.clock()
    rows = day_by_day(here.figures.of(days, site, now=now), days, site, now=now)
    return console_page(
        "console/figures.html",
        days=days,
        ranges=[{"days": n, "url": _address(n, site), "current": n == days} for n in RANGES],
        wanted={"site": site, "days": days},
        sites=[(ALL_SITES, _("All sites")), *((key, one.name) for key, one in here.desk.sites.items())],
        charts=_charts(rows),
        sums=_sums(rows),
        rows=[_row(one, now.date()) for one in reversed(rows)],
        by_site=_by_site(here.figures.by_site(days, now=now)) if site == ALL_SITES else [],
        exports=[(kind.upper(), f"{_HERE}.{kind}?days={days}") for kind in ("csv", "json")],
        refresh_url=_address(days, site),
    )


@pages.get("/figures.csv")
@supervisors_only
def as_csv() -> Response:
    """CSV of each day, for each site and for all sites together (`*`). Times are milliseconds."""
    return _file(figures_csv(*_exported()), "text/csv; charset=utf-8", "csv")


@pages.get("/figures.json")
@supervisors_only
def as_json() -> Response:
    """The same figures as JSON; all sites together have null as site."""
    found, today = _exported()
    plain = {"days": [plain_figures(one, today) for one in found]}
    return _file([json.dumps(plain, indent=1), "\n"], "application/json", "json")


def _charts(rows: list[DayFigures]) -> list[dict[str, Any]]:
    days = [one.day for one in rows]
    return [
        counts_chart(days, [one.requests for one in rows], [one.opened for one in rows]),
        time_chart("applet", _("From request to applet"), days, [one.to_applet for one in rows]),
        time_chart("claim", _("From ticket to technician"), days, [one.to_claim for one in rows]),
    ]


def _days() -> int:
    """The range in the address, 30 days by default; 404 for an unknown range."""
    days = request.args.get("days", "30")
    if days not in map(str, RANGES):
        abort(404)
    return int(days)


def _site() -> str:
    site = request.args.get("site", ALL_SITES)
    if site != ALL_SITES and site not in running().desk.sites:
        abort(404)
    return site


def _address(days: int, site: str) -> str:
    return f"{_HERE}?{urlencode({'days': days, 'site': site} if site else {'days': days})}"


def _exported() -> tuple[list[DayFigures], date]:
    here = running()
    now = here.clock()
    return here.figures.of(_days(), now=now), now.date()


def _file(parts: Iterable[str], kind: str, ending: str) -> Response:
    return download(parts, kind, f"handbell-figures-{running().clock().date()}.{ending}")


def _row(one: DayFigures, today: date) -> dict[str, Any]:
    return {
        "day": one.day,
        "finished": is_finished(one.day, today),
        "requests": one.requests,
        "opened": one.opened,
        "times": [words_for(ms) for times in (one.to_applet, one.to_claim) for ms in (times.median, times.p95)],
    }


def _sums(rows: list[DayFigures]) -> dict[str, Any]:
    requests, opened = sum(one.requests for one in rows), sum(one.opened for one in rows)
    return {**_sum(requests, opened), "today": rows[-1].requests}


def _by_site(sums: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    sites = running().desk.sites
    return [
        {"slug": slug, "name": sites[slug].name if slug in sites else slug, **_sum(*sums[slug])}
        for slug in sorted(sums)
    ]


def _sum(requests: int, opened: int) -> dict[str, Any]:
    return {"requests": requests, "opened": opened, "share": _share(opened, requests)}


def _share(part: int, whole: int) -> str:
    return f"{100 * part // whole} %" if whole else "–"
