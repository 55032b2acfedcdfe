"""The fictitious company's page in Chromium, under our own pages' policy."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewPage
from tests.browser.host_page import LAUNCHER, SUBMIT
from tests.browser.journeys import STATUS
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
SCREENSHOTS = os.environ.get("HANDBELL_TEST_SCREENSHOTS")


def look(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("mode", ["link", "button", "inline"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_request_in_every_mode(new_page: NewPage, mode: str, scheme: str) -> None:
    page = new_page(locale="en-US", color_scheme=scheme)
    page.goto(f"/demo?mode={mode}&customer=prefill")
    if mode == "link":
        page.get_by_role("link", name="Get support").click()
    if mode == "button":
        page.locator(LAUNCHER).click()
    field = page.locator("section:not(.intranet)").get_by_label("Problem")
    field.wait_for()
    assert field.input_value() == "My order is late."
    look(page, f"demo-{mode}-{scheme}")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    page.locator("#heard").get_by_text("submit").wait_for()


def test_who_is_vouched_for_cannot_be_changed_by_the_customer(new_page: NewPage, live: LiveServer) -> None:
    live.run("site", "set", "default", "--new-identity-secret")
    page = new_page(locale="en-US")
    page.goto("/demo?customer=identity")
    page.get_by_role("link", name="Get support").click()
    name = page.locator("section").get_by_label("Your name")
    name.wait_for()
    assert (name.input_value(), name.is_editable()) == ("Robin Sample", False)
    page.locator("section:not(.intranet)").get_by_label("Problem").fill("Mine")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    reference = page.locator("[part=result] b").inner_text()
    recorded = live.run_json("request", "show", reference)
    assert recorded["customer_name"] == "Robin Sample"
    assert set(recorded["verified"]) == {"customer_name", "customer_email", "customer_number"}


def test_the_intranets_form(page: Page) -> None:
    page.goto("/demo")
    page.get_by_role("textbox", name="Problem").fill("No paper")
    page.get_by_role("button", name="Call the help desk").click()
    page.wait_for_url(STATUS, wait_until="commit")


def test_right_to_left(new_page: NewPage) -> None:
    page = new_page(locale="ar", viewport={"width": 375, "height": 720})
    page.goto("/demo?mode=button&lang=ar")
    page.locator(LAUNCHER).wait_for()
    box = page.locator(LAUNCHER).bounding_box()
    assert box is not None
    assert box["x"] == 20
    look(page, "demo-rtl")
