"""The operator's own remote-support program; where there is one, it is handed out as the applet."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from app.core.platform import PLATFORMS, Platform

_TYPES = {
    ".exe": "application/vnd.microsoft.portable-executable",
    ".msi": "application/x-msi",
    ".dmg": "application/x-apple-diskimage",
    ".pkg": "application/vnd.apple.installer+xml",
    ".zip": "application/zip",
    ".deb": "application/vnd.debian.binary-package",
    ".rpm": "application/x-rpm",
    ".appimage": "application/vnd.appimage",
    ".gz": "application/gzip",
    ".sh": "application/x-sh",
}


@dataclass(frozen=True, slots=True)
class Program:
    """A file to hand out, and its media type."""

    path: Path
    media_type: str

    def name_for(self, ticket_number: int) -> str:
        """`<stem>-<ticket number><suffix>`, so that the technician's side can match the program to its ticket."""
        suffix = self.path.suffix
        stem = self.path.name.removesuffix(suffix)
        if stem.endswith(".tar"):
            stem, suffix = stem.removesuffix(".tar"), f".tar{suffix}"
        return f"{stem}-{ticket_number}{suffix}"


def list_programs(folder: Path, platform: Platform) -> list[Path]:
    """The files in the platform's folder, sorted by name, without hidden files and folders."""
    if platform not in PLATFORMS:
        return []
    try:
        return sorted(p for p in (folder / platform).iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError:
        return []


def find_program(folder: Path, platform: Platform) -> Program | None:
    """The first file in the platform's folder by name; None when there is none."""
    files = list_programs(folder, platform)
    if not files:
        return None
    guessed = mimetypes.guess_type(files[0].name)[0]
    media_type = _TYPES.get(files[0].suffix.lower()) or guessed or "application/octet-stream"
    return Program(files[0], media_type)


def platforms_with_program(folder: Path) -> list[Platform]:
    """The platforms for which there is a program."""
    return [platform for platform in PLATFORMS if find_program(folder, platform)]
