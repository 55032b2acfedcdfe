"""Suspects and figures in a real browser: a request taken for a program's goes on once an operator releases it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import APPLET, fill, log_in, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser


def send_as_a_program(page: Page) -> str:
    """Send the request page with the hidden field filled in; returns the request's reference."""
    fill(page, name="<b>Quill</b>")
    page.locator("[name=website]").evaluate("field => { field.value = 'x' }")
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    return page.locator(".reference").first.inner_text()


def test_a_suspect_is_released_and_the_customer_s_page_goes_on(
    new_page: NewPage, page: Page, live: LiveServer, look: Look
) -> None:
    customer, program = new_page(), new_page()
    person, robot = send_as_a_program(customer), send_as_a_program(program)
    log_in(page, live)
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name=re.compile("^Suspect")).click()
    look(page, "suspects")
    page.get_by_role("link", name=person).click()
    expect(page.locator("main")).to_contain_text("Filled in the hidden field")
    look(page, "a suspect")
    page.get_by_role("link", name="Back to the requests").click()
    page.get_by_role("link", name=re.compile("^Suspect")).click()
    page.get_by_label(person).check()
    page.get_by_role("button", name="These are people").click()
    expect(page.locator("p.saying")).to_have_text("1 request is on its way.")
    customer.wait_for_url(APPLET)
    number = customer.locator(".tile .big").nth(1).inner_text()
    page.get_by_label(robot).check()
    page.get_by_role("button", name="Not people").click()
    expect(page.get_by_text("There are none.")).to_be_visible()
    expect(program.get_by_role("heading", level=1)).to_have_text("This request has ended", timeout=15_000)
    page.get_by_role("link", name="All").click()
    look(page, "all requests")
    page.get_by_role("link", name=person).click()
    page.get_by_role("link", name="Open a new session").click()
    look(page, "open anew")
    page.get_by_role("button", name="Open a new session").click()
    expect(page.locator("p.saying")).to_contain_text("Another session is on its way.")
    expect(customer.locator(".tile .big").nth(1)).not_to_have_text(number)
    expect(customer.get_by_role("heading", level=1)).to_have_text("You are in line")


def test_the_charts(page: Page, new_page: NewPage, live: LiveServer, look: Look) -> None:
    log_in(page, live)
    for path in ("/console/figures?days=7", "/console/figures?days=90&lang=ar"):
        page.goto(path)
        expect(page.locator("svg[role=img]")).to_have_count(3)
        look(page, path)
    without_script = new_page(java_script_enabled=False)
    log_in(without_script, live)
    without_script.goto("/console/figures")
    expect(without_script.locator("svg[role=img]").first).to_be_visible()
