"""The widget while Handbell is down, slow or wrong: a replacement server answers as told."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from altcha import create_challenge, verify_solution
from playwright.sync_api import Browser, Page

from app.files.assets import asset_url
from tests.browser.host_page import LAUNCHER, SITE, SUBMIT, Answer, Heard, StandIn, company, said, slowly, stand_in

pytestmark = pytest.mark.browser
SLOW = 30  # seconds
WAY_OUT = "Continue on our support page"
GARBAGE: Answer = (200, {"Content-Type": "application/json"}, b"<!doctype html><p>Welcome to the hotel's WLAN")


def ready(here: StandIn, **more: Any) -> dict[str, Any]:
    """A recorded request whose session can be started."""
    base = {"reference": "7K2M-40QZ", "state": "ready", "status_url": f"{here.url}/r/x"}
    return {**base, "poll_url": f"{here.url}/api/v1/requests/x", "start_url": f"{here.url}/go/x", **more}


def in_turn(*answers: Answer | None) -> Callable[[Heard], Answer | None]:
    """These answers one after the other; the last one is repeated."""
    left = list(answers)
    return lambda _heard: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def here() -> Iterator[StandIn]:
    with stand_in() as served:
        yield served


@pytest.fixture
def page(browser: Browser, here: StandIn) -> Iterator[Page]:
    """A company's page with the widget; an uncaught error fails the test."""
    uncaught: list[str] = []
    with company() as served:
        served.pages = {
            "/favicon.ico": "",
            "/": "<!doctype html><html lang=en><meta charset=utf-8><title>A shop</title><h1>A shop</h1>"
            f"<script async src='{here.url}/widget.js' data-site=default></script></html>",
        }
        context = browser.new_context(locale="en-US")
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: uncaught.append(str(error.error)))
        context.add_init_script("addEventListener('unhandledrejection', e => window.reportError(e.reason))")
        opened = context.new_page()
        opened.goto(served.url)
        yield opened
        context.close()
    assert uncaught == []


def fill_and_send(page: Page, problem: str = "It is broken") -> None:
    page.locator(LAUNCHER).click()
    page.get_by_label("Problem").fill(problem)
    page.locator(SUBMIT).click()


@pytest.mark.parametrize("broken", ["site", "submit"])
@pytest.mark.parametrize("how", ["down", "500", "slow", "garbage"])
@pytest.mark.full
def test_a_way_out_while_nothing_answers(page: Page, here: StandIn, broken: str, how: str) -> None:
    answers: dict[str, Callable[[Heard], Answer | None]] = {
        "down": lambda _heard: None,
        "500": lambda _heard: (500, {"Content-Type": "text/html"}, b"<h1>Internal Server Error</h1>"),
        "slow": slowly(SLOW, said({})),
        "garbage": lambda _heard: GARBAGE,
    }
    setattr(here, broken, answers[how])
    fill_and_send(page)
    began = time.monotonic()
    page.get_by_role("button", name=WAY_OUT).wait_for()
    assert time.monotonic() - began < SLOW  # it did not wait for the answer
    assert page.get_by_label("Problem").input_value() == "It is broken"
    with page.context.expect_page() as opened:
        page.get_by_role("button", name=WAY_OUT).click()
    opened.value.wait_for_load_state()
    (posted,) = here.asked("/s/default/submit")
    assert (posted.method, posted.path) == ("POST", "/s/default/submit")
    assert b"problem_description=It+is+broken" in posted.body


def test_what_comes_later_cannot_be_fetched_and_then_can(page: Page, here: StandIn) -> None:
    here.script = lambda _heard: (503, {}, b"")
    fill_and_send(page)
    page.get_by_text("Something went wrong").wait_for()
    page.get_by_role("button", name=WAY_OUT).wait_for()
    here.script = None
    here.submit = lambda _heard: said(ready(here), 201)
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()


def test_the_same_request_is_sent_again_until_it_is_taken(page: Page, here: StandIn) -> None:
    here.submit = in_turn(None, said({}, 503), said({}, 429, Retry_After="1"), said(ready(here), 201))
    page.evaluate("Math.random = () => .1")
    fill_and_send(page)
    page.get_by_role("heading", name="Your session is ready").wait_for()
    sent = [one for one in here.asked("/requests") if one.method == "POST"]
    assert len(sent) == 4
    assert len({one.headers["idempotency-key"] for one in sent}) == 1
    assert len({one.body for one in sent}) == 1
    assert sent[0].headers["content-type"] == "application/json"
    assert "cookie" not in sent[0].headers
    body = sent[0].json
    assert body["problem_description"] == "It is broken"
    assert (body["form_token"], body["language"], body["website"], body["identity"]) == ("token-1", "en", "", None)
    assert body["check_details"] is False


def test_an_expired_form_is_renewed_without_a_word(page: Page, here: StandIn) -> None:
    here.site = in_turn(said(SITE), said({**SITE, "form_token": "token-2"}))
    expired = {"error": {"status": 400, "code": "form_expired", "message": "the form token has expired"}}
    here.submit = in_turn(said(expired, 400), said(ready(here), 201))
    fill_and_send(page)
    page.get_by_role("heading", name="Your session is ready").wait_for()
    sent = [one for one in here.asked("/requests") if one.method == "POST"]
    assert [one.json["form_token"] for one in sent] == ["token-1", "token-2"]
    assert len({one.headers["idempotency-key"] for one in sent}) == 1


def test_a_long_wait_is_said_and_not_waited_for(page: Page, here: StandIn) -> None:
    many = {"error": {"status": 429, "message": "Please press the button again in 9 minutes."}}
    here.submit = lambda _heard: said(many, 429, Retry_After="540")
    fill_and_send(page)
    page.get_by_text("Please press the button again in 9 minutes.").wait_for()
    page.get_by_role("link", name="help@example.com").wait_for()


