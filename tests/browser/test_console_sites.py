"""An administrator changes a site in the console, in a real browser, and its customers see the result."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewHost, NewPage
from tests.browser.host_page import SUBMIT
from tests.browser.journeys import LATE, log_in
from tests.live_server import LiveServer
from tests.pictures import picture
from tests.vendor.stand_in import OWN_APPLET, Vendor, stand_in

pytestmark = pytest.mark.browser
LINK = '<a href="{base}/s/default" data-handbell>Need help?</a>'
DESKTOP = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def admin(new_page: NewPage, live: LiveServer) -> Page:
    """A new page of an administrator in the console; 4xx answers are expected."""
    page = new_page(expect=LATE, **DESKTOP)
    log_in(page, live)
    return page


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with stand_in(link=OWN_APPLET) as running:
        yield running


def add(page: Page, key: str, name: str) -> None:
    page.goto("/console/sites")
    page.get_by_label("Name").fill(name)
    page.get_by_role("textbox", name="Key").fill(key)
    page.get_by_role("button", name="Add the site").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_a_new_site_gets_its_look_and_its_customers_see_it(
    admin: Page, new_page: NewPage, tmp_path: Path, look: Look
) -> None:
    add(admin, "shop", "The Shop")
    admin.get_by_role("link", name="Look", exact=True).click()
    admin.get_by_label("Colour of buttons and links").fill("#ff8800")
    admin.get_by_role("button", name="Save").first.click()
    expect(admin.get_by_role("alert")).to_contain_text("2.2 to 1")
    look(admin, "a refused colour")
    nearest = admin.get_by_role("button", name="Use #").inner_text().removeprefix("Use ")
    admin.get_by_role("button", name="Use #").click()
    expect(admin.get_by_label("Colour of buttons and links")).to_have_value(nearest)
    logo = tmp_path / "logo.png"
    logo.write_bytes(picture((640, 120)))
    admin.get_by_label("Picture").set_input_files(logo)
    admin.get_by_role("button", name="Upload").click()
    expect(admin.get_by_alt_text("The logo as customers see it")).to_be_visible()
    admin.get_by_role("link", name="Form and routing").click()
    admin.get_by_role("checkbox", name="Customer number: Shown").uncheck()
    admin.get_by_role("checkbox", name="Problem: Required").check()
    admin.get_by_role("button", name="Save").first.click()
    expect(admin.locator("p.saying")).to_have_text("Saved.")
    customer = new_page(**DESKTOP)
    customer.goto("/s/shop")
    picture_there = customer.get_by_alt_text("The Shop")
    expect(picture_there).to_be_visible()
    assert picture_there.evaluate("image => image.naturalWidth") == 320
    red, green, blue = (int(nearest[n : n + 2], 16) for n in (1, 3, 5))
    expect(customer.get_by_role("button", name="Get support")).to_have_css(
        "background-color", f"rgb({red}, {green}, {blue})"
    )
    expect(customer.get_by_label("Customer number")).to_have_count(0)
    look(customer, "a site with colour and logo")


def test_a_site_turns_to_the_vendor_and_is_tested(admin: Page, vendor: Vendor, look: Look) -> None:
    add(admin, "away", "Away")
    admin.get_by_role("link", name="Sessions", exact=True).click()
    admin.get_by_label("Sessions are opened by").select_option("take-control")
    admin.get_by_label("API domain").fill(vendor.address)
    admin.get_by_label("Account key").fill(vendor.knobs.key)
    admin.get_by_role("button", name="Save").first.click()
    expect(admin.locator("p.saying")).to_have_text("Saved.")
    expect(admin.get_by_label("Account key")).to_have_value("")
    look(admin, "a site's account")
    admin.get_by_role("button", name="Open a real test session").click()
    expect(admin.get_by_role("heading", name="Test")).to_be_visible()
    expect(admin.locator("main").get_by_role("status")).to_have_text("Passed")
    assert vendor.knobs.key not in admin.content()
    assert [session.customer_name for session in vendor.sessions] == ["Handbell check"]
    look(admin, "a test")
    vendor.change(key="another-key-than-that")
    admin.get_by_role("button", name="Open a real test session").click()
    expect(admin.locator("main").get_by_role("status")).to_have_text("Failed")
    expect(admin.get_by_role("definition").filter(has_text="account key is wrong")).to_be_visible()


@pytest.mark.full
def test_every_part_in_light_and_dark_and_narrow(admin: Page, look: Look) -> None:
    for path in ("", "/default", "/default/look", "/default/fields", "/default/websites", "/default/backend"):
        admin.goto(f"/console/sites{path}")
        look(admin, path)
    admin.goto("/console/sites/default/texts?of=de")
    look(admin, "texts")
    admin.goto("/console/sites/default/websites?lang=ar")
    look(admin, "websites, from right to left")
    admin.locator("form[action$='/server-key'] button").click()
    look(admin, "a secret")


def test_everything_works_without_script(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(java_script_enabled=False, **DESKTOP)
    log_in(page, live)
    add(page, "plain", "Plain")
    page.get_by_label("Phone").fill("+1 555 0199")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("p.saying")).to_have_text("Saved.")
    page.goto("/s/plain")
    expect(page.get_by_role("link", name="+1 555 0199")).to_be_visible()


def test_the_widget_shows_the_fields_that_the_site_shows(new_host: NewHost, live: LiveServer) -> None:
    live.run("site", "set", "default", "--field", "customer_name", "--field", "problem_description")
    host = new_host(expect="status of 422")
    page = host.open(body=LINK, attributes='data-prefill=\'{"email": "no mail", "number": "C-1"}\'')
    page.get_by_role("link", name="Need help?").click()
    expect(page.get_by_label("Customer number")).to_be_hidden()
    expect(page.get_by_label("Your e-mail")).to_be_hidden()
    page.get_by_label("Problem").fill("PC LOAD LETTER")
    page.locator(SUBMIT).click()
    expect(page.get_by_label("Your e-mail")).to_be_visible()
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    newest = live.run_json("request", "list")[0]
    assert (newest["customer_email"], newest["customer_number"]) == ("zoe@example.com", "C-1")
    live.run("site", "set", "default", "--field", "all")
