"""Files and pictures of a live session, with real pages on both sides."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Look, NewPage
from tests.browser.journeys import APPLET, LATE, fill
from tests.browser.live_pages import (
    ask_for_help,
    claim,
    conversation,
    hire,
    say,
    sit_down,
    until,
)
from tests.hostile_names import HOSTILE_NAMES
from tests.live_server import LiveServer
from tests.pictures import held, picture

pytestmark = pytest.mark.browser
DESKTOP = {"width": 1280, "height": 900}
TEXT = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Some notes."}
PHOTO = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": held(6, (600, 400))}
# The page's own elements are replaced once its script is there.
DRAWN = """images => images.length === 1 && (images[0].scrollIntoView({block: 'nearest'}),
    images[0].complete && images[0].naturalWidth > 0)"""
SIZE = "image => [image.naturalWidth, image.naturalHeight]"
# What a page gets when files fall on it, or are pasted: real events with a real DataTransfer.
GIVE = """([event, files]) => {
    const data = new DataTransfer();
    for (const [name, type, hex] of files)
        data.items.add(new File([Uint8Array.from(hex.match(/../g) ?? [], byte => parseInt(byte, 16))], name, {type}));
    const init = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
    const made = event === 'paste' ? new ClipboardEvent('paste', init) : new DragEvent(event, init);
    return document.body.dispatchEvent(made);
}"""


@pytest.fixture(scope="module")
def live(live: LiveServer) -> LiveServer:
    """The demo desk with Wei Chen."""
    hire(live)
    return live


@pytest.fixture
def wei(new_page: NewPage) -> Page:
    """Wei, logged in."""
    return sit_down(new_page(expect=LATE, locale="en-US", viewport=DESKTOP, bypass_csp=True))


@pytest.fixture
def zoe(new_page: NewPage) -> Page:
    """A customer's page, into which axe can be injected."""
    page = new_page(expect=LATE, locale="en-US", viewport=DESKTOP, bypass_csp=True, reduced_motion="reduce")
    page.context.add_init_script("delete window.documentPictureInPicture")
    return page


def shown(page: Page, name: str) -> Locator:
    """The picture with this name, once it is drawn."""
    image = conversation(page).get_by_role("img", name=f"Picture: {name}")
    until(page, lambda: image.evaluate_all(DRAWN), f"{name} is not drawn")
    return image


def give(page: Page, event: str, *files: tuple[str, str, bytes]) -> None:
    """Let files fall onto the page, or paste them."""
    page.evaluate(GIVE, [event, [(name, kind, content.hex()) for name, kind, content in files]])


def ready(page: Page) -> None:
    """The script of files is there."""
    expect(page.get_by_label("Attach a file")).to_have_attribute("data-ready", "1")


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as begun:
        conversation(page).get_by_role("link", name=name).click()
    assert begun.value.suggested_filename == name
    return Path(begun.value.path()).read_bytes()


