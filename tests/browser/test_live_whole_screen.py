"""The customer shows the real whole screen: a Chromium with a window, on a virtual X server."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FLAGS, NewPage
from tests.browser.journeys import LATE
from tests.browser.live_pages import (
    ask_for_help,
    claim,
    conversation,
    hire,
    show_screen,
    sit_down,
    until,
)
from tests.live_server import LiveServer
from tests.proxies import program

pytestmark = [pytest.mark.browser, pytest.mark.full]
SCREEN = (1024, 768)
# Of all monitors; without a GPU and with a window. The name is Chromium's own for the first screen.
SHARING = (
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--auto-select-desktop-capture-source=Entire screen",
    "--window-position=0,0",
    f"--window-size={SCREEN[0]},{SCREEN[1]}",
    "--start-maximized",
)
# The share of pixels of the picture that are nearly this colour.
SHARE = """([red, green, blue]) => {
    const video = document.querySelector('video');
    if (!video?.videoWidth) return 0;
    const drawing = new OffscreenCanvas(64, 48).getContext('2d');
    drawing.drawImage(video, 0, 0, 64, 48);
    const {data} = drawing.getImageData(0, 0, 64, 48);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
        found += Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 90;
    return found / (64 * 48);
}"""
PAINT = "colour => { document.documentElement.style.background = colour; document.body.style.opacity = 0; }"


@contextmanager
def screen(folder: Path) -> Iterator[str]:
    """A virtual screen until the block ends; its name."""
    reading, writing = os.pipe()
    found, log = program("Xvfb", "xvfb"), folder / "xvfb.log"
    size = f"{SCREEN[0]}x{SCREEN[1]}x24"
    command = [found, "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
    with log.open("wb") as said, subprocess.Popen(command, pass_fds=[writing], stdout=said, stderr=said) as process:
        os.close(writing)
        try:
            with os.fdopen(reading) as told:
                number = told.readline().strip()  # ends with the process, too
            assert number, log.read_text()
            yield f":{number}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def live(live: LiveServer) -> LiveServer:
    """The demo desk with Wei Chen."""
    hire(live)
    return live


@pytest.fixture
def wei(new_page: NewPage) -> Page:
    """Wei, logged in, without a window."""
    return sit_down(new_page(expect=LATE, locale="en-US", viewport={"width": 1280, "height": 900}))


def test_the_whole_screen_reaches_the_technician(browser: Browser, live: LiveServer, wei: Page, tmp_path: Path) -> None:
    with screen(tmp_path) as display:
        environment = {**os.environ, "DISPLAY": display}
        shows = browser.browser_type.launch(
            executable_path=os.environ["HANDBELL_TEST_CHROMIUM"],
            args=[*FLAGS, *SHARING],
            headless=False,
            env=environment,
        )
        context = shows.new_context(base_url=live.base_url, locale="en-US", no_viewport=True)
        context.add_init_script("delete window.documentPictureInPicture")
        zoe = context.new_page()
        claim(wei, ask_for_help(zoe))
        show_screen(zoe)
        expect(conversation(wei)).to_contain_text("The customer shows the whole screen.")
        until(wei, lambda: wei.evaluate("document.querySelector('video').videoWidth") == SCREEN[0], "no whole screen")
        expect(zoe.locator("#still")).to_be_visible()
        expect(zoe.locator("#preview")).to_be_hidden()
        # Another window on that screen, which no page shares, is in the picture too.
        other = context.new_page()
        for colour in ((200, 30, 30), (30, 60, 200)):
            other.evaluate(PAINT, f"rgb{colour}")
            until(wei, lambda of=colour: wei.evaluate(SHARE, of) > 0.4, f"the screen is not {colour}")
        zoe.bring_to_front()
        zoe.get_by_role("button", name="Stop sharing").click()
        expect(wei.locator("video")).to_be_hidden()
        shows.close()
