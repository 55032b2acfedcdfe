"""Check my website: the console opens a company's page at another origin, and the widget there says what it sees."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.host_page import Served, company
from tests.browser.journeys import log_in
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
CHECK = "/console/sites/default/website-check"
PATIENCE_MS = 12_000


@pytest.fixture
def page(browser: Browser, live: LiveServer) -> Iterator[Page]:
    with browser.new_context(locale="en-US", base_url=live.base_url) as context:
        page = context.new_page()
        log_in(page, live)
        page.clock.install()
        yield page


@pytest.fixture
def shop() -> Iterator[Served]:
    with company() as served:
        yield served


def serve(shop: Served, script: str = "") -> None:
    shop.pages["/"] = f"<!doctype html><html lang=en><title>A shop</title><h1>A shop</h1>{script}</html>"


def test_each_outcome_is_told_and_a_stranger_hears_nothing(page: Page, shop: Served, live: LiveServer) -> None:
    def widget(site: str = "default") -> str:
        return f"<script async src='{live.base_url}/widget.js?lang=en' data-site='{site}'></script>"

    def check() -> None:
        page.get_by_role("button", name="Open and check it").click()

    seen = page.locator("#seen")
    page.goto(f"{CHECK}#{shop.url}")
    expect(page.get_by_label("Address of the page")).to_have_value(shop.url)

    serve(shop)
    with page.expect_popup() as popup:
        check()
    popup.value.get_by_role("heading", name="A shop").wait_for()
    expect(seen).to_contain_text("Waiting for the widget there")
    page.clock.fast_forward(PATIENCE_MS)
    expect(seen).to_contain_text("the script did not load")
    popup.value.close()

    serve(shop, widget())
    check()
    expect(seen).to_contain_text(f"this site does not list the origin {shop.url}.")
    serve(shop, widget("brand"))
    check()
    expect(seen).to_contain_text("there is no site with the key brand here")
    serve(shop, widget())
    shop.headers["Content-Security-Policy"] = "connect-src 'none'"
    check()
    expect(seen).to_contain_text("does not let it call us (connect-src)")
    shop.headers.clear()
    live.run("site", "set", "default", "--origin", shop.url)
    try:
        check()
        expect(seen).to_contain_text(f"The script runs at {shop.url}, this site lists that origin")
        expect(seen.locator("[data-seen]:visible")).to_have_count(1)
        is_silent_to_strangers(page, shop)
    finally:
        live.run("site", "set", "default", "--origin", "none")


def is_silent_to_strangers(page: Page, shop: Served) -> None:
    """Another page that opens the shop under the check's name gets no message: the browser says so in its console."""
    with company() as stranger:
        serve(stranger)
        page.goto(stranger.url)
        page.evaluate("() => { window.heard = []; onmessage = ({ data }) => heard.push(data); }")
        with page.context.expect_console_message(lambda message: "postMessage" in message.text) as refused:
            page.evaluate("url => { open(url, 'handbell-check:mine', 'popup'); }", shop.url)
        assert "does not match the recipient window's origin" in refused.value.text
        assert page.evaluate("heard") == []


def test_a_hostile_page_can_neither_forge_a_check_nor_write_markup(page: Page, shop: Served, live: LiveServer) -> None:
    lies = """<script>
        const truth = { check: name, site: 'default', status: 200, blocked: '' };
        const lie = more => opener.postMessage({ ...truth, ...more }, '*');
        lie({ check: 'handbell-check:other' }); lie({ status: '200' }); lie({ site: {} });
        opener.postMessage(null, '*');
        lie({ site: '<img src=x onerror=alert(1)>' + 'x'.repeat(9999) });
        lie({});
    </script>"""
    serve(shop, lies)
    page.goto(f"{CHECK}#{shop.url}")
    page.get_by_role("button", name="Open and check it").click()
    told = page.locator("#seen [data-seen='other-site']")
    expect(told).to_contain_text("with the key <img src=x onerror=alert(1)>")
    assert len(told.inner_text()) < 400
    expect(page.locator("#seen img")).to_have_count(0)
    page.get_by_label("Address of the page").fill("javascript:alert(1)")
    page.get_by_role("button", name="Open and check it").click()
    expect(page.get_by_text("This is no address of a web page")).to_be_visible()
