"""The signed links of one process: their purposes and lifetimes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from app.core.links import Expired, Forged, Link, Purpose, new_link_id
from app.core.origins import origin_mark
from app.core.security_event import SecurityEvent
from app.process.clock import Clock
from app.process.keyring import KeyRing

FORM_FILLED_IN = timedelta(seconds=2)  # no person is quicker
FORM_LIFE = timedelta(hours=2)
STATUS_LIFE = timedelta(hours=24)
APPLET_LIFE = timedelta(days=90)  # the ticket usually ends earlier


class SignedLinks:
    """Makes and reads tokens with the process's keys and clock."""

    def __init__(self, keys: KeyRing, clock: Clock, refused: Callable[[SecurityEvent, Purpose], None]) -> None:
        """`refused` hears of each token that is no good; of an absent one nothing is to be told."""
        self._keys = keys
        self._clock = clock
        self._refused = refused

    def read(self, purpose: Purpose, token: str) -> Link:
        """The link in a token. Raises Forged or Expired."""
        try:
            return self._read(purpose, token)
        except Expired:
            self._refused(SecurityEvent.LINK_EXPIRED, purpose)
            raise
        except Forged:
            if token:
                self._refused(SecurityEvent.LINK_FORGED, purpose)
            raise

    def _read(self, purpose: Purpose, token: str) -> Link:
        """A token that seems forged may be signed with a key that another process has just made, so the keys are looked
        at again."""
        try:
            return self._keys.signer.read(purpose, token, self._clock())
        except Forged:
            if not self._keys.look_again():
                raise
        return self._keys.signer.read(purpose, token, self._clock())

    def token(self, purpose: Purpose, link_id: str, expires: datetime, site: str | None = None) -> str:
        """A signed token."""
        return self._keys.signer.sign(Link(purpose, link_id, expires, site))

    def form_token(self, site: str, origin: str | None = None) -> str:
        """A token for a new form of this site; `origin` is that of the page around the form, when it is not our own."""
        mark = origin_mark(origin) if origin else None
        return self._keys.signer.sign(Link(Purpose.FORM, new_link_id(), self._clock() + FORM_LIFE, site, mark))

    def filled_in_too_fast(self, form: Link) -> bool:
        """Whether the form was sent sooner after it was made than a person could fill it in."""
        return self._clock() - (form.expires - FORM_LIFE) < FORM_FILLED_IN

    def status_token(self, status_id: str, created_at: datetime) -> str:
        """The token of a request's status page, the same at each call."""
        return self.token(Purpose.STATUS, status_id, created_at + STATUS_LIFE)

    def applet_path(self, applet_id: str, created_at: datetime) -> str:
        """The path of a ticket's applet."""
        return f"/applet/{self.token(Purpose.APPLET, applet_id, created_at + APPLET_LIFE)}"
