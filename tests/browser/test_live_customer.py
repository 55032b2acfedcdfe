"""The live session from the customer's side, with real pages on both sides."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import APPLET, LATE, fill
from tests.browser.live_pages import (
    FAKE_DEVICES,
    REFUSING,
    THIS_TAB,
    ask_for_help,
    claim,
    conversation,
    hire,
    launched,
    say,
    sees_frames,
    show_screen,
    sit_down,
    until,
)
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1280, "height": 900}
# As on a phone, whose browser has a camera and no picker.
NO_PICKER = "if (navigator.mediaDevices) delete MediaDevices.prototype.getDisplayMedia;"
NO_DEVICES = "Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"
POINTER = """() => {
    const shown = window.documentPictureInPicture?.window?.document ?? document;
    const pointer = shown.querySelector('#pointer');
    return pointer && !pointer.hidden && [parseFloat(pointer.style.left), parseFloat(pointer.style.top)];
}"""
Customer = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """A Chromium with a made-up screen, camera and microphone, which it gives without asking."""
    with launched(browser, *FAKE_DEVICES) as other:
        yield other


@pytest.fixture(scope="module")
def live(live: LiveServer) -> LiveServer:
    """The demo desk with Wei Chen."""
    hire(live)
    return live


@pytest.fixture
def wei(new_page: NewPage) -> Page:
    """Wei, logged in."""
    return sit_down(new_page(expect=LATE, locale="en-US", viewport=DESKTOP))


@pytest.fixture
def zoe(new_page: NewPage) -> Page:
    """A customer's page, into which axe can be injected."""
    return new_page(expect=LATE, locale="en-US", viewport=DESKTOP, bypass_csp=True, reduced_motion="reduce")


def test_from_the_first_word_to_the_picture(zoe: Page, wei: Page, look: Look) -> None:
    number = ask_for_help(zoe)
    say(zoe, "Hello, is anybody there?")
    expect(conversation(zoe)).to_contain_text("Delivered")
    look(zoe, "waiting")
    claim(wei, number)
    expect(zoe.get_by_role("heading", level=1)).to_have_text("Your technician is here")
    expect(zoe).to_have_title("Your technician is here – Example Help")
    expect(conversation(wei)).to_contain_text("Hello, is anybody there?")
    say(wei, "Good morning! May I see it?")
    expect(conversation(zoe)).to_contain_text("Good morning! May I see it?")
    expect(conversation(zoe).locator(".mine").last).to_contain_text("Read")
    wei.get_by_label("Message").press_sequentially("One mo")
    expect(zoe.get_by_text("Wei Chen is writing…")).to_be_visible()

    wei.get_by_role("button", name="Ask to see the screen").click()
    expect(zoe.locator("#screen-now")).to_have_text("Wei Chen asks to see your screen.")
    look(zoe, "asked")
    zoe.get_by_role("button", name="Not now").click()
    expect(conversation(wei)).to_contain_text(re.compile("not", re.IGNORECASE))
    expect(zoe.locator("#screen-now")).to_contain_text("You do not show your screen.")

    zoe.get_by_role("button", name="Show my screen").click()
    words = zoe.get_by_role("dialog", name="Before you show your screen")
    expect(words).to_contain_text("Wei Chen will see what you choose.")
    look(zoe, "before the picker")
    words.get_by_role("button", name="Choose what to show").click()
    sees_frames(wei)
    stop = zoe.get_by_role("button", name="Stop sharing")
    expect(stop).to_be_in_viewport()
    look(zoe, "shown")
    wei.locator("video").hover()
    until(zoe, lambda: zoe.evaluate(POINTER), "the pointer is not shown")
    stop.click()
    expect(wei.locator("video")).to_be_hidden()
    expect(zoe.locator("#screen-now")).to_have_text("Stopped. Wei Chen sees nothing any more.")
    expect(stop).to_be_hidden()
    look(zoe, "stopped")


def test_a_picture_of_the_screen_is_kept_and_drawn_on_in_sight(zoe: Page, new_page: NewPage, look: Look) -> None:
    zoe.context.add_init_script("delete window.documentPictureInPicture")
    wei = sit_down(new_page(expect=LATE, locale="en-US", viewport=DESKTOP, bypass_csp=True))
    claim(wei, ask_for_help(zoe))
    expect(wei.get_by_role("button", name="Keep a picture")).to_be_hidden()
    show_screen(zoe)
    sees_frames(wei)
    wei.get_by_role("button", name="Keep a picture").click()
    for page, words in ((zoe, "Picture of what you showed"), (wei, "Picture of what the customer showed")):
        expect(conversation(page).get_by_text(words, exact=True)).to_be_visible()
        expect(conversation(page).locator(".kept img")).to_have_count(1)
    wei.get_by_role("button", name="Draw on a picture").click()
    dialog = wei.get_by_role("dialog", name="Draw on a picture")
    board = dialog.locator("canvas")
    look(wei, "drawing on a picture")
    box = board.bounding_box()
    assert box
    wei.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    wei.mouse.down()
    wei.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4, steps=5)
    wei.mouse.up()
    board.focus()
    wei.keyboard.press("ArrowDown")
    wei.keyboard.press("Enter")
    dialog.get_by_role("button", name="Send to the customer").click()
    expect(dialog).to_be_hidden()
    expect(conversation(zoe).get_by_text("Picture of what you showed, with marks")).to_be_visible()
    expect(conversation(zoe).locator(".kept img")).to_have_count(2)
    source = conversation(zoe).locator(".kept img").last.get_attribute("src")
    drawn = Image.open(BytesIO(zoe.request.get(str(source)).body())).convert("RGB")
    assert drawn.size == (1280, 720)
    red, green, blue = drawn.getpixel((480, 180))  # type: ignore[misc]  # RGB has three
    assert (red > 180, green < 90, blue < 90) == (True, True, True)
    zoe.get_by_role("button", name="Stop sharing").first.click()
    expect(wei.get_by_role("button", name="Keep a picture")).to_be_hidden()


