"""The conversation with a customer in the real Firefox; the technician is in Chromium."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.journeys import LATE
from tests.browser.live_pages import claim, conversation, hire, say, sit_down
from tests.firefox import FirefoxPage, firefox
from tests.live_server import LiveServer
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.full]


@pytest.fixture(scope="module")
def live(live: LiveServer) -> LiveServer:
    """The demo desk with Wei Chen."""
    hire(live)
    return live


@pytest.fixture
def wei(new_page: NewPage) -> Page:
    """Wei, logged in."""
    return sit_down(new_page(expect=LATE, locale="en-US", viewport={"width": 1280, "height": 900}))


def ask_for_help(page: FirefoxPage, live: LiveServer) -> str:
    """The customer reaches their page; returns the ticket's number."""
    page.goto(f"{live.base_url}/")
    page.type("[name=customer_name]", "Zoë Quill")
    page.type("[name=customer_email]", "zoe@example.com")
    page.type("[name=problem_description]", "It broke.")
    page.press("main form button[type=submit]")
    assert page.shows("h1", "You are in line")
    number = re.search(r"\b\d{6,}\b", page.text(".tiles"))
    assert number
    return number.group()


def test_a_customer_in_firefox_talks_with_a_technician(wei: Page, live: LiveServer, tmp_path: Path) -> None:
    with firefox(tmp_path) as zoe:
        number = ask_for_help(zoe, live)
        zoe.type("#message", "Hello from Firefox")
        zoe.press("#writing button[type=submit]")  # headless, Firefox has no mouse, and Enter begins a new line
        assert zoe.shows("#log .mine:last-of-type", "Delivered")
        assert zoe.run("document.querySelector('#message').value") == ""
        claim(wei, number)
        assert zoe.shows("h1", "Your technician is here")
        expect(conversation(wei)).to_contain_text("Hello from Firefox")
        expect(wei.locator("#browser")).to_contain_text("Firefox")
        say(wei, "Good morning! What do you see?")
        assert zoe.shows("#log .theirs:last-of-type", "Good morning! What do you see?")
        expect(conversation(wei).locator(".mine").last).to_contain_text("Read")
        zoe.type("#message", "A blue page.")
        expect(wei.locator("#other")).to_have_text("Zoë Quill is writing…")
        zoe.press("#writing button[type=submit]")
        expect(conversation(wei)).to_contain_text("A blue page.")
        assert conversation(wei).get_by_text("Hello from Firefox").count() == 1

        wei.get_by_role("button", name="Ask to see the screen").click()
        assert zoe.shows("#screen-now", "Wei Chen asks to see your screen.")
        zoe.press("#show")
        assert zoe.shows("#before", "Wei Chen will see what you choose.")
        zoe.press("#before [data-close]")
        expect(conversation(wei)).to_contain_text("The customer did not show the screen.")

        zoe.press("#ending button")
        assert zoe.shows("h1", "Your session has ended")
        expect(conversation(wei)).to_contain_text("Zoë Quill ended the session.")
        assert until(lambda: zoe.run("!document.querySelector('#keeping').hidden"))
        assert zoe.complaints == []
