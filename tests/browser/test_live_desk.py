"""The live session from the technician's side, with real pages on both sides."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, reach_applet
from tests.browser.live_pages import (
    FAKE_DEVICES,
    PASSWORD,
    claim,
    conversation,
    launched,
    say,
    sees_frames,
    show_screen,
    sit_down,
    until,
)
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
KEEP_TRACKS = """() => {
    const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    window.kept = [];
    navigator.mediaDevices.getDisplayMedia = async options => {
        const stream = await real(options);
        kept.push(...stream.getTracks());
        return stream;
    };
}"""
NO_PICTURE = "document.querySelector('video').srcObject === null"
Customer = Callable[[], Page]
Seat = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """A Chromium that shares a moving picture without asking, and has a microphone."""
    with launched(browser, *FAKE_DEVICES) as other:
        yield other


@pytest.fixture(scope="module")
def desk(live: LiveServer) -> LiveServer:
    """Wei in department 10 and Noor in 20; and Alex, an administrator, with the same password."""
    live.run("technician", "password", "alex@example.com", "--password-file", "-", stdin=PASSWORD)
    for mail, name, department in (("wei@example.com", "Wei Chen", "10"), ("noor@example.com", "Noor Haddad", "20")):
        options = ("--name", name, "--department", department, "--password-file", "-")
        live.run("technician", "add", mail, *options, stdin=PASSWORD)
    return live


@pytest.fixture
def seat(new_page: NewPage, desk: LiveServer) -> Seat:
    """A technician at the console, on the list where a log-in lands."""

    def sit(mail: str = "wei@example.com", **options: object) -> Page:
        page = new_page(expect=LATE, locale="en-US", viewport={"width": 1280, "height": 900}, **options)
        return sit_down(page, mail)

    return sit


@pytest.fixture
def customer(new_page: NewPage, desk: LiveServer) -> Customer:
    """A customer who waits on the applet's page."""

    def come() -> Page:
        page = new_page(expect=LATE, locale="en-US", viewport={"width": 1280, "height": 900})
        page.context.add_init_script("delete window.documentPictureInPicture")  # the preview stays in the page
        reach_applet(page)
        return page

    return come


def number_of(customer: Page) -> str:
    return customer.locator(".tile .big").filter(has_text=re.compile(r"^\d{6,}$")).inner_text()


def claimed(technician: Page, customer: Page) -> None:
    """The technician has the customer's ticket, and its page is open."""
    claim(technician, number_of(customer))


@pytest.mark.full
def test_from_the_first_word_to_the_picture_and_its_end(seat: Seat, customer: Customer, look: Look) -> None:
    zoe, wei = customer(), seat()
    say(zoe, "Hello, is anybody there?")
    wei.goto(f"/console/tickets/{number_of(zoe)}")
    expect(conversation(wei)).to_contain_text("Hello, is anybody there?")
    expect(wei.get_by_label("Message")).to_be_hidden()
    look(wei, "a ticket that waits")
    claimed(wei, zoe)
    expect(wei.locator("#other")).to_have_text("Zoë Quill is here.")
    say(wei, "I am. May I see your screen?")
    expect(conversation(zoe)).to_contain_text("May I see your screen?")
    expect(conversation(wei).locator(".mine").last).to_contain_text("Read")
    zoe.get_by_label("Message").press_sequentially("Y")
    expect(wei.locator("#other")).to_have_text("Zoë Quill is writing…")
    zoe.get_by_label("Message").fill("")
    wei.get_by_role("button", name="Ask to see the screen").click()
    expect(wei.get_by_text("The customer decides.")).to_be_visible()
    expect(conversation(zoe)).to_contain_text("Wei Chen asks to see your screen.")
    show_screen(zoe)
    sees_frames(wei)
    expect(conversation(wei)).to_contain_text("The customer shows the whole screen.")
    expect(wei.locator("#screen-path")).to_have_text("Direct connection")
    expect(wei.locator("#browser")).to_contain_text("Chrome")
    look(wei, "a screen is shared")

    picture = wei.locator("#picture")
    picture.hover()
    expect(zoe.locator("#pointer")).to_be_visible()
    wei.get_by_label("Show my pointer").uncheck()
    expect(zoe.locator("#pointer")).to_be_hidden()
    wei.get_by_role("button", name="1:1").click()
    expect(wei.get_by_role("button", name="1:1")).to_have_attribute("aria-pressed", "true")
    assert wei.locator("video").evaluate("video => video.clientWidth === video.videoWidth")

    wei.reload()
    sees_frames(wei)
    zoe.get_by_role("button", name="Stop sharing").first.click()
    expect(conversation(wei)).to_contain_text("The customer no longer shows anything.")
    expect(wei.locator("video")).to_be_hidden()
    expect(wei.get_by_role("button", name="Ask to see the screen")).to_be_visible()
    zoe.close()
    expect(wei.locator("#other")).to_contain_text("Zoë Quill has been gone since")


