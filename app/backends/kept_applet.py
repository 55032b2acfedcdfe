"""An applet that came as the answer's body: its name and type for the download, and how it is kept."""

import contextlib
import email.message
import email.utils
import mimetypes
from collections.abc import Callable, Iterable
from typing import Any

from app.core.file_name import safe_name

# Keeps a file, given in pieces, of at most so many bytes for a day; returns its id and its bytes. Raises TooLarge,
# NoRoom or NotWritten (core/kept_file.py), and what the pieces raise. A failure leaves nothing behind.
Keep = Callable[[Iterable[bytes], int], tuple[str, int]]

_LONGEST_HEADER = 2048  # characters that are parsed
_SUFFIXES = {
    "application/vnd.microsoft.portable-executable": ".exe",
    "application/x-msdownload": ".exe",
    "application/x-msdos-program": ".exe",
    "application/x-msi": ".msi",
    "application/x-apple-diskimage": ".dmg",
    "application/vnd.apple.installer+xml": ".pkg",
    "application/vnd.debian.binary-package": ".deb",
    "application/x-rpm": ".rpm",
    "application/vnd.appimage": ".AppImage",
}


def applet_name(disposition: str | None, media_type: str | None) -> str:
    """The file name in a `Content-Disposition`, made safe for any system; `support…` without one."""
    name = safe_name(_written_name(disposition or ""))
    if name:
        return name
    return f"support{_SUFFIXES.get(media_type or '') or mimetypes.guess_extension(media_type or '') or '.bin'}"


def applet_type(media_type: str | None) -> str:
    """The media type for the download: one that no browser displays."""
    if media_type and media_type.startswith("application/") and not media_type.endswith(("xml", "json", "script")):
        return media_type
    return "application/octet-stream"


def _written_name(disposition: str) -> str:
    message = email.message.Message()
    with contextlib.suppress(UnicodeError):
        # Bytes beyond ASCII arrive as Latin-1, but usually are UTF-8.
        disposition = disposition.encode("latin-1").decode("utf-8")
    message["Content-Disposition"] = disposition[:_LONGEST_HEADER]
    try:
        parameters: Any = message.get_params([], "Content-Disposition")
        names = [value for name, value in parameters if name.lower() == "filename"]
        # `filename*`, which is parsed to a triple, goes before `filename` (RFC 6266, 4.3).
        return email.utils.collapse_rfc2231_value(next((n for n in names if isinstance(n, tuple)), names[0]))
    except (LookupError, ValueError, TypeError):
        return ""
