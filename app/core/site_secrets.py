"""The secrets of a site: generated here, shown once, and stored as a hash or encrypted."""

import base64
import hashlib
import secrets


def new_secret() -> str:
    """A key of 32 random bytes for the site's servers."""
    return f"hbsk_{secrets.token_urlsafe(32)}"


def secret_hash(secret: str) -> str:
    """The hash to store. A plain hash suffices because the secret is random."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_identity_secret() -> str:
    """A secret of 32 random bytes, as text that any JWT library accepts for HS256."""
    return f"hbid_{secrets.token_urlsafe(32)}"


def new_webhook_secret() -> str:
    """A secret of 32 random bytes in the spelling of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
