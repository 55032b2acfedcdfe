"""A technician's session code on a customer's phone, a person's data, the desk and the audit log, in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import APPLET, LATE, STATUS, fill, log_in, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 375, "height": 667}, "has_touch": True}


def test_a_customer_types_the_pin_on_a_phone_and_is_in_the_technician_s_queue(
    new_page: NewPage, live: LiveServer, look: Look
) -> None:
    page, phone = new_page(), new_page(**PHONE, expect=LATE)
    log_in(page, live)
    page.get_by_role("link", name="Session codes").click()
    look(page, "no codes")
    page.get_by_label("Valid for").select_option("1 hour")
    page.get_by_role("button", name="New session").click()
    expect(page.locator("p.saying").filter(has_text="Tell your customer the PIN")).to_be_visible()
    pin = page.get_by_role("heading", level=3).inner_text()
    look(page, "a code")
    phone.goto("/")
    phone.get_by_role("link", name="I have a PIN from a technician").click()
    look(phone, "PIN page")
    wrong = "111 111 111" if pin != "111 111 111" else "222 222 222"
    phone.get_by_label("PIN").fill(wrong)
    phone.get_by_role("button", name="Start the session").click()
    expect(phone.get_by_role("alert")).to_be_focused()
    expect(phone.get_by_label("PIN")).to_have_value(wrong)
    look(phone, "wrong PIN")
    phone.get_by_label("PIN").fill(pin)
    phone.get_by_label("PIN").press("Enter")
    phone.wait_for_url(APPLET)
    expect(phone.get_by_label("Your name")).to_be_visible()
    expect(page.locator(".session-code .tag")).to_have_text("Used")  # without a reload
    page.locator(".session-code").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ticket")
    assert pin.replace(" ", "") not in live.log


def test_the_link_needs_a_press_and_no_script(new_page: NewPage, live: LiveServer, look: Look) -> None:
    page, plain = new_page(), new_page(java_script_enabled=False)
    log_in(page, live)
    page.goto("/console/codes")
    page.get_by_role("button", name="New session").click()
    address = page.locator(".session-code pre").inner_text()
    page.goto(address)
    look(page, "invitation")
    plain.goto(address)
    plain.get_by_role("button", name="Start the session").click()
    expect(plain).to_have_url(STATUS)
    page.goto("/console/codes")
    page.get_by_role("button", name="New session").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("p.saying").filter(has_text="no longer works")).to_be_visible()


def test_a_person_s_data_is_found_given_out_and_erased_and_the_log_tells(
    new_page: NewPage, live: LiveServer, look: Look, tmp_path: Path
) -> None:
    customer, page = new_page(expect=LATE), new_page(expect=LATE)
    fill(customer, name="Quill")
    customer.get_by_label("Your e-mail").fill("quill@example.com")
    send(customer)
    log_in(page, live)
    page.get_by_role("link", name="Personal data").click()
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("alert")).to_be_focused()
    look(page, "nothing to look for")
    page.get_by_label("Mail, number or reference").fill("Quill@Example.com")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("row")).to_have_count(2)
    look(page, "found")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export as JSON").click()
    download.value.save_as(tmp_path / "data.json")
    exported = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert [row["customer_name"] for row in exported["requests"]] == ["Quill"]
    page.get_by_role("button", name="Erase…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erase for good?")
    look(page, "erase")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.locator("p.saying").filter(has_text="Erased for good.")).to_be_visible()
    page.get_by_role("link", name="Desk", exact=True).click()
    page.get_by_label("Long wait, in minutes").fill("15")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("p.saying").filter(has_text="Saved.")).to_be_visible()
    look(page, "desk")
    page.get_by_role("link", name="Audit log").click()
    acts = page.locator("th.act")
    expect(acts.nth(0)).to_have_text("desk.changed")
    expect(acts.nth(1)).to_have_text("data.erased")
    look(page, "audit")
    page.get_by_label("Action").select_option("data.exported")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(acts).to_have_text(["data.exported"])
    assert "quill" not in live.log.lower()