def test_a_file_that_was_chosen_before_the_script_was_there_is_sent(zoe: Page) -> None:
    held: list[Route] = []
    zoe.route("**/files.js", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    ask_for_help(zoe)
    until(zoe, lambda: bool(held), "the script of files was not asked for")
    zoe.get_by_label("Attach a file").set_input_files([TEXT])
    held[0].continue_()
    expect(conversation(zoe)).to_contain_text("notes.txt")


def test_files_and_pictures_go_both_ways(zoe: Page, wei: Page, look: Look) -> None:
    number = ask_for_help(zoe)
    zoe.get_by_label("Attach a file").set_input_files([TEXT, PHOTO])
    expect(conversation(zoe)).to_contain_text("notes.txt")
    assert shown(zoe, "photo.jpg").evaluate(SIZE) == [400, 600]
    claim(wei, number)
    expect(conversation(wei)).to_contain_text("notes.txt")
    shown(wei, "photo.jpg")
    assert downloaded(wei, "notes.txt") == b"Some notes."
    with wei.expect_file_chooser() as chooser:
        wei.get_by_role("button", name="Attach a file").click()
    chooser.value.set_files({"name": "guide.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 " + bytes(3000)})
    expect(conversation(zoe)).to_contain_text("guide.pdf")
    assert downloaded(zoe, "guide.pdf") == b"%PDF-1.7 " + bytes(3000)
    for page, name in ((zoe, "a conversation with files"), (wei, "a ticket with files")):
        page.evaluate("scrollTo(0, 0)")
        look(page, name)
    for page in (zoe, wei):
        page.reload()
        shown(page, "photo.jpg")
        expect(conversation(page)).to_contain_text("guide.pdf")


def test_dropped_and_pasted(zoe: Page, wei: Page) -> None:
    number = ask_for_help(zoe)
    claim(wei, number)
    shot = picture((300, 200))
    for page, other in ((zoe, wei), (wei, zoe)):
        ready(page)
        name = "dropped.png" if page is zoe else "back.png"
        give(page, "dragover", (name, "image/png", shot))
        expect(page.locator(".dropping")).to_be_visible()
        give(page, "drop", (name, "image/png", shot), ("with.txt", "text/plain", b"Two at once"))
        expect(page.locator(".dropping")).to_have_count(0)
        shown(other, name)
        expect(conversation(other)).to_contain_text("with.txt")
    give(zoe, "paste", ("image.png", "image/png", shot))
    shown(wei, "image.png")


def test_a_copied_picture_is_pasted_by_the_keyboard(zoe: Page, wei: Page) -> None:
    number = ask_for_help(zoe)
    ready(zoe)
    zoe.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = """async () => {
        const canvas = Object.assign(document.createElement('canvas'), {width: 120, height: 80});
        canvas.getContext('2d').fillRect(10, 10, 50, 50);
        const blob = await new Promise(done => canvas.toBlob(done));
        await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]);
    }"""
    zoe.evaluate(copied)
    zoe.get_by_label("Message").click()
    zoe.keyboard.press("ControlOrMeta+V")
    shown(zoe, "image.png")
    zoe.evaluate("navigator.clipboard.writeText('only words')")
    zoe.keyboard.press("ControlOrMeta+V")
    expect(zoe.get_by_label("Message")).to_have_value("only words")
    claim(wei, number)
    shown(wei, "image.png")


def test_what_is_not_taken_is_said(zoe: Page, look: Look) -> None:
    ask_for_help(zoe)
    attach = zoe.get_by_label("Attach a file")
    ready(zoe)
    for name, content, words in (
        ("broken.png", picture((300, 200))[:-50], "This picture cannot be read."),
        ("a.heic", b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
        ("nothing.txt", b"", "There is nothing in this file."),
    ):
        attach.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
        alert = zoe.get_by_role("alert").filter(has_text=words)
        expect(alert).to_be_visible()
        if name == "broken.png":
            look(zoe, "a file that was refused")
        zoe.get_by_role("button", name="Hide").click()
        expect(alert).to_have_count(0)
    sent: list[str] = []
    zoe.on("request", lambda request: sent.append(request.url) if "/files" in request.url else None)
    zoe.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(25 * 1024 * 1024 + 1)], 'large.bin'));
            document.body.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: data}));
        }"""
    )
    expect(zoe.get_by_role("alert").filter(has_text="25 MB is the most")).to_be_visible()
    assert sent == []
    expect(conversation(zoe).locator(".said")).to_have_count(0)


def test_a_file_shows_its_progress_and_can_be_cancelled(zoe: Page, wei: Page, look: Look) -> None:
    number = ask_for_help(zoe)
    ready(zoe)
    pieces = "**/files/*?at=1048576"
    zoe.route(pieces, lambda _route: None)
    three = {"name": "three.bin", "mimeType": "application/octet-stream", "buffer": bytes(3 * 1024 * 1024)}
    zoe.get_by_label("Attach a file").set_input_files([three, TEXT])
    progress = zoe.get_by_role("progressbar", name="three.bin")
    until(zoe, lambda: progress.evaluate("bar => bar.value >= 1048576"), "no progress")
    expect(zoe.get_by_role("progressbar")).to_have_count(2)
    look(zoe, "a file on its way")
    zoe.get_by_role("button", name="Cancel").first.click()
    expect(progress).to_have_count(0)
    expect(conversation(zoe)).to_contain_text("notes.txt")
    zoe.unroute(pieces)
    claim(wei, number)
    expect(conversation(wei)).to_contain_text("notes.txt")
    assert "three.bin" not in conversation(wei).inner_text()


def test_a_broken_line_is_waited_for(wei: Page, new_page: NewPage) -> None:
    zoe = new_page(expect="ERR_FAILED", locale="en-US", viewport=DESKTOP)
    number = ask_for_help(zoe)
    ready(zoe)
    cut = "**/files/*?at=1048576"
    zoe.route(cut, lambda route: route.abort())
    content = bytes(range(256)) * 8192
    zoe.get_by_label("Attach a file").set_input_files(
        {"name": "two.bin", "mimeType": "application/octet-stream", "buffer": content}
    )
    expect(zoe.get_by_text("It goes on as soon as it is back.")).to_be_visible()
    zoe.unroute(cut)
    claim(wei, number)
    expect(conversation(wei)).to_contain_text("two.bin")
    assert downloaded(wei, "two.bin") == content
    expect(zoe.get_by_role("progressbar")).to_have_count(0)


def test_a_phone_takes_a_photo(new_page: NewPage, wei: Page) -> None:
    page = new_page(expect=LATE, locale="en-US", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.context.add_init_script("if (navigator.mediaDevices) delete MediaDevices.prototype.getDisplayMedia;")
    claim(wei, ask_for_help(page))
    page.get_by_role("button", name="Show my screen").click()
    photo = page.get_by_label("Take a photo")
    assert [photo.get_attribute(name) for name in ("accept", "capture")] == ["image/*", "environment"]
    ready(page)
    photo.set_input_files(PHOTO)
    expect(page.get_by_role("dialog")).to_be_hidden()
    shown(wei, "photo.jpg")


def test_the_conversation_is_kept_with_its_pictures(zoe: Page, wei: Page, look: Look, tmp_path: Path) -> None:
    number = ask_for_help(zoe)
    zoe.get_by_label("Attach a file").set_input_files([PHOTO, TEXT])
    shown(zoe, "photo.jpg")
    claim(wei, number)
    say(wei, "Thank you.")
    expect(conversation(zoe)).to_contain_text("Thank you.")
    zoe.get_by_role("button", name="End session").click()
    zoe.get_by_role("heading", name="Your session has ended").wait_for()
    shown(zoe, "photo.jpg")
    look(zoe, "ended, with files")
    with zoe.expect_download() as kept:
        zoe.get_by_role("button", name="Keep it as a file").click()
    kept.value.save_as(tmp_path / "kept.html")
    zoe.goto((tmp_path / "kept.html").as_uri())
    assert zoe.locator("img[alt='photo.jpg']").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [
        400,
        600,
    ]
    expect(zoe.locator("body")).to_contain_text("notes.txt")
    wei.reload()
    shown(wei, "photo.jpg")
    assert downloaded(wei, "notes.txt") == b"Some notes."


def test_hostile_names_run_nothing(zoe: Page, wei: Page) -> None:
    number = ask_for_help(zoe)
    claim(wei, number)
    names = [name for name in HOSTILE_NAMES if len(name) < 200 and "\0" not in name and "\ud800" not in name][::4]
    assert len(names) > 20
    ready(zoe)
    give(zoe, "drop", *[(name, "text/html", b"<script>document.body.dataset.ran=1</script>") for name in names])
    expect(zoe.get_by_role("progressbar")).to_have_count(0)
    expect(conversation(zoe).locator(".kept a")).to_have_count(len(names))
    expect(conversation(wei).locator(".kept a")).to_have_count(len(names))
    for page in (zoe, wei):
        assert page.evaluate("document.body.dataset.ran") is None
        page.reload()
        expect(conversation(page).locator(".kept a")).to_have_count(len(names))
        assert page.evaluate("document.body.dataset.ran") is None
        kinds = page.evaluate("[...new Set([...document.querySelectorAll('.kept *')].map(one => one.tagName))].sort()")
        assert kinds == ["A", "BDI", "P", "SPAN"]


def test_without_script_a_file_is_a_form(new_page: NewPage, wei: Page) -> None:
    page = new_page(java_script_enabled=False, expect=LATE, locale="en-US")
    fill(page)
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(APPLET)
    large = {"name": "large.bin", "mimeType": "application/octet-stream", "buffer": bytes(5 * 1024 * 1024)}
    for files in ([PHOTO, TEXT], [large]):
        page.get_by_label("Attach a file").set_input_files(files)
        page.get_by_role("button", name="Send the file").click()
        for file in files:
            expect(conversation(page)).to_contain_text(str(file["name"]))
    expect(conversation(page).get_by_role("img", name="Picture: photo.jpg")).to_be_visible()
    number = page.locator(".tile .big").nth(1).inner_text()
    claim(wei, number)
    shown(wei, "photo.jpg")
    assert downloaded(wei, "large.bin") == bytes(5 * 1024 * 1024)
