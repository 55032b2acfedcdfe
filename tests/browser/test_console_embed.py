"""The Start API and Embed pages in Chromium: a snippet is built, previewed and used; a trial call reaches the queue."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.host_page import LAUNCHER, SUBMIT
from tests.browser.journeys import LATE, log_in
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
SCREENSHOTS = os.environ.get("HANDBELL_TEST_SCREENSHOTS")
EMBED, START_API = "/console/sites/default/embed", "/console/sites/default/start-api"


@pytest.fixture
def page(new_page: NewPage, live: LiveServer) -> Page:
    """An administrator's page in the console."""
    page = new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    log_in(page, live)
    return page


def test_a_snippet_is_built_seen_and_used(page: Page) -> None:
    page.goto(EMBED)
    shown = page.frame_locator("#preview")
    expect(shown.get_by_role("link", name="Get support")).to_be_visible()
    expect(page.get_by_role("button", name="Update")).to_be_hidden()
    page.get_by_label("A floating button").check()
    text = page.get_by_label("Text of the link or button")
    text.fill('Ring "us" </script>')
    expect(page.locator("#snippet")).to_contain_text('data-text="Ring &quot;us&quot; &lt;/script&gt;"')
    expect(text).to_be_focused()
    expect(shown.locator(LAUNCHER)).to_have_text('Ring "us" </script>')
    page.get_by_label("Colour of buttons").fill("#7a1f5c")
    page.get_by_label("Department, chosen beforehand").select_option("20")
    page.get_by_text("Filled in beforehand").click()
    page.get_by_label("Problem").fill("It hums.\nLoudly.")
    expect(page.locator("#snippet")).to_contain_text("data-department")
    expect(page.locator("#snippet")).to_contain_text("Loudly")
    expect(shown.locator(LAUNCHER)).to_have_css("background-color", "rgb(122, 31, 92)")
    page.locator("#preview").scroll_into_view_if_needed()
    shown.locator(LAUNCHER).click()
    expect(shown.get_by_label("Problem")).to_have_value("It hums.\nLoudly.")
    expect(shown.locator("select")).to_have_value("20")
    shown.get_by_label("Your name").fill("Preview Quill")
    shown.locator(SUBMIT).click()
    expect(shown.get_by_role("heading", name="Your session is ready")).to_be_visible()
    page.reload()
    expect(text).to_have_value('Ring "us" </script>')
    expect(page.locator("#snippet")).to_contain_text("data-colour")
    page.go_back()
    page.wait_for_url("**/console/")


def test_a_colour_is_picked(page: Page) -> None:
    page.goto(f"{EMBED}?place=button")
    page.get_by_label("Choose a colour").fill("#7a1f5c")
    expect(page.get_by_label("Colour of buttons")).to_have_value("#7a1f5c")
    expect(page.locator("#snippet")).to_contain_text('data-colour="#7a1f5c"')
    page.get_by_label("Colour of buttons").fill("#0B5C68")
    expect(page.get_by_label("Choose a colour")).to_have_value("#0b5c68")


def test_the_code_for_what_a_page_is_made_with(page: Page) -> None:
    page.goto(EMBED)
    page.get_by_label("Text of the link or button").fill("Ring us")
    expect(page.locator("#snippet")).to_contain_text(">Ring us</a>")
    page.get_by_role("link", name="React").click()
    expect(page.locator("#snippet-label")).to_contain_text("GetSupport.jsx")
    expect(page.locator("#snippet")).to_contain_text('{"Ring us"}</a>')
    page.get_by_label("Text of the link or button").fill("Ring you")
    expect(page.locator("#snippet")).to_contain_text('{"Ring you"}</a>')
    expect(page.get_by_role("link", name="React")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="WordPress").click()
    expect(page.locator("#snippet")).to_have_text('[handbell text="Ring you"]')


