"""No page can choose which server the widget trusts, by any HTML or prototypes; without a policy to help."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.files.widget_files import widget_files, widget_script
from tests.browser.clobbers import CHIEF, CLOBBERS, Clobber
from tests.browser.host_page import Answer, Heard, Served, StandIn, company, said, stand_in
from tests.frameworks.installed import run_widget_tool

pytestmark = pytest.mark.browser
WIDGET = Path(__file__).parents[2] / "widget"
IN_EVERY_LANGUAGE = {f"current_script_as_{kind}" for kind in ("image", "form", "frame_with_anchors")}
TAGS = [name.split(".")[1] for name in widget_files() if name.startswith("handbell.")]
OPTIONS = "data-site=default data-mode=link"
ALLOWED = {"/x", "/widget.js", "/widget/x.js"}  # what the clobbering elements load themselves
# All pages of a run are frames of one page, some at a time. Each is asked to open the form and to send it; its result
# is "ready", "error", or "link" where there is no widget. A page's timers are shortened, so that no test waits.
_DRIVE = """async pages => {
    const said = {};
    const find = (root, what) => root && Document.prototype.querySelector.call(root, what);
    const until = async (what, tries = 400) => {
        for (; tries--; await new Promise(done => setTimeout(done, 25))) if (what()) return true;
    };
    const send = async ({late}, page) => {
        const {Handbell} = page;
        const end = new Promise(done => {
            Handbell.on('ready', ({start_url}) => done(`ready ${start_url}`));
            Handbell.on('error', () => done('error'));
            setTimeout(() => done('nothing'), 15000);
        });
        if (late) page.eval(`(() => { ${late} })()`);
        Handbell.open();
        const form = () => [...page.document.documentElement.children]
            .map(host => host.shadowRoot?.querySelector('form')).find(Boolean);
        await until(form);
        const problem = form().querySelector('textarea');
        problem.value = 'It is broken';
        problem.dispatchEvent(new page.InputEvent('input', {bubbles: true}));
        form().querySelector('[part=submit]').click();
        return await end;
    };
    const drive = async one => {
        const frame = document.createElement('iframe');
        const loaded = new Promise(done => frame.onload = done);
        frame.src = one.url;
        document.body.append(frame);
        await loaded;
        const page = frame.contentWindow;
        const set = () => Object.hasOwn(page, 'Handbell') && page.Handbell.open;
        said[one.name] = await until(set, one.waits) ? await send(one, page) : 'link';
        frame.remove();
    };
    const work = async () => { while (pages.length) await drive(pages.pop()); };
    await Promise.all(Array.from({length: 8}, work));
    return said;
}"""
_QUICK = "const wait = setTimeout; window.setTimeout = (f, ms, ...all) => wait(f, ms / 100, ...all);"


@dataclass(frozen=True, slots=True)
class Servers:
    """Handbell, the other server that the pages name, and the company that serves the pages."""

    ours: StandIn
    other: StandIn
    company: Served


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with stand_in() as ours, stand_in() as other, company() as pages:
        for server in (ours, other):
            server.script = _script
            server.submit, server.poll = _recorded(server), _ready(server)
        yield Servers(ours, other, pages)


def _script(heard: Heard) -> Answer:
    """The script by its name, or the current one in the language of `?lang=`."""
    path, _, query = heard.path.partition("?")
    name = path.rpartition("/")[2]
    file = widget_script(query.removeprefix("lang=") or "en") if name == "widget.js" else widget_files()[name]
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Access-Control-Allow-Origin": "*"}
    return 200, {**headers, "Cache-Control": "max-age=600"}, file.encoded["identity"]


def _recorded(server: StandIn) -> Callable[[Heard], Answer]:
    addresses = {"status_url": f"{server.url}/r/1", "poll_url": f"{server.url}/api/v1/requests/1", "start_url": None}
    return lambda _heard: said({"reference": "R-1", "state": "waiting", **addresses})


def _ready(server: StandIn) -> Callable[[Heard], Answer]:
    return lambda _heard: said({"state": "ready", "start_url": f"{server.url}/start/1"})


def loader(ours: str, tag: str) -> str:
    return f"<script async src='{ours}/widget.js?lang={tag}' {OPTIONS}></script>"


def loader_by_option(ours: str, tag: str) -> str:
    """The English loader, which then fetches the other language."""
    return f"<script async src='{ours}/widget.js' {OPTIONS} data-lang={tag}></script>"


def pinned(ours: str, tag: str) -> str:
    file = widget_script(tag)
    pin = f"integrity='{file.integrity}' crossorigin=anonymous"
    return f"<script async src='{ours}{file.path}' {OPTIONS} {pin}></script>"


def module(ours: str, tag: str) -> str:
    mark = f"<script type=text/plain src='{ours}/widget.js' {OPTIONS}></script>"
    return f"{mark}<script type=module>import '{ours}/widget.js?lang={tag}'</script>"


def package(ours: str, tag: str) -> str:
    return (
        f"<script type=module>import {{start}} from 'COMPANY/{tag}.js';"
        f"window.Handbell = start({{server: '{ours}', site: 'default', mode: 'link'}})</script>"
    )


WAYS = [loader, loader_by_option, pinned, module, package]


@pytest.fixture(scope="module")
def package_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The npm package's scripts, built for these tests."""
    run_widget_tool()
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["node", WIDGET / "build.mjs", f"--package={folder}"], check=True)
    return {f"/{file.name}": file.read_text("utf-8") for file in folder.glob("*.js")}


