"""Pictures on the request page and in the widget: chosen, pasted, taken of a window with arrow and blurred part."""

from pathlib import Path

import pytest
from PIL import ImageChops
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, NewHost, NewPage
from tests.browser.host_page import LAUNCHER, SUBMIT
from tests.browser.journeys import STATUS
from tests.live_server import LiveServer
from tests.pictures import opened, picture

pytestmark = pytest.mark.browser
LATE = "the server responded with a status of 4"  # Chromium reports this for every 4xx answer

# Instead of the browser's picker: a window of fine black and white stripes, which a blur makes grey.
WINDOW = """navigator.mediaDevices.getDisplayMedia = async () => {
    const drawn = document.createElement('canvas');
    [drawn.width, drawn.height] = [400, 200];
    const pen = drawn.getContext('2d');
    const draw = () => {
        for (let x = 0; x < 400; x += 1) { pen.fillStyle = x % 2 ? '#fff' : '#000'; pen.fillRect(x, 0, 1, 200); }
    };
    draw();
    const stream = drawn.captureStream(30);
    const timer = setInterval(draw, 30);
    stream.getTracks()[0].addEventListener('ended', () => clearInterval(timer));
    return stream;
}"""
PASTE = """bytes => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], 'pasted.png', {type: 'image/png'}));
    document.body.dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw on the board from one point to another, both as parts of the picture."""
    box = page.get_by_role("dialog", name="Mark what matters").locator("canvas").bounding_box()
    assert box
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1])
    page.mouse.up()


def spread(content: bytes, box: tuple[int, int, int, int]) -> int:
    """How far apart the darkest and the lightest grey in a part of the picture are."""
    low, high = opened(content).convert("L").crop(box).getextrema()
    return int(high) - int(low)


def test_pictures_come_with_the_request(new_page: NewPage, live: LiveServer, look: Look, tmp_path: Path) -> None:
    live.run("site", "set", "default", "--pictures")
    page = new_page(expect=LATE, locale="en-US")
    page.add_init_script(WINDOW)
    page.goto("/")
    page.get_by_label("Problem").fill("It looks like this.")
    page.evaluate(PASTE, list(picture((60, 40))))
    expect(page.get_by_text("pasted.png")).to_be_visible()
    page.locator("#pictures").set_input_files({"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(page.get_by_text("This picture cannot be read.")).to_be_visible()
    page.get_by_role("button", name="Take a picture of a window").click()
    expect(page.locator("#picture-board canvas")).to_be_visible()
    drag(page, (0.6, 0.5), (0.9, 0.8))
    page.get_by_role("button", name="Blur").click()
    drag(page, (0.0, 0.0), (0.5, 1.0))
    page.get_by_role("button", name="Add this picture").click()
    expect(page.get_by_text("window.png")).to_be_visible()
    look(page, "the form with pictures")
    page.get_by_role("button", name="Get support").click()  # while they may still be on their way
    page.wait_for_url(STATUS, wait_until="commit")
    reference = live.run_json("request", "list")[0]["reference"]
    live.run("request", "export", reference, "--files", str(tmp_path))
    pasted, window = sorted((path.read_bytes() for path in tmp_path.iterdir()), key=len)
    assert opened(pasted).size == (60, 40)
    assert spread(window, (10, 10, 180, 190)) < 40, "the left half tells nothing"
    assert spread(window, (220, 10, 390, 60)) > 150
    red, green, _blue = opened(window).convert("RGB").split()
    assert ImageChops.subtract(red, green).histogram()[101:] != [0] * 155, "the arrow"


def test_without_script_they_come_with_the_form(new_page: NewPage, live: LiveServer, tmp_path: Path) -> None:
    live.run("site", "set", "default", "--pictures")
    page = new_page(expect=LATE, locale="en-US", java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Problem").fill("It looks like that.")
    page.get_by_text("Add a picture").click()
    broken = {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    good = {"name": "a.png", "mimeType": "image/png", "buffer": picture((60, 40))}
    page.locator("#pictures").set_input_files([broken, good])
    page.get_by_role("button", name="Get support").click()
    expect(page.get_by_role("alert")).to_contain_text("This picture cannot be read.")
    expect(page.get_by_label("Problem")).to_have_value("It looks like that.")
    expect(page.get_by_text("Picture 1")).to_be_visible()
    page.get_by_role("button", name="Get support").click()
    page.wait_for_url(STATUS)
    reference = live.run_json("request", "list")[0]["reference"]
    live.run("request", "export", reference, "--files", str(tmp_path))
    (kept,) = tmp_path.iterdir()
    assert opened(kept.read_bytes()).size == (60, 40)


def test_the_widget_adds_pictures_to_a_request_that_was_sent(
    new_host: NewHost, live: LiveServer, tmp_path: Path
) -> None:
    live.run("site", "set", "default", "--pictures")
    host = new_host(expect=LATE)
    page = host.page
    page.add_init_script(WINDOW)
    host.open_form()
    page.get_by_label("Problem").fill("It looks like this here.")
    page.locator(SUBMIT).click()
    press = page.get_by_role("button", name="Add a picture")
    press.wait_for()
    assert not [path for path in host.paths() if "pictures" in path], "fetched at the press"
    press.click()
    field, added = page.get_by_label("Choose, paste or drop pictures: 3"), page.get_by_text("The picture is added.")
    expect(field).to_be_focused()
    broken = {"name": "x.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    good = {"name": "a.png", "mimeType": "image/png", "buffer": picture((60, 40))}
    field.set_input_files([broken, good])
    expect(page.get_by_text("This picture cannot be read.")).to_be_visible()
    expect(added).to_have_count(1)
    page.evaluate(PASTE, list(picture((50, 50))))
    expect(added).to_have_count(2)
    page.get_by_role("button", name="Take a picture of a window").click()
    page.get_by_role("button", name="Blur").click()
    drag(page, (0.0, 0.0), (0.5, 1.0))
    page.get_by_role("button", name="Add this picture").click()
    expect(added).to_have_count(3)
    expect(field).to_be_hidden()
    reference = page.locator("[part=result] b").inner_text()
    live.run("request", "export", reference, "--files", str(tmp_path))
    *chosen, window = sorted((path.read_bytes() for path in tmp_path.iterdir()), key=len)
    assert sorted(opened(one).size for one in chosen) == [(50, 50), (60, 40)]
    assert spread(window, (10, 10, 180, 190)) < 40, "the left half tells nothing"
    page.reload()
    page.locator(LAUNCHER).click()
    expect(page.get_by_role("button", name="Cancel my request")).to_be_visible()
    expect(press).to_be_hidden()
