"""Signed links: a random id, a purpose and an expiry, and nothing about the customer.

One HKDF-derived key and one salt per purpose, HMAC-SHA-256, keys newest first. The signature's spelling is malleable
(base64's last character), so records about a link are keyed on the id inside it.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode

LEEWAY = timedelta(seconds=60)
LONGEST_TOKEN = 512  # characters; a longer token is refused unread


class Purpose(StrEnum):
    """The purpose of a link; a token made for one purpose counts as forged for every other."""

    FORM = "form"
    STATUS = "status"
    GO = "go"
    APPLET = "applet"
    CONFIRM = "confirm"
    IDENTITY = "identity"
    CODE = "code"


class Forged(Exception):
    """The token is not ours, or was changed."""


class Expired(Exception):
    """The token is ours but has expired; `link` is its content."""

    def __init__(self, link: "Link") -> None:
        super().__init__(f"expired at {link.expires.isoformat()}")
        self.link = link


@dataclass(frozen=True, slots=True)
class Link:
    """The content of a token: a 128-bit id, its expiry (UTC, whole seconds), and the site of a form.

    `origin` is the mark of the only web origin that may use it (see `origin_mark`).
    """

    purpose: Purpose
    id: str
    expires: datetime
    site: str | None = None
    origin: str | None = None


def new_link_id() -> str:
    """128 random bits as 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


class LinkSigner:
    """Signs and reads tokens with a ring of 32-byte secrets, the newest first."""

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._signers = {purpose: _signer(secrets_newest_first, purpose) for purpose in Purpose}

    def sign(self, link: Link) -> str:
        """The link's token, URL-safe, well under 512 characters."""
        payload: dict[str, object] = {"p": link.purpose, "i": link.id, "e": int(link.expires.timestamp())}
        if link.site is not None:
            payload["s"] = link.site
        if link.origin is not None:
            payload["o"] = link.origin
        return self._signers[link.purpose].sign(base64_encode(json.dumps(payload))).decode()

    def read(self, purpose: Purpose, token: str, now: datetime) -> Link:
        """The link in a token. Raises Forged or Expired; tolerates clocks that differ by 60 seconds."""
        if len(token) > LONGEST_TOKEN:
            raise Forged
        try:
            payload = json.loads(base64_decode(self._signers[purpose].unsign(token)))
        except (BadData, ValueError):
            raise Forged from None
        expires = datetime.fromtimestamp(payload["e"], UTC)
        link = Link(purpose, payload["i"], expires, payload.get("s"), payload.get("o"))
        if link.expires + LEEWAY < now:
            raise Expired(link)
        return link


def derived_key(secret: bytes, info: str) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of a 32-byte secret: 32 bytes for the use named by `info`."""
    extracted = hmac.digest(b"handbell", secret, hashlib.sha256)
    return hmac.digest(extracted, info.encode() + b"\x01", hashlib.sha256)


def _signer(secrets_newest_first: Sequence[bytes], purpose: Purpose) -> Signer:
    # itsdangerous signs with the last key of its list and reads with all of them. It needs no salt, as each purpose
    # has a key of its own.
    oldest_first = [derived_key(secret, f"link:{purpose}") for secret in reversed(secrets_newest_first)]
    return Signer(oldest_first, key_derivation="none", digest_method=hashlib.sha256)
