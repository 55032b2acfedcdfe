"""Browsers that are told of events by Web Push while the console is closed (RFC 8030, 8291, 8292)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime

from app.core.address import parse
from app.core.fact import Fact
from app.core.targets import Targets
from app.core.text import Invalid
from app.core.webhook_address import webhook_address

PUSH = "push"  # the channel's name
MOST_BROWSERS = 10  # of one technician
_LONGEST_ADDRESS = 1_000  # characters
_POINT, _SECRET = 65, 16  # bytes: an uncompressed point of P-256, and the authentication secret
_LANES = 4


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser gives: the address of its push service for it alone, and two keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str

    @property
    def mark(self) -> str:
        """Tells this browser from others; the address cannot be derived from it."""
        return hashlib.sha256(self.endpoint.encode()).hexdigest()[:32]

    @property
    def host(self) -> str:
        """The host of the push service."""
        address = parse(self.endpoint)
        return address.host if address else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A technician's browser that is told. `sealed` is its subscription, encrypted; `session` the public id of the
    console session in which it was last seen; `mark` as in Subscription."""

    id: int
    technician_id: int
    mark: str
    host: str
    sealed: str
    user_agent: str | None
    session: str | None
    created_at: datetime

    @property
    def lane(self) -> str:
        """Four for each push service, so that many browsers are told at once and one service hangs alone."""
        return f"{PUSH}:{self.host}:{self.id % _LANES}"


@dataclass(frozen=True, slots=True)
class PushKey:
    """The key that signs what is pushed: the public one in base64url, and the private one, encrypted."""

    public: str
    sealed: str


def read_subscription(endpoint: str, p256dh: str, auth: str, targets: Targets) -> Subscription:
    """What a browser gave, checked. Raises Invalid, about `browser`.

    As it comes from a browser, the address has to be https, without user name, and may not be one that is not public
    where only those may be called (http to 127.0.0.1 for tests).
    """
    try:
        address = webhook_address(endpoint)
    except Invalid:
        raise _refused() from None
    host = parse(address)
    if len(address) > _LONGEST_ADDRESS or host is None or not targets.permit_host(host.host):
        raise _refused()
    if not _has(p256dh, _POINT, first=4) or not _has(auth, _SECRET):
        raise _refused()
    return Subscription(address, p256dh, auth)


def _has(text: str, length: int, first: int | None = None) -> bool:
    """Whether this is base64url of so many bytes."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == length and (first is None or raw[0] == first)


def _refused() -> Invalid:
    return Invalid(Fact("browser", "refused"))
