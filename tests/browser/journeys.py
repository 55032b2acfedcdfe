"""Steps through Handbell shared by several browser tests."""

import re

from playwright.sync_api import Page

from tests.live_server import LiveServer

STATUS = re.compile(r"/r/[^/]+$")
APPLET = re.compile(r"/applet/[^/]+$")
LATE = "the server responded with a status of 4"  # Chromium reports this for every 4xx page


def fill(page: Page, *, name: str = "Zoë Quill", problem: str = "The printer says PC LOAD LETTER.") -> None:
    """Open the request page and fill it in."""
    page.goto("/")
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Problem").fill(problem)


def send(page: Page) -> None:
    """Press the button; returns on the status page."""
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS, wait_until="commit")


def reach_applet(page: Page) -> str:
    """Go from the request page to the applet; returns its address."""
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    return page.url


def log_in(page: Page, live: LiveServer) -> None:
    """Log in to the console; returns on the queue."""
    email, password = live.first_log_in
    page.goto("/console/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
