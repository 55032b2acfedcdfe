"""Pictures to upload, drawn on demand."""

import io
from typing import Any

from PIL import Image


def picture(size: tuple[int, int] = (400, 100), mode: str = "RGB", form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image = Image.linear_gradient("L").resize(size).convert(mode)
    image.save(out, form, **options)
    return out.getvalue()
