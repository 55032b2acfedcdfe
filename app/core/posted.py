"""A plain form posted by a site's own page: the New Session API's names in any case, and additional fields."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.customer import NAMES
from app.core.more import More, short_list
from app.core.new_session import form_parameters
from app.core.text import normal_newlines

_ASKED = (*NAMES, "department", "tech", "ask_customer_info")
HONEYPOT = "website"
PICTURES = ("pictures", "remove_picture")
_OURS = (
    "return_to",
    HONEYPOT,
    "form_token",
    "check",
    "check_details",
    "confirm",
    "new",
    "from_frame",
    "open_request",
    *PICTURES,
)
_IGNORED = ("uid", "_charset_")
_KNOWN = frozenset((*_ASKED, *_OURS, *_IGNORED))
SAME_PRESS = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Posted:
    """Known fields by lower-case name with LF line breaks, and the others as a short list."""

    values: dict[str, str]
    more: More

    def value(self, name: str) -> str:
        """The value of a known field, empty when it was not sent."""
        return self.values.get(name, "")


def posted_form(pairs: Iterable[tuple[str, str]]) -> Posted:
    """Parse a form. Of a known field that occurs several times the last value that is not empty counts."""
    named = [(name.strip().lower(), name.strip(), value) for name, value in pairs]
    known = form_parameters((low, value) for low, _, value in named if low in _KNOWN)
    more = short_list((name, value) for low, name, value in named if low not in _KNOWN)
    return Posted({name: normal_newlines(value) for name, value in known.items() if name not in _IGNORED}, more)


def content_digest(posted: Posted, *about: str) -> str:
    """A digest of the content and the texts `about` it, such as site and client: 32 hexadecimal digits."""
    parts = [*about, *(posted.value(name) for name in (*_ASKED, "return_to", HONEYPOT))]
    parts += [part for pair in posted.more for part in pair]
    return hashlib.sha256("\0".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:32]


def form_keys(digest: str, now: datetime) -> tuple[str, str]:
    """The idempotency keys of this content in the current and in the previous period of 15 seconds.

    Concurrent presses get the same key, on any database; a request recorded less than 15 seconds ago is found under one
    of the two. Later the same content may come from another person: people behind one address must not see each other's
    requests.
    """
    window = int(now.timestamp() // SAME_PRESS.total_seconds())
    return f"form:{digest}:{window}", f"form:{digest}:{window - 1}"
