"""Two real pages of one session in a browser: the customer's and the technician's."""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import FLAGS
from tests.browser.journeys import APPLET, fill
from tests.live_server import LiveServer
from tests.profile import FULL, PROFILE

PASSWORD = "a-password-for-tests"
WEI = "wei@example.com"
_LOCAL = "--disable-features=WebRtcHideLocalIpsWithMdns"  # so that two pages on one machine find each other
FAKE_DEVICES = (_LOCAL, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
REFUSING = (_LOCAL, "--auto-reject-this-tab-capture")
_PATIENCE = 30.0  # seconds
_PIXELS = """() => {
    const video = document.querySelector('video');
    if (!video || !video.srcObject || !video.videoWidth) return '';
    const drawing = new OffscreenCanvas(64, 36).getContext('2d');
    drawing.drawImage(video, 0, 0, 64, 36);
    return Array.from(drawing.getImageData(0, 0, 64, 36).data).join();
}"""
# The picker of a test takes this very tab; without it, the flag that refuses does not count.
THIS_TAB = """if (navigator.mediaDevices) {
    const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getDisplayMedia = options => real({...options, preferCurrentTab: true});
}"""


@contextmanager
def launched(browser: Browser, *flags: str, whole: bool = False) -> Iterator[Browser]:
    """Another Chromium, with these flags; a `whole` one can ask its user and has windows. `make full` takes whole ones
    only, `make test` what needs less of the processor."""
    chromium = os.environ["HANDBELL_TEST_CHROMIUM"]
    path = chromium if whole or PROFILE is FULL else os.environ.get("HANDBELL_TEST_HEADLESS") or chromium
    other = browser.browser_type.launch(executable_path=path, args=[*FLAGS, *flags])
    try:
        yield other
    finally:
        other.close()


def hire(live: LiveServer) -> None:
    """Add Wei Chen, who has PASSWORD, to department 10."""
    live.run(
        "technician", "add", WEI, "--name", "Wei Chen", "--department", "10", "--password-file", "-", stdin=PASSWORD
    )


def sit_down(page: Page, mail: str = WEI) -> Page:
    """Log in to the console."""
    page.goto("/console/login")
    page.get_by_label("E-mail").fill(mail)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
    return page


def ask_for_help(page: Page) -> str:
    """The customer reaches their page; returns the ticket's number."""
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    return page.locator(".tile .big", has_text=re.compile(r"^\d{6,}$")).inner_text()


def claim(technician: Page, number: str) -> None:
    """Open the ticket and claim it."""
    technician.goto(f"/console/tickets/{number}")
    technician.get_by_role("button", name="Claim").click()
    expect(technician.get_by_label("Message")).to_be_visible()


def conversation(page: Page) -> Locator:
    """The log on either page."""
    return page.get_by_role("log", name="Conversation")


def say(page: Page, text: str) -> None:
    """Write a message and send it."""
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def show_screen(customer: Page) -> None:
    """The customer reads the words, and chooses."""
    customer.get_by_role("button", name="Show my screen").click()
    customer.get_by_role("button", name="Choose what to show").click()


def until(page: Page, holds: Callable[[], object], what: str) -> None:
    """Wait for what only a look at the page's pictures can tell."""
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        page.wait_for_timeout(50)


def sees_frames(technician: Page) -> None:
    """The picture on the technician's page moves."""
    until(technician, lambda: technician.evaluate(_PIXELS), "no picture came")
    first = technician.evaluate(_PIXELS)
    until(technician, lambda: technician.evaluate(_PIXELS) not in ("", first), "the picture stands still")