def test_stop_viewing_ends_the_capture_of_the_customer_too(seat: Seat, customer: Customer, look: Look) -> None:
    zoe, wei, alex = customer(), seat(), seat("alex@example.com")
    zoe.evaluate(KEEP_TRACKS)
    claimed(wei, zoe)
    alex.goto(f"/console/tickets/{number_of(zoe)}")
    alex.get_by_role("button", name="Join the conversation").click()
    wei.get_by_role("button", name="Ask to see the screen").click()
    expect(zoe.get_by_role("button", name="Not now")).to_be_visible()
    show_screen(zoe)
    sees_frames(wei)
    sees_frames(alex)
    expect(alex.get_by_role("button", name="Stop viewing")).to_be_hidden()
    wei.get_by_role("button", name="Stop viewing").click()
    expect(wei.get_by_role("button", name="Ask to see the screen")).to_be_focused()
    assert wei.evaluate(NO_PICTURE)
    expect(zoe.locator("#screen-now")).to_have_text("Stopped. Wei Chen sees nothing any more.")
    assert zoe.evaluate("kept.map(track => track.readyState)") == ["ended"]
    for page in (zoe, wei, alex):
        expect(conversation(page)).to_contain_text("Wei Chen stopped viewing. Nothing is shown any more.")
    expect(zoe.get_by_role("button", name="Stop sharing")).to_have_count(0)
    expect(alex.locator("video")).to_be_hidden()
    look(zoe, "the technician stopped viewing")
    wei.get_by_role("button", name="Ask to see the screen").click()
    expect(zoe.locator("#screen-now")).to_have_text("Wei Chen asks to see your screen.")
    show_screen(zoe)
    sees_frames(wei)
    assert zoe.evaluate("kept.map(track => track.readyState)") == ["ended", "live"]


def test_taking_over_ends_the_picture_and_the_new_one_asks_anew(seat: Seat, customer: Customer, look: Look) -> None:
    zoe, wei, noor = customer(), seat(), seat("noor@example.com")
    claimed(wei, zoe)
    say(wei, "Please show me.")
    show_screen(zoe)
    sees_frames(wei)
    noor.goto(f"/console/tickets/{number_of(zoe)}")
    expect(conversation(noor)).to_contain_text("Please show me.")
    expect(noor.get_by_label("Message")).to_be_hidden()
    noor.get_by_text("Take over", exact=True).click()
    noor.get_by_role("button", name="Take the ticket over").click()
    expect(wei.locator("video")).to_be_hidden()
    expect(wei.get_by_label("Message")).to_be_hidden()
    expect(wei.get_by_role("button", name="Close ticket")).to_have_count(0)
    expect(wei.locator("#ticket-now")).to_contain_text("Noor Haddad has this ticket.")
    look(wei, "a colleague took over")
    expect(zoe.get_by_role("button", name="Stop sharing").first).to_be_hidden()
    expect(conversation(noor)).to_contain_text("Noor Haddad takes over.")
    noor.get_by_role("button", name="Ask to see the screen").click()
    expect(conversation(zoe)).to_contain_text("Noor Haddad asks to see your screen.")
    show_screen(zoe)
    sees_frames(noor)
    assert wei.evaluate(NO_PICTURE)


