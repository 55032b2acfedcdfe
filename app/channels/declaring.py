"""What each channel's file declares: its name, what a site needs for it, and how it delivers one event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.core.declaration import Option
from app.core.notice import TryResult
from app.core.site import Site


@dataclass(frozen=True, slots=True)
class Sending:
    """One try to deliver one event, made `now`. `body` is the event as JSON, `id` the same at each try of it.

    `unseal` opens the site's secrets; it raises Unsealable.
    """

    site: Site
    id: str
    body: str
    unseal: Callable[[str], str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to tell people. `name` stands in the database, in metrics and in the log (`webhook_failed`).

    `options` are what a site keeps for it; no event is kept for a site that lacks a `needed` one. `deliver` makes one
    try within `actions.tell.LEASE`, in any thread, and never raises: delivered, failed (to be tried again), or gone
    (given up at once). Whether and when to try again is not the channel's matter.
    """

    name: str
    options: tuple[Option, ...]
    deliver: Callable[[Sending], TryResult]

    def serves(self, site: Site) -> bool:
        """Whether the site has what this channel needs."""
        return all(site.option(one.kept_as or one.name) not in (None, "") for one in self.options if one.needed)
