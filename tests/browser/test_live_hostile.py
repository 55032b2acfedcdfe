"""Five hundred hostile texts as lines, as signals and over the data channel: nothing runs, nothing is injected."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.core.live import CUSTOMER, Kind, Line, NotTaken, Side, Signal, read_line
from app.store.database import Database
from app.store.live import add_line, add_signal
from app.store.tickets import ticket_by_number
from tests.browser.conftest import NewPage
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
    until,
)
from tests.hostile_texts import HOSTILE
from tests.live_server import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.full]
NOTHING: dict[str, object] = {"ran": None, "wide": False, "base": True, "handlers": [], "elsewhere": []}
# The pointer's place is the only style.
LOOK = """() => ({
  ran: document.body.dataset.ran ?? null,
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  base: document.baseURI === location.href,
  handlers: [...document.querySelectorAll('body *')].flatMap(
    e => e.getAttributeNames().filter(n => n.startsWith('on') || n === 'srcdoc'
      || (n === 'style' && !e.matches('.pointer, textarea')))),
  elsewhere: [...document.querySelectorAll('[href], [src], [action]')]
    .map(e => new URL(e.getAttribute('href') ?? e.getAttribute('src') ?? e.getAttribute('action'), location).origin)
    .filter(u => u !== location.origin && u !== 'null'),
})"""
TAGS = """() => [...new Set([...document.querySelectorAll('#log *')].map(e => e.localName))].sort()"""
SAID = """() => [...document.querySelectorAll('#log .said')].map(e => e.textContent)"""
MOVES = """() => { const mark = (window.documentPictureInPicture?.window?.document ?? document)
    .querySelector('#pointer, #my-pointer'); return mark?.getAttribute('style') ?? ''; }"""
# The page keeps its data channels, through which the other page is sent what its script never sends.
KEEP_CHANNELS = """window.channels = [];
const real = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function (...how) {
    const channel = real.apply(this, how);
    channels.push(channel);
    return channel;
};
addEventListener('datachannel', () => undefined);
const on = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'ondatachannel');
Object.defineProperty(RTCPeerConnection.prototype, 'ondatachannel', {
    set(act) { on.set.call(this, event => { channels.push(event.channel); act(event); }); },
});"""
SEND = """texts => { for (const text of texts) for (const one of channels)
    if (one.readyState === 'open') { one.send(text); one.send(new TextEncoder().encode(text)); } }"""
NOT_NOTES = (
    "[0,0.5]",
    "[0,0.5,0.5,0.5]",
    "[0,-1,0.5]",
    "[0,2,0.5]",
    '[0,"0.5",0.5]',
    "[9,0.5,0.5]",
    "[0.5,0.5,0.5]",
    "[0,null,0.5]",
    "[0,1e999,0.5]",
    '{"0":0,"1":0.5,"2":0.5,"length":3}',
    '[0,0.5,0.5,"' + "x" * 300 + '"]',
    "[0,0.5," + "0" * 300 + "0.5]",
    "[" * 50,
)


@pytest.fixture(scope="module")
def browser(browser: Browser) -> Iterator[Browser]:
    """A Chromium with a made-up screen."""
    with launched(browser, *FAKE_DEVICES) as other:
        yield other


@pytest.fixture(scope="module")
def live(live: LiveServer) -> LiveServer:
    """The demo desk with Wei Chen."""
    hire(live)
    return live


@pytest.fixture
def wei(new_page: NewPage) -> Page:
    """Wei, logged in."""
    page = new_page(expect=LATE, locale="en-US", viewport={"width": 1280, "height": 900})
    page.add_init_script(KEEP_CHANNELS)
    return sit_down(page)


@pytest.fixture
def zoe(new_page: NewPage) -> Page:
    """A customer; the preview stays in the page."""
    page = new_page(expect=LATE, locale="en-US", viewport={"width": 360, "height": 740})
    page.add_init_script("delete window.documentPictureInPicture;" + KEEP_CHANNELS)
    return page


def lines() -> list[str]:
    """The texts that a line can be."""
    found = []
    for text in HOSTILE:
        try:
            found.append(read_line(text))
        except NotTaken:
            continue
    assert len(found) > 480
    return found


def keep(live: LiveServer, number: str, texts: list[str]) -> None:
    """Both sides have said each of these."""
    with closing(Database(f"sqlite:///{live.data_dir / 'handbell.sqlite3'}")) as database:
        with database.read() as connection:
            ticket = ticket_by_number(connection, int(number))
        assert ticket
        now = datetime.now(UTC)

        def fill(connection) -> None:  # type: ignore[no-untyped-def]
            for nth, text in enumerate(texts):
                for who in (CUSTOMER, str(ticket.owner_id)):
                    add_line(connection, ticket.number, Line(0, now, who, Kind.SAY, text, f"{who}-{nth}"))

        database.write(fill)


def is_only_text(page: Page, texts: list[str]) -> None:
    """The page shows all lines, in order, and nothing that one of them made."""
    until(page, lambda: page.evaluate("document.querySelectorAll('#log .said').length") >= 2 * len(texts), "lines stay")
    shown = page.evaluate(SAID)
    assert shown[-2 * len(texts) :] == [text for text in texts for _ in range(2)]
    is_untouched(page)
    assert set(page.evaluate(TAGS)) <= {"ol", "li", "b", "p", "time", "span"}


def is_untouched(page: Page) -> None:
    """Nothing ran, and the page leads nowhere else."""
    assert page.evaluate(LOOK) == NOTHING


def test_lines_are_text_on_both_sides_and_in_what_is_kept(
    zoe: Page, wei: Page, new_page: NewPage, live: LiveServer, tmp_path: Path
) -> None:
    number, texts = ask_for_help(zoe), lines()
    claim(wei, number)
    keep(live, number, texts)
    for page in (zoe, wei):
        page.reload()
        is_only_text(page, texts)
    without = new_page(java_script_enabled=False, viewport={"width": 360, "height": 740})
    without.goto(zoe.url)
    assert without.locator("#log .said").all_text_contents() == [text for text in texts[-100:] for _ in range(2)]
    zoe.get_by_role("button", name="End session").click()
    expect(zoe.get_by_role("heading", level=1)).to_have_text("Your session has ended")
    is_only_text(zoe, texts)
    with zoe.expect_download() as kept:
        zoe.get_by_role("button", name="Keep it as a file").click()
    kept.value.save_as(tmp_path / "kept.html")
    file = new_page(viewport={"width": 360, "height": 740})
    file.goto((tmp_path / "kept.html").as_uri())
    assert file.evaluate("document.body.dataset.ran ?? null") is None
    tags = file.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort()")
    assert tags == ["b", "body", "h1", "head", "html", "meta", "p", "small", "style", "title"]
    text = file.locator("body").text_content() or ""
    assert all(one in text for one in texts)


def put_signals(live: LiveServer, number: str, side: Side, sender: str) -> None:
    """Signals of this side that its page would never send, to all pages of the other."""
    kinds = (Kind.OFFER, Kind.ANSWER, Kind.ICE, Kind.BYE, Kind.HERE if side is Side.CUSTOMER else Kind.HELLO)
    bodies = [*HOSTILE, *(f'{{"c":"{n}","sdp":"v=0","ice":[{n},null,{{}}]}}' for n in range(9)), "null", "[]", "7"]

    def fill(connection) -> None:  # type: ignore[no-untyped-def]
        for nth, body in enumerate(bodies):
            signal = Signal(0, datetime.now(UTC), side, sender, None, kinds[nth % len(kinds)], body)
            add_signal(connection, int(number), signal)

    with closing(Database(f"sqlite:///{live.data_dir / 'handbell.sqlite3'}")) as database:
        database.write(fill)


@pytest.mark.parametrize("side", Side)
def test_signals_do_nothing_but_what_they_are_for(zoe: Page, wei: Page, live: LiveServer, side: Side) -> None:
    number = ask_for_help(zoe)
    claim(wei, number)
    show_screen(zoe)
    sees_frames(wei)
    put_signals(live, number, side, "stranger")
    here, there = (wei, zoe) if side is Side.CUSTOMER else (zoe, wei)
    say(there, "After the signals")  # which makes the other page ask for its news
    expect(conversation(here)).to_contain_text("After the signals")
    sees_frames(wei)
    for page in (zoe, wei):
        is_untouched(page)


def test_what_comes_over_the_data_channel_is_numbers_or_nothing(zoe: Page, wei: Page) -> None:
    claim(wei, ask_for_help(zoe))
    show_screen(zoe)
    sees_frames(wei)
    until(wei, lambda: wei.evaluate("channels.some(one => one.readyState === 'open')"), "no channel is open")
    before = [page.evaluate(MOVES) for page in (zoe, wei)]
    for page in (zoe, wei):
        for start in range(0, len(HOSTILE), 100):
            page.evaluate(SEND, list(HOSTILE[start : start + 100]))
        page.evaluate(SEND, list(NOT_NOTES))
    say(wei, "Do you see my pointer?")
    expect(conversation(zoe)).to_contain_text("Do you see my pointer?")
    assert [page.evaluate(MOVES) for page in (zoe, wei)] == before
    expect(zoe.locator("#pointer")).to_be_hidden()
    for page in (zoe, wei):
        is_untouched(page)

    # More than thirty messages a second are dropped; a second later the next ones count again.
    until(
        zoe,
        lambda: wei.evaluate(SEND, ["[0,0.25,0.75]"]) or "left: 25%" in zoe.evaluate(MOVES),
        "the pointer never comes",
    )
    sees_frames(wei)
