"""The widget on a page that the site does not list, or with the name of no site; against our server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.host_page import LAUNCHER, SUBMIT, Served, company
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
WAY_OUT = "Continue on our support page"


@pytest.fixture
def said() -> list[str]:
    """What the page's console said."""
    return []


@pytest.fixture
def unlisted() -> Iterator[Served]:
    with company() as served:
        yield served


@pytest.fixture
def page(browser: Browser, said: list[str]) -> Iterator[Page]:
    with browser.new_context(locale="en-US") as context:
        context.on("console", lambda message: said.append(message.text) if message.type == "warning" else None)
        yield context.new_page()


def open_with(page: Page, served: Served, live: LiveServer, site: str) -> None:
    script = f"<script async src='{live.base_url}/widget.js' data-site='{site}'></script>"
    served.pages["/"] = f"<!doctype html><html lang=en><title>A shop</title><h1>A shop</h1>{script}</html>"
    page.goto(served.url)
    page.locator(LAUNCHER).click()


def test_an_origin_that_is_not_listed_is_said_and_leads_on_at_once(
    page: Page, unlisted: Served, live: LiveServer, said: list[str]
) -> None:
    open_with(page, unlisted, live, "default")
    expect(page.get_by_role("button", name=WAY_OUT)).to_be_visible()
    fix = f"handbell site set default --origin {unlisted.url}"
    why = "the site default does not list this page's origin; to list it too"
    assert said == [f"Handbell on {unlisted.url}: {why}: {fix}"]
    page.get_by_label("Your name").fill("Ada Lane")
    page.get_by_label("Problem").fill("The printer is on fire")
    with page.context.expect_page() as opened:
        page.locator(SUBMIT).click()
    hosted = opened.value
    expect(hosted.get_by_text("The printer is on fire")).to_be_visible()
    expect(page.get_by_label("Problem")).to_have_value("The printer is on fire")
    assert len(said) == 1


def test_the_name_of_no_site_is_said(page: Page, unlisted: Served, live: LiveServer, said: list[str]) -> None:
    open_with(page, unlisted, live, "brand")
    expect(page.get_by_role("button", name=WAY_OUT)).to_be_visible()
    assert said == [
        f"Handbell on {unlisted.url}: there is no site brand here; the console's page Embed has each site's line"
    ]


def test_from_an_intranet_over_http_the_link_leads_on(page: Page, live: LiveServer) -> None:
    """A browser does not let such a page load a script from this machine: the link is there without it."""
    origin = "http://old.intranet.example"
    link = f"<a href='{live.base_url}/s/default' data-handbell data-problem='The scanner'>Get help</a>"
    script = f"<script async src='{live.base_url}/widget.js'></script>"
    body = f"<!doctype html><html lang=en><title>Intranet</title>{link}{script}</html>"
    page.route(f"{origin}/**", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"{origin}/")
    page.get_by_role("link", name="Get help").click()
    expect(page.get_by_role("heading", name="Get support")).to_be_visible()
    assert page.url == f"{live.base_url}/s/default"
