"""Customers are never stranded: blank forms, the back button, the same form twice, pages in the background."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Look, NewHost, NewPage
from tests.browser.host_page import LAUNCHER, SUBMIT
from tests.browser.journeys import APPLET, STATUS, fill, send
from tests.browser.live_pages import claim, hire, say, sit_down, until
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
EMPTY = "Please tell us what is wrong, or at least who you are, so that we can help you."
LATE = "the server responded with a status of 4"  # Chromium reports this for every 4xx page


def test_a_blank_form_asks_for_one_thing(new_page: NewPage) -> None:
    page = new_page(expect=LATE, locale="en-US")
    page.goto("/")
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name=f"Problem: {EMPTY}").click()
    expect(page.get_by_label("Problem")).to_be_focused()
    page.keyboard.type("It is broken")
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("heading", name="Your session is ready")).to_be_visible()


def test_a_blank_form_in_the_widget_asks_for_one_thing(new_host: NewHost) -> None:
    host = new_host(expect=LATE)
    page = host.open()
    page.locator(LAUNCHER).click()
    page.locator(SUBMIT).click()
    expect(page.get_by_text(EMPTY)).to_be_visible()
    expect(page.get_by_label("Problem")).to_be_focused()
    page.keyboard.type("It is broken")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()


def stay_on_status(page: Page) -> None:
    page.route("**/go/**", lambda route: route.fulfill(status=204))


def reference_of(page: Page) -> str:
    return page.locator(".reference").inner_text()


def test_going_back_and_sending_the_same_again_is_the_same_request(page: Page, live: LiveServer) -> None:
    before = len(live.run_json("request", "list"))
    stay_on_status(page)
    fill(page, problem="Sent twice")
    send(page)
    reference = reference_of(page)
    page.go_back()
    page.get_by_label("Problem").fill("Sent twice")  # whether or not the browser has kept it
    page.get_by_label("Your name").fill("Zoë Quill")
    send(page)
    assert reference_of(page) == reference
    page.goto("/")  # a new form
    fill(page, problem="Sent twice")
    send(page)
    assert reference_of(page) == reference
    assert len(live.run_json("request", "list")) == before + 1


@pytest.mark.parametrize("script", [True, False])
def test_another_text_is_asked_about(new_page: NewPage, live: LiveServer, *, script: bool) -> None:
    page = new_page(locale="en-US", java_script_enabled=script)
    stay_on_status(page)
    before = len(live.run_json("request", "list"))
    fill(page, problem="It is broken")
    send(page)
    reference = reference_of(page)
    fill(page, problem="It smokes, too")
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("heading", name="You have an open request").wait_for()
    assert reference_of(page) == reference
    page.get_by_role("button", name="Add it to my request").click()
    page.wait_for_url(STATUS, wait_until="commit")
    assert reference_of(page) == reference
    assert len(live.run_json("request", "list")) == before + 1
    page.go_back()
    page.get_by_role("button", name="This is something new").click()
    page.wait_for_url(STATUS, wait_until="commit")
    assert reference_of(page) != reference
    assert len(live.run_json("request", "list")) == before + 2


def test_the_question_about_an_open_request(page: Page, look: Look) -> None:
    stay_on_status(page)
    fill(page)
    send(page)
    fill(page, problem="a" * 300)
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("heading", name="You have an open request").wait_for()
    look(page, "open request")


def test_what_is_missing_is_asked_for_in_one_line_below_the_wait(page: Page, live: LiveServer) -> None:
    page.goto("/")
    page.get_by_label("Your name").fill("Zoë Quill")
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    page.get_by_label("Problem").fill("One field was left empty")
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    fields = page.get_by_role("textbox").and_(page.locator("form.missing *"))
    expect(fields).to_have_count(1)
    page.get_by_label("Customer number").fill("C-7")
    page.get_by_text("Change my details").click()
    expect(page.get_by_label("Your name")).to_have_value("Zoë Quill")
    page.get_by_role("button", name="Save details").click()
    page.get_by_role("link", name="Change my details").wait_for()
    ticket = live.run_json("ticket", "list", "--most", "1")[0]
    assert (ticket["customer_name"], ticket["customer_number"]) == ("Zoë Quill", "C-7")


HIDDEN = """Object.defineProperty(Document.prototype, 'hidden', {get: () => true});
window.told = [];
window.Notification = class { static permission = 'granted';
    static requestPermission = async () => 'granted'; constructor(words) { told.push(words); } };
