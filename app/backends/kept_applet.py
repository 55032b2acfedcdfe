"""An applet that came as the answer's body: stored as a private file for its one request, under a random name."""

import contextlib
import email.message
import email.utils
import mimetypes
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_LONGEST_NAME = 120  # characters
_LONGEST_HEADER = 2048  # characters that are parsed
_NOT_IN_NAMES = re.compile(r'[<>:"|?*%]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
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


class TooLarge(Exception):
    """The applet exceeds the size limit."""


def keep_applet(chunks: Iterable[bytes], folder: Path, most: int) -> tuple[str, int]:
    """Write the chunks to a file in the folder, on disk when this returns; returns the file's name there, and its
    bytes.

    Folder and file are readable by their owner only. A failure leaves no file behind. Raises TooLarge beyond `most`
    bytes, OSError when it cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    name = secrets.token_hex(16)
    unfinished = folder / f"{name}.part"
    try:
        size = _write(unfinished, chunks, most)
        unfinished.replace(folder / name)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync(folder)
    return name, size


def applet_name(disposition: str | None, media_type: str | None) -> str:
    """The file name in a `Content-Disposition`, made safe for any system; `support…` without one."""
    name = _clean(_written_name(disposition or ""))
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


def _clean(name: str) -> str:
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    # Characters that change the direction of writing are not printable either: `exe.fdp` for `pdf.exe`.
    name = "".join(c if c.isprintable() else "" for c in _NOT_IN_NAMES.sub("", name)).strip(" .")
    if _DEVICES.fullmatch(name):
        return ""
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 16:
        return name[:_LONGEST_NAME].strip(" .")
    return f"{stem[: _LONGEST_NAME - len(suffix) - 1].strip(' .')}.{suffix}"


def _write(path: Path, chunks: Iterable[bytes], most: int) -> int:
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
        for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise TooLarge
            _write_all(file.fileno(), chunk)
        os.fsync(file.fileno())
    return size


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
