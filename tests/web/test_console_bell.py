"""What rings on the console's pages: for whom, and what its answer holds."""

import pytest
from flask import Flask
from sqlalchemy import update

from app.process.running import Running
from app.store.sites import bump_generation
from app.store.tables import technicians
from tests.conftest import StandingClock
from tests.page_client import PageClient
from tests.web.console_client import ANNA, log_in, ticket

BELL = {"X-Background": "1"}


@pytest.fixture
def anna(client: PageClient) -> PageClient:
    log_in(client)
    return client


def waiting(client: PageClient) -> list[int]:
    answer = client.get("/console/bell", headers=BELL)
    assert answer.status == 200
    return [number for number, _reference in answer.json["waiting"]]


def test_it_names_what_the_technician_may_take_the_newest_first(
    anna: PageClient, here: Running, clock: StandingClock
) -> None:
    for_anna = ticket(here, clock, tech=ANNA, customer_name="Zoë Quill")
    ticket(here, clock, tech="ben@example.com")
    in_general = ticket(here, clock)
    assert waiting(anna) == [in_general, for_anna]
    assert "Zoë" not in anna.get("/console/bell", headers=BELL).text


def test_nobody_who_is_away_is_rung_for(anna: PageClient, here: Running, clock: StandingClock) -> None:
    ticket(here, clock)

    def leave(connection):  # type: ignore[no-untyped-def]
        connection.execute(update(technicians).where(technicians.c.email == ANNA).values(away=True))
        bump_generation(connection)

    here.database.write(leave)
    assert waiting(anna) == []


def test_without_news_it_answers_304_and_without_a_session_401(
    app: Flask, anna: PageClient, here: Running, clock: StandingClock
) -> None:
    first = anna.get("/console/bell", headers=BELL)
    same = {**BELL, "If-None-Match": first.headers["ETag"]}
    assert anna.get("/console/bell", headers=same).status == 304
    ticket(here, clock)
    assert anna.get("/console/bell", headers=same).status == 200
    assert PageClient(app).get("/console/bell", headers=BELL).status == 401


@pytest.mark.slow
def test_every_page_has_the_bell_and_says_what_was_there_before_it(
    anna: PageClient, here: Running, clock: StandingClock
) -> None:
    newest = ticket(here, clock)
    for address in ("/console/", "/console/account", "/console/notices"):
        assert anna.get(address).page.select("#bell")[0]["data-newest"] == str(newest)
