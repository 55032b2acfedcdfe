"""Export of the list of requests, as CSV and as JSON."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, abort, request

from app.actions.privacy import record_list_export
from app.core.csv import BOM, csv_line
from app.core.customer import NAMES
from app.core.moment import iso
from app.core.request import CustomerRequest
from app.core.security_event import SecurityEvent
from app.edge.security_log import tell
from app.edge.this_app import running
from app.store.database import Database
from app.store.request_list import Wanted, newest_requests
from app.store.why import why_members
from app.web.console.download import download
from app.web.console.frame import administrators_only, console_pages, me
from app.web.console.request_filter import wanted_here

pages = console_pages("request_export")
_MOST = 10_000
_AT_ONCE = 500
_EXPORTED = (
    "reference",
    "site",
    "state",
    "backend",
    "source",
    "created_at",
    "opened_at",
    "ended_at",
    "attempts",
    "last_error",
    "maybe_duplicate",
    "ticket",
    "session_id",
    "department",
    "technician",
    *NAMES,
    "verified",
    "more",
    "why",
    "why_values",
)


@pages.get("/requests.csv")
@administrators_only
def as_csv() -> Response:
    """The filtered list as CSV, including personal data."""
    wanted, database = _exporting("csv"), running().database

    def lines() -> Iterator[str]:
        yield BOM + csv_line(_EXPORTED)
        for found in _all(database, wanted):
            yield csv_line(_cells(_plain(found)))

    return _file(lines(), "text/csv; charset=utf-8", "csv")


@pages.get("/requests.json")
@administrators_only
def as_json() -> Response:
    """The filtered list as JSON, including personal data."""
    wanted, database = _exporting("json"), running().database

    def parts() -> Iterator[str]:
        separator = '{"requests": ['
        for found in _all(database, wanted):
            yield separator + "\n" + json.dumps(_plain(found), ensure_ascii=False)
            separator = ","
        yield "\n]}\n" if separator == "," else separator + "]}\n"

    return _file(parts(), "application/json", "json")


def _exporting(kind: str) -> Wanted:
    """The filters of an export; records in the audit log that it begins.

    403 for a link on another site's page, which must not make an administrator export anything.
    """
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        tell(SecurityEvent.ORIGIN_REFUSED)
        abort(403)
    wanted = wanted_here()
    here = running()
    record_list_export(here.database, kind, wanted, by=me().id, now=here.clock())
    return wanted


def _all(database: Database, wanted: Wanted) -> Iterator[CustomerRequest]:
    """The newest 10,000 requests, read in pages: no statement stays open while a client downloads slowly."""
    before, left = None, _MOST
    while left > 0:
        with database.read() as connection:
            page = newest_requests(connection, wanted, before, min(left, _AT_ONCE))
        yield from page.requests
        left -= len(page.requests)
        before = page.older
        if before is None:
            return


def _plain(found: CustomerRequest) -> dict[str, Any]:
    values = {name: getattr(found, name) for name in _EXPORTED if hasattr(found, name)} | found.customer.values()
    values |= why_members(found.why)
    times = {name: iso(values[name]) for name in ("created_at", "opened_at", "ended_at")}
    ticket = found.ticket_number or found.vendor_ticket
    more = [{"name": name, "value": value} for name, value in found.more]
    plain = {**values, **times, "ticket": ticket, "technician": found.tech, "verified": list(found.verified)}
    return {name: plain[name] for name in _EXPORTED if name != "more"} | {"more": more}


def _cells(plain: dict[str, Any]) -> list[str | int | None]:
    more = "\n".join(f"{field['name']}: {field['value']}" for field in plain["more"])
    duplicate = "yes" if plain["maybe_duplicate"] else "no"
    values = " ".join(f"{name}={value}" for name, value in (plain["why_values"] or {}).items())
    plain = {
        **plain,
        "why_values": values,
        "maybe_duplicate": duplicate,
        "verified": " ".join(plain["verified"]),
        "more": more,
    }
    return [plain[name] for name in _EXPORTED]


def _file(parts: Iterator[str], kind: str, ending: str) -> Response:
    return download(parts, kind, f"handbell-requests-{running().clock().date()}.{ending}")
