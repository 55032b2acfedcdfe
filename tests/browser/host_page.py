"""Pages of other sites: servers on their own loopback ports, so at other origins than Handbell.

`pages(…)` serves a company's page with the widget; `stand_in(…)` replaces Handbell where a test needs it to be down,
slow or wrong.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request

from app.files.assets import assets
from app.files.widget_files import widget_files, widget_script
from tests.live_server import LiveServer

Answer = tuple[int, dict[str, str], bytes]
LAUNCHER, SUBMIT = "[part~=launcher]", "[part=submit]"


@dataclass(slots=True)
class Heard:
    """One request that a server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Served:
    """A running server: its address, the requests it received, and its answers."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def asked(self, part: str) -> list[Heard]:
        """The requests whose path contains this part."""
        return [one for one in self.heard if part in one.path]


@contextmanager
def serving(answer: Callable[[Heard], Answer | None]) -> Iterator[Served]:
    """A server on a free port of 127.0.0.1; an answer of None closes the connection without answering."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard = Heard(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            served.heard.append(heard)
            said = answer(heard)
            if said is None:
                self.close_connection = True
                return
            status, headers, content = said
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_OPTIONS = do_GET  # noqa: N815 - its base class wants these names

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def company() -> Iterator[Served]:
    """A company's own web server: `pages` by path, each sent with `headers`."""

    def answer(heard: Heard) -> Answer:
        html = served.pages.get(heard.path.partition("?")[0])
        if html is None:
            return 404, {}, b""
        kind = "text/css" if heard.path.endswith(".css") else "text/html"
        kind = "text/javascript" if heard.path.endswith(".js") else kind
        return 200, {"Content-Type": f"{kind}; charset=utf-8", **served.headers}, html.encode()

    with serving(answer) as served:
        yield served


SITE: dict[str, Any] = {
    "site": "default",
    "name": "Example Help",
    "language": "en",
    "fields": [
        {"name": "customer_name", "required": False, "limit": 128},
        {"name": "customer_email", "required": False, "limit": 64},
        {"name": "customer_number", "required": False, "limit": 32},
        {"name": "problem_description", "required": True, "limit": 1024},
    ],
    "departments": [{"id": 10, "name": "Computers"}, {"id": 20, "name": "Billing"}],
    "texts": {},
    "theme": {"colour": None, "logo": None},
    "contact": {"phone": "+1 555 0100", "mail": "help@example.com"},
    "show_check_details": False,
    "form_token": "token-1",
    "check": None,
}
_CORS = {
    "Access-Control-Allow-Headers": "content-type, idempotency-key",
    "Access-Control-Expose-Headers": "Retry-After",
    "Vary": "Origin",
}


@dataclass(slots=True)
class StandIn:
    """A replacement for Handbell's answers to the widget. `site`, `submit` and `poll` can each be replaced; `script`
    too."""

    url: str = ""
    served: Served | None = None
    site: Callable[[Heard], Answer | None] = field(default=lambda _heard: said(SITE))
    submit: Callable[[Heard], Answer | None] = field(default=lambda _heard: said({}, 500))
    poll: Callable[[Heard], Answer | None] = field(default=lambda _heard: said({}, 500))
    script: Callable[[Heard], Answer | None] | None = None
    page: Callable[[Heard], Answer | None] = field(default=lambda _heard: (200, {"Content-Type": "text/html"}, b"ours"))

    def asked(self, part: str) -> list[Heard]:
        assert self.served
        return self.served.asked(part)


def said(answer: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer in Handbell's form."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, {"Content-Type": "application/json", **named}, json.dumps(answer).encode()


def slowly(seconds: float, answer: Answer) -> Callable[[Heard], Answer]:
    """Send this answer after some seconds."""

    def wait(_heard: Heard) -> Answer:
        time.sleep(seconds)
        return answer

    return wait


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A server in place of Handbell."""
    here = StandIn()

    def answer(heard: Heard) -> Answer | None:
        if heard.method == "OPTIONS":
            return 204, {**_CORS, "Access-Control-Allow-Origin": heard.headers["origin"]}, b""
        path = heard.path.partition("?")[0]
        if path.startswith("/widget"):
            return here.script(heard) if here.script else _file(path)
        if path.startswith("/static/"):
            asset = assets()[path.rpartition("/")[2]]
            return 200, {"Content-Type": asset.content_type, "Access-Control-Allow-Origin": "*"}, asset.plain
        if path.startswith("/s/"):
            return here.page(heard)
        kind = here.submit if path.endswith("/requests") else here.site if "/sites/" in path else here.poll
        if (answered := kind(heard)) is None:
            return None
        status, headers, content = answered
        return status, {**_CORS, "Access-Control-Allow-Origin": heard.headers.get("origin", ""), **headers}, content

    with serving(answer) as served:
        here.url, here.served = served.url, served
        yield here


def _file(path: str) -> Answer:
    name = path.rpartition("/")[2]
    file = widget_script("en") if name == "widget.js" else widget_files()[name]
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Access-Control-Allow-Origin": "*"}
    return 200, headers, file.encoded["identity"]


@dataclass(slots=True)
class Host:
    """A company's page with the widget, and everything that the page and its network reported."""

    company: Served
    live: LiveServer
    context: BrowserContext
    page: Page
    complaints: list[str]
    requests: list[Request]

    def open(
        self,
        *,
        attributes: str = "",
        body: str = "",
        css: str = "",
        html: str = 'lang="en"',
        js: str = "",
        script: bool = True,
    ) -> Page:
        """Load the page with the script and these `data-` attributes."""
        base = self.live.base_url
        ours = f'<script async src="{base}/widget.js?lang=en" data-site="default" {attributes}></script>'
        self.company.pages |= {"/host.css": css, "/favicon.ico": ""}
        self.company.pages["/host.js"] = js
        self.company.pages["/"] = (
            f"<!doctype html><html {html}><head><meta charset='utf-8'><title>A shop</title>"
            "<meta name='viewport' content='width=device-width,initial-scale=1'>"
            f"<link rel='stylesheet' href='/host.css'>{'<script src=/host.js></script>' if js else ''}</head>"
            f"<body><main><h1>A shop</h1>{body.format(base=base)}</main>{ours if script else ''}</body></html>"
        )
        self.page.goto(self.company.url)
        return self.page

    def open_form(self, **how: str) -> Page:
        """Load the page and press the floating button."""
        page = self.open(**how)
        page.locator(LAUNCHER).click()
        page.get_by_label("Your name").wait_for()
        return page

    def wait_until(self, condition: str) -> None:
        """Wait for a condition. Playwright's own wait needs eval, which the page forbids. Fails after about 20
        seconds."""
        for _ in range(1000):
            if self.page.evaluate(f"Boolean({condition})"):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"it never came true: {condition}")

    def paths(self) -> list[str]:
        """The requests to our server, without preflights."""
        ours = [request for request in self.requests if request.url.startswith(self.live.base_url)]
        return [f"{r.method} {r.url.removeprefix(self.live.base_url).partition('?')[0]}" for r in ours]


def strict(base: str) -> dict[str, str]:
    """A page's policy that allows only our scripts and calls: no nonce, no inline style."""
    return {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self' {base}; connect-src {base}; "
        "style-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'"
    }
