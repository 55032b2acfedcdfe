"""The check for a busy address: solved by the page's script under our own strict headers; else a question."""

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.journeys import STATUS
from tests.live_server import LiveServer, serving

pytestmark = pytest.mark.browser
_VIOLATIONS = "addEventListener('securitypolicyviolation', e => console.error(`CSP: ${e.violatedDirective}`))"


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[LiveServer]:
    """A server to which this address has just sent six requests."""
    with serving(tmp_path, HANDBELL_PROCESSES="1") as server:
        token = server.form_token()
        for number in range(6):
            body = urlencode({"form_token": token, "customer_number": str(number)})
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request("POST", "/s/default", body, {"Content-Type": "application/x-www-form-urlencoded"})
            assert connection.getresponse().status == 303
            connection.close()
        yield server


def send(
    browser: Browser,
    server: LiveServer,
    complaints: list[str],
    *,
    no_check: bool = False,
    trap: str = "",
    **options: Any,
) -> Page:
    context = browser.new_context(base_url=server.base_url, **options)
    context.set_default_timeout(20_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(_VIOLATIONS)
    context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    page.route("**/go/**", lambda route: route.fulfill(status=204))  # stay on the status page
    if no_check:
        page.route("**/s/default/check", lambda route: route.abort())
    page.goto("/")
    page.get_by_label("Your name").fill("Zoë")
    if trap:
        page.locator("#website").evaluate("(field, text) => { field.value = text; }", trap)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS)
    return page


def rows(server: LiveServer, state: str) -> int:
    return len(server.run_json("request", "list", "--state", state))


def test_with_script_it_is_solved_unseen(browser: Browser, busy: LiveServer) -> None:
    complaints: list[str] = []
    page = send(browser, busy, complaints)
    expect(page.locator("main")).to_have_attribute("data-state", "ready")
    page.context.close()
    assert complaints == []
    assert (rows(busy, "suspect"), rows(busy, "opened")) == (0, 7)


def test_what_was_sent_without_a_check_is_solved_on_the_page_it_lands_on(browser: Browser, busy: LiveServer) -> None:
    complaints: list[str] = []
    page = send(browser, busy, complaints, no_check=True)
    expect(page.locator("main")).to_have_attribute("data-state", "ready")
    page.context.close()
    assert [said for said in complaints if "Failed to load" not in said] == []
    assert (rows(busy, "suspect"), rows(busy, "opened")) == (0, 7)


def test_without_script_a_plain_question_lets_it_go_on(browser: Browser, busy: LiveServer) -> None:
    page = send(browser, busy, [], java_script_enabled=False)
    expect(page.locator("main")).to_have_attribute("data-state", "held")
    assert rows(busy, "suspect") == 1
    asked = page.locator("label[for=answer]").inner_text()
    page.get_by_label(asked).fill("1")
    page.get_by_role("button", name="I am a person").click()
    expect(page.get_by_text("That is not right. Please count again.")).to_be_visible()
    page.get_by_label(asked).fill(str(sum(map(int, re.findall(r"\d+", asked)))))
    page.get_by_role("button", name="I am a person").click()
    page.wait_for_url(STATUS)
    # The page reloads itself until the pool has opened the session.
    expect(page.locator("main")).to_have_attribute("data-state", re.compile("ready|started"))
    page.context.close()
    assert (rows(busy, "suspect"), rows(busy, "opened")) == (0, 7)


def test_a_filled_in_trap_goes_on_after_one_press(browser: Browser, busy: LiveServer) -> None:
    complaints: list[str] = []
    page = send(browser, busy, complaints, trap="a password manager's")
    expect(page.locator("main")).to_have_attribute("data-state", "held")
    assert rows(busy, "suspect") == 1
    page.get_by_role("button", name="I am a person").click()
    expect(page.locator("main")).to_have_attribute("data-state", "ready")
    page.context.close()
    assert complaints == []
    assert (rows(busy, "suspect"), rows(busy, "opened")) == (0, 7)


def test_who_presses_twice_while_it_is_solved_sends_one_request(browser: Browser, busy: LiveServer) -> None:
    context = browser.new_context(base_url=busy.base_url)
    page = context.new_page()
    page.route("**/go/**", lambda route: route.fulfill(status=204))
    page.route("**/check", lambda route: route.continue_())
    page.goto("/")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_role("button", name="Get support").dblclick()
    page.wait_for_url(STATUS)
    expect(page.locator("main")).to_have_attribute("data-state", "ready")
    context.close()
    assert len(busy.run_json("request", "list")) == 7
