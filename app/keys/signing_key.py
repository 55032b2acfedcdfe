"""Signing keys: 32 random bytes under a name that contains the time they were made."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

KEEP_OLD = timedelta(hours=24)
_KID_TIME = "%Y%m%dT%H%M%SZ"


class BadKeys(Exception):
    """The keys cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `made_at` is None for a kid that an operator chose, `replaced_at` for the newest key."""

    kid: str
    secret: bytes
    made_at: datetime | None
    replaced_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether what it signed is valid: it is the newest key, or was replaced less than 24 hours ago."""
        return self.replaced_at is None or now < self.replaced_at + KEEP_OLD


def new_key(now: datetime) -> Key:
    """A new random key whose kid contains the time (UTC) it was made."""
    kid = f"{now.astimezone(UTC).strftime(_KID_TIME)}-{secrets.token_hex(2)}"
    return Key(kid, secrets.token_bytes(32), now)


def made_at(kid: str) -> datetime | None:
    """The time in the kid of a key made here."""
    try:
        return datetime.strptime(kid.split("-", maxsplit=1)[0], _KID_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
