"""The key that signs pushes, and its signature: VAPID (RFC 8292)."""

import base64
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_LASTS = timedelta(hours=12)  # 24 at the most


def new_push_key() -> tuple[str, str]:
    """A new key on P-256: the public one in base64url, as browsers take it, and the private one as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return base64.urlsafe_b64encode(point).decode().rstrip("="), pem


def vapid_header(public: str, pem: str, *, origin: str, contact: str, now: datetime) -> str:
    """The value of `Authorization` for a push service at this origin. `contact` is a mailto: or https: address of the
    operator."""
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key on an elliptic curve")
    claims = {"aud": origin, "exp": int((now + _LASTS).timestamp()), "sub": contact}
    return f"vapid t={jwt.encode(claims, key, algorithm='ES256')}, k={public}"
