"""The console's session codes: only the technician's own, started, used, revoked."""

import pytest
from flask import Flask

from app.actions.codes import MOST_UNUSED
from app.core.site import Site
from app.process.running import Running
from app.store.sites import add_site
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import BEN, csrf_of, log_in
from tests.web.customer_client import enter

CODES = "/console/codes"


@pytest.fixture
def anna(client: PageClient) -> PageClient:
    log_in(client)
    return client


def post(client: PageClient, path: str = CODES, **fields: str) -> Answer:
    return client.post(path, {"csrf_token": csrf_of(client.get(CODES)), **fields})


def pins(page: Answer) -> list[str]:
    return [found.get_text() for found in page.page.select("h3.pin")]


def revoke_path(page: Answer) -> str:
    return str(page.page.select(".session-code form")[0]["action"])


@pytest.mark.slow
def test_a_new_code_is_shown_with_its_pin_its_link_and_until_when(
    anna: PageClient, here: Running, clock: StandingClock
) -> None:
    page = anna.get(CODES)
    assert pins(page) == []
    assert page.select("select[name=life] option[selected]")["value"] == "12h"
    assert not page.page.select("select[name=site]"), "there is one site only"
    assert (post(anna, life="4h").status, post(anna, life="7d").status) == (303, 303)
    page = anna.get(CODES)
    assert len(set(pins(page))) == 2
    times = {time["datetime"] for time in page.page.select(".session-code time")}
    assert times == {"2026-03-01T16:00:00Z", "2026-03-08T12:00:00Z"}
    address = page.page.select(".session-code pre")[0].get_text(strip=True)
    assert address.startswith(f"{here.settings.base_url}/pin/")
    assert anna.get(address.removeprefix(here.settings.base_url)).status == 200
    clock.advance(hours=4)
    log_in(anna)
    assert len(pins(anna.get(CODES))) == 1


@pytest.mark.slow
def test_the_list_says_who_has_come_and_where_their_ticket_is(anna: PageClient, app: Flask) -> None:
    post(anna, life="1h")
    page = anna.get(CODES)
    assert page.select(".session-code .tag").get_text() == "Waiting for the customer"
    assert enter(PageClient(app, address="192.0.2.9"), pins(page)[0]).status == 303
    page = anna.get(CODES)
    assert page.select(".session-code .tag").get_text() == "Used"
    assert [button.get_text() for button in page.page.select(".session-code form button")] == ["Let them back in"]
    ticket = page.select(".session-code a")["href"]
    assert anna.get(ticket).status == 200
    assert anna.get("/console/?queue=mine").page.select(f'a[href="{ticket}"]')


@pytest.mark.slow
def test_one_press_lets_a_customer_back_into_the_same_ticket(anna: PageClient, app: Flask) -> None:
    post(anna, life="1h")
    used = pins(anna.get(CODES))[0]
    enter(PageClient(app, address="192.0.2.9"), used)
    again = str(anna.get(CODES).select(".session-code form[action$='/again']")["action"])
    assert post(anna, again).status == 303
    page = anna.get(CODES)
    fresh = next(pin for pin in pins(page) if pin != used)
    lost = PageClient(app, address="192.0.2.10")
    assert enter(lost, used).status == 422
    assert enter(lost, fresh).location.startswith("/r/")
    assert len({a["href"] for a in anna.get(CODES).page.select(".session-code a[href^='/console/tickets/']")}) == 1
    assert post(anna, "/console/codes/nobodys/again").status == 404


@pytest.mark.slow
def test_a_code_that_is_taken_back_works_no_more(anna: PageClient, app: Flask) -> None:
    post(anna, life="1h")
    page = anna.get(CODES)
    assert post(anna, revoke_path(page)).status == 303
    assert "The code is revoked." in anna.get(CODES).select(".saying").get_text()
    assert enter(PageClient(app), pins(page)[0]).status == 422
    assert post(anna, revoke_path(page)).status == 303
    assert "already used, or has ended" in anna.get(CODES).select(".saying").get_text()


@pytest.mark.slow
def test_a_code_is_its_technician_s_alone(anna: PageClient, app: Flask) -> None:
    post(anna, life="1h")
    path = revoke_path(anna.get(CODES))
    for email in (BEN, "sven@example.com", "dora@example.com"):
        other = PageClient(app)
        log_in(other, email)
        page = other.get(CODES)
        assert pins(page) == []
        for wanted in (path, path.replace("codes/", "codes/x"), "/console/codes/x/revoke"):
            assert other.post(wanted, {"csrf_token": csrf_of(page)}).status == 404
    assert len(pins(anna.get(CODES))) == 1


@pytest.mark.slow
def test_what_is_not_offered_is_refused(anna: PageClient, here: Running, clock: StandingClock) -> None:
    for life in ("", "0h", "13h", "999d", "x" * 1000):
        answer = post(anna, life=life)
        assert answer.status == 422
        assert answer.select("#life")["aria-invalid"] == "true"
    for key, backend, disabled in (("second", "embedded", False), ("off", "embedded", True), ("form", "rest", False)):
        new = Site(slug=key, name=f"Site {key}", uid=key, backend=backend, disabled=disabled)
        here.database.write(lambda connection, new=new: add_site(connection, new, clock()))  # type: ignore[misc]
    assert [option["value"] for option in anna.get(CODES).page.select("#site option")] == ["default", "second"]
    for site in ("", "off", "form", "nothing"):
        assert post(anna, life="1h", site=site).status == 422
    assert post(anna, life="1h", site="second").status == 303
    assert "Site second" in anna.get(CODES).select(".session-code").get_text()


@pytest.mark.slow
def test_nobody_hoards_codes(anna: PageClient) -> None:
    page = anna.get(CODES)
    for _ in range(MOST_UNUSED):
        assert anna.post(CODES, {"csrf_token": csrf_of(page), "life": "1h"}).status == 303
    full = anna.post(CODES, {"csrf_token": csrf_of(page), "life": "1h"})
    assert (full.status, len(pins(full))) == (422, MOST_UNUSED)


@pytest.mark.slow
def test_a_name_that_no_database_keeps_is_nobody_s(app_on_both: Flask) -> None:
    client = PageClient(app_on_both)
    log_in(client)
    for path in (f"{CODES}/\0/revoke", f"{CODES}/x\0/revoke"):
        assert post(client, path, life="1h").status == 404


@pytest.mark.slow
def test_without_its_token_or_from_elsewhere_nothing_is_started_or_taken_back(anna: PageClient) -> None:
    post(anna, life="1h")
    path = revoke_path(anna.get(CODES))
    for wanted in (CODES, path):
        assert anna.post(wanted, {"life": "1h"}).status == 400
        good = {"csrf_token": csrf_of(anna.get(CODES)), "life": "1h"}
        assert anna.post(wanted, good, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert len(pins(anna.get(CODES))) == 1