def test_the_end_and_what_is_left(zoe: Page, wei: Page, look: Look, tmp_path: Path) -> None:
    number = ask_for_help(zoe)
    say(zoe, "Hello, is anybody there?")
    claim(wei, number)
    say(wei, "Good morning! May I see it?")
    show_screen(zoe)
    sees_frames(wei)
    zoe.get_by_role("button", name="End session").click()
    expect(zoe.get_by_role("heading", level=1)).to_have_text("Your session has ended")
    expect(wei.locator("video")).to_be_hidden()
    expect(conversation(zoe)).to_contain_text("You ended the session.")
    look(zoe, "ended")
    with zoe.expect_download() as kept:
        zoe.get_by_role("button", name="Keep it as a file").click()
    kept.value.save_as(tmp_path / "kept.html")
    text = (tmp_path / "kept.html").read_text("utf-8")
    assert "Hello, is anybody there?" in text
    assert "Wei Chen: </b>Good morning! May I see it?" in text
    zoe.get_by_label("Anything you want to add?").fill("Wei was kind.")
    zoe.get_by_role("button", name="Yes", exact=True).click()
    expect(zoe.get_by_text("Thank you for your answer.")).to_be_focused()
    look(zoe, "answered")


def test_reloads_on_either_side(zoe: Page, wei: Page) -> None:
    claim(wei, ask_for_help(zoe))
    show_screen(zoe)
    sees_frames(wei)
    wei.reload()
    sees_frames(wei)
    zoe.get_by_label("Message").fill("Half a sentence")
    zoe.reload()
    expect(zoe.get_by_label("Message")).to_have_value("Half a sentence")
    expect(wei.locator("video")).to_be_hidden()
    expect(zoe.locator("#screen-now")).to_have_text("Stopped. Wei Chen sees nothing any more.")
    expect(conversation(zoe).get_by_text("You no longer show anything.")).to_have_count(1)
    show_screen(zoe)
    sees_frames(wei)


def test_a_closed_picker_is_a_refusal(browser: Browser, live: LiveServer, wei: Page) -> None:
    with launched(browser, *REFUSING, whole=True) as refusing:
        context = refusing.new_context(base_url=live.base_url, locale="en-US")
        context.add_init_script(THIS_TAB)
        zoe = context.new_page()
        claim(wei, ask_for_help(zoe))
        wei.get_by_role("button", name="Ask to see the screen").click()
        expect(zoe.get_by_role("button", name="Not now")).to_be_visible()
        show_screen(zoe)
        expect(zoe.get_by_role("alert").filter(has_text="Nothing is shown.")).to_be_visible()
        expect(conversation(zoe)).to_contain_text("You did not show your screen.")
        expect(zoe.get_by_role("button", name="Stop sharing")).to_be_hidden()
        context.close()


