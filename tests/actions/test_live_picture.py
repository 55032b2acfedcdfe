"""Pictures of conversations: drawn anew, upright, without anything else of the file; hostile ones are refused."""

import zlib
from io import BytesIO

import pytest
from PIL import Image

from app.actions.live_picture import MOST_KEPT_PIXELS, NotAPicture, drawn_anew
from tests.pictures import bomb, held, opened, picture

HTML = b"<html><script>document.body.dataset.ran=1</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='document.body.dataset.ran=1'/>"


@pytest.mark.parametrize(
    ("form", "mode", "kept"),
    [
        ("PNG", "RGB", "image/png"),
        ("PNG", "RGBA", "image/png"),
        ("PNG", "P", "image/png"),
        ("PNG", "1", "image/png"),
        ("PNG", "LA", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("WEBP", "RGB", "image/webp"),
        ("GIF", "P", "image/png"),
    ],
)
def test_a_picture_stays_what_it_is(form: str, mode: str, kept: str) -> None:
    drawn = drawn_anew(picture((40, 30), mode, form))
    assert (drawn.type, drawn.width, drawn.height) == (kept, 40, 30)
    with opened(drawn.content) as seen:
        assert (seen.size, Image.MIME[seen.format or ""]) == ((40, 30), kept)


def test_nothing_but_the_picture_is_kept_and_it_is_upright() -> None:
    drawn = drawn_anew(held(6))
    assert (drawn.width, drawn.height) == (40, 60)
    assert b"ecret" not in drawn.content
    with opened(drawn.content) as seen:
        assert not seen.getexif()
        assert "comment" not in seen.info


@pytest.mark.parametrize("tail", [HTML, SVG, b"PK\x03\x04"])
def test_what_hangs_on_a_picture_is_gone(tail: bytes) -> None:
    for form in ("PNG", "JPEG", "WEBP", "GIF"):
        drawn = drawn_anew(picture((40, 30), "P" if form == "GIF" else "RGB", form) + tail)
        assert tail not in drawn.content


def test_text_inside_a_picture_is_gone() -> None:
    plain = picture((40, 30))
    said = b"tEXt" + b"Comment\0" + HTML
    inside = plain[:33] + (len(said) - 4).to_bytes(4) + said + zlib.crc32(said).to_bytes(4) + plain[33:]
    assert b"<script>" not in drawn_anew(inside).content


def test_of_an_animation_the_first_frame_is_kept() -> None:
    red, blue = (Image.new("RGB", (20, 20), colour) for colour in ("red", "blue"))
    out = BytesIO()
    red.save(out, "GIF", save_all=True, append_images=[blue])
    with opened(drawn_anew(out.getvalue()).content) as seen:
        assert getattr(seen, "n_frames", 1) == 1
        assert seen.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.slow
def test_a_large_picture_is_made_smaller() -> None:
    drawn = drawn_anew(picture((6000, 3000)))
    assert drawn.width * drawn.height <= MOST_KEPT_PIXELS
    assert round(drawn.width / drawn.height, 2) == 2


@pytest.mark.slow
def test_a_camera_s_picture_is_taken_at_half_its_size() -> None:
    drawn = drawn_anew(picture((8000, 6000), "L", "JPEG"))
    assert (drawn.width, drawn.height) == (4000, 3000)


@pytest.mark.parametrize(
    "hostile",
    [
        bomb(100_000, 100_000),
        bomb(30_000, 100),
        bomb(5_001, 5_000),
        b"\x89PNG\r\n\x1a\n",
        picture((400, 300))[:-200],
        picture((400, 300), form="JPEG")[:200],
        picture((400, 300), form="WEBP")[:100],
        b"GIF89a" + b"\xff" * 200,
        b"\xff\xd8\xff" + HTML,
        b"\xff\xd8\xff" + b"\xff\xda" * 100,
        b"RIFF\0\0\0\0WEBPVP8X\n\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
    ],
)
def test_a_hostile_picture_is_refused(hostile: bytes) -> None:
    with pytest.raises(NotAPicture):
        drawn_anew(hostile)
