"""The account page in a real browser: a second factor from the set-up to the log-in, sessions, the password."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.actions.authenticator import Authenticator
from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, log_in
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
NEW = "tidy kettle forgets"


def confirm(page: Page, password: str, code: str, button: str) -> None:
    page.get_by_label("Password").fill(password)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name=button).click()


def test_a_second_factor_from_the_picture_to_the_log_in_and_off_again(
    new_page: NewPage, live: LiveServer, look: Look
) -> None:
    email, password = live.first_log_in
    page, other = new_page(expect=LATE, bypass_csp=True), new_page(expect=LATE, java_script_enabled=False)
    log_in(other, live)
    log_in(page, live)
    page.get_by_role("link", name="Alex Meyer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    expect(page.locator(".sessions > li")).to_have_count(2)
    look(page, "account")
    page.get_by_role("link", name="Set up").click()
    picture = page.get_by_role("img", name="QR code with the key")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    look(page, "set up a second factor")
    phone = Authenticator(page.locator("#key").inner_text().replace(" ", ""))
    confirm(page, password, "000", "Turn it on")
    expect(page.get_by_role("alert")).to_be_focused()
    look(page, "set up, refused")
    confirm(page, password, phone.code(datetime.now(UTC)), "Turn it on")
    codes = page.locator("#codes").inner_text().split()
    assert len(codes) == 10
    look(page, "recovery codes")
    page.get_by_role("link", name="I have saved them").click()
    expect(page.locator(".sessions > li")).to_have_count(1)
    other.reload()
    assert "/console/login" in other.url

    other.get_by_label("E-mail").fill(email)
    other.get_by_label("Password").fill(password)
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Second step")
    other.get_by_label("Code").fill("nonsense")
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("alert")).to_contain_text("wrong or was used before")
    other.get_by_label("Code").fill(codes[0])
    other.get_by_role("button", name="Log in").click()
    other.wait_for_url("**/console/")

    page.reload()
    page.get_by_role("button", name="Log out everywhere else").click()
    expect(page.locator("p.saying")).to_contain_text("logged out everywhere else")
    page.get_by_role("link", name="Change", exact=True).click()
    look(page, "second factor")
    confirm(page, password, codes[1], "Turn it off")
    expect(page.locator("p.saying")).to_contain_text("The second factor is off")


def test_after_the_log_in_one_is_where_one_wanted_to_be_and_changes_the_password(
    new_page: NewPage, live: LiveServer, look: Look
) -> None:
    email, password = live.first_log_in
    page = new_page(expect=LATE, bypass_csp=True)
    page.goto("/console/account")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/account")
    page.get_by_label("Old password").fill(password)
    page.get_by_label("New password", exact=True).fill("Password2026")
    page.get_by_label("New password again").fill("Password2026")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("easy to guess")
    look(page, "account, refused")
    for label, typed in (("Old password", password), ("New password", NEW), ("New password again", NEW)):
        page.get_by_label(label, exact=True).fill(typed)
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator("p.saying")).to_contain_text("Your password is changed")
