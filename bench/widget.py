"""`python -m bench widget`: the widget in Chromium beside others from npm, an empty page and a bare button.

Every load is fresh (a context of its own, nothing cached); loads are interleaved; figures are medians.
"""

import argparse
import contextlib
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from app.files.widget_files import WidgetFile, widget_files, widget_script
from bench.servers import ROOT, BenchFailed, machine_seconds

RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("@betahuhn/feedback-js@2.1.25", "@sentry/browser@11.12.0")
SLOW = {"latency": 562.5, "downloadThroughput": 180_000, "uploadThroughput": 84_375}  # Chromium's "Slow 4G", bytes/s
_SENTRY = """import * as Sentry from "@sentry/browser";
Sentry.init({dsn: "http://k@127.0.0.1:9/1", defaultIntegrations: false,
    integrations: [Sentry.feedbackIntegration({showBranding: false})]});"""
_FLOOR = """(()=>{const d=document,b=d.createElement("button"),f=d.createElement("dialog");b.id="floor";
b.textContent="Get support";
b.style.cssText="position:fixed;right:20px;bottom:20px;min-height:48px;padding:10px 22px;border:0;border-radius:10px;
background:#0b5c68;color:#fff;font:600 16px sans-serif;z-index:9";
f.append(d.createElement("input"),d.createElement("textarea"));
f.style.cssText="width:440px;border:0;border-radius:14px;padding:24px";b.onclick=()=>{
f.isConnected||d.body.append(f);f.showModal()};d.documentElement.append(b)})();""".replace("\n", " ")
# How to find the button, and a usable field (or choice).
_SHADOW = "document.querySelector('section')?.shadowRoot"
_SENTRY_ROOT = "document.querySelector('#sentry-feedback')?.shadowRoot"
_WATCH = """(() => {
    const at = () => {
        const found = %(button)s;
        if (!found || window.buttonAt) return;
        window.buttonAt = performance.now();
    };
    new MutationObserver(at).observe(document, {childList: true, subtree: true});
    addEventListener('click', event => {
        const began = event.timeStamp, channel = new MessageChannel();
        const look = () => {
            const found = %(field)s;
            if (!found?.getBoundingClientRect().width) return channel.port2.postMessage(0);
            window.usable = performance.now() - began;
            requestAnimationFrame(() => setTimeout(() => window.painted = performance.now() - began));
        };
        channel.port1.onmessage = look;
        channel.port2.postMessage(0);
    }, {capture: true, once: true});
})()"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A script, and how to find its elements."""

    name: str
    script: bytes | None
    button: str = "null"
    field: str = "null"
    attributes: str = ""


@dataclass(slots=True)
class Load:
    """One fresh load: milliseconds, KiB, counts."""

    button: float
    script: float
    heap: float
    requests: int
    usable: float = 0.0
    painted: float = 0.0
    heap_form: float = 0.0
    stored: int = 0
    foreign: int = 0


@dataclass(slots=True)
class Site:
    """The answers of a run's server by path."""

    files: dict[str, tuple[str, bytes, str]] = field(default_factory=dict)


