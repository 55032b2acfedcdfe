"""The signature of a site's webhook: Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import datetime

_PREFIX = "whsec_"
_KEY_BYTES = (24, 64)  # Standard Webhooks: between 192 and 512 bits


class BadSecret(Exception):
    """The webhook's secret is not `whsec_` and 24 to 64 bytes in base64."""


def new_secret() -> str:
    """A new secret for a webhook: 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(secret: str, notice_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one try made at `now`. Raises BadSecret."""
    timestamp = str(int(now.timestamp()))
    return {
        "webhook-id": notice_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(webhook_key(secret), notice_id, timestamp, body),
    }


def signature(key: bytes, notice_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 of id, timestamp (unix seconds) and body in base64."""
    signed = b".".join((notice_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def webhook_key(secret: str) -> bytes:
    """The key in a secret `whsec_<base64>`. Raises BadSecret."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _KEY_BYTES[0] <= len(key) <= _KEY_BYTES[1]:
        raise BadSecret("a webhook's secret is whsec_ and 24 to 64 bytes in base64")
    return key
