"""Every page in every state: accessible in light and dark, without horizontal scrolling on a phone or enlarged."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, STATUS, fill, log_in, reach_applet, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung" * 2


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page into which axe can be injected."""
    return new_page(expect=LATE, bypass_csp=True, reduced_motion="reduce")


def test_the_request_page(page: Page, look: Look) -> None:
    page.goto("/")
    look(page, "request page")
    fill(page, name=LONG_WORD, problem=LONG_WORD)
    page.get_by_label("Your e-mail").fill("x")
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("alert").wait_for()
    look(page, "refused request")


def test_the_status_page_and_a_link_that_is_over(page: Page, look: Look) -> None:
    page.route("**/go/**", lambda route: route.fulfill(status=204))
    fill(page)
    send(page)
    status = page.url
    page.wait_for_load_state()
    look(page, "status, ready")
    go = page.locator("a[data-start]").first.get_attribute("href")
    page.locator("[data-after]").wait_for()  # the page has started the session, so it does not navigate any more
    page.unroute("**/go/**")
    page.goto(str(go))
    applet = page.url
    page.goto(status)
    look(page, "status, started")
    page.goto(applet)
    page.get_by_text("I no longer need help").click()
    page.get_by_role("button", name="Cancel my request").click()
    page.get_by_role("link", name="Get support").wait_for()
    look(page, "applet, closed")
    page.goto(status)
    look(page, "status, ended")
    page.goto(str(go))
    look(page, "a link that is over")


def test_the_applet(page: Page, look: Look, live: LiveServer) -> None:
    reach_applet(page)
    look(page, "applet, editable")
    page.get_by_label("Your e-mail").fill("x")
    page.get_by_role("button", name="Save details").click()
    page.get_by_role("alert").wait_for()
    look(page, "applet, refused")
    live.run("site", "set", "default", "--allow-empty")
    page.context.clear_cookies()  # else it is asked whether this is something new
    page.goto("/")
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("heading", name="Tell us a little while you wait").wait_for()
    look(page, "applet, asking")
    page.get_by_role("button", name="Save details").click()
    page.get_by_role("link", name="Change my details").wait_for()
    look(page, "applet, saved")
    live.run("site", "add", "quiet", "--name", "Quiet Help")
    live.run("site", "set", "quiet", "--ask-customer-info", "never")
    page.goto("/s/quiet")
    page.get_by_label("Your name").fill("Zoë")
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("heading", name="You are in line").wait_for()
    assert "Zoë" not in page.content()
    look(page, "applet, hidden")


def test_one_time_links_and_nothing_here(page: Page, look: Look, live: LiveServer) -> None:
    live.run("site", "add", "once", "--name", "Once")
    live.run("site", "set", "once", "--one-time-links", "--allow-empty")
    page.goto("/s/once")
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS)
    look(page, "status, by a press")
    page.get_by_role("link", name="Start my session").click()
    page.get_by_role("button", name="Start my session").wait_for()
    look(page, "start page")
    page.goto("/nothing-here")
    look(page, "not found")


def test_the_console(new_page: NewPage, look: Look, live: LiveServer) -> None:
    customer = new_page()
    fill(customer, name=LONG_WORD[:120], problem=LONG_WORD)
    send(customer)
    page = new_page(expect=LATE, bypass_csp=True)
    page.goto("/console/login")
    look(page, "log-in")
    page.get_by_label("E-mail").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong-password")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    look(page, "log-in refused")
    log_in(page, live)
    look(page, "queue, empty or not")
    page.get_by_role("link", name="General").click()
    look(page, "queue")
    page.locator("th.ticket a").first.click()
    page.get_by_role("heading", name="Ticket").wait_for()
    look(page, "ticket")
    page.goto("/console/nothing-here")
    look(page, "console, not found")
