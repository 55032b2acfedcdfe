"""Uploaded logos: accepted ones become small, still pictures with nothing but pixels; others are refused."""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.actions.logo import HIGHEST, MOST_BYTES, REASONS, WIDEST, NotALogo, as_logo
from tests.pictures import picture


def why(raw: bytes) -> str:
    with pytest.raises(NotALogo) as caught:
        as_logo(raw)
    assert str(caught.value) == REASONS[caught.value.why]
    return caught.value.why


def kept(raw: bytes) -> Image.Image:
    logo = as_logo(raw)
    assert logo.media_type == "image/png"
    assert len(logo.digest) == 32
    image = Image.open(io.BytesIO(logo.content))
    image.load()
    assert image.format == "PNG"
    return image


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, data: bytes, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (20, 20), (2000, 2000), (2000, 1), (1, 2000), (320, 96)])
def test_a_picture_becomes_a_small_png(form: str, size: tuple[int, int]) -> None:
    image = kept(picture(size, form=form))
    assert image.width <= WIDEST
    assert image.height <= HIGHEST
    assert min(image.size) >= 1
    if size[0] <= WIDEST and size[1] <= HIGHEST:
        assert image.size == size, "a small one stays as it is"


@pytest.mark.parametrize(("mode", "form"), [("P", "PNG"), ("LA", "PNG"), ("1", "PNG"), ("L", "PNG"), ("CMYK", "JPEG")])
def test_every_kind_of_pixel_is_taken(mode: str, form: str) -> None:
    assert kept(picture(mode=mode, form=form)).size == (320, 80)


def test_what_can_be_seen_through_stays_so() -> None:
    image = Image.new("RGBA", (100, 50), (10, 20, 30, 0))
    image.paste((200, 0, 0, 255), (0, 0, 50, 50))
    out = io.BytesIO()
    image.save(out, "PNG")
    found = kept(out.getvalue())
    assert found.mode == "RGBA"
    assert found.getpixel((10, 10)) == (200, 0, 0, 255)
    assert found.getpixel((90, 10))[3] == 0  # type: ignore[index]


def test_the_same_picture_has_the_same_digest() -> None:
    assert as_logo(picture()).digest == as_logo(picture()).digest != as_logo(picture((50, 50))).digest


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_where_and_with_what_it_was_taken_is_gone(form: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    raw = picture(form=form, exif=exif, icc_profile=b"SecretProfile" * 20)
    assert b"Secret" in raw
    logo = as_logo(raw)
    assert b"Secret" not in logo.content
    image = Image.open(io.BytesIO(logo.content))
    image.load()
    assert not image.getexif()
    assert set(image.info) == set()


def test_a_comment_is_gone_and_the_picture_stands_upright() -> None:
    note = PngInfo()
    note.add_text("Comment", "SecretComment")
    note.add_itxt("XML:com.adobe.xmp", "<x>SecretXmp</x>")
    assert b"Secret" not in as_logo(picture(pnginfo=note)).content
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    assert kept(picture((100, 50), form="JPEG", exif=exif)).size == (48, 96)


@pytest.mark.parametrize(
    "tail", [b"<script>alert(1)</script>", b"PK\x03\x04evil.zip", b"<?php system($_GET[0]); ?>", b"%PDF-1.7 evil"]
)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_second_file_at_its_end_is_gone(form: str, tail: bytes) -> None:
    assert tail not in as_logo(picture(form=form) + tail).content


def test_a_script_between_the_chunks_is_gone() -> None:
    evil = chunk(b"tEXt", b"a\0<script>alert(1)</script>")
    raw = png(2, 2, zlib.compress(b"\0" + b"\x01" * 6 + b"\0" + b"\x02" * 6), evil)
    assert b"script" not in as_logo(raw).content


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * MOST_BYTES, "large"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "svg"),
        (b"  <SVG onload=alert(1)>", "svg"),
        (b"GIF89a" + b"\0" * 50, "kind"),
        (b"%PDF-1.7", "kind"),
        (b"MZ\x90\0", "kind"),
        (b"<html><script>alert(1)</script></html>", "kind"),
        (b"\0\0\0\x20ftypavif", "kind"),
        (b"BM" + b"\0" * 60, "kind"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "broken"),
        (b"\x89PNG\r\n\x1a\n", "broken"),
        (b"\xff\xd8\xff", "broken"),
        (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 30, "broken"),
    ],
)
def test_what_is_no_picture_of_these_kinds_is_refused(raw: bytes, reason: str) -> None:
    assert why(raw) == reason


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_one_that_ends_too_soon_is_refused(form: str) -> None:
    raw = picture((300, 300), form=form)
    assert why(raw[: len(raw) // 2]) == "broken"


def test_a_gif_by_another_name_is_refused() -> None:
    assert why(picture(form="GIF")) == "kind"
    assert why(picture(form="BMP")) == "kind"
    assert why(picture(form="TIFF")) == "kind"


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_one_that_moves_is_refused(form: str) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=100)
    assert why(out.getvalue()) == "moves"


@pytest.mark.parametrize("size", [(2001, 10), (10, 2001), (50_000, 50_000), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_of_pixels_is_not_unpacked(size: tuple[int, int]) -> None:
    bomb = png(*size, zlib.compress(b"\0" * 300_000))
    assert why(bomb) in ("pixels", "broken")


def webp(kind: bytes, head: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(head)) + head
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    "raw",
    [
        webp(b"VP8X", b"\x10\0\0\0" + (16_000).to_bytes(3, "little") * 2 + b"\0" * 20),
        webp(b"VP8L", b"\x2f" + ((16_000 << 14) | 16_000).to_bytes(4, "little") + b"\0" * 20),
        webp(b"VP8 ", b"\x30\x01\0\x9d\x01\x2a" + struct.pack("<HH", 16_000, 16_000) + b"\0" * 20),
    ],
)
def test_a_webp_bomb_is_not_even_opened(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_arguments: object, **_options: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(Image, "open", opened)
    assert why(raw) == "pixels"


@pytest.mark.slow
def test_a_text_bomb_in_a_png_is_refused_or_dropped_quickly() -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"A" * 200_000_000, 9))
    started = time.monotonic()
    raw = png(2, 2, zlib.compress(b"\0" + b"\x01" * 6 + b"\0" + b"\x02" * 6), bomb)
    assert len(raw) < MOST_BYTES
    assert why(raw) == "broken"
    assert time.monotonic() - started < 5


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once() -> None:
    raw = picture((2000, 2000), form="JPEG", progressive=True)
    scan = raw[raw.index(b"\xff\xda") : raw.index(b"\xff\xda") + 14]
    assert why(raw[:-2] + scan * 20_000 + b"\xff\xd9") == "broken"


def flipped(raw: bytes, at: int) -> bytes:
    return raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_whatever_is_changed_in_it_it_is_taken_or_refused(form: str) -> None:
    raw = picture((60, 40), form=form)
    change: Callable[[int], bytes]
    for at in range(0, len(raw), max(1, len(raw) // 150)):
        for change in (lambda n: flipped(raw, n), lambda n: raw[:n], lambda n: raw[:n] + raw[n + 1 :]):
            with contextlib.suppress(NotALogo):
                assert as_logo(change(at)).media_type == "image/png"
