"""Chromium against the real `handbell serve`: one browser for all browser tests, a server for each module."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.settings import ci
from tests.browser.host_page import Host, company, strict
from tests.live_server import LiveServer, serving

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_VIOLATIONS = """() => addEventListener('securitypolicyviolation',
    e => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a browser test once more when it fails, as a busy machine can make Chromium fail; the run lists those that
    passed only then."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium that tools/test found, without windows of its own if there is such a one."""
    path = os.environ.get("HANDBELL_TEST_CHROMIUM")
    if not path:
        why = os.environ.get("HANDBELL_TEST_NO_CHROMIUM", "HANDBELL_TEST_CHROMIUM is not set; run tools/test")
        if ci():
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        headless = os.environ.get("HANDBELL_TEST_HEADLESS") or path
        launched = playwright.chromium.launch(executable_path=headless, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The demo desk with a phone number, for one module.

    All browsers here have one address, and even for a trusted network the sixtieth request in ten minutes is suspect.
    """
    folder = tmp_path_factory.mktemp("browser")
    with serving(folder, HANDBELL_PROCESSES="1", HANDBELL_TRUSTED_NETWORKS="127.0.0.0/8") as server:
        server.run("site", "set", "default", "--phone", "+1 555 0100", "--name", "Example Help")
        yield server


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """only => axe.run({runOnly: only}).then(found => found.violations.map(
    v => `${v.id}: ${v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | ')}`))"""
_ALL = {"type": "tag", "values": RULES}
_CONTRAST = {"type": "rule", "values": ["color-contrast"]}  # all that a scheme changes
_PATIENCE_MS = 30_000  # a wait ends when its condition holds; a machine may be slow
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
expect.set_options(timeout=_PATIENCE_MS)
NewPage = Callable[..., Page]
Look = Callable[[Page, str], None]


@pytest.fixture
def new_page(browser: Browser, live: LiveServer) -> Iterator[NewPage]:
    """Pages in contexts of their own. A complaint of the browser fails the test, unless the test expects it."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(*, expect: str = "", **options: object) -> Page:
        context = browser.new_context(base_url=live.base_url, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(_PATIENCE_MS)
        if options.get("java_script_enabled", True):
            context.add_init_script(f"({_VIOLATIONS})()")

        def note(text: str) -> None:
            if not (expect and expect in text):
                complaints.append(text)

        context.on("console", lambda said: note(said.text) if said.type in ("error", "warning") else None)
        context.on("weberror", lambda error: note(str(error.error)))
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page on a desktop screen, in English, light."""
    return new_page(locale="en-US", viewport={"width": 1280, "height": 800})


@pytest.fixture
def look() -> Look:
    """Check a page in all ways; a fault fails the test."""

    def check(page: Page, name: str) -> None:
        wrong: list[str] = []
        page.evaluate(AXE)
        for scheme, only in (("light", _ALL), ("dark", _CONTRAST)):
            page.emulate_media(color_scheme=scheme)
            wrong += [f"{scheme}: {violation}" for violation in page.evaluate(_RUN, only)]
        # 320 px are also 1280 px enlarged to 400 %, and 640 px to 200 % (WCAG 1.4.10, 1.4.4).
        for width in (320, 640):
            page.set_viewport_size({"width": width, "height": 640})
            if page.evaluate(_TOO_WIDE):
                wrong.append(f"scrolls sideways at {width} px")
        page.set_viewport_size({"width": 1280, "height": 800})
        assert not wrong, f"{name}:\n" + "\n".join(wrong)

    return check


NewHost = Callable[..., Host]


@pytest.fixture
def new_host(browser: Browser, live: LiveServer) -> Iterator[NewHost]:
    """Company pages whose origin the site lists. A complaint of the browser fails the test, unless the test expects
    it."""
    hosts: list[Host] = []
    expected: list[str] = []
    with company() as served:
        live.run("site", "set", "default", "--origin", served.url)
        served.headers = strict(live.base_url)

        def make(*, expect: str = "", **options: Any) -> Host:
            context = browser.new_context(locale="en-US", **options)
            context.set_default_timeout(_PATIENCE_MS)
            page = context.new_page()
            host = Host(served, live, context, page, [], [])
            context.on("request", lambda request: host.requests.append(request))  # noqa: PLW0108 - it marks what it calls
            context.on("console", lambda m: host.complaints.append(m.text) if m.type in ("error", "warning") else None)
            context.on("weberror", lambda error: host.complaints.append(str(error.error)))
            hosts.append(host)
            expected.append(expect)
            return host

        yield make
        for host in hosts:
            host.context.close()
    for host, known in zip(hosts, expected, strict=True):
        assert [said for said in host.complaints if not (known and known in said)] == []


@pytest.fixture
def host(new_host: NewHost) -> Host:
    """A company's page on a desktop screen."""
    return new_host()
