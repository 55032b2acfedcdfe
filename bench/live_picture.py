"""Benchmark of the shared screen: from the press in the words before the picker to the first frame at the technician's,
direct and through coturn, in two pages of one Chromium that needs no picker."""

import contextlib
import os
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.servers import ROOT, BenchFailed
from tests.browser.conftest import FLAGS
from tests.browser.live_pages import FAKE_DEVICES, ask_for_help, claim, hire, sees_frames, sit_down, until
from tests.coturn import SECRET, coturn
from tests.live_server import serving

_SHARES = 7
_NOW = "performance.timeOrigin + performance.now()"
_FIRST_FRAME = f"""() => {{
    const video = document.querySelector('video');
    window.first = 0;
    video.requestVideoFrameCallback(() => {{ window.first = {_NOW}; }});
}}"""
_PRESS = f"""() => {{
    const button = document.querySelector('#choose');
    window.pressed = 0;
    button.addEventListener('click', () => {{ window.pressed = {_NOW}; }}, {{capture: true, once: true}});
}}"""
_ON_LOOPBACK = ("allow-loopback-peers", "allowed-peer-ip=127.0.0.1")


def measure(folder: Path) -> dict[str, Any]:
    """Milliseconds of several shares, each way."""
    chromium = subprocess.run([ROOT / "tools/chromium"], capture_output=True, text=True, check=True).stdout.strip()
    flags = [*FLAGS, *FAKE_DEVICES, "--allow-loopback-in-peer-connection"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        found = {way: _shared(browser, folder / way, relayed=way == "relay") for way in ("direct", "relay")}
        browser.close()
    return {way: _figures(took) for way, took in found.items()} | {"load": round(os.getloadavg()[0], 1)}


def _figures(took: list[float]) -> dict[str, float]:
    return {"shares": len(took), "p50": round(statistics.median(took)), "most": round(max(took))}


@contextlib.contextmanager
def _desk(folder: Path, *, relayed: bool) -> Iterator[str]:
    folder.mkdir()
    settings = {"HANDBELL_PROCESSES": "2", "HANDBELL_TRUSTED_NETWORKS": "127.0.0.0/8"}
    with contextlib.ExitStack() as stack:
        if relayed:
            (folder / "coturn").mkdir()
            relay = stack.enter_context(coturn(folder / "coturn", *_ON_LOOPBACK))
            settings |= {"HANDBELL_TURN": f"turn:127.0.0.1:{relay.port}", "HANDBELL_TURN_SECRET": SECRET}
        server = stack.enter_context(serving(folder, **settings))
        if relayed:
            server.run("site", "set", "default", "--relay-only")
        hire(server)
        yield server.base_url


def _shared(browser: Browser, folder: Path, *, relayed: bool) -> list[float]:
    with _desk(folder, relayed=relayed) as base_url:
        pages = [browser.new_context(base_url=base_url, locale="en-US").new_page() for _ in range(2)]
        wei, zoe = pages
        sit_down(wei)
        claim(wei, ask_for_help(zoe))
        took = [_one(wei, zoe, "Through the relay" if relayed else "Direct connection") for _ in range(_SHARES)]
        for page in pages:
            page.context.close()
    return took


def _one(wei: Page, zoe: Page, way: str) -> float:
    """One share, from the press to the first frame, in milliseconds; then it is stopped."""
    wei.evaluate(_FIRST_FRAME)
    zoe.get_by_role("button", name="Show my screen").click()
    zoe.evaluate(_PRESS)
    zoe.get_by_role("button", name="Choose what to show").click()
    until(wei, lambda: wei.evaluate("window.first"), "no picture came")
    took = float(wei.evaluate("window.first")) - float(zoe.evaluate("window.pressed"))
    sees_frames(wei)
    if (path := wei.locator("#screen-path").inner_text()) != way:
        raise BenchFailed(f"the picture came by the wrong way: {path}")
    zoe.get_by_role("button", name="Stop sharing").first.click()
    wei.get_by_role("button", name="Ask to see the screen").wait_for()
    return took
