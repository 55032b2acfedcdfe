"""The customer's way when it is closed, nobody is there, or somebody is: what they read, and their call-back."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import APPLET, LATE, log_in
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
PHONE = "+49 30 123456"
DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
LISBON = {"timezone_id": "Europe/Lisbon"}  # an hour behind Berlin, all year


def shut(live: LiveServer) -> None:
    """It opens the day after tomorrow, by Berlin's clock."""
    day = DAYS[(datetime.now(UTC) + timedelta(days=2)).weekday()]
    live.run("hours", "set", f"{day} 09:00-12:30 13:30-17:00", "--zone", "Europe/Berlin")


def open_all_day(live: LiveServer) -> None:
    live.run("hours", "set", "mo-su 00:00-24:00", "--zone", "Europe/Berlin")


def ask(page: Page, problem: str = "My screen is black.") -> None:
    """From the request page to the page on which one waits, in whatever language."""
    page.goto("/")
    page.locator("#problem_description").fill(problem)
    page.locator("form.card button[type=submit]").first.click()
    page.wait_for_url(APPLET)


def choose(page: Page, nth: int, to: str = PHONE) -> str:
    """Choose the nth time that is offered; returns its words."""
    words = page.locator("#call_back_at option").nth(nth).inner_text()
    page.locator("#call_back_at").select_option(index=nth)
    page.locator("#call_back_to").fill(to)
    page.locator("#call-back form:has(select) button").click()
    return words


@pytest.mark.parametrize("language", ["en-GB", "de-DE", "ar"])
def test_closed_a_call_back_is_made_moved_and_given_up(
    live: LiveServer, new_page: NewPage, look: Look, language: str
) -> None:
    shut(live)
    page = new_page(locale=language, **LISBON)
    page.goto("/")
    notice = page.locator(".notice time")
    expect(notice).to_contain_text("8:00" if language != "ar" else "8")
    look(page, f"request page in {language}")
    ask(page)
    expect(page.locator("#outlook .notice time")).to_be_visible()
    if language == "en-GB":
        expect(page.locator("#call_back_at option").first).to_contain_text("8:00")
    expect(page.locator("[data-zone]")).to_be_hidden()
    look(page, f"call-back offered in {language}")
    words = choose(page, 1)
    expect(page.locator("#call-back h2")).to_have_text(words)
    expect(page.locator("#call-back .notice")).to_contain_text(PHONE)
    expect(page.locator("#place")).to_be_hidden()
    look(page, f"call-back promised in {language}")
    page.locator("#call-back summary").click()
    other = choose(page, 3, "zoe@example.com")
    expect(page.locator("#call-back h2")).to_have_text(other)
    expect(page.locator("#call-back .notice")).to_contain_text("zoe@example.com")
    page.locator("#call-back > form button").click()
    expect(page.locator("#place")).to_be_visible()
    expect(page.locator("#call-back h2 span")).to_have_count(0)


@pytest.mark.parametrize("language", ["en-GB", "de-DE", "ar"])
def test_all_of_it_works_without_script(live: LiveServer, new_page: NewPage, language: str) -> None:
    shut(live)
    page = new_page(locale=language, java_script_enabled=False)
    ask(page)
    expect(page.locator("#outlook .notice")).to_contain_text("Europe/Berlin")
    expect(page.locator("#call-back [data-zone]")).to_contain_text("Europe/Berlin")
    words = choose(page, 2)
    expect(page.locator("#call-back h2")).to_have_text(words)
    page.locator("#call-back summary").click()
    other = choose(page, 0)
    expect(page.locator("#call-back h2")).to_have_text(other)
    page.locator("#call-back > form button").click()
    expect(page.locator("#place")).to_be_visible()


def test_what_is_wrong_stays_typed(live: LiveServer, new_page: NewPage, look: Look) -> None:
    shut(live)
    page = new_page(locale="en-GB", expect=LATE)
    ask(page)
    choose(page, 1, "call me")
    expect(page.locator("#call-back [role=alert]")).to_have_text("Please enter a phone number or an e-mail address.")
    expect(page.locator("#call_back_to")).to_have_value("call me")
    look(page, "a call-back that was refused")
    choose(page, 1)
    expect(page.locator("h1")).to_have_text("We will call you back")


@pytest.mark.full
def test_nobody_is_there_until_somebody_comes_and_the_open_page_says_so(
    live: LiveServer, new_page: NewPage, look: Look
) -> None:
    open_all_day(live)
    page = new_page(locale="en-GB")
    ask(page)
    outlook = page.locator("#outlook")
    expect(outlook).to_contain_text("Nobody is at the desk at the moment.")
    expect(page.locator("#stay")).to_be_hidden()
    look(page, "nobody there")
    technician = new_page(locale="en-GB")
    log_in(technician, live)
    expect(outlook).to_be_empty()
    expect(page.locator("#stay")).to_be_visible()
    expect(page.locator("#place")).to_be_visible()


def test_a_call_back_is_kept(live: LiveServer, new_page: NewPage, look: Look) -> None:
    shut(live)
    page = new_page(locale="en-GB", **LISBON)
    ask(page, "It must be kept.")
    choose(page, 0)
    expect(page.locator("h1")).to_have_text("We will call you back")
    technician = new_page(locale="en-GB")
    log_in(technician, live)
    row = technician.locator("#later tr", has_text="It must be kept.")
    expect(row).to_contain_text("09:00–09:30")
    look(technician, "queue with call-backs")
    row.get_by_role("link").click()
    expect(technician.locator("#promise")).to_contain_text(PHONE)
    look(technician, "ticket with a call-back")
    technician.get_by_role("button", name="Claim").click()
    expect(technician.locator("#ticket-state")).to_have_text("In session")
    expect(technician.locator("#promise")).to_contain_text(PHONE)
    expect(page.locator("h1")).to_have_text("Your technician is here")
    expect(page.locator("#call-back")).to_have_count(0)
