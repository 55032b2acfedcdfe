"""A technician's use of the console, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewPage
from tests.browser.journeys import LATE, fill, log_in, reach_applet, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser


def test_from_the_log_in_to_a_ticket_and_out_again(new_page: NewPage, live: LiveServer) -> None:
    customer, page = new_page(), new_page(expect=LATE)  # a page that polls during the log-out gets a 401
    fill(customer, name="<b>Quill</b>", problem="<script>document.title = 'taken'</script>\nIt broke.")
    send(customer)
    reference = customer.locator(".reference").first.inner_text()
    log_in(page, live)
    page.get_by_role("link", name="General").click()
    row = page.get_by_role("row").filter(has_text=reference)
    expect(row).to_contain_text("<b>Quill</b>")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ticket")
    expect(page.locator(".said")).to_have_text("<script>document.title = 'taken'</script>\nIt broke.")
    expect(page).to_have_title("Ticket " + page.locator("h1").inner_text().split()[-1] + " – Handbell")
    ticket = page.url
    page.get_by_role("link", name="Back to the queue").click()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/console/login")
    page.goto(ticket)
    page.wait_for_url("**/console/login?next=**")


def test_what_a_customer_changes_is_in_the_ticket_s_history(new_page: NewPage, live: LiveServer) -> None:
    customer, page = new_page(), new_page()
    reach_applet(customer)
    number = customer.locator(".tile .big").nth(1).inner_text()
    customer.get_by_label("Customer number").fill("C-4711")
    customer.get_by_role("button", name="Save details").click()
    expect(customer.get_by_text("Saved. Your technician sees it now.")).to_be_visible()
    log_in(page, live)
    page.goto(f"/console/tickets/{number}")
    expect(page.get_by_role("list").filter(has_text="Changed the details")).to_contain_text("C-4711")
