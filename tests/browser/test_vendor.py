"""A site with a Take Control account, in a real browser: waiting, start, failures, and the vendor's own page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, STATUS, log_in
from tests.live_server import LiveServer
from tests.vendor.stand_in import OWN_APPLET, Answers, Vendor, stand_in

pytestmark = pytest.mark.browser
UNKNOWN = "It broke & <b>smokes</b>, naïvely."


@pytest.fixture
def vendor(live: LiveServer) -> Iterator[Vendor]:
    """A stand-in, and the site `vendor` with an account there."""
    with stand_in(link=OWN_APPLET) as running:
        if "vendor" not in {site["key"] for site in live.run_json("site", "list")}:
            live.run("site", "add", "vendor", "--name", "Vendor Help")
        account = ("--api-domain", running.address, "--key-file", "-", "--backend", "take-control")
        contact = ("--phone", "+1 555 0100", "--mail", "help@example.com")
        live.run("site", "set", "vendor", *account, *contact, stdin=running.knobs.key)
        yield running


def ask(page: Page) -> None:
    page.context.clear_cookies()  # else the same again is the same request
    page.goto("/s/vendor")
    page.get_by_label("Your name").fill("Zoë Quill")
    page.get_by_label("Problem").fill(UNKNOWN)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS, wait_until="commit")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=15_000)


@pytest.mark.parametrize("script", [True, False])
def test_the_wait_ends_by_itself_and_the_applet_comes(new_page: NewPage, vendor: Vendor, script: bool) -> None:
    page = new_page(java_script_enabled=script)
    vendor.change(hang=60.0)
    ask(page)
    heading(page, "We have your request")
    with page.expect_download(timeout=20_000) as download:
        vendor.release()
    assert download.value.suggested_filename.endswith(".exe")
    (session,) = vendor.sessions
    assert (session.customer_name, session.problem_description) == ("Zoë Quill", UNKNOWN)


def test_an_applet_that_came_as_the_answer_is_downloaded(page: Page, vendor: Vendor) -> None:
    vendor.change(answers=Answers.ATTACHMENT)
    with page.expect_download(timeout=20_000) as download:
        ask(page)
    assert download.value.suggested_filename == "TakeControl-Applet.exe"
    heading(page, "Your session has been started")


def test_a_session_that_is_opened_anew_comes_by_itself(
    new_page: NewPage, page: Page, live: LiveServer, vendor: Vendor
) -> None:
    vendor.change(answers=Answers.ATTACHMENT)
    page.clock.install()
    with page.expect_download(timeout=20_000):
        ask(page)
    heading(page, "Your session has been started")
    supervisor = new_page()
    log_in(supervisor, live)
    supervisor.goto(f"/console/requests/{page.locator('.reference').inner_text()}/anew")
    supervisor.get_by_role("button", name="Open a new session").click()
    expect(supervisor.locator("p.saying")).to_contain_text("Another session is on its way.")
    with page.expect_download(timeout=20_000):
        page.clock.fast_forward(15_000)  # the page polls by itself, but rarely
    assert len(vendor.sessions) == 2


def test_a_parked_request_is_set_going_again_by_its_customer(page: Page, vendor: Vendor) -> None:
    vendor.change(answers=Answers.FORBIDDEN)
    ask(page)
    heading(page, "Sorry, this takes longer than it should")
    expect(page.get_by_role("link", name="+1 555 0100")).to_be_visible()
    vendor.change(answers=Answers.DOCUMENTED)
    with page.expect_download(timeout=20_000):
        page.get_by_role("button", name="Try again").click()
    assert len(vendor.sessions) == 1


@pytest.mark.parametrize("script", [True, False])
def test_the_browser_hand_off_posts_to_the_vendor(
    new_page: NewPage, live: LiveServer, vendor: Vendor, script: bool
) -> None:
    live.run("site", "set", "vendor", "--backend", "take-control-browser")
    page = new_page(java_script_enabled=script)
    vendor.change(answers=Answers.ATTACHMENT)
    if script:
        with page.expect_download(timeout=20_000):
            ask(page)
    else:
        ask(page)
        page.get_by_role("button", name="Start my session").click(timeout=15_000, trial=True)
        with page.expect_download(timeout=20_000):
            page.get_by_role("button", name="Start my session").click()
    (session,) = vendor.sessions
    assert (session.method, session.customer_name, session.problem_description) == ("POST", "Zoë Quill", UNKNOWN)
    assert "referer" not in {name.lower() for name in session.headers}
    assert "?" not in session.target


def test_back_from_the_vendor_opens_no_second_session(new_page: NewPage, live: LiveServer, vendor: Vendor) -> None:
    page = new_page(expect=LATE)  # the stand-in's page refers to pictures that do not exist
    live.run("site", "set", "vendor", "--backend", "take-control-browser")
    vendor.change(answers=Answers.WAITING_PAGE)
    ask(page)
    page.wait_for_url(f"{vendor.address}/**", timeout=15_000)
    page.go_back()
    heading(page, "Your session is ready")
    page.evaluate("() => new Promise(resolve => setTimeout(resolve, 1500))")
    assert page.url.startswith(live.base_url)
    assert len(vendor.sessions) == 1


def test_an_answer_that_nobody_can_read_opens_the_vendors_page(
    new_page: NewPage, live: LiveServer, vendor: Vendor
) -> None:
    page = new_page(expect=LATE)
    vendor.change(answers=Answers.WAITING_PAGE)
    ask(page)
    page.wait_for_url(f"{vendor.address}/**", timeout=15_000)
    assert live.run_json("site", "show", "vendor")["unreadable"] is True
    assert len(vendor.sessions) == 2  # the server's, whose answer was unreadable, and the browser's


def test_every_page_of_it_is_accessible(new_page: NewPage, live: LiveServer, vendor: Vendor, look: Look) -> None:
    page = new_page(expect=LATE, bypass_csp=True, reduced_motion="reduce")
    vendor.change(hang=60.0, answers=Answers.FORBIDDEN)
    ask(page)
    heading(page, "We have your request")
    look(page, "waiting")
    vendor.release()
    heading(page, "Sorry, this takes longer than it should")
    look(page, "parked")
    live.run("site", "set", "vendor", "--backend", "take-control-browser", "--one-time-links")
    ask(page)
    page.get_by_role("link", name="Start my session").click()
    page.get_by_role("button", name="Start my session").wait_for()
    # A 204 leaves the browser on the page that posted; an aborted call would bring the browser's own error page.
    page.route(f"{vendor.address}/**", lambda route: route.fulfill(status=204))
    with page.expect_response(f"{vendor.address}/**"):
        page.get_by_role("button", name="Start my session").click()
    page.locator("form[data-auto-post]").wait_for()
    look(page, "the page that posts to the vendor")
    live.run("site", "set", "vendor", "--no-one-time-links")