def test_what_cannot_be_used_is_said_while_one_types(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(expect=LATE, locale="en-US")
    log_in(page, live)
    page.goto(EMBED)
    page.get_by_label("Colour of buttons").fill("#ffee00")
    expect(page.locator("#left-out")).to_contain_text("White text is hard to read on this colour.")
    expect(page.locator("#snippet")).not_to_contain_text("ffee00")
    page.get_by_label("Colour of buttons").fill("")
    expect(page.locator("#left-out")).to_have_text("")


def test_without_script_it_is_built_by_a_press(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(java_script_enabled=False, locale="en-US")
    log_in(page, live)
    page.goto(EMBED)
    page.get_by_label("The form in the page").check()
    page.get_by_label("Language").select_option("de")
    page.get_by_role("button", name="Update").click()
    expect(page.locator("#snippet")).to_contain_text('data-mode="inline"')
    expect(page.frame_locator("#preview").get_by_role("link", name="Hilfe anfordern")).to_be_visible()
    page.goto(START_API)
    page.get_by_role("button", name="Show the key").click()
    expect(page.locator("#uid")).to_have_text(live.uid())
    page.get_by_role("button", name="Make the call").click()
    expect(page.get_by_role("heading", name="is open")).to_be_visible()


def test_it_is_copied(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(locale="en-US", permissions=["clipboard-read", "clipboard-write"])
    log_in(page, live)
    page.goto(EMBED)
    page.get_by_label("A floating button").check()
    expect(page.locator("#snippet")).to_contain_text('data-mode="button"')
    page.locator("[data-copy=snippet]").click()
    expect(page.locator("[data-copy=snippet]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#snippet").inner_text()


def test_a_trial_is_in_the_queue_until_it_is_cancelled(page: Page) -> None:
    page.goto(START_API)
    page.get_by_label("Customer_name").fill("Trial <b>Quill</b>")
    page.get_by_label("Department").fill("id_20")
    page.get_by_role("button", name="Make the call").dblclick()
    answer = page.get_by_role("heading", name="is open")
    expect(answer).to_be_focused()
    number = answer.inner_text().split()[1]
    expect(page.locator("#sent")).to_contain_text("UID=********")
    expect(page.locator("#got")).to_contain_text("HTTP/1.1 200")
    trial = page.url
    page.goto("/console/?queue=departments")
    rows = page.get_by_role("row").filter(has_text="Trial <b>Quill</b>")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(number)
    page.goto(START_API)
    page.get_by_label("Customer_name").fill("Trial Two")
    page.get_by_role("button", name="Make the call").click()
    page.get_by_role("button", name="Cancel this ticket").click()
    expect(page.locator("p.saying")).to_contain_text("is cancelled.")
    page.goto("/console/?queue=departments")
    expect(page.get_by_role("row").filter(has_text="Trial Two")).to_have_count(0)
    assert trial.partition("#")[0].endswith("/start-api/try")


def test_a_key_is_made_anew_and_revoked(page: Page, live: LiveServer) -> None:
    live.run("site", "add", "keys", "--name", "Keys")
    old = live.uid("keys")
    page.goto("/console/sites/keys/start-api")
    assert old not in page.content()
    page.locator("summary", has_text="Make a new key").click()
    page.get_by_role("button", name="Make a new key").click()
    expect(page.locator("p.saying")).to_contain_text("There is a new key.")
    expect(page.get_by_text("The older key works until")).to_be_visible()
    page.get_by_role("button", name="Show the key").click()
    expect(page.locator("#uid")).to_have_text(live.uid("keys"))
    assert live.uid("keys") != old
    page.locator("summary", has_text="Revoke the key").click()
    page.get_by_label("Yes, refuse every program from now on").check()
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("There is no key: every call is refused")).to_be_visible()


@pytest.mark.full
def test_they_look_right(new_page: NewPage, live: LiveServer, look: Look) -> None:
    page = new_page(expect=LATE, bypass_csp=True, reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    log_in(page, live)
    for place in ("link", "button", "inline"):
        page.goto(f"{EMBED}?place={place}&colour=%23ffee00&problem=x")
        look(page, f"embed, {place}")
        page.goto(f"{EMBED}/preview?place={place}")
        look(page, f"preview, {place}")
    page.goto(START_API)
    page.evaluate("document.querySelectorAll('details').forEach(part => { part.name = ''; part.open = true; })")
    look(page, "start api")
    page.get_by_role("button", name="Show the key").click()
    page.locator("#uid").wait_for()
    page.evaluate("scrollTo(0, 0)")  # the address scrolls to the key, and the frame would cover what is above it
    look(page, "start api with its key")
    page.get_by_role("button", name="Make the call").click()
    page.get_by_role("heading", name="is open").wait_for()
    page.evaluate("scrollTo(0, 0)")
    look(page, "start api, tried")


def test_from_right_to_left_and_for_the_docs(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    log_in(page, live)
    live.run("site", "set", "default", "--origin", "https://www.example.com")
    page.goto(f"{EMBED}?lang=ar&place=button&language=ar")
    launcher = page.frame_locator("#preview").locator(LAUNCHER)
    frame, box = page.locator("#preview").bounding_box(), launcher.bounding_box()
    assert frame
    assert box
    assert box["x"] - frame["x"] < frame["width"] / 2, "the end of an Arabic line is on the left"
    page.goto(f"{EMBED}?place=button&colour=%237a1f5c")
    expect(launcher).to_be_visible()
    expect(page.locator("dialog")).to_be_hidden()
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / "embed-page.png")
