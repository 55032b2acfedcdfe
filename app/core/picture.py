"""Pictures that customers send with a request: how many, how large, and why one is not taken."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.live_file import HIGHEST, WIDEST

MOST_PICTURES = 3  # of a request
MOST_BYTES = 8 * 1024 * 1024  # of a picture as it is sent
SHARE_OF_ROOM = 4  # all pictures together may take one part in so many of the room for files
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class NoPicture(StrEnum):
    """Why a picture is not taken."""

    UNREADABLE = "unreadable"  # no picture that can be drawn anew
    HEIC = "heic"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"  # the request has MOST_PICTURES
    NO_ROOM = "no_room"
    BUSY = "busy"  # others are being drawn
    NOT_NOW = "not_now"  # its request has no open ticket


class PictureRefused(Exception):
    """A picture is not taken; nothing of it is kept."""

    def __init__(self, why: NoPicture) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPicture:
    """A picture as it was drawn anew.

    `form` is the id of the form that it was added to, `position` its place in it from 0, `reference` the request that
    the form became, None until then; `kept` is the id of its bytes. The first picture that is added to a request, and
    not to its form, has the id of the status link for a form.
    """

    id: str
    form: str
    position: int
    at: datetime
    kept: str
    type: str
    size: int
    sha256: str
    width: int
    height: int
    reference: str | None = None

    @property
    def name(self) -> str:
        """The name under which it is downloaded and exported."""
        return f"picture-{self.position + 1}.{_ENDINGS[self.type]}"

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height in the console, in pixels."""
        factor = min(1, WIDEST / self.width, HIGHEST / self.height)
        return max(1, round(self.width * factor)), max(1, round(self.height * factor))