def test_what_the_server_finds_wrong_is_said_at_its_field(page: Page, here: StandIn) -> None:
    wrong = {"error": {"status": 422, "message": "look", "fields": {"problem_description": "Not this, please."}}}
    here.submit = in_turn(said(wrong, 422), said(ready(here), 201))
    fill_and_send(page)
    page.get_by_text("Not this, please.").wait_for()
    field = page.get_by_label("Problem")
    assert "Not this, please." in str(
        field.evaluate("e => e.getRootNode().getElementById(e.id + '-problem').textContent")
    )
    first = here.asked("/requests")[-1].headers["idempotency-key"]
    field.fill("Something else")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    assert here.asked("/requests")[-1].headers["idempotency-key"] != first


def test_an_identity_that_is_not_believed_leaves_a_form_to_type_in(page: Page, here: StandIn) -> None:
    wrong = {"error": {"status": 422, "message": "look", "fields": {"identity": "It has expired."}}}
    here.submit = in_turn(said(wrong, 422), said(ready(here), 201))
    claims = "eyJuYW1lIjoiWm_DqyIsImVtYWlsIjoiem9lQGV4YW1wbGUuY29tIn0"
    page.locator(LAUNCHER).wait_for()
    page.evaluate(f"Handbell.on('error', e => window.said = e); Handbell.identify('x.{claims}.y')")
    fill_and_send(page)
    page.get_by_role("button", name=WAY_OUT).wait_for()
    assert page.evaluate("window.said") == {"status": 422, "message": "It has expired."}
    assert page.get_by_label("Your name").input_value() == "Zoë"
    assert page.get_by_label("Your name").is_editable()
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    sent = [one.json["identity"] for one in here.asked("/requests") if one.method == "POST"]
    assert sent == [f"x.{claims}.y", None]


def test_the_state_is_asked_until_the_session_is_ready(page: Page, here: StandIn) -> None:
    waiting = ready(here, state="waiting", start_url=None)
    here.submit = lambda _heard: said(waiting, 202)
    here.poll = in_turn(
        said({"reference": "7K2M-40QZ", "state": "parked", "start": None, "start_url": None}),
        GARBAGE,
        said({"reference": "7K2M-40QZ", "state": "ready", "start": "/go/x", "start_url": f"{here.url}/go/x"}),
    )
    page.locator(LAUNCHER).wait_for()
    page.evaluate(
        "for (const e of ['submit', 'ready']) Handbell.on(e, d => (window.heard ??= []).push([e, d.reference]))"
    )
    fill_and_send(page)
    page.get_by_role("heading", name="We have your request").wait_for()
    page.get_by_role("link", name="Try again").wait_for()
    page.get_by_role("link", name="Start my session").wait_for()
    assert page.evaluate("heard") == [["submit", "7K2M-40QZ"], ["ready", "7K2M-40QZ"]]


def test_the_check_is_solved_by_the_browser(page: Page, here: StandIn) -> None:
    challenge = create_challenge("PBKDF2/SHA-256", 1000, counter=40, hmac_secret="a", hmac_key_secret="b")
    asked = {"challenge": challenge.to_dict(), "script": asset_url("altcha.js")}
    here.site = lambda _heard: said({**SITE, "check": asked})
    here.submit = lambda _heard: said(ready(here), 201)
    fill_and_send(page)
    page.get_by_role("heading", name="Your session is ready").wait_for()
    sent = here.asked("/requests")[-1].json["check"]
    assert verify_solution(sent, "a", hmac_key_secret="b").verified


def test_a_program_is_not_quicker_than_the_form_allows(page: Page, here: StandIn) -> None:
    at: list[float] = []

    def noting(answer: Answer) -> Callable[[Heard], Answer]:
        def note(_heard: Heard) -> Answer:
            at.append(time.monotonic())
            return answer

        return note

    here.site, here.submit = noting(said(SITE)), noting(said(ready(here), 201))
    fill_and_send(page)
    page.get_by_role("heading", name="Your session is ready").wait_for()
    assert at[1] - at[0] >= 2.0


LOADS = {"refused": None, "500": (500, {}, b"no"), "garbage": (200, {"Content-Type": "text/javascript"}, b"<html>")}


@pytest.mark.parametrize("how", LOADS)
def test_the_pages_load_event_does_not_wait_and_the_link_works(browser: Browser, here: StandIn, how: str) -> None:
    here.script = lambda _heard: LOADS[how]
    took = _load_event(browser, here, f"<script async src='{here.url}/widget.js'></script>")
    assert took < _load_event(browser, here, "") + 2_000


def test_a_script_that_hangs_delays_nothing_where_the_page_imports_it(browser: Browser, here: StandIn) -> None:
    here.script = slowly(30, (200, {}, b""))
    own = f"<script>addEventListener('load', () => import('{here.url}/widget.js'))</script>"
    assert _load_event(browser, here, own) < _load_event(browser, here, "") + 2_000


def _load_event(browser: Browser, here: StandIn, script: str) -> float:
    """Milliseconds until a page's load event, the best of eight, as a busy machine can only make them slower.

    The page's support link leads to us in any case.
    """
    link = f"<a href='{here.url}/s/default' data-handbell>Help</a>"
    context = browser.new_context()
    with company() as served:
        served.pages = {"/favicon.ico": "", "/": f"<!doctype html><title>A</title>{link}{script}"}
        page, took = context.new_page(), []
        for _ in range(8):
            page.goto(served.url)
            took.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventStart"))
        page.get_by_role("link", name="Help").click()
        page.wait_for_url(f"{here.url}/s/default")
    context.close()
    return min(took)
