"""The declaration of a channel: its name, the options a site needs, and how it delivers one event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.channels.wording import Words
from app.core.declaration import Option
from app.core.mail_server import Mailing
from app.core.notice import TryResult
from app.core.push import PushKey
from app.core.site import Site
from app.core.targets import Targets


@dataclass(frozen=True, slots=True)
class Sending:
    """One try to deliver one event of a site, made at `now`.

    `body` is the event as JSON, `words` the same for people; `id` is the same at each try. `to` is the receiver, in the
    channel's own terms: a mail address, or an address with its secrets. `unseal` decrypts the site's secrets; it raises
    Unsealable. A channel connects with `outgoing.connect`, which takes `targets`. `contact` is a mailto: or https:
    address of the operator's.
    """

    site: Site
    id: str
    body: str
    unseal: Callable[[str], str]
    targets: Targets
    now: datetime
    to: str = ""
    words: Words | None = None
    mail: Mailing | None = None
    push: PushKey | None = None
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One way to tell people of events. `name` is used in the database, in metrics and in the log (`webhook_failed`).

    With `of_sites`, sites that have its `options` are told of what is parked; no event is kept for a site that lacks a
    `needed` one. Other channels tell by the rules of `core/notice_rule.py`. `deliver` makes one try within
    `actions.tell.LEASE`, in any thread, and never raises: delivered, failed (to be tried again), or gone (given up at
    once). A failed try is `maybe` delivered when the receiver had it all and its answer was lost. The caller decides
    whether and when to try again.
    """

    name: str
    options: tuple[Option, ...]
    deliver: Callable[[Sending], TryResult]
    of_sites: bool = True

    def serves(self, site: Site) -> bool:
        """Whether the site is told by this channel: it has all options that are needed."""
        return self.of_sites and all(
            site.option(one.kept_as or one.name) not in (None, "") for one in self.options if one.needed
        )
