"""What customers read: staffed with a usual wait, nobody there, closed; on every page and as JSON."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import Connection, Update, update

from app.actions.desk_options import change_desk_options
from app.actions.hours import set_hours
from app.core.hours_rules import DESK, of_department
from app.core.hours_text import read_week
from app.process import attendance, outlooks
from app.process.running import Running
from app.store.staff import set_away
from app.store.tables import tickets
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, log_in, ticket

NOBODY = "Nobody is at the desk at the moment."
CLOSED = "We are closed now."


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


def shut(here: Running, scope: str = DESK) -> None:
    """The clock stands on a Sunday at noon."""
    week = read_week("mo-fr 09:00-17:00")
    set_hours(here.database, scope, "Europe/Berlin", week, by=None, now=here.clock())


def took(here: Running, clock: StandingClock, minutes: list[float], department: str = "") -> None:
    """Tickets of a week ago, at this hour, each taken after so many minutes."""
    before = clock() - timedelta(weeks=1)
    for wait in minutes:
        asked = {"department": department} if department else {}
        number = ticket(here, clock, **asked)
        times = {"created_at": before, "claimed_at": before + timedelta(minutes=wait), "state": "closed"}
        change = update(tickets).where(tickets.c.number == number).values(times)
        here.database.write(partial(_run, change))
    here.outlooks.forget()


def _run(change: Update, connection: Connection) -> None:
    connection.execute(change)


def opening(client: PageClient, language: str = "en") -> dict[str, object]:
    answer = client.get(f"/api/v1/sites/default?lang={language}", headers={"Origin": "http://127.0.0.1:8000"})
    assert answer.status == 200, answer.text
    return dict(answer.json["opening"])


def applet(client: PageClient, **fields: str) -> str:
    status = client.get(client.submit(**fields).location)
    return client.get(str(status.page.select_one("a[data-start]")["href"])).location  # type: ignore[index]


def outlook(page: Answer) -> str:
    return " ".join(page.select("#outlook").get_text(" ").split())


@pytest.mark.slow
def test_nobody_is_there_until_somebody_logs_in(app: Flask, client: PageClient, here: Running) -> None:
    assert NOBODY in client.get("/").text
    assert opening(client) == {"cover": "nobody", "opens_at": None, "usual_minutes": None, "words": NOBODY}
    waiting = applet(client)
    assert outlook(client.get(waiting)) == f"{NOBODY} Your request keeps its place, and what you write here is kept."
    log_in(PageClient(app), ANNA)
    here.outlooks.forget()
    assert NOBODY not in client.get("/").text
    assert opening(client)["cover"] == "staffed"
    assert outlook(client.get(waiting)) == ""


@pytest.mark.slow
def test_a_technician_of_another_department_or_one_who_is_away_is_nobody(
    app: Flask, client: PageClient, here: Running
) -> None:
    billing = applet(client, department="20")
    log_in(PageClient(app), ANNA)
    here.outlooks.forget()
    assert NOBODY in outlook(client.get(billing))
    log_in(PageClient(app), BEN)
    here.outlooks.forget()
    assert outlook(client.get(billing)) == ""
    here.database.write(lambda connection: set_away(connection, 2, True))
    assert NOBODY in outlook(client.get(billing))


@pytest.mark.slow
def test_a_supervisor_is_there_for_every_department(app: Flask, client: PageClient, here: Running) -> None:
    billing = applet(client, department="20")
    log_in(PageClient(app), "sven@example.com")
    here.outlooks.forget()
    assert outlook(client.get(billing)) == ""


@pytest.mark.slow
def test_closed_says_when_it_opens_everywhere(client: PageClient, here: Running) -> None:
    shut(here)
    waiting = applet(client)
    for page in (client.get("/"), client.get(waiting)):
        time = page.select("time[data-local]")
        assert time["datetime"] == "2026-03-02T08:00:00Z"
        assert CLOSED in page.text
    told = opening(client)
    assert (told["cover"], told["opens_at"]) == ("closed", "2026-03-02T08:00:00.000Z")
    assert told["words"] == "We are closed now. We open again: {time}."
    assert "geschlossen" in str(opening(client, "de")["words"])


def test_the_request_page_says_where_one_can_be_called_back(client: PageClient, here: Running) -> None:
    choice = "On the next page you can choose when we call you back."
    assert choice not in client.get("/").text, "a desk without hours promises nothing"
    shut(here)
    assert choice in client.get("/").text
    change_desk_options(here.database, {"call_backs": False}, by=None, now=here.clock())
    assert choice not in client.get("/").text
    assert CLOSED in client.get("/").text


@pytest.mark.slow
def test_a_department_has_hours_of_its_own(client: PageClient, here: Running) -> None:
    shut(here, of_department(20))
    assert CLOSED in outlook(client.get(applet(client, department="20")))
    assert CLOSED not in outlook(client.get(applet(client, department="10")))


@pytest.mark.slow
def test_the_usual_wait_is_that_of_the_department_at_this_hour(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    log_in(PageClient(app), ANNA)
    log_in(PageClient(app), BEN)
    took(here, clock, [4.5] * 8, "10")
    took(here, clock, [30] * 7, "20")
    usual = "It usually takes 4 to 5 minutes until a technician joins you."
    assert outlook(client.get(applet(client, department="10"))) == usual
    assert outlook(client.get(applet(client, department="20"))) == "", "seven are too few"
    assert opening(client)["usual_minutes"] == [4, 30], "of all departments"
    clock.advance(hours=2)
    for email in (ANNA, BEN):
        log_in(PageClient(app), email)
    here.outlooks.forget()
    assert opening(client) == {"cover": "staffed", "opens_at": None, "usual_minutes": None, "words": ""}


@pytest.mark.slow
def test_who_waits_hears_of_a_change_and_who_is_helped_no_more(app: Flask, client: PageClient, here: Running) -> None:
    waiting = applet(client)

    def key() -> str:
        return str(client.get(f"{waiting}/live").json["state"]["outlook"])

    assert key() == client.get(waiting).select("#outlook")["data-key"] == "nobody"
    shut(here)
    assert key().startswith("closed 2026-03-02")
    here.database.write(lambda connection: connection.execute(update(tickets).values(state="active", owner_id=1)))
    assert key() == ""
    assert outlook(client.get(waiting)) == ""


def test_a_request_says_what_to_expect_until_somebody_helps(client: PageClient, here: Running) -> None:
    status = client.submit().location
    state = f"/api/v1/requests/{status.removeprefix('/r/')}"
    assert client.get(state).json["opening"] == {"cover": "nobody", "opens_at": None, "usual_minutes": None}
    assert NOBODY in client.get(status).text
    here.database.write(lambda connection: connection.execute(update(tickets).values(state="active", owner_id=1)))
    assert client.get(state).json["opening"] is None
    assert NOBODY not in client.get(status).text


def test_the_database_is_not_asked_for_each_page(
    client: PageClient, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    note: Callable[[str], object] = asked.append
    monkeypatch.setattr(attendance, "present_technicians", lambda *_: note("present") or frozenset({1}))
    monkeypatch.setattr(outlooks, "waits_within", lambda *_: note("waits") or [])
    monkeypatch.setattr(attendance, "LOOK_EVERY", 3600.0)
    here.outlooks.forget()
    for _ in range(20):
        client.get("/")
    assert asked == ["present", "waits"]
