"""The bell: it rings on whichever page of the console is open, once in a browser, and falls silent at the claim."""

import urllib.request
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import log_in
from tests.browser.live_pages import until
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser

ROBIN, PASSWORD = "robin@example.com", "a-password-for-robin"
COUNTED = """window.rung = 0; window.shown = [];
window.OscillatorNode = class extends OscillatorNode { start(at) { window.rung += 1; super.start(at); } };
window.Notification = class { static permission = 'granted';
    constructor(title, more) { window.shown.push([title, more.tag]); } close() { window.shown.pop(); } };"""
ONE_RING = 2  # tones


@pytest.fixture(scope="module")
def robin(live: LiveServer) -> None:
    """Give Robin, in department 10, a password."""
    live.run("technician", "password", ROBIN, "--password-file", "-", stdin=f"{PASSWORD}\n")


def ask(live: LiveServer, **parameters: str) -> str:
    """Open a session as a program does; returns its ticket's number."""
    query = urlencode({"uid": live.uid(), **parameters})
    with urllib.request.urlopen(f"{live.base_url}/integration/integration_api.php?{query}", timeout=10):
        return str(live.run_json("ticket", "list", "--most", "1")[0]["ticket_number"])


def as_robin(page: Page) -> None:
    page.goto("/console/login")
    page.get_by_label("E-mail").fill(ROBIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")


def shown(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("window.shown")
    return found


def test_it_rings_on_two_technicians_pages_and_falls_silent_at_the_claim(
    new_page: NewPage, live: LiveServer, robin: None, look: Look
) -> None:
    alex, other = new_page(permissions=["notifications"]), new_page()
    for page in (alex, other):
        page.context.add_init_script(COUNTED)
    log_in(alex, live)
    alex.get_by_label("Notifications").check()
    as_robin(other)
    alex.get_by_role("link", name="Audit log").click()
    second = alex.context.new_page()
    second.goto("/console/account")
    second.locator("h1").click()
    other.get_by_role("link", name="Notices").click()
    for page in (alex, second):  # neither is looked at
        page.evaluate("document.hasFocus = () => false")

    number = ask(live, customer_name="Zoë Quill", department="10")

    for page in (alex, second, other):
        expect(page.locator("#bell")).to_contain_text("1 new request")
        expect(page.get_by_role("link", name="Show")).to_have_attribute("href", f"/console/tickets/{number}")
        assert page.title().startswith("🔔 ")
    until(other, lambda: other.evaluate("window.rung") == ONE_RING, "it did not ring")
    until(alex, lambda: shown(alex) + shown(second) == [["New request", f"handbell-t{number}"]], "no notification")
    assert alex.evaluate("window.rung") + second.evaluate("window.rung") == ONE_RING, "two tabs ring once"
    look(other, "bell")

    other.get_by_role("link", name="Show").click()
    other.get_by_role("button", name="Claim").click()

    for page in (alex, second):
        expect(page.locator("#bell")).to_be_hidden()
        assert not page.title().startswith("🔔 ")
    until(alex, lambda: shown(alex) + shown(second) == [], "the notification stays")
    expect(other.locator("#bell")).to_be_hidden()


def test_a_page_without_a_session_says_that_it_does_not_ring(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(expect="401")
    log_in(page, live)
    page.goto("/console/account")
    other = page.context.new_page()
    other.goto("/console/")
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/console/login")
    line = page.locator("div[data-line]")
    expect(line).to_contain_text("nothing rings here any more")
    assert page.title().startswith("⚠ ")
    line.get_by_role("link", name="Log in").click()
    page.wait_for_url("**/console/login?next=/console/account")
