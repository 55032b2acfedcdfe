"""A customer's identity, stated by the site's server: a short-lived HS256 token, signed with its identity secret."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.core.customer import FIELDS
from app.core.links import LEEWAY

LONGEST_LIFE = timedelta(minutes=10)
LONGEST_IDENTITY = 4096  # characters
_FIELDS = {each.attribute: each.name for each in FIELDS if not each.lines}
_NUMBERS = frozenset(each.attribute for each in FIELDS if each.is_number)


class BadIdentity(Exception):
    """The token is refused; the message tells the site's developer the reason."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer vouched for by the site's server. `elements` are the customer elements it gave, `id` is the token's
    own, which counts once until `expires_at`."""

    subject: str
    elements: dict[str, str]
    id: str
    expires_at: datetime


def read_identity(token: str, secret: str, site: str, now: datetime) -> Identity:
    """The content of a token for this site (its slug). A token without `aud` is for the site whose secret signed it.

    Raises BadIdentity; tolerates clocks that differ by 60 seconds.
    """
    if len(token) > LONGEST_IDENTITY:
        raise BadIdentity(f"it has {len(token)} characters; at most {LONGEST_IDENTITY} are allowed")
    claims = _verified(token, secret)
    if "aud" in claims and site not in _audiences(claims["aud"]):
        raise BadIdentity(f"its aud is not {site}")
    subject, token_id = _text(claims, "sub"), _text(claims, "jti")
    made, ends = _moment(claims, "iat"), _moment(claims, "exp")
    if made > now + LEEWAY:
        raise BadIdentity("its iat is in the future")
    if ends <= made:
        raise BadIdentity("its exp is not after its iat")
    if ends - made > LONGEST_LIFE:
        raise BadIdentity("its exp is more than 10 minutes after its iat")
    if ends + LEEWAY < now:
        raise BadIdentity("it has expired; make a new one for each page view")
    elements = {field: _text(claims, claim) for claim, field in _FIELDS.items() if claims.get(claim) is not None}
    # Hashed, as it may have any length; kept for as long as the token can be used.
    return Identity(subject, elements, hashlib.sha256(token_id.encode()).hexdigest(), ends + LEEWAY)


def _verified(token: str, secret: str) -> Mapping[str, Any]:
    # The times are checked above, with our clock and our leeway.
    own_times = dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss"), False)
    options: Any = {**own_times, "require": ["sub", "iat", "exp", "jti"]}
    try:
        return jwt.decode(token, secret, algorithms=["HS256"], options=options)
    except jwt.InvalidAlgorithmError:
        raise BadIdentity("it is not signed with HS256, which alone is taken") from None
    except jwt.InvalidSignatureError:
        raise BadIdentity("its signature is not by this site's identity secret") from None
    except jwt.MissingRequiredClaimError as missing:
        raise BadIdentity(f"its {missing.claim} is missing") from None
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise BadIdentity("it could not be read as a JWT with sub, iat, exp and jti") from None


def _audiences(aud: object) -> list[object]:
    return aud if isinstance(aud, list) else [aud]


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and name in _NUMBERS:
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise BadIdentity(f"its {name} must be a text that is not empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadIdentity(f"its {name} contains half a surrogate pair")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e11:
        raise BadIdentity(f"its {name} must be seconds since 1970")
    return datetime.fromtimestamp(value, UTC)
