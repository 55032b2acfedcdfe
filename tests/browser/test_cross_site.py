"""Plain forms on other sites' pages, posted by a real browser: the table of security.md section 3."""

import json
import sqlite3
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.journeys import STATUS
from tests.live_server import LiveServer

pytestmark = pytest.mark.browser
TAKEN, ASKED_FIRST, REFUSED = "303 to the status page", "asked first", "403"
CONFIRM = "Please look over what will be sent"
NAME = "Zoë – €5"
_FORM = """<!doctype html><html lang="en"><head><title>Intranet</title>{head}</head><body>
<form method="post" action="{action}" {attributes}>
<input type="hidden" name="UID" value="b7a0"><input name="Customer_name" value="{name}">
<input name="Customer_number" value="{number}"><input name="Room" value="4.11">{extra}
<button>Get help</button></form>{more}</body></html>"""


class _Intranet(BaseHTTPRequestHandler):
    """Serves a form as its address describes: policy, charset, attributes of the form, additional fields."""

    def do_GET(self) -> None:
        asked = {
            name: values[-1] for name, values in parse_qs(urlsplit(self.path).query, keep_blank_values=True).items()
        }
        charset = asked.get("charset", "utf-8")
        page = _FORM.format(
            action=asked.get("action", ""),
            attributes=asked.get("attributes", ""),
            name=asked.get("name", NAME),
            number=asked.get("number", ""),
            extra=asked.get("extra", ""),
            more=asked.get("more", ""),
            head=asked.get("head", ""),
        )
        body = page.encode(charset, "xmlcharrefreplace")
        self.send_response(200)
        self.send_header("Content-Type", f"text/html; charset={charset}")
        self.send_header("Content-Length", str(len(body)))
        if "policy" in asked:
            self.send_header("Referrer-Policy", asked["policy"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@dataclass(frozen=True)
class Intranet:
    """The pages of a company, at a listed origin of the site and at an unlisted one."""

    live: LiveServer
    port: int

    @property
    def listed(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def foreign(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def action(self) -> str:
        return f"{self.live.base_url}/s/intranet/submit"

    def page(self, origin: str, **given: str) -> str:
        every = {"action": self.action, **given}
        return f"{origin}/?" + "&".join(f"{name}={quote(value)}" for name, value in every.items())

    def rows(self, number: str) -> list[tuple[Any, ...]]:
        """Reference, name and additional fields of the requests with this customer number."""
        database = sqlite3.connect(f"file:{self.live.data_dir / 'handbell.sqlite3'}?mode=ro", uri=True)
        try:
            query = "SELECT reference, customer_name, more FROM requests WHERE customer_number = ?"
            return database.execute(query, (number,)).fetchall()
        finally:
            database.close()


@pytest.fixture(scope="module")
def intranet(live: LiveServer) -> Iterator[Intranet]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Intranet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here = Intranet(live, server.server_port)
    for site in ("intranet", "strict"):
        live.run("site", "add", site, "--name", "Intranet Help")
        live.run("site", "set", site, "--origin", here.listed)
    live.run("site", "set", "strict", "--foreign-forms", "deny")
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose complaints are ignored: browsers rightly complain about framed and refused answers."""
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def press(page: Page, where: str = "Get help") -> None:
    page.get_by_role("button", name=where).click()


def what_came(page: Page) -> str:
    text = page.locator("h1").inner_text()
    if STATUS.search(page.url):
        return TAKEN
    return {CONFIRM: ASKED_FIRST, "This form cannot be sent from there": REFUSED}.get(text, text)


Given = Callable[[Intranet, str], str]
MATRIX: list[tuple[str, Given, str]] = [
    ("listed", lambda at, n: at.page(at.listed, number=n), TAKEN),
    *(
        (f"listed, {policy}", lambda at, n, policy=policy: at.page(at.listed, number=n, policy=policy), outcome)
        for policy, outcome in {
            "no-referrer": ASKED_FIRST,
            "same-origin": ASKED_FIRST,
            "origin": TAKEN,
            "strict-origin": TAKEN,
            "origin-when-cross-origin": TAKEN,
            "strict-origin-when-cross-origin": TAKEN,
            "no-referrer-when-downgrade": TAKEN,
            "unsafe-url": TAKEN,
        }.items()
    ),
    ("foreign", lambda at, n: at.page(at.foreign, number=n), ASKED_FIRST),
    *(
        (f"foreign, {policy}", lambda at, n, policy=policy: at.page(at.foreign, number=n, policy=policy), ASKED_FIRST)
        for policy in ("no-referrer", "same-origin", "origin", "unsafe-url")
    ),
    ("multipart", lambda at, n: at.page(at.listed, number=n, attributes='enctype="multipart/form-data"'), TAKEN),
    (
        "foreign, where the site refuses",
        lambda at, n: at.page(at.foreign, number=n, action=at.action.replace("/s/intranet/", "/s/strict/")),
        REFUSED,
    ),
    (
        "listed, where the site refuses others",
        lambda at, n: at.page(at.listed, number=n, action=at.action.replace("/s/intranet/", "/s/strict/")),
        TAKEN,
    ),
    (
        "windows-1252, as documented",
        lambda at, n: at.page(
            at.listed,
            number=n,
            charset="windows-1252",
            attributes='accept-charset="utf-8"',
            extra='<input type="hidden" name="_charset_">',
        ),
        TAKEN,
    ),
    (
        "windows-1252, with _charset_ alone",
        lambda at, n: at.page(
            at.listed, number=n, charset="windows-1252", extra='<input type="hidden" name="_charset_">'
        ),
        TAKEN,
    ),
    ("windows-1252, undeclared", lambda at, n: at.page(at.listed, number=n, charset="windows-1252"), ASKED_FIRST),
    (
        "windows-1252, undeclared, multipart",
        lambda at, n: at.page(at.listed, number=n, charset="windows-1252", attributes='enctype="multipart/form-data"'),
        ASKED_FIRST,
    ),
    (
        "shift_jis, with _charset_",
        lambda at, n: at.page(
            at.listed, number=n, charset="shift_jis", name="高橋", extra='<input type="hidden" name="_charset_">'
        ),
        TAKEN,
    ),
]


@pytest.mark.parametrize(("name", "address", "outcome"), MATRIX, ids=[row[0] for row in MATRIX])
def test_whose_page_it_was(intranet: Intranet, page: Page, name: str, address: Given, outcome: str) -> None:
    number = f"row {[row[0] for row in MATRIX].index(name)}"
    page.goto(address(intranet, number))
    press(page)
    page.wait_for_url(lambda url: url.startswith(intranet.live.base_url))
    assert what_came(page) == outcome
    if outcome is REFUSED:
        assert not intranet.rows(number)
        return
    if outcome is ASKED_FIRST:
        assert not intranet.rows(number)
        expect(page.locator("main")).to_contain_text("4.11")
        press(page, "Send it")
        page.wait_for_url(STATUS)
    ((_, kept, more),) = intranet.rows(number)
    assert kept == ("高橋" if "shift_jis" in name else NAME)
    assert more == '[["Room", "4.11"]]'


def test_a_page_from_the_disk_is_nobodys(intranet: Intranet, page: Page, tmp_path: Path) -> None:
    file = tmp_path / "form.html"
    parts = dict.fromkeys(("head", "attributes", "extra", "more"), "")
    file.write_text(_FORM.format(action=intranet.action, name=NAME, number="file", **parts), "utf-8")
    page.goto(file.as_uri())
    press(page)
    page.wait_for_url(intranet.action)
    assert what_came(page) == ASKED_FIRST


def test_a_sandboxed_frame_of_a_foreign_page_is_nobodys(intranet: Intranet, page: Page) -> None:
    inner = intranet.page(intranet.foreign, number="sandboxed", attributes='target="_top"')
    frame = f'<iframe sandbox="allow-forms allow-top-navigation" src="{inner}"></iframe>'
    page.goto(intranet.page(intranet.listed, more=frame))
    page.frame_locator("iframe").get_by_role("button", name="Get help").click()
    page.wait_for_url(intranet.action)
    assert what_came(page) == ASKED_FIRST
    assert not intranet.rows("sandboxed")


def test_in_a_frame_one_press_goes_on_in_a_window_of_its_own(intranet: Intranet, page: Page) -> None:
    page.goto(
        intranet.page(intranet.listed, number="framed", attributes='target="f"', more='<iframe name="f"></iframe>')
    )
    press(page)
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("button", name="Go on in a new window").click()
    opened.value.wait_for_url(STATUS)
    ((reference, *_),) = intranet.rows("framed")
    expect(opened.value.locator(".reference").first).to_have_text(reference)


def test_a_double_press_is_one_request(intranet: Intranet, page: Page) -> None:
    page.goto(intranet.page(intranet.listed, number="double"))
    page.get_by_role("button", name="Get help").dblclick()
    page.wait_for_url(STATUS)
    ((reference, *_),) = intranet.rows("double")
    expect(page.locator(".reference").first).to_have_text(reference)


def test_back_and_press_again_is_the_same_request(intranet: Intranet, page: Page) -> None:
    page.route("**/go/**", lambda route: route.fulfill(status=204))  # stay on the status page
    page.goto(intranet.page(intranet.listed, number="back"))
    press(page)
    page.wait_for_url(STATUS)
    first = page.locator(".reference").first.inner_text()
    page.go_back()
    press(page)
    page.wait_for_url(STATUS)
    assert page.locator(".reference").first.inner_text() == first
    assert len(intranet.rows("back")) == 1


def test_a_double_press_of_the_page_that_asks_first_is_one_request(intranet: Intranet, page: Page) -> None:
    page.goto(intranet.page(intranet.foreign, number="asked twice"))
    press(page)
    page.get_by_role("button", name="Send it").dblclick()
    page.wait_for_url(STATUS)
    assert len(intranet.rows("asked twice")) == 1


def test_the_way_back_is_a_link_on_the_status_page(intranet: Intranet, page: Page) -> None:
    page.route("**/go/**", lambda route: route.fulfill(status=204))
    back = f'<input type="hidden" name="return_to" value="{intranet.listed}/thanks">'
    page.goto(intranet.page(intranet.listed, number="way back", extra=back))
    press(page)
    page.wait_for_url(STATUS)
    expect(page.get_by_role("link", name="Back to the page you came from")).to_have_attribute(
        "href", f"{intranet.listed}/thanks"
    )


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({}, CONFIRM),
        ({"Referer": "{listed}/help"}, TAKEN),
        ({"Referer": "{foreign}/help"}, CONFIRM),
        ({"Origin": "null"}, CONFIRM),
        ({"Origin": "null", "Referer": "{listed}/"}, TAKEN),
        ({"Origin": "{foreign}", "Referer": "{listed}/"}, CONFIRM),
        ({"Origin": "{listed}"}, TAKEN),
    ],
)
def test_no_origin_at_all_as_programs_and_old_browsers_post(
    intranet: Intranet, headers: dict[str, str], outcome: str
) -> None:
    places = {"listed": intranet.listed, "foreign": intranet.foreign}
    spelled = {name: value.format(**places) for name, value in headers.items()}
    number = f"program {sorted(headers.items())}"[:32]
    body = f"customer_number={quote(number)}".encode()
    asked = urllib.request.Request(intranet.action, body, spelled)
    with urllib.request.urlopen(asked) as answer:
        came = TAKEN if STATUS.search(answer.url) else CONFIRM
        text = answer.read().decode()
    assert came == outcome
    assert (CONFIRM in text) is (outcome is CONFIRM)


_OLD_PAGE = """<!doctype html><meta charset="windows-1252"><form method="post" action="{action}">
<input type="hidden" name="__VIEWSTATE" value="dDw="><input name="customer_name" value="Zoë">
<input name="customer_number" value="{number}"><input name="ctl00$Main$txtRoomNumber" value="&#8470; 4">
<input name="ctl00$Main$hfToken" value="secret">
<button name="ctl00$Main$btnSend" value="Send">Get help</button></form>"""


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252"])
def test_an_old_page_of_an_intranet_over_http(intranet: Intranet, page: Page, charset: str) -> None:
    origin, number = "http://old.intranet.example", f"http {charset}"
    intranet.live.run("site", "set", "intranet", "--insecure-origin", origin)
    old = _OLD_PAGE.format(action=intranet.action, number=number).replace("windows-1252", charset).encode(charset)
    page.route(f"{origin}/**", lambda route: route.fulfill(body=old, content_type=f"text/html; charset={charset}"))
    page.goto(f"{origin}/help.aspx")
    press(page)
    if charset != "utf-8":  # and it says no encoding, so the customer looks at what was read
        expect(page.get_by_role("heading", name=CONFIRM)).to_be_visible()
        shown = page.locator("main").inner_text()
        assert [text for text in ("Your name", "Zoë", "Room Number", "№ 4") if text not in shown] == []
        assert [text for text in ("ctl00", "VIEWSTATE", "secret", "customer_name") if text in shown] == []
        press(page, "Send it")
    page.wait_for_url(STATUS)
    ((_, name, more),) = intranet.rows(number)
    assert (name, json.loads(more)) == ("Zoë", [["Room Number", "№ 4"]])
