"""Pictures to upload, drawn on demand."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(size: tuple[int, int] = (400, 100), mode: str = "RGB", form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image = Image.linear_gradient("L").resize(size).convert(mode)
    image.save(out, form, **options)
    return out.getvalue()


def held(way: int, size: tuple[int, int] = (60, 40)) -> bytes:
    """A JPEG of a camera that was held another way (EXIF's orientation), with other metadata."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = way, "Secret Camera"
    return picture(size, form="JPEG", exif=exif, comment=b"secret comment")


def opened(content: bytes) -> Image.Image:
    """The picture, to look at."""
    return Image.open(io.BytesIO(content))


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says that it has so many pixels, and would unpack to them."""
    row = b"\0" + bytes((width + 7) // 8)
    packed = zlib.compress(row * min(height, 2000), 9)

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", packed) + part(b"IEND", b"")
