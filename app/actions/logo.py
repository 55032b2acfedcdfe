"""Turn an uploaded picture into a logo: check it, shrink it, and write it anew.

No part of the file itself is kept, so metadata, locations, scripts and appended files are gone.
"""

import hashlib
import io
from collections.abc import Callable

from PIL import Image, ImageOps

from app.actions.live_picture import webp_size
from app.store.logos import Logo

MOST_BYTES = 512 * 1024
MOST_PIXELS_A_SIDE = 2000
WIDEST, HIGHEST = 320, 96  # pixels, as stored
_FORMATS = ("PNG", "JPEG", "WEBP")
_MOST_SCANS = 64  # a progressive JPEG of thousands takes minutes
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")


class NotALogo(Exception):
    """The file is refused; `why` is a key of `REASONS`."""

    def __init__(self, why: str) -> None:
        super().__init__(REASONS[why])
        self.why = why


REASONS = {
    "empty": "there is no picture in it",
    "large": f"may have {MOST_BYTES // 1024} KiB at the most",
    "svg": "is an SVG, which can hold scripts: save it as a PNG",
    "kind": "must be a PNG, JPEG or WebP picture",
    "pixels": f"may have {MOST_PIXELS_A_SIDE} pixels on each side at the most",
    "moves": "is animated: save it as a still picture",
    "broken": "cannot be read: it is damaged or incomplete",
}


def as_logo(raw: bytes) -> Logo:
    """Return the picture as a PNG of at most 320 × 96 pixels and nothing else. Raises NotALogo."""
    if not raw:
        raise NotALogo("empty")
    if len(raw) > MOST_BYTES:
        raise NotALogo("large")
    if not raw.startswith(_BEGINNINGS):
        raise NotALogo("svg" if b"<svg" in raw.lower() else "kind")
    content = _written(_small(raw))
    return Logo(hashlib.sha256(content).hexdigest()[:32], "image/png", content)


def _small(raw: bytes) -> Image.Image:
    """Decode the picture, turn it upright and shrink it. Raises NotALogo."""
    _refuse_size(webp_size(raw))  # the decoder takes memory for the whole picture on opening
    if raw.count(b"\xff\xda") > _MOST_SCANS and raw.startswith(b"\xff\xd8"):
        raise NotALogo("broken")
    with _guarded(lambda: Image.open(io.BytesIO(raw), formats=_FORMATS)) as picture:
        _refuse_size(picture.size)
        if getattr(picture, "is_animated", False):
            raise NotALogo("moves")
        return _guarded(lambda: _shrunk(picture))


def _shrunk(picture: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    # A new picture, because every change of the old one would keep its metadata.
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    return clean


def _written(picture: Image.Image) -> bytes:
    opaque = picture.getchannel("A").getextrema() == (255, 255)
    out = io.BytesIO()
    (picture.convert("RGB") if opaque else picture).save(out, "PNG", optimize=True)
    return out.getvalue()


def _guarded(step: Callable[[], Image.Image]) -> Image.Image:
    """Run the step; any failure becomes NotALogo, as Pillow's readers may raise anything for a hostile file."""
    try:
        return step()
    except NotALogo:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotALogo("pixels") from None
    except Exception:  # noqa: BLE001 - see the docstring
        raise NotALogo("broken") from None


def _refuse_size(size: tuple[int, int]) -> None:
    if max(size) > MOST_PIXELS_A_SIDE:
        raise NotALogo("pixels")