def test_a_supervisor_joins_by_name_and_leaves(seat: Seat, customer: Customer) -> None:
    zoe, wei, alex = customer(), seat(), seat("alex@example.com")
    claimed(wei, zoe)
    alex.goto(f"/console/tickets/{number_of(zoe)}")
    expect(alex.get_by_label("Message")).to_be_hidden()
    alex.get_by_role("button", name="Join the conversation").click()
    for page in (zoe, wei):
        expect(conversation(page)).to_contain_text("Alex Meyer joins the conversation.")
    say(alex, "I help Wei.")
    expect(conversation(zoe).get_by_text("Alex Meyer", exact=True)).to_be_visible()
    expect(conversation(wei)).to_contain_text("I help Wei.")
    show_screen(zoe)
    sees_frames(wei)
    sees_frames(alex)
    alex.get_by_role("button", name="Leave the conversation").click()
    expect(conversation(zoe)).to_contain_text("Alex Meyer has left the conversation.")
    expect(alex.locator("video")).to_be_hidden()
    expect(alex.get_by_label("Message")).to_be_hidden()


def test_both_hear_each_other_once_both_press_speak(seat: Seat, customer: Customer) -> None:
    zoe, wei = customer(), seat()
    claimed(wei, zoe)
    wei.get_by_role("button", name="Talk").click()
    expect(wei.locator("#voice-words")).to_contain_text("hears you when they press")
    assert wei.evaluate("document.querySelector('audio').srcObject") is None
    zoe.get_by_role("button", name="Talk").click()
    expect(wei.locator("#voice-words")).to_have_text("You hear each other.")
    until(wei, lambda: wei.evaluate("document.querySelector('#their-level').value > 0"), "nothing is heard")
    wei.get_by_role("button", name="Talk").click()
    expect(wei.locator("#voice-words")).to_contain_text("would like to talk with you.")
    assert wei.evaluate("document.querySelector('audio').srcObject") is None


def test_two_technicians_and_three_customers_at_once(seat: Seat, customer: Customer, look: Look) -> None:
    ada, bo, cy = customer(), customer(), customer()
    wei, noor = seat(), seat("noor@example.com")
    claimed(wei, ada)
    second = wei.context.new_page()
    claimed(second, bo)
    claimed(noor, cy)
    for technician, their, text in ((wei, ada, "To Ada"), (second, bo, "To Bo"), (noor, cy, "To Cy")):
        say(technician, text)
        expect(conversation(their)).to_contain_text(text)
    second.goto("/console/")
    say(bo, "Are you still there?")
    say(bo, "Hello?")
    row = second.locator(f"#sessions #t-{number_of(bo)}")
    expect(row).to_contain_text("✉ 2")
    expect(second).to_have_title("🔔 ✉2 Queue · For me – Handbell")
    expect(second.locator(f"#sessions #t-{number_of(ada)}")).not_to_contain_text("✉")
    expect(second.locator(f"#t-{number_of(cy)}")).to_have_count(0)
    look(second, "for me, with unread lines")
    row.get_by_role("link").click()
    expect(conversation(second)).to_contain_text("Hello?")
    expect(conversation(second)).not_to_contain_text("To Ada")
    second.get_by_role("link", name="Back to the queue").click()
    expect(second.locator(f"#sessions #t-{number_of(bo)}")).not_to_contain_text("✉")
    expect(second).to_have_title("Queue · For me – Handbell")


def test_a_ready_answer_is_chosen_by_keyboard(seat: Seat, customer: Customer, look: Look) -> None:
    alex = seat("alex@example.com")
    for name, text, german in (
        ("Hello", "Hello {name}, about {reference}:", "Guten Tag {name},"),
        ("How to restart", "Please restart the printer.", ""),
    ):
        alex.goto("/console/desk/answers/add")
        alex.get_by_label("Name").fill(name)
        alex.get_by_label("Text", exact=True).fill(text)
        alex.get_by_text("In other languages").click()
        alex.get_by_label("German").fill(german)
        alex.get_by_role("button", name="Save").click()
        expect(alex.locator("p.saying")).to_have_text("The answer has been added.")
    look(alex, "ready answers")
    zoe = customer()
    claimed(alex, zoe)
    field = alex.get_by_label("Message")
    field.press_sequentially("/h")
    options = alex.get_by_role("listbox", name="Ready answers").get_by_role("option")
    expect(options).to_have_count(2)
    expect(alex.locator("#ready-count")).to_have_text("Ready answers: 2. Choose with the arrow keys and Enter.")
    look(alex, "ready answers are offered")
    field.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    field.press("Escape")
    expect(options).to_have_count(0)
    field.press_sequentially("el")
    field.press("Enter")
    reference = alex.locator("#reference").inner_text()
    expect(field).to_have_value(f"Hello Zoë Quill, about {reference}:")
    field.press_sequentially(" 1/2")
    field.press("Enter")
    expect(conversation(zoe)).to_contain_text(f"Hello Zoë Quill, about {reference}: 1/2")
    expect(field).to_have_value("")


