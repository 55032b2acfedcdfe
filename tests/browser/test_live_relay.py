"""The live session through the real coturn, and where no way leads from one browser to the other."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import LATE
from tests.browser.live_pages import (
    FAKE_DEVICES,
    ask_for_help,
    claim,
    conversation,
    hire,
    launched,
    say,
    sees_frames,
    show_screen,
    sit_down,
)
from tests.coturn import SECRET, Coturn, coturn
from tests.exposition import figures
from tests.live_server import LiveServer, serving
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.full]
DESKTOP = {"width": 1280, "height": 900}
# The documented configuration passes nothing on to this machine itself, where the browsers of this test are.
ON_LOOPBACK = ("allow-loopback-peers", "allowed-peer-ip=127.0.0.1")
UNTIL_GIVEN_UP_MS = 180_000  # it is tried three times, each for 15 s


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """A Chromium that may use a relay on this machine, with a made-up screen."""
    with launched(browser, *FAKE_DEVICES, "--allow-loopback-in-peer-connection") as other:
        yield other


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Coturn]:
    """A relay."""
    folder = tmp_path / "coturn"
    folder.mkdir()
    with coturn(folder, *ON_LOOPBACK) as started:
        yield started


@pytest.fixture
def live(relay: Coturn, tmp_path: Path) -> Iterator[LiveServer]:
    """A desk whose site is relay only, with Wei Chen."""
    settings = {
        "HANDBELL_TURN": f"turn:127.0.0.1:{relay.port}",
        "HANDBELL_TURN_SECRET": SECRET,
        "HANDBELL_PROCESSES": "1",
        "HANDBELL_TRUSTED_NETWORKS": "127.0.0.0/8",
        "HANDBELL_METRICS_NETWORKS": "127.0.0.0/8",
    }
    with serving(tmp_path, **settings) as server:
        server.run("site", "set", "default", "--relay-only", "--name", "Example Help")
        hire(server)
        yield server


def met(live: LiveServer) -> dict[str, float]:
    """How many pages reached each other by each path. The page on which a ticket is claimed may be one, and the page
    after that another."""
    with urllib.request.urlopen(f"{live.base_url}/metrics") as answer:
        counted = figures(answer.read().decode())
    start = 'handbell_live_connections_total{path="'
    return {name.removeprefix(start).partition('"')[0]: n for name, n in counted.items() if name.startswith(start)}


@pytest.fixture
def wei(new_page: NewPage) -> Page:
    """Wei, logged in."""
    return sit_down(new_page(expect=LATE, locale="en-US", viewport=DESKTOP, bypass_csp=True))


@pytest.fixture
def zoe(new_page: NewPage) -> Page:
    """A customer."""
    return new_page(expect=LATE, locale="en-US", viewport=DESKTOP, bypass_csp=True, reduced_motion="reduce")


def test_through_the_relay_alone_and_what_is_said_when_it_dies(
    zoe: Page, wei: Page, live: LiveServer, relay: Coturn, look: Look
) -> None:
    claim(wei, ask_for_help(zoe))
    show_screen(zoe)
    sees_frames(wei)
    expect(wei.locator("#screen-path")).to_have_text("Through the relay")
    assert until(lambda: "relay" in met(live))
    assert set(met(live)) == {"relay"}

    relay.stop()
    expect(zoe.locator("#screen-problem")).to_contain_text("try another network", timeout=UNTIL_GIVEN_UP_MS)
    expect(wei.locator("#screen-path")).to_contain_text("not even through the relay", timeout=UNTIL_GIVEN_UP_MS)
    assert until(lambda: set(met(live)) == {"relay", "failed"})
    look(zoe, "the relay is dead")
    look(wei, "the relay is dead")
    say(zoe, "It says that you see nothing.")
    expect(conversation(wei)).to_contain_text("It says that you see nothing.")
    zoe.get_by_role("button", name="Stop sharing").click()
    expect(zoe.locator("#screen-problem")).to_be_hidden()


@pytest.fixture
def without(tmp_path: Path) -> Iterator[LiveServer]:
    """A desk whose site is relay only, though it has no relay."""
    settings = {"HANDBELL_TRUSTED_NETWORKS": "127.0.0.0/8", "HANDBELL_METRICS_NETWORKS": "127.0.0.0/8"}
    with serving(tmp_path, HANDBELL_PROCESSES="1", **settings) as server:
        server.run("site", "set", "default", "--relay-only")
        hire(server)
        yield server


def test_without_a_relay_both_sides_are_told_what_to_do(browser: Browser, without: LiveServer) -> None:
    desk, home = (browser.new_context(base_url=without.base_url, locale="en-US") for _ in range(2))
    wei, zoe = sit_down(desk.new_page()), home.new_page()
    claim(wei, ask_for_help(zoe))
    show_screen(zoe)
    expect(zoe.get_by_role("alert").filter(has_text="there is no relay. Please write what you see.")).to_be_visible()
    expect(wei.locator("#screen-path")).to_contain_text("An administrator can set up a relay.")
    assert set(met(without)) == {"no_relay"}
    before = met(without)["no_relay"]
    wei.reload()
    expect(wei.locator("#screen-path")).to_contain_text("An administrator can set up a relay.")
    assert until(lambda: met(without)["no_relay"] > before), "another page of the technician's"
    for context in (desk, home):
        context.close()