document.hasFocus = () => false"""  # a headless browser shows neither: there the script's own part is proved


@pytest.fixture(scope="module")
def _hired(live: LiveServer) -> None:
    hire(live)


@pytest.mark.parametrize("where", ["status", "applet"])
@pytest.mark.usefixtures("_hired")
def test_a_page_in_the_background_looks_on_and_calls(new_page: NewPage, live: LiveServer, where: str) -> None:
    wei = sit_down(new_page(locale="en-US"))
    page = new_page(locale="en-US")
    page.add_init_script(HIDDEN)
    if where == "status":
        stay_on_status(page)
    fill(page, problem=f"Look on, {where}")
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS if where == "status" else APPLET, wait_until="commit")
    page.get_by_label("Notify me when somebody comes").check()
    claim(wei, str(live.run_json("ticket", "list", "--most", "1")[0]["ticket_number"]))
    until(page, lambda: page.evaluate("told.length"), "nobody was told")
    assert page.evaluate("told") == ["Wei Chen will help you now."]
    title = "Wei Chen will help you now." if where == "status" else "Your technician is here"
    assert title in page.title()


def test_the_widget_knows_its_open_request_on_the_next_page(
    new_host: NewHost, new_page: NewPage, live: LiveServer
) -> None:
    host = new_host()
    page = host.open()
    page.locator(LAUNCHER).click()
    page.get_by_label("Problem").fill("Remember me")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    reference = page.locator("[part=result] b").first.inner_text()
    page.reload()
    expect(page.locator(LAUNCHER)).to_have_text(re.compile("You are next|Your place in line: "))
    page.locator(LAUNCHER).click()
    expect(page.locator("[part=result] b").first).to_have_text(reference)
    expect(page.get_by_label("Problem")).to_be_hidden()
    page.get_by_role("button", name="Cancel my request").click()
    page.get_by_role("heading", name="This request has ended").wait_for()
    expect(page.get_by_label("Problem")).to_be_visible()
    page.reload()
    expect(page.locator(LAUNCHER)).to_have_text("Get support")
    assert live.run_json("ticket", "list", "--most", "1")[0]["state"] == "cancelled"


@pytest.mark.usefixtures("_hired")
def test_the_widget_shows_who_helps_and_what_is_said(new_host: NewHost, new_page: NewPage, live: LiveServer) -> None:
    host = new_host()
    page = host.open()
    page.locator(LAUNCHER).click()
    page.get_by_label("Problem").fill("Talk to me")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    page.get_by_role("button", name="Close").click()
    wei = sit_down(new_page(locale="en-US"))
    claim(wei, str(live.run_json("ticket", "list", "--most", "1")[0]["ticket_number"]))
    expect(page.locator(LAUNCHER)).to_have_text("Wei Chen will help you now.")
    say(wei, "Is it plugged in?")
    expect(page.locator(LAUNCHER)).to_have_text("New messages: 1")
    page.locator(LAUNCHER).click()
    expect(page.locator("[part=lines]")).to_contain_text("Is it plugged in?")
    expect(page.locator(LAUNCHER)).to_have_text("Wei Chen will help you now.")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Start my session").click()
    opened.value.wait_for_url(APPLET)
    expect(page.get_by_role("link", name="Open the conversation")).to_have_attribute("href", re.compile("/applet/"))
    page.get_by_role("button", name="Ask something else").click()
    expect(page.get_by_label("Problem")).to_be_visible()
    expect(page.locator(LAUNCHER)).to_have_text("Get support")


def test_sending_is_said_at_the_press_whatever_is_fetched_first(page: Page) -> None:
    held: list[Route] = []
    page.route("**/s/default/check", lambda route: held.append(route))  # noqa: PLW0108 - it marks what it calls
    stay_on_status(page)
    fill(page, problem="A slow network")
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("button", name="Sending…")).to_be_visible()
    until(page, lambda: held, "no check was asked for")
    for route in held:
        route.continue_()
    page.wait_for_url(STATUS, wait_until="commit")


def test_offline_is_called_offline_and_sends_by_itself(new_page: NewPage) -> None:
    page = new_page(expect="ERR_INTERNET_DISCONNECTED")
    stay_on_status(page)
    fill(page, problem="In a tunnel")
    page.context.set_offline(True)
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.context.set_offline(False)
    page.wait_for_url(STATUS, wait_until="commit")


def test_an_offline_widget_sends_by_itself(new_host: NewHost) -> None:
    host = new_host(expect="ERR_INTERNET_DISCONNECTED")
    page = host.open()
    page.locator(LAUNCHER).click()
    page.get_by_label("Customer number").wait_for()
    expect(page.get_by_text("What did you want to do")).to_be_visible()  # the later part has come
    page.get_by_label("Problem").fill("In a tunnel")
    page.context.set_offline(True)
    page.locator(SUBMIT).click()
    expect(page.locator(SUBMIT)).to_contain_text("You are offline.")
    page.context.set_offline(False)
    page.get_by_role("heading", name="Your session is ready").wait_for()


def test_an_error_goes_when_it_is_mended(new_page: NewPage) -> None:
    page = new_page(expect=LATE, locale="en-US")
    page.goto("/")
    page.get_by_label("Your e-mail").fill("zoe")
    page.get_by_role("button", name="Get support").click()
    page.get_by_role("alert").wait_for()
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#customer_email-problem")).to_be_hidden()


def test_back_by_the_reference(page: Page, new_page: NewPage, look: Look) -> None:
    stay_on_status(page)
    page.goto("/")
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS, wait_until="commit")
    reference = reference_of(page)
    other = new_page(expect=LATE, locale="en-US", bypass_csp=True)
    stay_on_status(other)
    other.goto("/pin")
    other.get_by_role("link", name="I have a reference").click()
    other.get_by_label("Reference").fill(reference)
    other.get_by_label("The e-mail, customer number or phone that you gave").fill("zoe@example.org")
    other.get_by_role("button", name="To my request").click()
    other.get_by_text("We found no such request of the last day.").wait_for()
    look(other, "reference, refused")
    other.get_by_label("The e-mail, customer number or phone that you gave").fill("zoe@example.com")
    other.get_by_role("button", name="To my request").click()
    other.wait_for_url(STATUS, wait_until="commit")
    assert reference_of(other) == reference
