"""The declaration of a backend: who opens a session, which options a site needs, how a session is opened and tried."""

from collections.abc import Callable
from dataclasses import dataclass

from app.backends.kept_applet import Keep
from app.backends.trial import Trial
from app.backends.vendor_call import VendorCalls
from app.core.backend import BrowserCall, SessionBackend
from app.core.declaration import Declaration, Opener
from app.core.new_session import NewSessionRequest
from app.core.site import Site


@dataclass(frozen=True, slots=True)
class Account:
    """The context in which a backend opens a site's sessions.

    The site; its account's key, empty where there is none; the client for calls; and what keeps applets that come as
    the answer (under `AppletFile.id`).
    """

    site: Site
    key: str
    calls: VendorCalls
    keep: Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend(Declaration):
    """A declaration with its functions.

    `connect` makes the backend that the server calls, for an `opener` of `SERVER`; it raises Invalid for a site whose
    options cannot be used. `browser_call` makes the form that the customer's browser posts, for `BROWSER` and for a
    backend that falls back to it; None where the site lacks an option. `attempt` opens one session and never raises for
    the vendor's failures; without it a trial is a plain session, and at our own desk a ticket that is cancelled again.
    Raises ValueError when a function that the opener needs is missing.
    """

    connect: Callable[[Account], SessionBackend] | None = None
    browser_call: Callable[[Site, str, NewSessionRequest], BrowserCall | None] | None = None
    attempt: Callable[[Account], Trial] | None = None

    def __post_init__(self) -> None:
        wanted = {
            Opener.DESK: (),
            Opener.SERVER: (self.connect,),
            Opener.BROWSER: (self.browser_call, self.attempt),
        }[self.opener]
        if None in wanted or (self.browser_when_unreadable and self.browser_call is None):
            raise ValueError(f"backend {self.name}: opener {self.opener} needs more than is declared")