def main() -> int:
    """Run the benchmark; exit status 0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m bench widget")
    parser.add_argument("--loads", type=int, default=15, help="fresh loads of each")
    parser.add_argument("--no-others", action="store_true", help="leave the packages from npm out")
    parser.add_argument("--output", type=Path, default=RESULTS)
    arguments = parser.parse_args(sys.argv[2:])
    try:
        with tempfile.TemporaryDirectory(prefix="handbell-bench-") as folder:
            contenders = [*_ours(), *([] if arguments.no_others else _others(Path(folder)))]
            results = _measure(contenders, arguments.loads)
    except BenchFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    kept = json.loads(arguments.output.read_text("utf-8")) if arguments.output.exists() else {}
    arguments.output.write_text(json.dumps({**kept, "widget": results}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(table(results))
    return 0


def _ours() -> list[Contender]:
    find = f"{_SHADOW}?.querySelector('[part~=launcher]')"
    in_form = f"{_SHADOW}?.activeElement?.matches('textarea') && {_SHADOW}.activeElement"
    return [
        # Observed in the same way, so that observing costs the same.
        Contender("empty page", None, "document.querySelector('main')"),
        Contender(
            "bare button", _FLOOR.encode(), "document.querySelector('#floor')", "document.querySelector('dialog input')"
        ),
        Contender("Handbell", widget_script("en").encoded["identity"], find, in_form, "data-site=default"),
    ]


def _others(folder: Path) -> list[Contender]:
    """Packages from npm, in a temporary folder; of Sentry only its feedback, bundled by the widget's own esbuild."""
    npm = shutil.which("npm")
    # On a fresh clone this installs the locked packages; it runs no script.
    if not npm or subprocess.run([ROOT / "tools/widget"], check=False, stdout=subprocess.DEVNULL).returncode:
        raise BenchFailed("bench widget needs Node.js 20 or later with npm; or --no-others")
    esbuild = ROOT / "widget/node_modules/.bin/esbuild"
    install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder), *PACKAGES]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    (folder / "sentry.js").write_text(_SENTRY, "utf-8")
    bundle = [
        str(esbuild),
        "sentry.js",
        "--bundle",
        "--minify",
        "--format=iife",
        "--outfile=sentry.min.js",
        "--log-level=error",
    ]
    subprocess.run(bundle, cwd=folder, check=True)
    feedback = (folder / "node_modules/@betahuhn/feedback-js/dist/feedback-js.min.js").read_bytes()
    return [
        Contender(
            "feedback-js",
            feedback,
            "document.querySelector('#feedback-btn')",
            "document.querySelector('.feedback-item')",  # its fields appear after a second press
            "data-feedback-endpoint=http://127.0.0.1:9/",
        ),
        Contender(
            "Sentry feedback",
            (folder / "sentry.min.js").read_bytes(),
            f"{_SENTRY_ROOT}?.querySelector('button')",
            f"{_SENTRY_ROOT}?.querySelector('input[type=text]')",
        ),
    ]


def _measure(contenders: list[Contender], loads: int) -> dict[str, Any]:
    chromium = subprocess.run([ROOT / "tools/chromium"], capture_output=True, text=True, check=True).stdout.strip()
    site = Site()
    own, (total, busy) = sum(os.times()[:4]), machine_seconds()
    rows: dict[tuple[str, str], list[Load]] = {}
    with _served(site) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for turn in range(loads):
            for profile in ("local", "slow"):
                for contender in contenders:
                    _publish(site, contender, port)
                    rows.setdefault((contender.name, profile), []).append(_load(browser, contender, profile, port))
            print(f"load {turn + 1} of {loads}", file=sys.stderr)
        version = browser.version
        browser.close()
    now_total, now_busy = machine_seconds()
    return {
        "chromium": version,
        "loads": loads,
        # The browser is no child process that can be waited for, so its time is included here.
        "busy_share_of_cpu": round((now_busy - busy) / (now_total - total), 2),
        "own_seconds": round(sum(os.times()[:4]) - own, 1),
        "bytes": {c.name: _bytes(c.script) for c in contenders if c.script},
        "bytes_later": {name: len(data) for name, data in _later().encoded.items()},
        "rows": [_row(name, profile, found, rows) for (name, profile), found in rows.items()],
    }


def _later() -> WidgetFile:
    return widget_files()["later.en.js"]


def _bytes(script: bytes) -> dict[str, int]:
    brotli = {f.encoded["identity"]: len(f.encoded["br"]) for f in (widget_script("en"),)}
    sizes = {"plain": len(script), "gzip": len(gzip.compress(script, 9, mtime=0))}
    return sizes | ({"brotli": brotli[script]} if script in brotli else {})


def _publish(site: Site, contender: Contender, port: int) -> None:
    # A full address, as on a company's page: from a bare path the widget asks a module where it is.
    src = f"http://127.0.0.1:{port}/script.js"
    script = f"<script async src={src} {contender.attributes}></script>" if contender.script else ""
    html = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>A shop</title><link rel=icon href=data:,>"
        f"<main><h1>A shop</h1>{'<p>Something to read.</p>' * 40}</main>{script}</html>"
    )
    later = _later()
    told = {
        "fields": [],
        "departments": [],
        "texts": {},
        "theme": {"colour": None},
        "contact": {"phone": None, "mail": None},
        "show_check_details": False,
        "form_token": "t",
        "check": None,
    }
    script_bytes = contender.script or b""
    site.files = {
        "/": ("text/html; charset=utf-8", html.encode(), ""),
        # Compression gains nothing for the floor's 600 bytes.
        "/script.js": ("text/javascript", gzip.compress(script_bytes, 9, mtime=0), "gzip"),
        later.path: ("text/javascript", later.encoded["gzip"], "gzip"),
        "/api/v1/sites/default": ("application/json", json.dumps(told).encode(), ""),
    }


