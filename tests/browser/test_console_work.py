"""A customer and two consoles at once: who gets a ticket, who is told, and what the customer sees."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, fill, reach_applet, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
PASSWORD = "a-password-for-tests"
SOON_MS = 30_000  # usually three seconds; a machine may be busy


@pytest.fixture(scope="module")
def desk(live: LiveServer) -> LiveServer:
    """Two more technicians who can log in: Wei in department 10, Noor in 20; and Alex, with the same password."""
    live.run("technician", "password", "alex@example.com", "--password-file", "-", stdin=PASSWORD)
    for mail, name, department in (("wei@example.com", "Wei Chen", "10"), ("noor@example.com", "Noor Haddad", "20")):
        options = ("--name", name, "--department", department, "--password-file", "-")
        live.run("technician", "add", mail, *options, stdin=PASSWORD)
    return live


def seated(page: Page, mail: str) -> Page:
    page.goto("/console/login")
    page.get_by_label("E-mail").fill(mail)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
    return page


def number_of(customer: Page) -> str:
    return customer.locator(".tile .big").nth(1).inner_text()


@pytest.mark.usefixtures("desk")
def test_one_claims_the_other_is_told_and_the_customer_reads_who_will_help(new_page: NewPage) -> None:
    customer = new_page(expect=LATE)
    wei, noor = seated(new_page(expect=LATE), "wei@example.com"), seated(new_page(expect=LATE), "noor@example.com")
    reach_applet(customer)
    ticket = f"/console/tickets/{number_of(customer)}"
    wei.goto(ticket)
    noor.goto(ticket)
    noor.get_by_label("Note", exact=True).fill("I had just begun to write.")
    wei.get_by_role("button", name="Claim").click()
    expect(customer.locator("#now")).to_have_text("Wei Chen will help you now.", timeout=SOON_MS)
    expect(wei.locator("#ticket-now")).to_contain_text("You have this ticket.")

    expect(noor.locator("#ticket-now")).to_contain_text("Wei Chen has this ticket.")
    expect(noor.get_by_role("button", name="Close ticket")).to_be_hidden()
    expect(noor.get_by_label("Add a note")).to_have_value("I had just begun to write.")

    noor.get_by_text("Take over", exact=True).click()
    noor.get_by_role("button", name="Take the ticket over").click()
    expect(customer.locator("#now")).to_have_text("Noor Haddad will help you now.", timeout=SOON_MS)
    expect(wei.locator("#ticket-now")).to_contain_text("Noor Haddad has this ticket.")
    expect(wei.get_by_role("button", name="Return it to the queue")).to_be_hidden()
    wei.get_by_text("Take over", exact=True).click()
    wei.get_by_role("button", name="Take the ticket over").click()
    wei.get_by_label("Add a note").fill("Wants a call back.")
    wei.get_by_role("button", name="Save note").click()
    expect(wei.locator("#ticket-history")).to_contain_text("Wants a call back.")
    wei.get_by_label("Pass on to").select_option("Noor Haddad")
    wei.get_by_role("button", name="Pass on").click()
    expect(wei.locator("p.saying")).to_contain_text("is passed on: Noor Haddad")
    expect(customer.locator("#now")).to_have_text("You are waiting for Noor Haddad.", timeout=SOON_MS)

    noor.goto(ticket)
    noor.get_by_role("button", name="Claim").click()
    expect(customer.locator("#now")).to_have_text("Noor Haddad will help you now.", timeout=SOON_MS)
    noor.get_by_label("Outcome").select_option("Could not be solved")
    noor.get_by_role("button", name="Close ticket").click()
    expect(customer.get_by_role("heading", name="Your session has ended")).to_be_visible(timeout=SOON_MS)
    customer.clock.install()
    customer.reload()
    noor.get_by_role("button", name="Open it again").click()
    expect(noor.locator("#ticket-now")).to_contain_text("You have this ticket.")
    customer.clock.fast_forward(15_000)  # the page polls by itself, but rarely
    expect(customer.locator("#now")).to_have_text("Noor Haddad will help you now.")
    history = noor.locator("#ticket-history > li")
    expect(history).to_have_count(11)
    expect(history.nth(6)).to_contain_text("Wants a call back.")


def test_a_page_asks_at_once_when_the_network_is_back(new_page: NewPage) -> None:
    page = new_page(expect="ERR_INTERNET_DISCONNECTED")
    page.clock.install()
    reach_applet(page)
    with page.expect_response("**/live?*"):
        page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))  # no timer of the page fires after this one
    page.context.set_offline(True)
    with page.expect_response("**/live?*"):
        page.context.set_offline(False)


@pytest.mark.usefixtures("desk")
def test_the_status_page_says_who_will_help_and_when_it_is_over(new_page: NewPage) -> None:
    customer = new_page()
    customer.route("**/go/**", lambda route: route.fulfill(status=204))  # as for a program: the page stays
    fill(customer)
    send(customer)
    customer.locator("[data-after]").wait_for()
    wei = seated(new_page(), "wei@example.com")
    wei.goto(f"/console/tickets/{customer.locator('.tile .big').nth(1).inner_text()}")
    wei.get_by_role("button", name="Claim").click()
    expect(customer.locator("#helper")).to_have_text("Wei Chen will help you now.", timeout=SOON_MS)
    wei.get_by_role("button", name="Close ticket").click()
    expect(customer.get_by_role("heading", name="This request has ended")).to_be_visible(timeout=SOON_MS)


@pytest.mark.usefixtures("desk")
def test_without_script_a_ticket_is_worked_and_away_is_said(new_page: NewPage) -> None:
    customer = new_page(expect=LATE)
    reach_applet(customer)
    page = seated(new_page(java_script_enabled=False, viewport={"width": 360, "height": 740}), "wei@example.com")
    page.goto(f"/console/tickets/{number_of(customer)}")
    page.get_by_role("button", name="I am away").click()
    expect(page.locator(".who")).to_contain_text("away")
    page.get_by_role("button", name="Claim").click()
    page.get_by_role("button", name="Close ticket").click()
    expect(page.locator("#ticket-now")).to_contain_text("Closed: Solved")
    page.get_by_role("button", name="I am back").click()
    expect(page.locator(".who")).not_to_contain_text("away")


def end_session(page: Page, live: LiveServer) -> None:
    """End the session as after half an hour without use; a change makes the page notice at once."""
    page.context.clear_cookies()
    live.run("desk", "set", "--long-wait", "11")
    live.run("desk", "set", "--long-wait", "10")
    expect(page.locator("div[data-line]")).to_contain_text("You are logged out.")


def logged_in(page: Page, mail: str = "wei@example.com") -> None:
    page.get_by_label("E-mail").fill(mail)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/console/login" not in url)


def test_what_was_being_written_outlives_the_session_and_other_pages(new_page: NewPage, desk: LiveServer) -> None:
    customer = new_page(expect=LATE)
    reach_applet(customer)
    page = seated(new_page(expect="401"), "wei@example.com")
    ticket = f"/console/tickets/{number_of(customer)}"
    page.goto(ticket)
    note, closing = page.get_by_label("Add a note"), page.get_by_label("Note", exact=True)
    note.fill("Half a note")
    closing.fill("Half an end")

    end_session(page, desk)
    page.get_by_role("button", name="Save note").click()
    page.wait_for_url(lambda url: "/console/login?next=" in url)
    logged_in(page)
    assert page.url.endswith(ticket)
    expect(note).to_have_value("Half a note")
    expect(closing).to_have_value("Half an end")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("#ticket-history")).to_contain_text("Half a note")
    expect(note).to_have_value("")
    expect(closing).to_have_value("Half an end")

    page.get_by_role("link", name="Back to the queue").click()
    page.goto(ticket)
    expect(closing).to_have_value("Half an end")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/console/login")
    logged_in(page)
    page.goto(ticket)
    expect(closing).to_have_value("")


@pytest.mark.full
def test_a_page_goes_on_after_a_log_in_in_another_tab(new_page: NewPage, desk: LiveServer) -> None:
    customer = new_page(expect=LATE)
    reach_applet(customer)
    page = seated(new_page(expect=LATE), "wei@example.com")
    page.goto(f"/console/tickets/{number_of(customer)}")
    page.get_by_label("Add a note").fill("For my eyes")
    end_session(page, desk)
    way = page.locator("div[data-line]").get_by_role("link", name="Log in")
    expect(way).to_have_attribute("href", f"/console/login?next=/console/tickets/{number_of(customer)}")
    other = page.context.new_page()
    other.goto("/console/login")
    logged_in(other)
    expect(way).to_be_hidden(timeout=30_000)
    page.get_by_role("button", name="Claim").click()
    expect(page.locator("#ticket-now")).to_contain_text("You have this ticket.")
    expect(page.get_by_label("Add a note")).to_have_value("For my eyes")

    end_session(page, desk)
    other.goto("/console/login")
    logged_in(other, "alex@example.com")
    expect(page.locator(".who")).to_have_text("Alex Meyer", timeout=30_000)
    expect(page.get_by_label("Add a note")).to_have_value("")


@pytest.mark.usefixtures("desk")
def test_the_way_back_leads_to_the_queue_as_it_was(new_page: NewPage) -> None:
    customer = new_page(expect=LATE)
    reach_applet(customer)
    page = seated(new_page(), "wei@example.com")
    page.goto("/console/?q=quill")
    page.get_by_role("link", name=number_of(customer), exact=True).click()
    page.get_by_role("button", name="Claim").click()
    page.get_by_role("link", name="Back to the queue").click()
    page.wait_for_url(lambda url: url.endswith("/console/?q=quill"))


@pytest.mark.usefixtures("desk")
@pytest.mark.full
def test_the_ticket_page_in_every_state_looks_right(new_page: NewPage, look: Look) -> None:
    customer = new_page(expect=LATE)
    reach_applet(customer)
    page = seated(new_page(expect=LATE, bypass_csp=True), "wei@example.com")
    page.goto(f"/console/tickets/{number_of(customer)}")
    look(page, "waiting")
    page.get_by_role("button", name="Claim").click()
    page.get_by_label("Add a note").fill("Donaudampfschifffahrtsgesellschaft" * 9)
    page.get_by_role("button", name="Save note").click()
    look(page, "claimed, with a note")
    page.get_by_role("button", name="Pass on").click()
    page.get_by_role("alert").wait_for()
    look(page, "refused")
    page.get_by_role("button", name="Close ticket").click()
    page.get_by_role("button", name="Open it again").wait_for()
    look(page, "closed")
