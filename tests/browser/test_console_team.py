"""An administrator adds technicians, and a new one logs in and out, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, fill, log_in, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser

LONG = "W" * 80
HOSTILE = "\u202e<b>gnp</b>" + "Rechtsschutz" * 5


def _log_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_from_an_empty_place_to_a_colleague_who_works_and_leaves(
    new_page: NewPage, page: Page, live: LiveServer, look: Look
) -> None:
    log_in(page, live)
    page.get_by_role("link", name="Team").click()
    page.get_by_role("link", name="Add a department").click()
    look(page, "add a department")
    page.get_by_label("Number").fill("77")
    page.get_by_label("Name", exact=True).fill("Printers")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".saying")).to_have_text("The department has been added.")
    look(page, "a department")

    page.goto("/console/team/add")
    page.get_by_label("E-mail").fill("Quinn@Example.com")
    page.get_by_label("Name", exact=True).fill("Quinn Q")
    page.get_by_label("Printers").check()
    look(page, "add a technician")
    page.get_by_role("button", name="Add and make a link").click()
    link = page.locator("#link").inner_text()
    look(page, "the link")
    page.get_by_role("link", name="Done").click()
    expect(page.locator(".title")).to_contain_text("Invited")

    quinn = new_page(expect=LATE, locale="en-US", viewport={"width": 1280, "height": 800})
    quinn.goto(link)
    expect(quinn.locator("main")).to_contain_text("Quinn Q")
    look(quinn, "choose a password")
    quinn.get_by_label("New password", exact=True).fill("lamp-river-forty")
    quinn.get_by_label("New password again").fill("lamp-river-fifty")
    quinn.get_by_role("button", name="Set the password").click()
    expect(quinn.get_by_role("alert")).to_contain_text("two different passwords")
    quinn.get_by_label("New password", exact=True).fill("lamp-river-forty")
    quinn.get_by_label("New password again").fill("lamp-river-forty")
    quinn.get_by_role("button", name="Set the password").click()
    expect(quinn.locator(".notice")).to_have_text("Your password is set. Log in with it now.")
    _log_in(quinn, "quinn@example.com", "lamp-river-forty")

    customer = new_page()
    live.run("site", "set", "default", "--offer-department", "77")
    fill(customer, problem="The tray is empty")
    customer.get_by_label("Who should help?").select_option(label="Printers")
    send(customer)
    quinn.goto("/console/?queue=departments")
    expect(quinn.get_by_role("row").filter(has_text="The tray is empty")).to_be_visible()

    page.reload()
    look(page, "a technician who is logged in")
    page.get_by_role("button", name="Disable").click()
    expect(page.locator(".saying")).to_have_text("Disabled, and logged out everywhere.")
    quinn.reload()
    quinn.wait_for_url("**/console/login**")
    quinn.goto(link)
    expect(quinn.get_by_role("heading", level=1)).to_have_text("This link has expired")


def test_names_that_nobody_should_bear_look_like_names(page: Page, live: LiveServer, look: Look) -> None:
    live.run("department", "add", HOSTILE, "--id", "88")
    live.run("department", "add", LONG, "--id", "999999999999999999")
    live.run("site", "set", "default", "--offer-department", "88")
    live.run("department", "disable", "88")
    live.run("technician", "add", f"{'m' * 60}@example.com", "--name", LONG, "--department", "999999999999999999")
    live.run("technician", "add", "hostile@example.com", "--name", HOSTILE, "--department", "88")
    log_in(page, live)
    page.goto("/console/team")
    expect(page.get_by_role("note")).to_contain_text(HOSTILE)
    expect(page.locator("main b")).to_have_count(0)
    look(page, "the team")
    page.get_by_role("link", name=LONG).first.click()
    look(page, "a technician with a long name")
    page.goto("/console/team/departments/88")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    look(page, "a hostile department")
