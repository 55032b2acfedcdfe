"""A file or picture in a conversation: its size, its name, and what its first bytes say that it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.file_name import parted, safe_name
from app.core.kept_file import CHUNK
from app.core.live import NotTaken, Refusal, Screen, Side, is_key

MOST_BYTES = 25 * 1024 * 1024  # of one file
MOST_OF_TICKET = 100 * 1024 * 1024  # bytes of a ticket's files together
MOST_FILES = 200  # of a ticket
WIDEST, HIGHEST = 416, 352  # pixels, of a picture in the conversation; widget/src/live/kept.ts has them, too
_UNNAMED = "file"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_ENDINGS = {"image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/webp": (".webp",)}
ANY_TYPE = "application/octet-stream"


class Source(StrEnum):
    """A technician's pictures of the customer's screen, which both sides see as what they are."""

    SNAPSHOT = "snapshot"
    DRAWING = "drawing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFile:
    """A file of a conversation. `who` is as in a line; `line` is the id of its line, None while it arrives; `kept` is
    the id of its bytes; a picture alone has width and height, in pixels."""

    id: str
    ticket: int
    at: datetime
    who: str
    key: str
    name: str
    size: int
    kept: str
    type: str = ANY_TYPE
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    source: str | None = None
    line: int | None = None

    @property
    def is_picture(self) -> bool:
        """Whether pages show it: it has been drawn anew."""
        return self.width is not None

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height of the picture in the conversation, in pixels."""
        width, height = self.width or 1, self.height or 1
        factor = min(1, WIDEST / width, HIGHEST / height)
        return max(1, round(width * factor)), max(1, round(height * factor))


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that somebody begins to send: `size` in bytes; the same `key` again is the same file."""

    key: str
    name: str
    size: int
    source: Source | None = None


def read_new_file(sent: Mapping[str, object]) -> NewFile:
    """The file in a JSON object with `key`, `name`, `size` and `source`. Raises NotTaken."""
    key, name, size, source = (sent.get(member) for member in ("key", "name", "size", "source"))
    if not (isinstance(key, str) and is_key(key) and isinstance(name, str)):
        raise NotTaken(Refusal.FIELD)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise NotTaken(Refusal.FIELD)
    if source is not None and source not in list(Source):
        raise NotTaken(Refusal.FIELD)
    check_size(size)
    return NewFile(key, clean_name(name), size, Source(str(source)) if source else None)


def check_size(size: int) -> None:
    """Raises NotTaken for an empty file and for one that is too large."""
    if size == 0:
        raise NotTaken(Refusal.EMPTY)
    if size > MOST_BYTES:
        raise NotTaken(Refusal.TOO_LARGE)


def is_file_id(text: str) -> bool:
    """Whether the text can be a file's id."""
    return _ID.fullmatch(text) is not None


def clean_name(name: str) -> str:
    """The name under which a file is kept."""
    return safe_name(name) or _UNNAMED


def named_for(name: str, media_type: str) -> str:
    """A clean name with an ending of this type of picture."""
    endings = _ENDINGS[media_type]
    return name if name.lower().endswith(endings) else safe_name(parted(name)[0] + endings[0])


def claims_to_be_picture(beginning: bytes) -> bool:
    """Whether the first bytes are those of a PNG, JPEG, WebP or GIF. Raises NotTaken for an HEIC picture."""
    if beginning[4:8] == b"ftyp" and beginning[8:12] in _HEIC:
        raise NotTaken(Refusal.HEIC)
    is_webp = beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP"
    return is_webp or beginning.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a"))


def no_source(side: Side, screen: Screen, source: Source | None) -> Refusal | None:
    """Why nobody on this side can send such a picture now: only a technician has one, of a screen that is shown."""
    if source is None:
        return None
    if side is Side.CUSTOMER:
        return Refusal.NOT_YOURS
    return None if screen is Screen.SHARED else Refusal.NOT_NOW


def next_offset(chunks: int, size: int) -> int:
    """How many bytes of a file have arrived in so many chunks."""
    return min(chunks * CHUNK, size)


def file_facts(file: LiveFile) -> Mapping[str, object]:
    """What is told of a file beside its line."""
    return {
        "id": file.id,
        "name": file.name,
        "type": file.type,
        "size": file.size,
        "sha256": file.sha256,
        "width": file.width,
        "height": file.height,
        "source": file.source,
    }