def _load(browser: Browser, contender: Contender, profile: str, port: int) -> Load:
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    try:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        client = context.new_cdp_session(page)
        for domain in ("Performance", "HeapProfiler", "Network"):
            client.send(f"{domain}.enable")
        if profile == "slow":
            client.send("Network.emulateNetworkConditions", {"offline": False, **SLOW})
            client.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        context.add_init_script(_WATCH % {"button": contender.button, "field": contender.field})
        page.goto(f"http://127.0.0.1:{port}/", wait_until="load")
        _until(page, "window.buttonAt")
        script = _metric(client, "ScriptDuration") * 1000
        load = Load(
            button=page.evaluate("window.buttonAt"),
            script=script,
            heap=_heap(client),
            requests=len(asked) - 1,
        )
        if contender.script:
            _press(page, contender, load)
            load.heap_form = _heap(client)
        load.stored = page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length")
        load.foreign = sum(not url.startswith((f"http://127.0.0.1:{port}/", "data:")) for url in asked)
        return load
    finally:
        context.close()


def _press(page: Page, contender: Contender, load: Load) -> None:
    centre = page.evaluate(
        f"(() => {{ const r = {contender.button}.getBoundingClientRect();"
        " return [r.x + r.width / 2, r.y + r.height / 2] })()"
    )
    page.mouse.move(*centre)  # as every mouse pointer arrives a while before the press
    page.wait_for_timeout(150)
    page.mouse.click(*centre)
    _until(page, "window.painted")
    load.usable, load.painted = page.evaluate("[window.usable, window.painted]")


def _until(page: Page, condition: str) -> None:
    for _ in range(3000):
        if page.evaluate(f"Boolean({condition})"):
            return
        page.wait_for_timeout(10)
    raise BenchFailed(f"{condition} never came: {page.content()[-600:]}")


def _metric(client: CDPSession, name: str) -> float:
    metrics = client.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == name))


def _heap(client: CDPSession) -> float:
    for _ in range(3):
        client.send("HeapProfiler.collectGarbage")
    used: float = client.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1024


def _row(name: str, profile: str, loads: list[Load], rows: dict[tuple[str, str], list[Load]]) -> dict[str, Any]:
    empty, floor = rows["empty page", profile], rows["bare button", profile]

    def median(of: str, among: list[Load]) -> float:
        return float(statistics.median(getattr(load, of) for load in among))

    return {
        "name": name,
        "profile": profile,
        "button_ms": round(median("button", loads), 1),
        "button_over_floor_ms": round(median("button", loads) - median("button", floor), 1),
        "script_ms": round(median("script", loads) - median("script", empty), 2),
        "usable_ms": round(median("usable", loads), 1),
        "painted_ms": round(median("painted", loads), 1),
        "heap_kib": round(median("heap", loads) - median("heap", empty)),
        "heap_form_kib": round(median("heap_form", loads) - median("heap", empty)) if loads[0].heap_form else None,
        "requests": statistics.median(load.requests for load in loads),
        "stored": max(load.stored for load in loads),
        "foreign": max(load.foreign for load in loads),
    }


def table(results: dict[str, Any]) -> str:
    """The rows as a Markdown table."""
    heads = (
        "page", "profile", "button over floor ms", "script CPU ms", "press to field ms", "… painted ms",
        "heap KiB", "heap with form KiB", "requests", "stored", "third parties",
    )  # fmt: skip
    names = (
        "name", "profile", "button_over_floor_ms", "script_ms", "usable_ms", "painted_ms",
        "heap_kib", "heap_form_kib", "requests", "stored", "foreign",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", f"|---|---|{'--:|' * (len(heads) - 2)}"]
    return "\n".join([*lines, *("| " + " | ".join(str(row[name]) for name in names) + " |" for row in results["rows"])])


@contextmanager
def _served(site: Site) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind, content, encoding = site.files.get(self.path.partition("?")[0], ("text/plain", b"", ""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # the page was closed meanwhile
                self.wfile.write(content)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
