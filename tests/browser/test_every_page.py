"""Every page in every state: accessible in light and dark, and without sideways scrolling on a phone or enlarged."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import AXE, NewPage
from tests.browser.journeys import LATE, STATUS, fill, log_in, reach_applet, send, take_time
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """rules => axe.run({runOnly: {type: 'tag', values: rules}}).then(found => found.violations.map(
    v => `${v.id}: ${v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | ')}`))"""
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung" * 2

Look = Callable[[Page, str], None]


@pytest.fixture
def look() -> Look:
    """Look at a page in all ways; what is wrong fails the test."""

    def check(page: Page, name: str) -> None:
        wrong: list[str] = []
        page.evaluate(AXE)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{scheme}: {violation}" for violation in page.evaluate(_RUN, RULES)]
        # 320 px is also 1280 px enlarged to 400 %, 640 px the same at 200 % (WCAG 1.4.10, 1.4.4).
        for width in (320, 640):
            page.set_viewport_size({"width": width, "height": 640})
            if page.evaluate(_TOO_WIDE):
                wrong.append(f"scrolls sideways at {width} px")
        page.set_viewport_size({"width": 1280, "height": 800})
        assert not wrong, f"{name}:\n" + "\n".join(wrong)

    return check


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page into which axe can be put."""
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
    page.locator("[data-after]").wait_for()  # the page has started it by itself: nothing navigates any more
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
    page.goto("/")
    take_time(page)
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
    take_time(page)
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("heading", name="You are in line").wait_for()
    assert "Zoë" not in page.content()
    look(page, "applet, hidden")


def test_one_time_links_and_nothing_here(page: Page, look: Look, live: LiveServer) -> None:
    live.run("site", "add", "once", "--name", "Once")
    live.run("site", "set", "once", "--one-time-links")
    page.goto("/s/once")
    take_time(page)
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
