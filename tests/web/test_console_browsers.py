"""A technician's browser rings with the console closed: let be told, told, silent at the claim, and told no more."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.actions.team import disable_technician
from app.core.notice import NoticeState
from app.process.running import Running
from app.store.browsers import browsers_of
from app.store.notices import list_notices
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import PageClient
from tests.push_service import PushedBrowser, pushed_browser
from tests.waiting import until
from tests.web.console_client import ANNA, BEN, SAME_ORIGIN, csrf_of, log_in, log_out, ticket

ADDRESS = "/console/account/browsers"
ACCOUNT = "/console/account"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def browser(here: Running) -> Iterator[PushedBrowser]:
    with pushed_browser() as one:
        yield one
        here.telling.stop()


@pytest.fixture
def anna(client: PageClient) -> PageClient:
    log_in(client)
    return client


def subscribe(client: PageClient, browser: PushedBrowser) -> None:
    headers = {**SAME_ORIGIN, "X-CSRF-Token": csrf_of(client.get(ACCOUNT))}
    assert client.post(f"{ADDRESS}/key", {}, headers=headers).json["key"].startswith("B")
    assert client.post(ADDRESS, browser.subscription, headers=headers).status == 201


def kept(here: Running, email: str = ANNA) -> int:
    who = next(one for one in here.desk.staff.technicians.values() if one.email == email)
    with here.database.read() as connection:
        return len(browsers_of(connection, [who.id]))


def is_told(here: Running, browser: PushedBrowser, times: int) -> None:
    here.tell_now()
    assert until(lambda: len(browser.service.got) == times)


@pytest.mark.slow
def test_a_request_rings_without_the_customers_words_and_falls_silent_at_the_claim(
    app: Flask, anna: PageClient, here: Running, clock: StandingClock, browser: PushedBrowser
) -> None:
    subscribe(anna, browser)
    number = ticket(here, clock, department="10", customer_name="Zoë Quill", problem_description="It broke.")
    is_told(here, browser, 1)
    (told,) = browser.told()
    assert told["title"].startswith("New request: ")
    assert told["url"].endswith(f"/console/tickets/{number}")
    assert "Zoë" not in str(told)
    assert "broke" not in str(told)
    dora = PageClient(app)
    log_in(dora, "dora@example.com")
    page = dora.get(f"/console/tickets/{number}")
    fields = {str(field["name"]): str(field["value"]) for field in page.select("form[action$=claim]").select("input")}
    assert dora.post(f"/console/tickets/{number}/claim", fields).status == 303
    is_told(here, browser, 2)
    over = browser.told()[1]
    assert (over["tag"], over["silent"]) == (told["tag"], True)


@pytest.mark.slow
def test_the_account_page_shows_it_and_tries_and_removes_it(
    anna: PageClient, here: Running, browser: PushedBrowser
) -> None:
    subscribe(anna, browser)
    subscribe(anna, browser)
    page = anna.get(ACCOUNT)
    (row,) = page.page.select("li[data-mark]")
    assert "127.0.0.1" in row.get_text()
    assert "trusted-types handbell-worker" in page.headers["Content-Security-Policy"]
    rules = anna.get("/console/notices").text
    assert rules.count("Push to browsers") >= 4
    which = row.select("input[name=browser]")[0]["value"]
    form = {"csrf_token": csrf_of(page), "browser": which}
    assert anna.post(f"{ADDRESS}/test", form).status == 303
    is_told(here, browser, 1)
    assert browser.told()[0]["title"].startswith("This is a test")
    assert anna.post(f"{ADDRESS}/remove", form).status == 303
    assert kept(here) == 0


@pytest.mark.slow
@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_no_more_is_removed(
    anna: PageClient, here: Running, clock: StandingClock, browser: PushedBrowser, status: int
) -> None:
    subscribe(anna, browser)
    browser.service.does = status
    ticket(here, clock)
    here.tell_now()
    assert until(lambda: kept(here) == 0)
    with here.database.read() as connection:
        assert [one.state for one in list_notices(connection)] == [NoticeState.GIVEN_UP]


@pytest.mark.slow
def test_a_technician_who_is_disabled_or_logged_out_everywhere_is_told_no_more(
    app: Flask, anna: PageClient, here: Running, clock: StandingClock, browser: PushedBrowser
) -> None:
    subscribe(anna, browser)
    elsewhere = PageClient(app)
    log_in(elsewhere)
    away = PushedBrowser(browser.service, "/send/two")
    subscribe(elsewhere, away)
    assert kept(here) == 2
    token = csrf_of(anna.get(ACCOUNT))
    assert anna.post(f"{ACCOUNT}/sessions/end-others", {"csrf_token": token}).status == 303
    assert kept(here) == 1, "this browser stays, the other one goes"
    who = next(one for one in here.desk.staff.technicians.values() if one.email == ANNA)
    disable_technician(here.database, who.id, by=None, now=clock())
    assert kept(here) == 0


@pytest.mark.slow
def test_a_log_out_ends_it_and_a_new_log_in_does_not(anna: PageClient, here: Running, browser: PushedBrowser) -> None:
    subscribe(anna, browser)
    log_in(anna)
    assert kept(here) == 1
    subscribe(anna, browser)
    log_out(anna)
    assert kept(here) == 0


@pytest.mark.slow
def test_a_browser_belongs_to_whoever_was_there_last(
    app: Flask, anna: PageClient, here: Running, browser: PushedBrowser
) -> None:
    subscribe(anna, browser)
    ben = PageClient(app)
    log_in(ben, BEN, PASSWORD)
    subscribe(ben, browser)
    assert (kept(here), kept(here, BEN)) == (0, 1)


def test_an_address_that_is_none_is_refused_and_the_worker_serves_the_console_alone(
    anna: PageClient, browser: PushedBrowser
) -> None:
    headers = {**SAME_ORIGIN, "X-CSRF-Token": csrf_of(anna.get(ACCOUNT))}
    bad = {**browser.subscription, "endpoint": "ftp://127.0.0.1/"}
    assert anna.post(ADDRESS, bad, headers=headers).status == 422
    assert anna.post(ADDRESS, browser.subscription).status == 400
    worker = anna.get("/console/worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    assert "Service-Worker-Allowed" not in worker.headers