def page_of(clobber: Clobber, tag: str, script: str) -> str:
    return (
        f"<!doctype html><html lang={tag}><head><meta charset=utf-8><title>A shop</title>"
        f"<script>{_QUICK}</script><script>{{ {clobber.early} }}</script></head><body>{clobber.html}"
        f"<a href='OURS/s/default' data-handbell>Need help?</a>{script}{clobber.after}</body></html>"
    )


def said_by(pages: dict[str, tuple[Clobber, str]], servers: Servers, browser: Browser) -> dict[str, str]:
    """The result of each page, by its name."""
    names = {"OURS": servers.ours.url, "OTHER": servers.other.url, "COMPANY": servers.company.url}

    def named(text: str) -> str:
        for name, url in names.items():
            text = text.replace(name, url)
        return text

    driven: list[dict[str, Any]] = []
    for at, (name, (clobber, html)) in enumerate(pages.items()):
        servers.company.pages[f"/page/{at}"] = named(html)
        how = {"late": named(clobber.late), "waits": 1 if clobber.end == "link" else 400}
        driven.append({"name": name, "url": f"{servers.company.url}/page/{at}", **how})
    servers.company.pages["/"] = "<!doctype html><title>All</title><body></body>"
    context = browser.new_context(locale="en-US")
    try:
        page = context.new_page()
        page.goto(servers.company.url)
        told: dict[str, str] = page.evaluate(_DRIVE, driven)
    finally:
        context.close()
    return told


@pytest.mark.parametrize("way", WAYS)
def test_no_page_chooses_the_server(
    way: Callable[[str, str], str], servers: Servers, browser: Browser, request: pytest.FixtureRequest
) -> None:
    if way is package:
        servers.company.pages |= request.getfixturevalue("package_files")
    heard_before = len(servers.other.asked(""))
    script = {tag: way(servers.ours.url, tag) for tag in TAGS}
    # All clobbers in one language, the most important ones in all.
    pairs = {(clobber, TAGS[at % len(TAGS)]) for at, clobber in enumerate(CLOBBERS)}
    pairs |= {(clobber, tag) for clobber in CHIEF if clobber.name in IN_EVERY_LANGUAGE for tag in TAGS}
    if way is package:  # it uses no global of the page
        pairs = {(clobber, tag) for clobber, tag in pairs if clobber.name != "frame_Handbell"}
    pages = {f"{clobber.name} {tag}": (clobber, page_of(clobber, tag, script[tag])) for clobber, tag in pairs}
    told = said_by(pages, servers, browser)
    asked = {one.path for one in servers.other.asked("")[heard_before:] if one.path not in ALLOWED}
    ends = {"ready": f"ready {servers.ours.url}/start/1"}
    expected = {name: ends.get(clobber.end, clobber.end) for name, (clobber, _) in pages.items()}
    assert asked == set()
    assert {name: end for name, end in told.items() if end != expected[name]} == {}
