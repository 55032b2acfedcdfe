"""The web server goes away and comes back in the middle of a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

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
from tests.live_server import free_port, serving

pytestmark = [pytest.mark.browser, pytest.mark.full]


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """A Chromium with a made-up screen."""
    with launched(browser, *FAKE_DEVICES) as other:
        yield other


def test_frames_go_on_while_the_server_is_away_and_a_line_comes_once(browser: Browser, tmp_path: Path) -> None:
    settings = {"PORT": str(free_port()), "HANDBELL_TRUSTED_NETWORKS": "127.0.0.0/8"}
    with serving(tmp_path, HANDBELL_PROCESSES="2", **settings) as server:
        hire(server)
        desk, home = (browser.new_context(base_url=server.base_url, locale="en-US") for _ in range(2))
        home.add_init_script("delete window.documentPictureInPicture")
        wei, zoe = sit_down(desk.new_page()), home.new_page()
        claim(wei, ask_for_help(zoe))
        show_screen(zoe)
        sees_frames(wei)
    sees_frames(wei)
    say(zoe, "Written while it was away")
    expect(conversation(zoe)).to_contain_text("Not sent yet.")
    say(wei, "I still see it")
    expect(conversation(wei)).to_contain_text("Not sent yet.")
    wei.locator("#picture").hover()
    expect(zoe.locator("#pointer")).to_be_visible()
    sees_frames(wei)
    with serving(tmp_path, HANDBELL_PROCESSES="2", **settings):
        for page, text in ((wei, "Written while it was away"), (zoe, "I still see it")):
            expect(conversation(page).get_by_text(text)).to_have_count(1)
        for page in (wei, zoe):
            expect(conversation(page).locator(".mine").last).not_to_contain_text("Not sent yet.")
            expect(conversation(page).locator(".said")).to_have_count(2)
        sees_frames(wei)
        zoe.get_by_role("button", name="Stop sharing").click()
        expect(wei.locator("video")).to_be_hidden()
        expect(conversation(wei)).to_contain_text("The customer no longer shows anything.")
        for page in (wei, zoe):
            page.reload()
            expect(conversation(page).locator(".said")).to_have_count(2)
        for context in (desk, home):
            context.close()
