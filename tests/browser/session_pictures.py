"""Makes the pictures of a session for README and docs: `python -m tests.browser.session_pictures`.

What the customer shows is drawn here: a window with a printer that has a fault.
"""

import base64
import io
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.live_pages import (
    FAKE_DEVICES,
    ask_for_help,
    claim,
    conversation,
    hire,
    say,
    sees_frames,
    show_screen,
    sit_down,
)
from tests.live_server import serving

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TECHNICIAN, CUSTOMER = (1280, 1240), (1080, 1240)
GAP = 28
WINDOW = """<!doctype html><html lang="en"><title>Printers</title><style>
*{box-sizing:border-box} body{margin:0;font:17px/1.5 system-ui,sans-serif;color:#1c2733;background:#fff}
header{background:#22435c;color:#fff;padding:14px 26px;font-weight:600;display:flex;justify-content:space-between}
nav{position:absolute;inset:55px auto 0 0;width:230px;background:#eef2f5;padding:22px 0}
nav p{margin:0;padding:10px 26px} nav .on{background:#d5e3ee;font-weight:600}
main{margin-left:230px;padding:30px 40px} h1{font-size:28px;margin:0 0 20px}
.row{display:flex;gap:20px;align-items:center;border:1px solid #d4dce2;border-radius:10px;padding:18px 22px;
margin-bottom:14px}
.row b{display:block}.row span{color:#5a6772}.row i{width:46px;height:46px;border-radius:10px;background:#c8d5df}
.bad{border-color:#c0392b;background:#fdf3f2}.bad span{color:#a02b1f}.bad i{background:#e6b0aa}
button{margin-left:auto;font:inherit;padding:8px 18px;border:1px solid #9fb0bd;border-radius:8px;background:#fff}
</style><header><span>Printers and scanners</span><span>– □ ×</span></header>
<nav><p>Display</p><p>Sound</p><p class="on">Printers</p><p>Network</p><p>Storage</p></nav>
<main><h1>Printers</h1>
<div class="row bad"><i></i><div><b>Office 2nd floor</b><span>Offline · 14 documents are waiting</span></div>
<button>Open the queue</button></div>
<div class="row"><i></i><div><b>Reception</b><span>Ready</span></div><button>Open the queue</button></div>
<div class="row"><i></i><div><b>Save as PDF</b><span>Ready</span></div><button>Open the queue</button></div></main>"""
# In place of the browser's picker, which no program can press.
SHOWS = """(data) => {
    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
    navigator.mediaDevices.getDisplayMedia = async () => {
        const picture = await createImageBitmap(new Blob([bytes], {type: 'image/png'}));
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [picture.width, picture.height];
        const drawing = canvas.getContext('2d');
        let turn = 0;
        setInterval(() => {
            drawing.drawImage(picture, 0, 0);
            drawing.fillStyle = turn++ % 2 ? '#fff' : '#fefefe';
            drawing.fillRect(canvas.width - 4, canvas.height - 4, 4, 4);
        }, 100);
        const stream = canvas.captureStream(10);
        for (const track of stream.getTracks()) track.getSettings = () => ({displaySurface: 'window'});
        return stream;
    };
}"""


def main() -> None:
    """Write the three pictures."""
    chromium = subprocess.run([ROOT / "tools/chromium"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *FAKE_DEVICES])
        with serving(Path(folder), HANDBELL_PROCESSES="1") as server:
            server.run("site", "set", "default", "--name", "Example Help")
            hire(server)
            technician, customer = _pictures(browser, server.base_url)
        browser.close()
    (DOCS / "session-technician.png").write_bytes(_small(technician))
    (DOCS / "session-customer.png").write_bytes(_small(customer))
    (DOCS / "session.png").write_bytes(_small(_beside(technician, customer)))


def _page(browser: Browser, base_url: str, size: tuple[int, int]) -> Page:
    shape = {"width": size[0], "height": size[1]}
    context = browser.new_context(base_url=base_url, locale="en-US", viewport=shape, reduced_motion="reduce")  # type: ignore[arg-type]
    context.add_init_script("delete window.documentPictureInPicture")
    return context.new_page()


def _pictures(browser: Browser, base_url: str) -> tuple[Image.Image, Image.Image]:
    window = _page(browser, base_url, (1180, 470))
    window.set_content(WINDOW)
    shown = base64.b64encode(window.screenshot()).decode()
    wei, zoe = sit_down(_page(browser, base_url, TECHNICIAN)), _page(browser, base_url, CUSTOMER)
    number = ask_for_help(zoe)
    say(zoe, "Hello! The printer on our floor has not printed since this morning.")
    claim(wei, number)
    wei.reload()  # without the message that the ticket was claimed
    expect(conversation(zoe)).to_contain_text("Wei Chen is here to help you.")
    say(wei, "Good morning, Zoë. May I see its settings?")
    expect(conversation(zoe)).to_contain_text("May I see its settings?")
    wei.get_by_role("button", name="Ask to see the screen").click()
    expect(zoe.locator("#screen-now")).to_contain_text("asks to see your screen")
    zoe.evaluate(SHOWS, shown)
    show_screen(zoe)
    sees_frames(wei)
    say(zoe, "Here it is. It says that 14 documents are waiting.")
    expect(conversation(wei)).to_contain_text("14 documents are waiting")
    say(wei, "Thank you. I see that it is offline: please press here.")
    expect(conversation(zoe)).to_contain_text("please press here")
    expect(conversation(wei).locator(".mine").last).to_contain_text("Read")
    for page in (wei, zoe):
        page.evaluate("scrollTo(0, 0)")
    box = wei.locator("#picture").bounding_box()
    assert box
    wei.mouse.move(box["x"] + box["width"] * 0.87, box["y"] + box["height"] * 0.42)
    expect(zoe.locator("#pointer")).to_be_visible()
    return _taken(wei), _taken(zoe)


def _taken(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def _beside(technician: Image.Image, customer: Image.Image) -> Image.Image:
    """Both on one sheet: the customer's page to the left."""
    width = technician.width + customer.width + 3 * GAP
    sheet = Image.new("RGB", (width, technician.height + 2 * GAP), "#dbe3ea")
    sheet.paste(customer, (GAP, GAP + (technician.height - customer.height) // 2))
    sheet.paste(technician, (customer.width + 2 * GAP, GAP))
    return sheet


def _small(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