@pytest.mark.full
def test_from_claim_to_end_by_keyboard_alone(seat: Seat, customer: Customer) -> None:
    zoe, wei = customer(), seat()
    number = number_of(zoe)
    for _ in range(20):
        wei.keyboard.press("j")
        if wei.evaluate("document.activeElement.closest('[data-row]')?.dataset.row") == number:
            break
    wei.keyboard.press("c")
    wei.wait_for_url(f"**/console/tickets/{number}")
    expect(wei.get_by_label("Message")).to_be_visible()
    wei.keyboard.press("m")
    wei.keyboard.type("Hello from the keyboard")
    wei.keyboard.press("Enter")
    expect(conversation(zoe)).to_contain_text("Hello from the keyboard")
    tab_to(wei, "#ask")
    wei.keyboard.press("Enter")
    expect(conversation(zoe)).to_contain_text("asks to see your screen")
    show_screen(zoe)
    sees_frames(wei)
    tab_to(wei, "#view", "Shift+Tab")
    wei.keyboard.press("ArrowRight")
    expect(zoe.locator("#pointer")).to_be_visible()
    tab_to(wei, "#stop-viewing", "Shift+Tab")
    wei.keyboard.press("Enter")
    expect(wei.locator("video")).to_be_hidden()
    tab_to(wei, "#closing_note")
    wei.keyboard.type("Done.")
    wei.keyboard.press("Tab")
    wei.keyboard.press("Enter")
    expect(wei.locator("p.saying")).to_contain_text("is closed.")
    expect(zoe.get_by_role("heading", name="Your session has ended")).to_be_visible()
    expect(wei.get_by_label("Message")).to_be_hidden()
    expect(wei.get_by_text("The conversation is over.")).to_be_visible()


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {selector}")


@pytest.mark.full
def test_a_customer_who_cancels_leaves_a_page_that_lives(seat: Seat, customer: Customer) -> None:
    zoe, wei = customer(), seat()
    number = number_of(zoe)
    wei.goto(f"/console/tickets/{number}")
    wei.get_by_label("Note", exact=True).fill("Has called before.")
    zoe.get_by_text("I no longer need help").click()
    zoe.get_by_role("button", name="Cancel my request").click()
    expect(wei.locator("#ticket-now")).to_contain_text("The customer needs no help any more.")
    expect(wei.get_by_role("button", name="Close ticket")).to_have_count(0)
    expect(wei.get_by_role("button", name="Claim")).to_have_count(0)
    expect(wei.get_by_label("Add a note")).to_have_value("Has called before.")
    expect(conversation(wei)).to_contain_text("Cancelled the request")

    bo, noor = customer(), seat("noor@example.com")
    claimed(wei, bo)
    noor.goto(f"/console/tickets/{number_of(bo)}")
    noor.evaluate("document.querySelector('#take-over [name=seen]').value = 'waiting general -'")
    noor.get_by_text("Take over", exact=True).click()
    noor.get_by_role("button", name="Take the ticket over").click()
    expect(noor.get_by_role("alert")).to_contain_text("Wei Chen has this ticket. Nothing was changed.")
    assert noor.url.endswith(f"/console/tickets/{number_of(bo)}"), "not the address of the press"
    wei.get_by_role("button", name="Return it to the queue").click()
    expect(noor.get_by_role("button", name="Claim")).to_be_visible()
