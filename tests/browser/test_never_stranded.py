"""Customers are never stranded: blank forms, the back button, the same form twice, pages in the background."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewHost, NewPage
from tests.browser.host_page import LAUNCHER, SUBMIT

pytestmark = pytest.mark.browser
EMPTY = "Please tell us what is wrong, or at least who you are, so that we can help you."
LATE = "the server responded with a status of 4"  # Chromium reports this for every 4xx page


def test_a_blank_form_asks_for_one_thing(new_page: NewPage) -> None:
    page = new_page(expect=LATE, locale="en-US")
    page.goto("/")
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name=f"Problem: {EMPTY}").click()
    expect(page.get_by_label("Problem")).to_be_focused()
    page.keyboard.type("It is broken")
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("heading", name="Your session is ready")).to_be_visible()


def test_a_blank_form_in_the_widget_asks_for_one_thing(new_host: NewHost) -> None:
    host = new_host(expect=LATE)
    page = host.open()
    page.locator(LAUNCHER).click()
    page.locator(SUBMIT).click()
    expect(page.get_by_text(EMPTY)).to_be_visible()
    expect(page.get_by_label("Problem")).to_be_focused()
    page.keyboard.type("It is broken")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
