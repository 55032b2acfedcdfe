"""Secrets in the database: encrypted with keys derived from a ring of keys, the newest first."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.core.links import derived_key


class Unsealable(Exception):
    """No key opens this secret: its key was removed."""


class Sealer:
    """Seals with the newest of a ring of 32-byte secrets, opens with any of them; `use` names what it seals.

    For secrets of sites the ring is every stored key: one that is too old to sign links still opens older secrets.
    """

    def __init__(self, secrets_newest_first: Sequence[bytes], use: str = "seal") -> None:
        fernets = [Fernet(base64.urlsafe_b64encode(derived_key(s, use))) for s in secrets_newest_first]
        self._newest = fernets[0]
        self._all = MultiFernet(fernets)

    def seal(self, secret: str) -> str:
        """The secret, encrypted and authenticated, as ASCII."""
        return self._newest.encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The plain text of a sealed value. Raises Unsealable."""
        try:
            return self._all.decrypt(sealed).decode()
        except (InvalidToken, ValueError):
            raise Unsealable("sealed with a key that is gone; set the secret anew") from None

    def resealed(self, sealed: str) -> str | None:
        """The same secret under the newest key; None when it already is. Raises Unsealable."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return self.seal(self.unseal(sealed))
        return None
