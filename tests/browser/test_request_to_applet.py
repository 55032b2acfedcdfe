"""A customer's way from the request page to the applet, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import APPLET, LATE, STATUS, fill, reach_applet, send
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser


def tickets(live: LiveServer) -> int:
    return len(live.run_json("ticket", "list", "--most", "1000"))


def test_the_applet_opens_by_itself(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are in line")


def test_without_script_it_opens_by_itself_too(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are in line")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.goto("/")
    for typed in ("It broke.", "Zoë", "zoe@example.com", "C-1"):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Get support")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(APPLET)
    for _ in range(20):
        page.keyboard.press("Tab")
        if "no longer need help" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Cancel my request")).to_be_focused()


def test_back_after_the_start_does_not_start_again(page: Page) -> None:
    fill(page)
    send(page)
    status = page.url
    page.wait_for_url(APPLET)
    went: list[str] = []
    page.on("request", lambda request: went.append(request.url) if "/go/" in request.url else None)
    page.go_back()
    page.wait_for_url(status)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your session has been started")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your session has been started")
    expect(page.locator("main")).not_to_have_attribute("data-auto", "")
    assert went == []
    page.get_by_role("link", name="Start it again").click()
    page.wait_for_url(APPLET)


def test_a_double_click_is_one_request(page: Page, live: LiveServer) -> None:
    before = tickets(live)
    posts: list[Request] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    fill(page)
    page.get_by_role("button", name="Get support").dblclick()
    page.wait_for_url(APPLET)
    assert len(posts) == 1
    assert tickets(live) == before + 1


def test_a_refused_form_keeps_the_text_and_says_what_is_wrong_first(new_page: NewPage) -> None:
    page = new_page(expect=LATE)
    fill(page)
    page.get_by_label("Your e-mail").fill("not a mail address")
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value("Zoë Quill")
    expect(page.get_by_label("Your e-mail")).to_have_value("not a mail address")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("Your e-mail")).to_be_focused()
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS, wait_until="commit")


def test_characters_left_are_counted_as_people_count_them(page: Page) -> None:
    page.goto("/")
    problem, left = page.get_by_label("Problem"), page.locator("#problem_description-count")
    problem.fill("\N{ROCKET}" * 24)
    expect(left).to_be_hidden()
    problem.fill("\N{ROCKET}" * 1014)
    expect(left).to_have_text("Characters left: 10")
    problem.fill("x" * 1025)
    expect(left).to_have_text("1 too many")
    number, near = page.get_by_label("Customer number"), page.locator("#customer_number-count")
    number.fill("1")
    expect(near).to_be_hidden()
    number.fill("1" * 30)
    expect(near).to_have_text("Characters left: 2")


def test_what_is_typed_survives_the_applet_s_polling(page: Page) -> None:
    reach_applet(page)
    page.get_by_label("Customer number").fill("C-4711")
    for _ in range(2):
        with page.expect_response("**/live?*"):
            page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_label("Customer number")).to_have_value("C-4711")
    expect(page.get_by_label("Customer number")).to_be_focused()
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Saved. Your technician sees it now.")).to_be_focused()


def test_a_customer_cancels(new_page: NewPage) -> None:
    page = new_page(expect=LATE)
    reach_applet(page)
    page.get_by_text("I no longer need help").click()
    page.get_by_role("button", name="Cancel my request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request is cancelled")
    expect(page.get_by_role("link", name="Get support")).to_be_visible()


def test_the_applet_notices_by_itself_that_it_is_over(new_page: NewPage) -> None:
    page, other = new_page(expect=LATE), new_page(expect=LATE)
    other.goto(reach_applet(page))
    other.get_by_text("I no longer need help").click()
    other.get_by_role("button", name="Cancel my request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request is cancelled")


def test_the_operator_s_program_is_downloaded_and_explained(
    new_page: NewPage, live: LiveServer, tmp_path: Path, look: Look
) -> None:
    folder = live.data_dir / "applets" / "windows"
    folder.mkdir(parents=True)
    program = folder / "Acme Help.exe"
    program.write_bytes(b"MZ" + b"\0" * 5000)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"
    page = new_page(user_agent=agent, extra_http_headers={"Sec-CH-UA-Platform": '"Windows"'}, bypass_csp=True)
    try:
        fill(page)
        with page.expect_download() as started:
            page.get_by_role("button", name="Get support").click()
        number = live.run_json("ticket", "list")[0]["ticket_number"]
        assert started.value.suggested_filename == f"Acme Help-{number}.exe"
        started.value.save_as(tmp_path / "got.exe")
        assert (tmp_path / "got.exe").read_bytes() == program.read_bytes()
        expect(page.get_by_role("heading", name="What to do with the file")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("You are in line")
        page.get_by_label("Message").fill("It asks for a password.")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("log", name="Conversation")).to_contain_text("It asks for a password.")
        expect(page.get_by_role("log", name="Conversation")).to_contain_text("Delivered")
        look(page, "beside the program")
        with page.expect_download() as by_hand:
            page.get_by_role("link", name="Start it again").click()
        assert by_hand.value.suggested_filename == f"Acme Help-{number}.exe"
    finally:
        program.unlink()


def test_the_request_page_is_three_small_answers_of_our_own(page: Page, live: LiveServer) -> None:
    answers: list[Request] = []

    def note(request: Request) -> None:
        answers.append(request)

    page.on("requestfinished", note)
    page.goto("/", wait_until="networkidle")
    urls = [request.url for request in answers if not request.url.startswith("data:")]
    assert len(urls) <= 3, urls
    assert all(url.startswith(live.base_url) for url in urls)
    sizes = [request.sizes()["responseBodySize"] for request in answers if not request.url.startswith("data:")]
    assert sum(sizes) <= 14_000, sizes


def test_the_form_works_before_its_script_has_come(new_page: NewPage) -> None:
    page = new_page(expect="net::ERR_FAILED")
    page.route("**/*.js", lambda route: route.abort())
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS)
    page.get_by_role("link", name="Start my session").click()
    page.wait_for_url(APPLET)
