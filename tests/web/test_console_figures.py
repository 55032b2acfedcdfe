"""The figures page: it shows the stored figures, to supervisors only, as charts, tables and downloads."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, update

from app.actions.figures import finish_next_day
from app.core.request import RequestState
from app.process.running import Running
from app.store.requests import StartLink, insert_link, insert_request
from app.store.tables import links, tickets
from app.store.tickets import insert_ticket
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.store.rows import request_row, ticket_row
from tests.web.console_client import log_in

HERE = "/console/figures"


@pytest.fixture
def sven(app: Flask) -> PageClient:
    client = PageClient(app)
    log_in(client, "sven@example.com")
    return client


def a_request(here: Running, *, days_ago: int = 0, to_applet: float | None = 2, to_claim: float | None = 60) -> None:
    """A request that was opened; times in seconds."""
    at = here.clock() - timedelta(days=days_ago, minutes=5)

    def write(connection: Connection) -> None:
        row = request_row(created_at=at, opened_at=at, state=RequestState.OPENED)
        number = insert_ticket(connection, ticket_row(reference=row.reference, created_at=at)).number
        insert_request(connection, replace(row, ticket_number=number))
        if to_claim is not None:
            change = update(tickets).where(tickets.c.number == number)
            connection.execute(change.values(claimed_at=at + timedelta(seconds=to_claim)))
        if to_applet is not None:
            insert_link(connection, StartLink(row.reference, row.reference, at))
            change = update(links).where(links.c.id == row.reference)
            connection.execute(change.values(opened_at=at + timedelta(seconds=to_applet)))

    here.database.write(write)


def days(page: Answer) -> dict[str, list[str]]:
    rows = page.page.select("section[aria-labelledby=by-day] tbody tr")
    return {row.time["datetime"]: [cell.get_text() for cell in row.select("td")] for row in rows}  # type: ignore[index]


def numbers(page: Answer, chart: str, selector: str, name: str) -> list[float]:
    return [
        float(str(mark[name]).rstrip("%")) for mark in page.page.select(f"section[aria-labelledby={chart}] {selector}")
    ]


@pytest.mark.slow
def test_the_page_says_what_there_was(here: Running, sven: PageClient) -> None:
    for n in range(3):
        a_request(here, to_applet=n + 1, to_claim=60 * (n + 1))
    a_request(here, days_ago=3, to_applet=None, to_claim=None)
    suspect = request_row(created_at=here.clock(), state=RequestState.SUSPECT)
    here.database.write(lambda connection: insert_request(connection, suspect))
    while finish_next_day(here.database, now=here.clock()):
        pass
    page = sven.get(HERE)
    assert [one.get_text(" ", strip=True) for one in page.page.select(".sums dd")] == ["5", "4 80 %", "4"]
    found = days(page)
    assert len(found) == 30
    assert found["2026-03-01"] == ["4", "3", "2 s", "3 s", "2 min", "3 min"]
    assert found["2026-02-26"] == ["1", "1", "–", "–", "–", "–"]
    assert found["2026-02-01"] == ["0", "0", "–", "–", "–", "–"]


@pytest.mark.slow
def test_charts_stay_inside_their_plots_and_are_told_in_words(here: Running, sven: PageClient) -> None:
    chance = Random(5)
    for _ in range(60):
        a_request(
            here, days_ago=chance.randrange(90), to_applet=chance.uniform(0, 900), to_claim=chance.uniform(0, 90_000)
        )
    while finish_next_day(here.database, now=here.clock()):
        pass
    for asked in ("7", "30", "90"):
        for language in ("en", "ar"):
            page = sven.get(f"{HERE}?days={asked}&lang={language}")
            for chart in ("counts", "applet", "claim"):
                assert len(numbers(page, chart, "rect.slot", "x")) == int(asked)
                svg = page.select(f"section[aria-labelledby={chart}] svg[role=img]")
                assert all(page.select(f"#{about}").get_text() for about in str(svg["aria-labelledby"]).split())
            tops = numbers(page, "counts", "svg.marks rect:not(.slot)", "y")
            heights = numbers(page, "counts", "svg.marks rect:not(.slot)", "height")
            assert all(
                top >= 0 and top + height == pytest.approx(168) for top, height in zip(tops, heights, strict=True)
            )
            for chart in ("applet", "claim"):
                assert all(0 <= y <= 168 for y in numbers(page, chart, "circle", "cy"))
                assert all(0 <= x <= 100 for x in numbers(page, chart, "circle", "cx"))
    english, arabic = (
        numbers(sven.get(f"{HERE}?days=7&lang={tag}"), "applet", "rect.slot", "x") for tag in ("en", "ar")
    )
    assert english == arabic[::-1]


@pytest.mark.slow
def test_an_empty_desk_has_figures_too(sven: PageClient) -> None:
    page = sven.get(f"{HERE}?days=90")
    assert page.status == 200
    assert len(days(page)) == 90
    assert not page.page.select("svg.marks rect.all, svg.marks circle")


@pytest.mark.slow
def test_one_site_alone_and_what_there_is_not(here: Running, sven: PageClient) -> None:
    a_request(here)
    for site, requests in (("default", "1"), ("", "1")):
        page = sven.get(f"{HERE}?site={site}&days=7")
        assert page.page.select(".sums dd")[0].get_text() == requests
    for query in ("days=8", "days=x", "days=", "days=-7", "site=nobody", "site=%00", "days=%D9%A7"):
        assert sven.get(f"{HERE}?{query}").status == 404


@pytest.mark.slow
def test_figures_are_for_supervisors(app: Flask, sven: PageClient) -> None:
    anna = PageClient(app)
    for path in (HERE, f"{HERE}.csv", f"{HERE}.json"):
        assert PageClient(app).get(path).location == f"/console/login?next={path}"
    log_in(anna)
    for path in (HERE, f"{HERE}.csv", f"{HERE}.json"):
        assert anna.get(path).status == 403
        assert sven.get(path).status == 200


def test_they_are_taken_away_as_csv_and_json(here: Running, sven: PageClient, clock: StandingClock) -> None:
    a_request(here, to_applet=1.25)
    a_request(here, days_ago=5)
    while finish_next_day(here.database, now=clock()):
        pass
    told: list[dict[str, Any]] = sven.get(f"{HERE}.json?days=7").json["days"]
    some = {(one["day"], one["site"]): (one["finished"], one["requests"]) for one in told}
    assert some["2026-02-24", None] == some["2026-02-24", "default"] == (True, 1)
    assert some["2026-02-25", None] == (True, 0)
    assert some["2026-03-01", None] == some["2026-03-01", "default"] == (False, 1)
    answer = sven.get(f"{HERE}.csv?days=7")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="handbell-figures-2026-03-01.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), strict=True))
    assert {row["site"] for row in rows} == {"*", "default"}
    (today,) = [row for row in rows if (row["day"], row["site"]) == ("2026-03-01", "default")]
    assert (today["to_applet_median_ms"], today["to_claim_p95_ms"], today["finished"]) == ("1250", "60000", "no")
