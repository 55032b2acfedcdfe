"""The open pages of a conversation: whether somebody is there, looks at another window, or is gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BEATS_FOR = timedelta(seconds=45)  # a page that has not been heard of for this long is gone
BEAT_EVERY = timedelta(seconds=30)  # without a stream, which is beaten more often


@dataclass(frozen=True, slots=True)
class Page:
    """An open page of somebody. `gone_at` is when it said goodbye."""

    who: str
    peer: str
    hidden: bool
    since: datetime
    beat_at: datetime
    gone_at: datetime | None = None

    def is_here(self, now: datetime) -> bool:
        """Whether it is open, as far as is known."""
        return self.gone_at is None and now < self.beat_at + BEATS_FOR

    def wants_beat(self, now: datetime) -> bool:
        """Whether it is time to note that it is still open."""
        return self.gone_at is not None or now >= self.beat_at + BEAT_EVERY


class Place(StrEnum):
    """Whether a page of the other side is open, hidden or gone."""

    PAGE = "page"
    HIDDEN = "hidden"  # in another tab, or another window
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the other side has a page open, and since when; None when it never had one."""

    here: Place
    since: datetime | None = None


def presence(pages: Iterable[Page], now: datetime) -> Presence:
    """The presence of a person who has these pages."""
    known = list(pages)
    here = [page for page in known if page.is_here(now)]
    in_sight = [page for page in here if not page.hidden]
    if in_sight:
        return Presence(Place.PAGE, min(page.since for page in in_sight))
    if here:
        return Presence(Place.HIDDEN, max(page.since for page in here))
    return Presence(Place.GONE, max((page.gone_at or page.beat_at for page in known), default=None))
