"""The conversation on the ticket's page and in the list where a log-in lands: who sees what, also without script."""

import pytest
from flask import Flask

from app.process.running import Running
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, csrf_of, log_in
from tests.web.live_pages import LivePage, customers, newest_number
from tests.web.markup_texts import TEXTS, tags

SVEN = "sven@example.com"
QUEUE = {"X-Live": "1", "X-Background": "1"}


@pytest.fixture
def zoe(client: PageClient) -> LivePage:
    """The page of a customer who waits for department 10."""
    return customers(client, customer_name="Zoë", department="10")


@pytest.fixture
def number(zoe: LivePage, app: Flask) -> int:
    return newest_number(app)


def seat(app: Flask, email: str = ANNA) -> PageClient:
    log_in(client := PageClient(app), email)
    return client


def look(client: PageClient, number: int) -> Answer:
    return client.get(f"/console/tickets/{number}")


def press(client: PageClient, number: int, what: str, **typed: str) -> Answer:
    path = f"/console/tickets/{number}/{what}"
    page = look(client, number)
    own = page.page.select(f'form[action="{path}"] [name], [form="{what}"]')
    filled = {str(field["name"]): str(field.get("value") or "") for field in own}
    return client.post(path, {**filled, "csrf_token": csrf_of(page), **typed})


def said(page: Answer) -> list[str]:
    return [" ".join(line.get_text(" ", strip=True).split()[:-3]) for line in page.page.select("#log li")]


@pytest.mark.slow
def test_the_conversation_is_on_the_page_without_script(zoe: LivePage, number: int, app: Flask) -> None:
    zoe.post("say", "Hello?")
    anna = seat(app)
    page = look(anna, number)
    assert said(page) == ["Zoë Hello?"]
    assert not page.page.select("#say-form")
    assert "Claim the ticket" in page.select("#cannot-write").get_text()
    press(anna, number, "claim")
    assert press(anna, number, "say", message="I am here.").status == 303
    page = look(anna, number)
    assert said(page) == ["Zoë Hello?", "Anna A: Took the ticket", "You I am here."]
    assert not page.select("#say-form").has_attr("hidden")
    assert page.select("#talk").has_attr("data-owner")
    sven = look(seat(app, SVEN), number)
    assert sven.select("#say-form").has_attr("hidden")
    assert sven.select("#talk").has_attr("data-supervisor")
    assert look(seat(app, BEN), number).status == 404


@pytest.mark.slow
def test_a_message_that_was_not_taken_comes_back(zoe: LivePage, number: int, app: Flask) -> None:
    anna, sven = seat(app), seat(app, SVEN)
    press(anna, number, "claim")
    page = press(anna, number, "say", message="x" * 4001)
    assert (page.status, page.select("#message").get_text().strip()) == (422, "x" * 4001)
    old = look(anna, number)
    press(sven, number, "claim")
    late = anna.post(f"/console/tickets/{number}/say", {"csrf_token": csrf_of(old), "key": "k", "message": "Too late"})
    assert late.status == 409
    assert "Too late" in late.select(".summary[role=alert]").get_text()
    assert late.select("body")["data-address"] == f"/console/tickets/{number}"


@pytest.mark.slow
def test_a_note_never_becomes_a_line_nor_a_line_a_note(zoe: LivePage, number: int, app: Flask) -> None:
    anna = seat(app)
    press(anna, number, "claim")
    press(anna, number, "note", note="difficult customer")
    press(anna, number, "say", message="How can I help?")
    press(anna, number, "close", outcome="solved", closing_note="rang twice")
    everything = [zoe.ask().text, zoe.client.get(zoe.address).text]
    assert not any(note in text for text in everything for note in ("difficult", "rang twice"))
    page = look(anna, number)
    assert "difficult" not in page.select("#talk").get_text()
    assert "How can I help?" not in page.select("#ticket-history").get_text()
    assert page.select(".note-form label").get_text() == "Add a note"


@pytest.mark.slow
def test_hostile_lines_are_only_text(zoe: LivePage, number: int, app: Flask, clock: StandingClock) -> None:
    anna = seat(app)
    zoe.post("say", "x")
    expected = tags(look(anna, number))
    for text in TEXTS:
        clock.advance(seconds=3)
        zoe.post("say", text)
    page = look(anna, number)
    shown = [line.get_text() for line in page.page.select("#log .theirs .said")]
    assert shown[-1] == TEXTS[-1].strip("\n")
    assert set(tags(page)) <= {*expected}


@pytest.mark.slow
def test_the_list_counts_what_is_unread_and_is_told_when_it_changes(zoe: LivePage, number: int, app: Flask) -> None:
    anna = seat(app)
    zoe.post("say", "Still waiting")
    press(anna, number, "claim")
    page = anna.get("/console/")
    assert "✉ 1" in page.select(f"#sessions #t-{number}").get_text()
    assert page.select("title").get_text().startswith("✉1 Queue · For me")
    assert page.select("#rows")["data-unread"] == "1"
    tag = page.headers["ETag"]
    assert anna.get("/console/", headers={**QUEUE, "If-None-Match": tag}).status == 304
    zoe.post("say", "Hello?")
    again = anna.get("/console/", headers={**QUEUE, "If-None-Match": tag})
    assert (again.status, again.select("#rows")["data-unread"]) == (200, "2")
    page_of_anna = LivePage(anna, f"/console/tickets/{number}", {"X-CSRF-Token": csrf_of(again)}, "anna")
    page_of_anna.post("read", str(page_of_anna.lines()[-1]["id"]))
    assert anna.get("/console/").select("#rows")["data-unread"] == "0"
    assert "✉" not in seat(app, SVEN).get("/console/").text


@pytest.mark.slow
def test_only_the_ticket_s_page_may_capture_and_has_the_script(zoe: LivePage, number: int, app: Flask) -> None:
    anna = seat(app)
    ticket, queue = look(anna, number), anna.get("/console/")
    assert "microphone=(self)" in ticket.headers["Permissions-Policy"]
    assert "microphone=()" in queue.headers["Permissions-Policy"]
    assert "usb=()" in ticket.headers["Permissions-Policy"]
    assert ("console-live" in ticket.text, "console-live" in queue.text) == (True, False)


@pytest.mark.slow
def test_the_facts_of_the_customer_s_browser_are_on_the_page(zoe: LivePage, number: int, app: Flask) -> None:
    anna = seat(app)
    assert look(anna, number).select("#browser").has_attr("hidden")
    press(anna, number, "claim")
    zoe.post("facts", '{"system": "Linux", "browser": "Firefox 151", "language": "de", "screen": "1×1", "zone": "UTC"}')
    page = look(anna, number)
    assert not page.select("#browser").has_attr("hidden")
    assert page.select('[data-fact="browser"]').get_text() == "Firefox 151"
    assert page.select("#helped").get_text() == ""


@pytest.mark.slow
def test_on_both_databases_unread_lines_are_counted_by_session(app_on_both: Flask, clock: StandingClock) -> None:
    here: Running = app_on_both.extensions["handbell"]
    client = PageClient(app_on_both)
    pages = [customers(client, department="10") for _ in range(3)]
    last = newest_number(app_on_both)
    anna = seat(app_on_both)
    for number in (last - 2, last - 1):
        press(anna, number, "claim")
    for page, texts in zip(pages, (1, 3, 2), strict=True):
        for n in range(texts):
            page.post("say", f"{n}")
    rows = anna.get("/console/").page.select("#sessions .unread")
    assert [row.get_text().split()[1] for row in rows] == ["1", "3"]
    assert here.clock() == clock()
