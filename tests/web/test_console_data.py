"""Personal data in the console: found, exported, erased; the search appears in no address and no log."""

import json

import pytest
from flask import Flask

from app.actions.ticket import open_ticket
from app.core.request import RequestState
from app.core.staff import Staff
from app.core.ticket import TicketEvent, TicketState
from app.process.running import Running
from app.store.audit import Act, acts
from app.store.requests import list_requests
from app.store.tickets import add_event, list_tickets
from tests.actions.desk import ZOE
from tests.conftest import StandingClock
from tests.long_reader import long_reader
from tests.page_client import Answer, PageClient
from tests.web.console_client import DORA, csrf_of, log_in

DATA = "/console/data"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    for _ in range(2):
        client.submit(**ZOE.elements)
    client.submit(customer_name="Quill", customer_email="quill@example.com")
    log_in(client, DORA)
    return client


def post(
    client: PageClient, path: str = "", kind: str = "email", value: str = "ZOE@example.com", **more: str
) -> Answer:
    return client.post(DATA + path, {"csrf_token": csrf_of(client.get(DATA)), "kind": kind, "value": value, **more})


def audited(here: Running) -> list[Act]:
    with here.database.read() as connection:
        return acts(connection)


def names(here: Running) -> set[str | None]:
    with here.database.read() as connection:
        requests, tickets = list_requests(connection), list_tickets(connection)
    return {row.customer.name for row in requests} | {row.customer.name for row in tickets}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "value"), [("email", "  ZOE@EXAMPLE.com "), ("number", " C-1 "), ("reference", "")])
def test_what_is_kept_is_listed_without_any_text_of_theirs(
    dora: PageClient, here: Running, kind: str, value: str
) -> None:
    with here.database.read() as connection:
        references = [row.reference for row in list_requests(connection) if row.customer.name == "Zoë"]
    wanted = value or references[0].lower().replace("-", " ")
    page = post(dora, kind=kind, value=wanted)
    listed = {cell.get_text() for cell in page.page.select(".kept .reference")}
    assert listed == (set(references) if value else {references[0]})
    row = page.page.select(".kept tbody tr")[0].get_text(" ", strip=True)
    assert "Waiting" in row
    assert "Example Help" in row
    assert "Zoë" not in page.text
    assert "It broke." not in page.text


@pytest.mark.slow
def test_nothing_is_said_to_be_kept_where_nothing_is(dora: PageClient) -> None:
    for kind in ("email", "number", "reference"):
        for path in ("", "/export", "/erase"):
            page = post(dora, path, kind=kind, value="nobody")
            assert (page.status, page.select("[role=status].empty").get_text()) == (200, "No stored data was found.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", ""), ("email", "  "), ("email", "a\x01b"), ("email", "x" * 255), ("name", "Zoë"), ("", "Zoë")],
)
def test_what_cannot_be_looked_for_comes_back_with_the_reason(dora: PageClient, kind: str, value: str) -> None:
    for path in ("", "/export", "/erase"):
        assert post(dora, path, kind=kind, value=value).status == 422


@pytest.mark.slow
def test_the_export_is_an_attachment_with_notes_and_is_audited_without_the_mail(
    dora: PageClient, here: Running, clock: StandingClock
) -> None:
    with here.database.read() as connection:
        number = next(t.number for t in list_tickets(connection) if t.customer.name == "Zoë")
    note = TicketEvent(clock(), "anna@example.com", "note", {"text": [None, "called back"]})
    here.database.write(lambda connection: add_event(connection, number, note))
    answer = post(dora, "/export")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="personal-data-20260301-')
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    exported = answer.json
    assert {row["customer_name"] for row in exported["requests"]} == {"Zoë"}
    assert "called back" in answer.text
    (act,) = audited(here)
    assert (act.act, act.about) == ("data.exported", "2 requests, 2 tickets")
    assert act.who == here.desk.staff.technicians[DORA].id
    assert set(act.detail["requests"]) == {row["reference"] for row in exported["requests"]}
    assert "zoe" not in json.dumps([act.about, act.detail]).lower()


