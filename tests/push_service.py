"""A browser that is pushed to, and its push service on loopback: it decrypts what comes, and checks the signature."""

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.webhook_receiver import Receiver, receiving


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class PushedBrowser:
    """A browser with its keys; `service` behaves as a test tells it."""

    service: Receiver
    path: str = "/send/one"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def subscription(self) -> dict[str, str]:
        """What its page hands over."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.service.address + self.path,
            "p256dh": base64url(point),
            "auth": base64url(self.secret),
        }

    def told(self) -> list[dict[str, Any]]:
        """What was pushed to it, decrypted, in order."""
        return [
            json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm"))
            for path, _headers, body in self.service.got
            if path == self.path
        ]

    def claims(self) -> dict[str, Any]:
        """The claims of the newest push, whose signature is good for the key that it names."""
        _path, headers, _body = self.service.got[-1]
        scheme, token, public = headers["authorization"].replace(",", "").split(" ")
        assert (scheme, token[:2], public[:2]) == ("vapid", "t=", "k=")
        raw = base64.urlsafe_b64decode(public[2:] + "=" * (-len(public[2:]) % 4))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
        found: dict[str, Any] = jwt.decode(
            token[2:], key, algorithms=["ES256"], audience=self.service.address, options={"verify_exp": False}
        )
        return found


@contextmanager
def pushed_browser(does: int | str = 201) -> Iterator[PushedBrowser]:
    """A browser whose push service runs until the block ends."""
    with receiving(does) as service:
        yield PushedBrowser(service)
