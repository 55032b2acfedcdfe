"""The check for a busy address: solved by the page's script under our own strict headers; never required without it."""

import http.client
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


def send(browser: Browser, server: LiveServer, complaints: list[str], **options: Any) -> Page:
    context = browser.new_context(base_url=server.base_url, **options)
    context.set_default_timeout(20_000)
    if options.get("java_script_enabled", True):
        context.add_init_script(_VIOLATIONS)
    context.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = context.new_page()
    page.route("**/go/**", lambda route: route.fulfill(status=204))  # stay on the status page
    page.goto("/")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS)
    return page


def test_with_script_it_is_solved_unseen_and_without_it_the_request_waits(browser: Browser, busy: LiveServer) -> None:
    complaints: list[str] = []
    page = send(browser, busy, complaints)
    expect(page.locator("main")).to_have_attribute("data-state", "ready")
    page.context.close()
    assert complaints == []
    page = send(browser, busy, complaints, java_script_enabled=False)
    expect(page.locator("main")).to_have_attribute("data-state", "waiting")
    page.context.close()
    newest, solved, *others = busy.run_json("request", "list")
    assert (newest["state"], solved["state"]) == ("suspect", "opened")
    assert {row["state"] for row in others} == {"opened"}
    # An operator releases it, and the running server hands it off.
    busy.run("request", "retry", newest["reference"])
    page = browser.new_page(base_url=busy.base_url)
    assert busy.run_json("request", "list", "--state", "suspect") == []
    page.close()


def test_who_presses_twice_while_it_is_solved_sends_one_request(browser: Browser, busy: LiveServer) -> None:
    context = browser.new_context(base_url=busy.base_url)
    page = context.new_page()
    page.route("**/go/**", lambda route: route.fulfill(status=204))
    page.route("**/check", lambda route: route.continue_())
    page.goto("/")
    page.get_by_role("button", name="Get support").dblclick()
    page.wait_for_url(STATUS)
    expect(page.locator("main")).to_have_attribute("data-state", "ready")
    context.close()
    assert len(busy.run_json("request", "list")) == 7
