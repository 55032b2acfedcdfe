"""Draw a picture of a conversation anew, so that pages can show it.

No part of the file itself is kept: metadata, locations, scripts and appended files are gone.
"""

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageOps

from app.core.live import TooMany

MOST_PIXELS = 25_000_000  # of a file, three screens of 3840×2160: more would take too much memory
MOST_JPEG_PIXELS = 65_000_000  # of a camera's, which is decoded at half its size
MOST_KEPT_PIXELS = 12_000_000
_MOST_A_SIDE = 20_000  # pixels
_LARGE = 8 * 1024 * 1024  # bytes; what would be larger as a PNG is written as a JPEG
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_MOST_SCANS = 64  # a progressive JPEG of thousands takes minutes
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_WRITTEN = {"JPEG": {"quality": 88}, "PNG": {"compress_level": 4}, "WEBP": {"quality": 88, "method": 2}}
_LONGEST_WAIT = 5  # seconds
_one_at_a_time = threading.Lock()  # in each process, for the memory that a picture takes


class NotAPicture(Exception):
    """The picture cannot be read, or has too many pixels."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept; width and height in pixels."""

    content: bytes
    type: str
    width: int
    height: int


def drawn_anew(raw: bytes) -> Picture:
    """The first frame of a PNG, JPEG, WebP or GIF, upright, of at most MOST_KEPT_PIXELS.

    Raises NotAPicture, and TooMany when others take this process too long.
    """
    if raw.startswith(b"\xff\xd8") and raw.count(b"\xff\xda") > _MOST_SCANS:
        raise NotAPicture
    if not _one_at_a_time.acquire(timeout=_LONGEST_WAIT):
        raise TooMany(_LONGEST_WAIT)
    try:
        return _guarded(lambda: _drawn(raw))
    finally:
        _one_at_a_time.release()


def _drawn(raw: bytes) -> Picture:
    _refuse_beyond(MOST_PIXELS, webp_size(raw))  # the decoder takes memory for the whole picture on opening
    with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
        form = picture.format or ""
        if form == "JPEG":
            _refuse_beyond(MOST_JPEG_PIXELS, picture.size)
            _halve_large(picture)
        _refuse_beyond(MOST_PIXELS, picture.size)
        clean = _clean(picture)
    content, form = _written(clean, "PNG" if form == "GIF" else form)
    return Picture(content, _TYPES[form], *clean.size)


def _halve_large(picture: Image.Image) -> None:
    """Let a large JPEG be decoded at half its width and height."""
    width, height = picture.size
    if width * height > 2 * MOST_KEPT_PIXELS:
        picture.draft(picture.mode, (width // 2, height // 2))


def _clean(picture: Image.Image) -> Image.Image:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    small = _small(picture, mode)
    if small is not picture:
        small.getexif().update(picture.getexif())  # which says how the camera was held
    upright = ImageOps.exif_transpose(small)
    # A new picture, because every change of the old one would keep its metadata.
    clean = Image.new(mode, upright.size)
    clean.paste(upright)
    return clean


def _small(picture: Image.Image, mode: str) -> Image.Image:
    drawn = picture.convert(mode) if picture.mode != mode else picture
    size = _kept_size(drawn.size)
    return drawn if size == drawn.size else drawn.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _written(picture: Image.Image, form: str) -> tuple[bytes, str]:
    out = io.BytesIO()
    picture.save(out, form, **_WRITTEN[form])
    if form == "JPEG" or out.tell() <= _LARGE:
        return out.getvalue(), form
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return _written(white, "JPEG")


def _kept_size(size: tuple[int, int]) -> tuple[int, int]:
    pixels = size[0] * size[1]
    if pixels <= MOST_KEPT_PIXELS:
        return size
    factor = (MOST_KEPT_PIXELS / pixels) ** 0.5
    return max(1, int(size[0] * factor)), max(1, int(size[1] * factor))


def _guarded(step: Callable[[], Picture]) -> Picture:
    """Run the step; any failure becomes NotAPicture, as Pillow's readers may raise anything for a hostile file."""
    try:
        return step()
    except NotAPicture:
        raise
    except Exception:  # noqa: BLE001 - see the docstring
        raise NotAPicture from None


def _refuse_beyond(most: int, size: tuple[int, int]) -> None:
    if max(size) > _MOST_A_SIDE or size[0] * size[1] > most:
        raise NotAPicture


def webp_size(raw: bytes) -> tuple[int, int]:
    """Width and height from a WebP's header; zeros for anything else."""
    if raw[:4] != b"RIFF" or raw[8:12] != b"WEBP" or len(raw) < 30:
        return 0, 0
    number = int.from_bytes
    if raw[12:16] == b"VP8X":
        return 1 + number(raw[24:27], "little"), 1 + number(raw[27:30], "little")
    if raw[12:16] == b"VP8L":
        bits = number(raw[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return number(raw[26:28], "little") & 0x3FFF, number(raw[28:30], "little") & 0x3FFF
