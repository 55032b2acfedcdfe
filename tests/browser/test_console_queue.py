"""The queue in real browsers: requests appear without a reload, keys work, and work in progress is not disturbed."""

import urllib.request
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE, fill, log_in, reach_applet, send
from tests.browser.live_pages import until
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser

ROBIN, PASSWORD = "robin@example.com", "a-password-for-robin"
Ask = Callable[..., None]
FOCUSED = "document.activeElement.closest('[data-row]')?.dataset.row"


@pytest.fixture(scope="module")
def robin(live: LiveServer) -> None:
    """Give Robin, in department 10, a password."""
    live.run("technician", "password", ROBIN, "--password-file", "-", stdin=f"{PASSWORD}\n")


@pytest.fixture(scope="module")
def ask(live: LiveServer) -> Ask:
    """Open a session as a program does."""
    uid = live.uid()

    def call(**parameters: str) -> None:
        query = urlencode({"uid": uid, **parameters})
        with urllib.request.urlopen(f"{live.base_url}/integration/integration_api.php?{query}", timeout=10):
            pass

    return call


def as_robin(page: Page) -> Page:
    page.goto("/console/login")
    page.get_by_label("E-mail").fill(ROBIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
    return page


def test_a_request_appears_in_two_consoles_without_disturbing_anybody(
    new_page: NewPage, live: LiveServer, robin: None, ask: Ask
) -> None:
    for number in range(30):
        ask(customer_name=f"Customer {number}")
    alex, other, customer = (new_page(viewport={"width": 1280, "height": 500}) for _ in range(3))
    log_in(alex, live)
    as_robin(other)
    for page in (alex, other):
        page.goto("/console/?queue=general")
        expect(page).to_have_title("(30) Queue · General – Handbell")
    for _ in range(20):
        alex.keyboard.press("j")
    row = alex.evaluate(FOCUSED)
    alex.evaluate("row => getSelection().selectAllChildren(document.querySelector(`#t-${row} .name`))", row)
    selected = alex.evaluate("String(getSelection())")
    assert selected.startswith("Customer ")
    place = "document.activeElement.getBoundingClientRect().top"
    before = alex.evaluate(place)
    assert alex.evaluate("scrollY") > 0
    other.get_by_role("searchbox").fill("half a word")

    fill(customer, name="Zoë Quill")
    send(customer)
    reference = customer.locator(".reference").first.inner_text()

    for page in (alex, other):
        expect(page.get_by_role("row").filter(has_text=reference)).to_contain_text("Zoë Quill")
        expect(page).to_have_title("(31) Queue · General – Handbell")
        expect(page.get_by_role("link", name="General")).to_contain_text("31")
    assert alex.evaluate(FOCUSED) == row
    assert alex.evaluate("String(getSelection())") == selected
    assert abs(alex.evaluate(place) - before) < 2
    expect(other.get_by_role("searchbox")).to_have_value("half a word")
    expect(other.get_by_role("searchbox")).to_be_focused()
    expect(alex.locator("#say")).to_have_text("1 new request")


def test_the_focus_stays_in_its_place_when_its_row_goes(new_page: NewPage, live: LiveServer, ask: Ask) -> None:
    page, customer = new_page(), new_page(expect=LATE)
    ask(customer_name="Stays")
    reach_applet(customer)
    number = customer.locator(".tile .big").nth(1).inner_text()
    ask(customer_name="Above")
    log_in(page, live)
    page.goto("/console/?queue=general")
    page.get_by_role("link", name=number, exact=True).focus()
    below = page.locator(f"#t-{number} + tr").get_attribute("data-row")
    customer.get_by_text("I no longer need help").click()
    customer.get_by_role("button", name="Cancel my request").click()
    expect(page.locator(f"#t-{number}")).to_have_count(0)
    assert page.evaluate(FOCUSED) == below


def test_without_a_stream_a_page_asks_by_itself(new_page: NewPage, live: LiveServer, ask: Ask) -> None:
    page = new_page(expect="EventSource")
    page.route("**/console/changes", lambda route: route.fulfill(status=204))
    log_in(page, live)
    page.goto("/console/?queue=departments&department=20")
    expect(page.get_by_text("Nobody is waiting here.")).to_be_visible()
    with page.expect_response(lambda answer: answer.status == 304):
        pass
    ask(customer_name="Zoë Quill", department="20")
    expect(page.get_by_role("row").filter(has_text="Zoë Quill")).to_be_visible()


def test_two_tabs_share_one_stream_and_the_second_takes_it_over(new_page: NewPage, live: LiveServer, ask: Ask) -> None:
    first = new_page()
    second = first.context.new_page()
    streams: list[str] = []
    first.context.on(
        "request", lambda request: streams.append(request.url) if request.url.endswith("/changes") else None
    )
    log_in(first, live)
    first.goto("/console/?queue=all")
    second.goto("/console/?queue=all")
    ask(customer_name="In both tabs")
    for page in (first, second):
        expect(page.get_by_role("row").filter(has_text="In both tabs")).to_be_visible()
    before = len(streams)
    first.goto("about:blank")
    ask(customer_name="In the other tab")
    expect(second.get_by_role("row").filter(has_text="In the other tab")).to_be_visible()
    assert len(streams) <= before + 1


def test_who_is_logged_out_is_told_calmly_and_goes_on_after_the_log_in(new_page: NewPage, live: LiveServer) -> None:
    page = new_page(expect="401")
    log_in(page, live)
    other = page.context.new_page()
    other.goto("/console/")
    other.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/console/login")
    live.run("department", "add", "Nobody's", "--id", "77")
    line = page.locator("div[data-line]")
    expect(line).to_contain_text("You are logged out.")
    expect(line.get_by_role("link", name="Log in")).to_be_visible()
    line.get_by_role("link", name="Log in").click()
    page.wait_for_url("**/console/login")


def test_everything_by_keyboard(page: Page, live: LiveServer, ask: Ask) -> None:
    for number in range(3):
        ask(customer_name=f"Keyed {number}", tech="alex@example.com")
    log_in(page, live)
    rows = page.locator("[data-row]")
    numbers = [rows.nth(n).get_attribute("data-row") for n in range(3)]
    focused = []
    for key in "jjjk":
        page.keyboard.press(key)
        focused.append(page.evaluate(FOCUSED))
    assert focused == [numbers[0], numbers[1], numbers[2], numbers[1]]
    page.keyboard.press("/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.type("jkc?/ keyed")
    expect(box).to_have_value("jkc?/ keyed")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    with page.expect_request(lambda request: request.method == "POST") as claimed:
        page.route("**/claim", lambda route: route.fulfill(status=204))
        page.keyboard.press("c")
    assert claimed.value.url.endswith(f"/console/tickets/{page.evaluate(FOCUSED)}/claim")
    assert "csrf_token=" in (claimed.value.post_data or "")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/tickets/*")


def test_keys_sound_and_notifications_can_be_switched_off(new_page: NewPage, live: LiveServer, ask: Ask) -> None:
    page = new_page(permissions=["notifications"])
    page.add_init_script(
        """window.rung = 0; window.shown = [];
        window.OscillatorNode = class extends OscillatorNode { start(at) { window.rung += 1; super.start(at); } };
        window.Notification = class { static permission = 'granted'; constructor(title, more) {
            window.shown.push([title, more.body]); } };
        document.hasFocus = () => false;"""
    )
    log_in(page, live)
    page.goto("/console/?queue=departments&department=10")
    page.get_by_label("Notifications").check()
    ask(customer_name="Loud", department="10")
    expect(page.get_by_role("row").filter(has_text="Loud")).to_be_visible()
    until(page, lambda: page.evaluate("window.rung") > 0, "it did not ring")
    number = page.locator("[data-row]").first.get_attribute("data-row")
    until(page, lambda: page.evaluate("window.shown") == [["New request", number]], "nothing was shown")
    page.get_by_label("Sound").uncheck()
    page.get_by_label("Notifications").uncheck()
    page.reload()
    expect(page.get_by_label("Sound")).not_to_be_checked()
    ask(customer_name="Silent", department="10")
    expect(page.get_by_role("row").filter(has_text="Silent")).to_be_visible()
    assert page.evaluate("[window.rung, window.shown]") == [0, []]
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use these keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    assert page.evaluate(FOCUSED) is None


def test_the_queue_can_be_read_by_everybody(page: Page, live: LiveServer, ask: Ask, look: Look) -> None:
    ask(customer_name="W" * 60, problem_description="W" * 400, tech="alex@example.com", ask_customer_info="1")
    log_in(page, live)
    look(page, "mine")
    page.goto("/console/?queue=all&state=closed")
    look(page, "nothing")
    page.goto("/console/?q=www")
    look(page, "search")
    page.goto("/console/?queue=all")
    page.get_by_role("button", name="Keys").click()
    look(page, "keys")


def test_a_queue_is_usable_without_any_script(new_page: NewPage, live: LiveServer, ask: Ask) -> None:
    page = new_page(java_script_enabled=False, expect=LATE)
    log_in(page, live)
    ask(customer_name="Scriptless", department="20")
    page.goto("/console/?queue=all")
    page.get_by_label("Department").select_option("20")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").filter(has_text="Scriptless")).to_be_visible()
    page.get_by_role("searchbox").fill("scriptless")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row").filter(has_text="Scriptless")).to_be_visible()
    expect(page.get_by_label("Sound")).to_be_hidden()


def test_a_page_that_cannot_be_renewed_says_so(new_page: NewPage, live: LiveServer, ask: Ask) -> None:
    page = new_page(expect="Failed to load resource")
    log_in(page, live)
    page.goto("/console/?queue=departments&department=20")
    line = page.locator("div[data-line]")
    page.context.set_offline(True)
    expect(line).to_contain_text("Handbell cannot be reached.", timeout=20_000)
    page.context.set_offline(False)
    ask(customer_name="After the storm", department="20")
    expect(page.get_by_role("row").filter(has_text="After the storm")).to_be_visible(timeout=30_000)
    expect(line.locator("span")).to_be_empty()
    page.route("**/console/?*", lambda route: route.fulfill(status=404, content_type="text/html", body=""))
    ask(customer_name="For others", department="20")
    expect(line).to_contain_text("not there for you any more")
