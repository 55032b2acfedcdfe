"""The rules about notices, what was sent, and a browser that shows what is pushed to it."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import log_in
from tests.browser.live_pages import launched, until
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", name="browser")
def with_windows(browser: Browser) -> Iterator[Browser]:
    """A Chromium with windows of its own, which a page in the background needs."""
    with launched(browser, whole=True) as other:
        yield other


SHOWN = """async () => (await (await navigator.serviceWorker.getRegistration('/console/')).getNotifications())
    .map(one => [one.title, one.tag, one.silent])"""


def told(silent: bool) -> str:
    """What is pushed, as the server writes it (app/channels/push.py)."""
    return json.dumps(
        {
            "title": "No longer waiting: 7K3M-Q2XH" if silent else "New request: 7K3M-Q2XH",
            "body": "Site: Help",
            "tag": "handbell-t12",
            "url": "http://127.0.0.1:8000/console/tickets/12",
            "silent": silent,
            "lang": "en",
            "dir": "ltr",
        }
    )


def push(page: Page, origin: str, silent: bool) -> None:
    """Let the browser's own service worker get a push."""
    session = page.context.new_cdp_session(page)
    registrations: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(
            one["registrationId"] for one in said["registrations"] if one["scopeURL"].endswith("/console/")
        ),
    )
    session.send("ServiceWorker.enable")
    until(page, lambda: registrations, "no service worker is registered")
    message = {"origin": origin, "registrationId": registrations[-1], "data": told(silent)}
    session.send("ServiceWorker.deliverPushMessage", message)
    session.detach()


def test_rules_are_added_tried_and_removed_and_what_was_sent_is_shown(page: Page, live: LiveServer, look: Look) -> None:
    log_in(page, live)
    page.get_by_role("link", name="Notices").click()
    mine = page.get_by_role("region", name="Just for me")
    mine.get_by_label("What happens").select_option("New request")
    mine.get_by_label("How").select_option("Push to browsers")
    mine.get_by_role("button", name="Add the rule").click()
    row = mine.get_by_role("row", name="New request Me Push to browsers")
    expect(row).to_be_visible()
    look(page, "notices")
    row.get_by_role("button", name="Test").click()
    expect(page.get_by_text("None of your browsers is told.")).to_be_visible()
    mine.get_by_role("row", name="New request Me").get_by_role("button", name="Remove").click()
    expect(mine.get_by_role("row", name="New request Me")).to_have_count(0)
    page.get_by_role("link", name="What was sent").click()
    expect(page.get_by_role("link", name="Notices", exact=True)).to_have_attribute("aria-current", "page")
    look(page, "what was sent")


def test_a_browser_shows_what_is_pushed_and_silences_what_is_over(
    new_page: NewPage, live: LiveServer, look: Look
) -> None:
    page = new_page(permissions=["notifications"], expect="Push API in incognito")
    log_in(page, live)
    page.goto("/console/account")
    bell = page.get_by_role("region", name="The bell")
    bell.get_by_role("button", name="Tell this browser").click()
    # The browser of the tests has no push service; its service worker is registered all the same.
    expect(bell.get_by_role("alert")).to_contain_text("Your browser could not reach its push service.")
    look(page, "the bell")
    # The tests' browser takes every page for one that is looked at.
    page.context.new_cdp_session(page).send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    page.context.new_page().bring_to_front()
    assert not page.evaluate("document.hasFocus()")
    push(page, live.base_url, False)
    until(page, lambda: page.evaluate(SHOWN) == [["New request: 7K3M-Q2XH", "handbell-t12", False]], "nothing is shown")
    push(page, live.base_url, True)
    over = [["No longer waiting: 7K3M-Q2XH", "handbell-t12", True]]
    until(page, lambda: page.evaluate(SHOWN) == over, "it is not silent")