@pytest.mark.slow
def test_erasing_asks_first_then_erases_all_of_it_and_ends_what_is_open(
    dora: PageClient, here: Running, clock: StandingClock
) -> None:
    open_ticket(here.database, Staff(), "default", ZOE, now=clock())
    asked = post(dora, "/erase")
    facts = [dd.get_text() for dd in asked.page.select("main dd")]
    assert facts == ["2", "3", "3"]
    assert "What is still open ends at once." in asked.page.get_text()
    assert names(here) == {"Zoë", "Quill"}
    done = post(dora, "/erase", confirmed=asked.select("input[name=confirmed]")["value"])
    assert (done.status, done.location) == (303, DATA)
    assert names(here) == {None, "Quill"}
    with here.database.read() as connection:
        requests, tickets = list_requests(connection), list_tickets(connection)
    assert {row.state for row in requests if row.erased_at} == {RequestState.ENDED}
    assert {row.state for row in tickets if row.erased_at} == {TicketState.CANCELLED}
    (act,) = audited(here)
    assert (act.act, act.about) == ("data.erased", "2 requests, 3 tickets")
    assert "zoe" not in json.dumps([act.about, act.detail]).lower()
    assert post(dora, "/erase", confirmed="x").select("[role=status].empty")


@pytest.mark.slow
def test_erasing_says_what_is_not_gone_yet(dora: PageClient, here: Running) -> None:
    mark = post(dora, "/erase").select("input[name=confirmed]")["value"]
    if not here.database.is_sqlite:
        pytest.skip("of SQLite's log")
    with long_reader(here.database):
        post(dora, "/erase", confirmed=mark)
    assert "not yet gone" in dora.get(DATA).page.get_text()


@pytest.mark.slow
def test_what_came_in_after_the_question_is_asked_about_again(dora: PageClient, app: Flask, here: Running) -> None:
    mark = post(dora, "/erase").select("input[name=confirmed]")["value"]
    PageClient(app, address="192.0.2.9").submit(customer_email="zoe@example.com", customer_name="Zoë")
    for confirmed in (mark, "1", "x" * 100):
        again = post(dora, "/erase", confirmed=confirmed)
        assert again.status == 200
        assert "Something changed in the meantime." in again.select("[role=alert]").get_text()
    assert names(here) == {"Zoë", "Quill"}
    assert audited(here) == []


@pytest.mark.slow
def test_an_address_beyond_ascii_is_found_as_it_was_typed_and_in_small_letters(dora: PageClient) -> None:
    dora.submit(customer_email="ZOË@Example.com", customer_name="x")
    for typed in ("ZOË@Example.com", "ZOË@example.COM"):
        assert len(post(dora, value=typed).page.select(".kept tbody tr")) == 1


@pytest.mark.slow
def test_a_thousand_requests_are_one_short_page(dora: PageClient, here: Running) -> None:
    for n in range(101):
        open_ticket(here.database, Staff(), "default", ZOE, now=here.clock())
        assert n >= 0
    page = post(dora)
    assert page.select("#found .number").get_text() == "103"
    assert len(page.page.select(".kept tbody tr")) == 100
    assert "And 3 older ones." in page.page.get_text()


@pytest.mark.slow
def test_only_administrators_come_near_it(app: Flask, dora: PageClient, here: Running) -> None:
    for email in ("anna@example.com", "sven@example.com"):
        other = PageClient(app)
        log_in(other, email)
        token = csrf_of(other.get("/console/"))
        sent = {"csrf_token": token, "kind": "email", "value": "zoe@example.com"}
        assert other.get(DATA).status == 403
        for path in ("", "/export", "/erase"):
            assert other.post(DATA + path, sent).status == 403
    for path in ("", "/export", "/erase"):
        assert dora.post(DATA + path, {"kind": "email", "value": "zoe@example.com"}).status == 400
    assert names(here) == {"Zoë", "Quill"}