def phone(new_page: NewPage, script: str = NO_PICKER) -> Page:
    page = new_page(
        expect=LATE,
        locale="en-US",
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    page.add_init_script(script)
    return page


def test_a_phone_shows_its_camera_and_goes_on_on_a_computer(
    new_page: NewPage, wei: Page, zoe: Page, look: Look
) -> None:
    on_phone = phone(new_page)
    number = ask_for_help(on_phone)
    say(on_phone, "From my phone")
    claim(wei, number)
    on_phone.get_by_role("button", name="Show my screen").click()
    expect(on_phone.get_by_role("dialog")).to_contain_text("cannot show its screen")
    look(on_phone, "a phone")
    on_phone.get_by_role("button", name="Use the camera").click()
    sees_frames(wei)
    expect(on_phone.get_by_role("region", name="What you show")).to_be_visible()
    on_phone.get_by_role("button", name="Stop sharing").click()
    on_phone.get_by_role("button", name="Show my screen").click()
    on_phone.get_by_role("dialog").get_by_role("button", name="Open this on my computer").click()
    code = on_phone.get_by_role("region", name="Open this on my computer")
    expect(code).to_be_focused()
    look(on_phone, "the number for the computer")

    zoe.goto("/pin")
    zoe.get_by_role("textbox").fill(code.locator(".big").inner_text())
    zoe.get_by_role("textbox").press("Enter")
    zoe.wait_for_url(APPLET)
    expect(conversation(zoe)).to_contain_text("From my phone")
    expect(on_phone.get_by_role("heading", level=1)).to_have_text("This page went on elsewhere")
    show_screen(zoe)
    sees_frames(wei)


def test_where_nothing_can_be_shown_it_is_said(new_page: NewPage, wei: Page) -> None:
    on_http = phone(new_page, NO_DEVICES)
    claim(wei, ask_for_help(on_http))
    on_http.get_by_role("button", name="Show my screen").click()
    expect(on_http.get_by_role("dialog")).to_contain_text("only on secure pages (https)")
    expect(on_http.get_by_role("button", name="Use the camera")).to_be_hidden()
    on_http.get_by_role("button", name="Not now").click()
    expect(on_http.get_by_role("button", name="Talk", exact=True)).to_be_hidden()


def test_voice_begins_when_both_press(zoe: Page, wei: Page, look: Look) -> None:
    claim(wei, ask_for_help(zoe))
    talk, now = zoe.get_by_role("button", name="Talk", exact=True), zoe.locator("#voice-now")
    expect(now).to_contain_text("Your microphone is off.")
    talk.click()
    expect(now).to_contain_text("Your microphone is ready.")
    wei.get_by_role("button", name="Talk", exact=True).click()
    expect(now).to_have_text("You hear each other.")
    until(zoe, lambda: zoe.locator("#other-level").evaluate("meter => meter.value > 0"), "nothing is heard")
    look(zoe, "voice")
    zoe.get_by_role("button", name="Mute").click()
    expect(now).to_have_text("You hear Wei Chen. They do not hear you.")
    zoe.get_by_role("button", name="Stop talking").click()
    expect(now).not_to_contain_text("You hear")


def test_what_is_written_without_a_line_arrives_once(new_page: NewPage, wei: Page) -> None:
    zoe = new_page(expect="Failed to load resource", locale="en-US")
    claim(wei, ask_for_help(zoe))
    expect(conversation(zoe)).to_contain_text("Wei Chen is here to help you.")
    zoe.context.set_offline(True)
    say(zoe, "Written in a tunnel")
    expect(conversation(zoe)).to_contain_text("Not sent yet.")
    zoe.context.set_offline(False)
    expect(conversation(wei)).to_contain_text("Written in a tunnel")
    expect(conversation(zoe).locator(".mine").last).to_contain_text(re.compile("Delivered|Read"))
    expect(conversation(wei).get_by_text("Written in a tunnel")).to_have_count(1)


def test_a_background_tab_counts_in_its_title(zoe: Page, wei: Page) -> None:
    number = ask_for_help(zoe)
    expect(conversation(zoe)).to_be_visible()
    zoe.evaluate("document.hasFocus = () => false")  # a headless page always has the focus
    claim(wei, number)
    say(wei, "Are you there?")
    expect(zoe).to_have_title(re.compile(r"^\(\d\) Your technician is here"))
    zoe.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
    expect(zoe).to_have_title("Your technician is here – Example Help")


def tab_to(page: Page, name: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if (
            page.evaluate("document.activeElement.matches('button, summary') && document.activeElement.textContent")
            == name
        ):
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_the_keyboard_alone_leads_from_the_claim_to_the_end(zoe: Page, wei: Page) -> None:
    claim(wei, ask_for_help(zoe))
    wei.get_by_role("button", name="Ask to see the screen").click()
    expect(zoe.get_by_role("button", name="Not now")).to_be_visible()
    tab_to(zoe, "Show my screen")
    zoe.keyboard.press("Enter")
    expect(zoe.get_by_role("button", name="Choose what to show")).to_be_focused()
    zoe.keyboard.press("Enter")
    expect(zoe.get_by_role("button", name="Stop sharing")).to_be_focused()
    sees_frames(wei)
    zoe.keyboard.press("Enter")
    expect(zoe.get_by_role("button", name="Show my screen")).to_be_focused()
    tab_to(zoe, "Send")
    zoe.keyboard.press("Shift+Tab")
    zoe.keyboard.type("Thank you")
    zoe.keyboard.press("Enter")
    expect(conversation(wei)).to_contain_text("Thank you")
    tab_to(zoe, "End session")
    zoe.keyboard.press("Enter")
    expect(zoe.get_by_role("heading", level=1)).to_have_text("Your session has ended")


def test_without_script_the_conversation_is_a_form(new_page: NewPage, wei: Page) -> None:
    page = new_page(java_script_enabled=False, expect=LATE, locale="en-US")
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    say(page, "No script here")
    expect(conversation(page)).to_contain_text("No script here")
    number = page.locator(".tile .big").nth(1).inner_text()
    claim(wei, number)
    say(wei, "That is fine")
    expect(conversation(wei)).to_contain_text("Delivered")
    page.get_by_role("link", name="Refresh").click()
    expect(conversation(page)).to_contain_text("That is fine")
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.get_by_text("Thank you for your answer.")).to_be_visible()
