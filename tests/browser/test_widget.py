"""The widget on a company's page at another origin, under the strictest possible policy; against our server."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.files.widget_files import widget_files
from tests.browser.conftest import AXE, NewHost
from tests.browser.host_page import LAUNCHER, SUBMIT, Host
from tests.browser.live_pages import until
from tests.pictures import picture

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = """rules => axe.run({runOnly: {type: 'tag', values: rules}}).then(found => found.violations.map(
    v => `${v.id}: ${v.nodes.map(n => JSON.stringify(n.target) + ' ' + n.failureSummary).join(' | ')}`))"""
_IN_FORM = "document.querySelector('section')?.shadowRoot.activeElement?.closest('[part=panel]') != null"
LINK = '<a href="{base}/s/default" data-handbell>Need help?</a>'


def test_from_the_link_to_the_applet(host: Host) -> None:
    page = host.open(body=LINK)
    page.get_by_role("link", name="Need help?").click()
    page.get_by_label("Your name").fill("Zoë Quill")
    page.get_by_label("Your e-mail").fill("zoe@")
    page.get_by_label("Problem").fill("PC LOAD LETTER")
    page.locator(SUBMIT).click()
    about = page.get_by_text("This does not look like an e-mail address")
    about.wait_for()
    assert page.get_by_label("Your e-mail").get_attribute("aria-invalid") == "true"
    assert page.get_by_label("Your e-mail").evaluate("e => e.matches(':focus')")
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    about.wait_for(state="detached")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    reference = page.locator("[part=result] b").inner_text()
    (recorded,) = [r for r in host.live.run_json("request", "list") if r["reference"] == reference]
    assert (recorded["customer_name"], recorded["state"]) == ("Zoë Quill", "opened")
    with host.context.expect_page() as opened:
        page.get_by_role("link", name="Start my session").click()
    opened.value.wait_for_url(re.compile(r"/applet/"))
    page.get_by_role("link", name="Start it again").wait_for()
    assert page.evaluate("Object.keys(sessionStorage)") == ["handbell-open:default"]  # what was typed is gone


def test_a_field_that_the_widget_does_not_bring_along_is_made_as_the_site_says(host: Host) -> None:
    host.live.run("site", "set", "default", "--field", "customer_name", "--field", "customer_phone")
    try:
        page = host.open()
        page.locator(LAUNCHER).click()
        phone = page.get_by_label("Phone")
        phone.fill("+49 30 1234")
        assert (phone.get_attribute("type"), phone.get_attribute("autocomplete")) == ("tel", "tel")
        assert page.get_by_label("Your e-mail").is_hidden()
        page.locator(SUBMIT).click()
        reference = page.locator("[part=result] b").inner_text()
        assert host.live.run_json("request", "show", reference)["customer_phone"] == "+49 30 1234"
    finally:
        host.live.run("site", "set", "default", "--field", "all")


def test_one_request_until_the_button_and_none_more_until_the_form(host: Host) -> None:
    page = host.open()
    page.locator(LAUNCHER).wait_for()
    assert host.paths() == ["GET /widget.js"]
    page.locator(LAUNCHER).evaluate("""button => {
        const { fetch } = window;
        button.click();
        window.usable = button.getRootNode().activeElement?.name;
    }""")
    assert page.evaluate("window.usable") == "problem_description"
    assert {r.url.split("/")[2] for r in host.requests} == {
        url.split("/")[2] for url in (host.company.url, host.live.base_url)
    }


def test_the_site_is_asked_on_the_first_sign_of_intent_and_once(host: Host) -> None:
    page = host.open()
    button = page.locator(LAUNCHER)
    with page.expect_response(re.compile("/api/v1/sites/default")):
        button.hover()
    page.mouse.move(0, 0)
    button.hover()
    button.focus()
    assert [path for path in host.paths() if "/api/" in path] == ["GET /api/v1/sites/default"]


def test_nothing_is_stored_before_something_is_typed_and_what_is_typed_survives_a_reload(host: Host) -> None:
    stored = "[localStorage.length, document.cookie, sessionStorage.length]"
    page = host.open_form()
    assert page.evaluate(stored) == [0, "", 0]
    page.get_by_label("Problem").fill("It is broken")
    assert page.evaluate(stored) == [0, "", 1]
    draft = json.loads(page.evaluate("sessionStorage['handbell:default']"))
    assert draft["problem_description"] == "It is broken"
    assert 16 <= len(draft["key"]) <= 255
    page.reload()
    page.locator(LAUNCHER).click()
    expect(page.get_by_label("Problem")).to_have_value("It is broken")
    assert page.get_by_label("Your name").input_value() == ""
    assert host.context.cookies() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_open_or_closed(new_host: NewHost, scheme: str) -> None:
    host = new_host(color_scheme=scheme, bypass_csp=True)
    page = host.open()
    page.locator(LAUNCHER).wait_for()
    page.evaluate(AXE)
    found = page.evaluate(_AXE, RULES)
    page.locator(LAUNCHER).click()
    page.locator("[part=check]").wait_for(state="attached")
    found += page.evaluate(_AXE, RULES)
    page.get_by_label("Your e-mail").fill("zoe@")
    page.locator(SUBMIT).click()
    page.get_by_text("This does not look like").wait_for()
    found += page.evaluate(_AXE, RULES)
    page.get_by_label("Your e-mail").fill("zoe@example.com")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    found += page.evaluate(_AXE, RULES)
    assert found == []


def test_tab_stays_in_the_dialog_and_escape_gives_the_focus_back(host: Host) -> None:
    page = host.open(body="<a href='/a'>A</a><a href='/b'>B</a>")
    button = page.locator(LAUNCHER)
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Your name").wait_for()
    for keys in ("Tab", "Shift+Tab"):
        left = 0
        for _ in range(25):
            page.keyboard.press(keys)
            left += not page.evaluate(_IN_FORM)
        assert left == 0, keys
    page.keyboard.press("Escape")
    page.get_by_label("Your name").wait_for(state="hidden")
    assert button.evaluate("e => e.matches(':focus')")


def test_destroy_leaves_nothing(host: Host) -> None:
    page = host.open(body=LINK, js="window.names = Object.keys(window)")
    client = host.context.new_cdp_session(page)
    host.wait_until("window.Handbell?.open")
    assert page.evaluate("Object.keys(window).filter(name => !names.includes(name))") == ["names", "Handbell"]
    page.evaluate("Handbell.destroy()")
    before = _counters(client)
    page.reload()
    host.wait_until("window.Handbell?.open")
    # By the page's own script only: Playwright's actions on elements leave listeners behind.
    page.evaluate("""() => {
        Handbell.on("open", () => {});
        document.querySelector("a").click();
        const input = document.querySelector("section").shadowRoot.activeElement;
        input.value = "Zoë";
        input.dispatchEvent(new InputEvent("input", {bubbles: true, composed: true}));
    }""")
    host.wait_until("document.querySelector('section').shadowRoot.querySelector('[part=check]')")
    page.evaluate("Handbell.destroy()")
    assert page.evaluate("document.querySelectorAll('section').length") == 0
    assert page.evaluate("Object.keys(window).filter(name => !names.includes(name))") == ["names"]
    assert _listeners(client, "document") == _listeners(client, "window") == []
    # What a request under way still holds goes with a later collection.
    until(page, lambda: _counters(client)["nodes"] <= before["nodes"], "nodes are left")
    assert _counters(client)["jsEventListeners"] <= before["jsEventListeners"]


def _counters(client: Any) -> Any:
    client.send("HeapProfiler.collectGarbage")
    return client.send("Memory.getDOMCounters")


def _listeners(client: Any, of: str) -> Any:
    client.send("Runtime.enable")
    found = client.send("Runtime.evaluate", {"expression": of})["result"]["objectId"]
    return client.send("DOMDebugger.getEventListeners", {"objectId": found})["listeners"]


def test_loaded_twice_it_is_there_once_and_after_destroy_it_may_come_again(host: Host) -> None:
    again = "<script async src='{base}/widget.js' data-site='default'></script>"
    page = host.open(body=again)
    page.locator(LAUNCHER).wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator("section").count() == 1
    page.evaluate(f"""() => {{
        Handbell.destroy();
        return import('{host.live.base_url}/widget.js?again');
    }}""")
    page.locator(LAUNCHER).wait_for()
    assert page.locator("section").count() == 1


def test_calls_before_the_script_arrives_are_made_then(host: Host) -> None:
    js = """window.heard = [];
        window.Handbell = [["prefill", {name: "Robin", customer_number: "C-7"}],
            ["on", "open", () => heard.push("open")], ["on", "close", () => heard.push("close")],
            ["open", {email: "r@example.com"}]];"""
    page = host.open(js=js)
    page.get_by_label("Your name").wait_for()
    values = [page.get_by_label(name).input_value() for name in ("Your name", "Your e-mail", "Customer number")]
    assert values == ["Robin", "r@example.com", "C-7"]
    page.evaluate("Handbell.push(['close'])")
    page.get_by_label("Your name").wait_for(state="hidden")
    host.wait_until("heard.length > 1")  # the dialog reports it a moment after it is closed
    assert page.evaluate("heard") == ["open", "close"]


def test_links_that_a_single_page_application_adds_later(host: Host) -> None:
    page = host.open(attributes='data-mode="link"', body="<div id='app'></div>")
    host.wait_until("window.Handbell?.open")
    page.evaluate("""() => {
        const link = Object.assign(document.createElement('a'), {href: '/', textContent: 'Help'});
        link.dataset.handbell = '';
        link.dataset.prefill = '{"problem": "From this view"}';
        document.querySelector('#app').replaceChildren(link);
    }""")
    page.get_by_role("link", name="Help").click()
    assert page.get_by_label("Problem").input_value() == "From this view"
    page.keyboard.press("Escape")
    with host.context.expect_page():
        page.get_by_role("link", name="Help").click(modifiers=["Control"])
    assert page.get_by_label("Your name").is_hidden()


def test_what_was_typed_is_not_overwritten(host: Host) -> None:
    page = host.open_form()
    page.get_by_label("Your name").fill("I typed this")
    page.evaluate("Handbell.prefill({name: 'Page', email: 'p@example.com'})")
    assert page.get_by_label("Your name").input_value() == "I typed this"
    assert page.get_by_label("Your e-mail").input_value() == "p@example.com"
    page.keyboard.press("Escape")
    page.locator(LAUNCHER).click()
    assert page.get_by_label("Your name").input_value() == "I typed this"


def test_in_the_page(host: Host) -> None:
    page = host.open(attributes='data-mode="inline" data-target="#here"', body="<div id='here'></div><p>After</p>")
    page.get_by_label("Problem").fill("Inline")
    assert page.locator("#here section").count() == 1
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    assert host.paths().count("GET /api/v1/sites/default") == 1


def test_what_the_site_decides(host: Host) -> None:
    live = host.live
    live.run(
        "site", "set", "default", "--offer-department", "10", "--offer-department", "20", "--require", "customer_name"
    )
    try:
        page = host.open(attributes='data-department="20"')
        page.locator(LAUNCHER).click()
        page.get_by_label("Who should help?").wait_for()
        assert page.get_by_label("Who should help?").input_value() == "20"
        page.locator(SUBMIT).click()
        page.get_by_text("Please fill this in.").wait_for()
        page.get_by_label("Your e-mail (optional)").wait_for()
        page.get_by_label("Your name (required)").fill("Zoë")
        page.locator(SUBMIT).click()
        page.get_by_role("heading", name="Your session is ready").wait_for()
        assert live.run_json("ticket", "list")[0]["asked"]["department"] in (20, "20", "id_20")
    finally:
        live.run("site", "set", "default", "--offer-department", "0", "--require", "none")


@pytest.mark.parametrize("allowed", [True, False])
def test_the_team_is_said_with_its_picture_unless_the_page_forbids_it(
    new_host: NewHost, tmp_path: Path, *, allowed: bool
) -> None:
    host = new_host(expect="" if allowed else "img-src")
    (tmp_path / "logo.png").write_bytes(picture())
    host.live.run("site", "set", "default", "--logo", str(tmp_path / "logo.png"))
    if allowed:
        policy = host.company.headers["Content-Security-Policy"]
        host.company.headers = {"Content-Security-Policy": f"{policy}; img-src {host.live.base_url}"}
    try:
        page = host.open()
        page.locator(LAUNCHER).click()
        expect(page.locator("[part=team]")).to_have_text(host.live.run_json("site", "show", "default")["name"])
        expect(page.locator("[part=logo]")).to_have_count(1 if allowed else 0)
        if allowed:
            page.wait_for_function("document.querySelector('section').shadowRoot.querySelector('img').naturalWidth > 0")
    finally:
        host.live.run("site", "set", "default", "--logo", "/dev/null")


def test_the_way_out_takes_everything_along(new_host: NewHost) -> None:
    host = new_host(expect="ERR_FAILED")
    page = host.open_form()
    page.get_by_label("Your name").fill("Zoë Quill")
    page.get_by_label("Problem").fill("A line\nand another")
    page.route("**/requests", lambda route: route.abort())
    page.evaluate("Math.random = () => 0")
    page.locator(SUBMIT).click()
    page.get_by_text("Everything you typed is still here").wait_for()
    page.get_by_role("link", name="+1 555 0100").wait_for()
    with host.context.expect_page() as opened:
        page.get_by_role("button", name="Continue on our support page").click()
    opened.value.wait_for_url(re.compile(r"/r/"))
    assert "A%20line" not in opened.value.url
    newest = host.live.run_json("request", "list")[0]
    assert (newest["customer_name"], newest["problem_description"]) == ("Zoë Quill", "A line\nand another")
    page.unroute("**/requests")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()


def test_a_script_that_is_not_the_pinned_one_is_not_run(new_host: NewHost) -> None:
    host = new_host(expect="integrity")
    file = widget_files()["handbell.en.js"]
    later = widget_files()["later.en.js"]
    tampered = later.encoded["identity"] + b";window.tampered = 1"
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
    host.page.route("**/later.en.js*", lambda route: route.fulfill(body=tampered, headers=headers))
    pinned = f'integrity="{file.integrity}" crossorigin="anonymous"'
    page = host.open(attributes=pinned)
    page.locator(LAUNCHER).click()
    page.get_by_label("Problem").fill("It is broken")
    page.locator(SUBMIT).click()
    page.get_by_role("button", name="Continue on our support page").wait_for()
    assert page.evaluate("window.tampered") is None
    host.page.unroute("**/later.en.js*")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
    assert page.evaluate("document.head.querySelectorAll('link[rel=modulepreload]').length") == 0


def test_the_page_may_ask_for_a_language(host: Host) -> None:
    page = host.open(attributes='data-lang="de"', body=LINK)
    host.wait_until("window.Handbell?.open")
    page.get_by_role("link", name="Need help?").click()
    page.get_by_label("Ihr Name").wait_for()
    assert page.locator("section").get_attribute("lang") == "de"


def test_a_page_may_import_it_after_its_own_load(host: Host) -> None:
    base = host.live.base_url
    js = f"addEventListener('load', () => import('{base}/widget.js'))"
    mark = f"<script type='text/plain' src='{base}/widget.js' data-site='default' data-text='Ring us'></script>"
    page = host.open(js=js, body=mark, script=False)
    page.get_by_role("button", name="Ring us").click()
    page.get_by_label("Problem").fill("It is broken")
    page.locator(SUBMIT).click()
    page.get_by_role("heading", name="Your session is ready").wait_for()
