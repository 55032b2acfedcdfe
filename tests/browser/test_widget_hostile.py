"""The widget on pages that make it difficult."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NewHost
from tests.browser.host_page import LAUNCHER, SUBMIT, Host

pytestmark = pytest.mark.browser
SCREENSHOTS = os.environ.get("HANDBELL_TEST_SCREENSHOTS")  # a folder for screenshots of what was checked
LINK = "<a href='{base}/s/default' data-handbell>Need help?</a>"
HOSTILE = """
*:not(html) { all: unset !important; display: none !important; font: 70px fantasy !important; color: red !important;
    letter-spacing: 1em !important; text-transform: uppercase !important; line-height: .2 !important;
    zoom: 3 !important; background: lime !important; position: static !important; width: 30px !important;
    opacity: .2 !important;
    transform: rotate(40deg) !important; pointer-events: none !important; visibility: hidden !important;
    z-index: -1 !important; cursor: none !important; user-select: none !important; filter: invert(1) !important;
    animation: spin 1s infinite !important; transition: all 9s !important; inset: auto !important;
    clip-path: inset(50%) }
body, main, h1 { display: block !important; visibility: visible !important; transform: none !important }
input, button, label, dialog, form { margin: 99px !important; border: 20px dotted red !important }
"""


def look(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def send(page: Page) -> None:
    """Type and send, and check that the session is ready."""
    page.get_by_label("Problem").fill("It is broken")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found is not None
    return dict(found)


def test_a_page_whose_style_sheet_spares_nothing(host: Host) -> None:
    page = host.open(css=HOSTILE)
    page.locator(LAUNCHER).wait_for()
    looks = "s.fontSize, s.letterSpacing, s.color, s.textTransform, s.cursor"
    style = f"e => {{ const s = getComputedStyle(e); return [{looks}] }}"
    assert page.locator(LAUNCHER).evaluate(style) == ["16px", "normal", "rgb(255, 255, 255)", "none", "pointer"]
    launcher = box(page, LAUNCHER)
    assert (launcher["x"] + launcher["width"], launcher["y"] + launcher["height"]) == (1280 - 20, 720 - 20)
    page.locator(LAUNCHER).click()
    assert box(page, "[part=panel]")["width"] == 480
    assert page.get_by_label("Your name").evaluate("e => getComputedStyle(e).fontSize") == "16px"
    look(page, "hostile")
    send(page)


def test_right_to_left_mirrors_the_launcher_and_the_form(host: Host) -> None:
    page = host.open(html='lang="ar" dir="rtl"')
    page.locator(LAUNCHER).wait_for()
    assert box(page, LAUNCHER)["x"] == 20
    page.goto(host.company.url)
    host.company.pages["/"] = host.company.pages["/"].replace("?lang=en", "?lang=ar")
    page.reload()
    page.locator(LAUNCHER).click()
    panel, close = box(page, "[part=panel]"), box(page, "[part=close]")
    assert close["x"] < panel["x"] + panel["width"] / 2
    assert page.locator("[part=panel]").evaluate("e => getComputedStyle(e).direction") == "rtl"
    look(page, "rtl")
    page.locator("textarea").fill("معطل")
    page.locator(SUBMIT).click()
    page.locator("[part=start]:visible").wait_for()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves(new_host: NewHost, motion: str) -> None:
    host = new_host(reduced_motion=motion)
    page = host.open_form()
    assert (
        page.evaluate(
            "document.getAnimations().length + document.querySelector('section').shadowRoot.getAnimations().length"
        )
        == 0
    )


def test_on_a_phone_it_fills_the_screen_and_the_page_does_not_zoom(new_host: NewHost) -> None:
    host = new_host(viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    page = host.open()
    page.locator(LAUNCHER).tap()
    panel = box(page, "[part=panel]")
    assert (panel["x"], panel["y"], panel["width"], panel["height"]) == (0, 0, 375, 667)
    sizes = page.locator("[part=input]").evaluate_all("all => all.map(e => getComputedStyle(e).fontSize)")
    assert set(sizes) == {"16px"}
    for target in (LAUNCHER, "[part=close]", SUBMIT):
        assert page.locator(target).evaluate("e => e.offsetHeight") >= 44
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    look(page, "phone")
    send(page)


def test_a_page_enlarged_four_times_does_not_scroll_sideways(new_host: NewHost) -> None:
    page = new_host(viewport={"width": 320, "height": 256}).open_form()
    wide = "document.querySelector('section').shadowRoot.querySelector('dialog')"
    assert page.evaluate(f"{wide}.scrollWidth <= {wide}.clientWidth")


@pytest.mark.parametrize("how", ["blocker", "policy"])
def test_without_the_script_the_link_is_a_link(new_host: NewHost, how: str) -> None:
    host = new_host(expect="widget.js" if how == "policy" else "ERR_BLOCKED_BY_CLIENT")
    if how == "policy":
        host.company.headers = {"Content-Security-Policy": "default-src 'self'"}
    else:
        host.page.route("**/widget.js*", lambda route: route.abort("blockedbyclient"))
    page = host.open(body='<a href="{base}/s/default" data-handbell>Need help?</a>')
    page.get_by_role("link", name="Need help?").click()
    page.wait_for_url(re.compile(r"/s/default$"))


def test_a_modal_of_the_page_is_open(host: Host) -> None:
    modal = "<dialog id=m><h2>Basket</h2>" + LINK + "<button>Pay</button></dialog>"
    js = """addEventListener('DOMContentLoaded', () => {
        const modal = document.querySelector('#m');
        modal.showModal();
        document.addEventListener('focusin', e => {
            if (!modal.contains(e.target)) modal.querySelector('button').focus();
        });
    })"""
    page = host.open(body=modal, js=js)
    page.get_by_role("link", name="Need help?").click()
    page.get_by_label("Problem").wait_for()
    assert page.get_by_label("Problem").evaluate("e => e.matches(':focus')")
    look(page, "modal")
    page.keyboard.press("Escape")
    page.get_by_label("Problem").wait_for(state="hidden")
    assert page.get_by_role("button", name="Pay").is_visible()
    page.get_by_role("link", name="Need help?").click()
    send(page)


def test_a_page_with_ears_and_habits_of_its_own(host: Host) -> None:
    js = """window.messages = [];
        window.onmessage = e => { messages.push(e.data); throw new Error('not for me'); };
        for (const type of ['click', 'submit', 'keydown', 'input', 'focusin']) {
            document.addEventListener(type, e => e.stopImmediatePropagation());
            window.addEventListener(type, e => e.stopPropagation());
        }
        Object.defineProperty(Array.prototype, 'surprise', {value: 1, enumerable: true});"""
    page = host.open(js=js)
    page.locator(LAUNCHER).click()
    send(page)
    assert page.evaluate("messages") == []


def test_colours_and_parts_are_the_pages_to_choose(host: Host) -> None:
    css = """:root { --handbell-colour: #7a1f5c; --handbell-font: Georgia, serif; --handbell-scheme: dark }
        section::part(launcher) { border-radius: 24px }"""
    page = host.open_form(css=css)
    style = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderRadius] }"
    assert page.locator(LAUNCHER).evaluate(style) == ["rgb(122, 31, 92)", "24px"]
    assert page.locator("[part=panel]").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(25, 32, 39)"
    look(page, "themed")
