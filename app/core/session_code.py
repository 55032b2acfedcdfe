"""Session codes: nine digits that a technician gives to a customer, whose session comes to that technician's queue."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

PIN_LENGTH = 9  # digits
LIVES = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "12h": timedelta(hours=12),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
}
USUAL_LIFE = "12h"
_SEPARATORS = "-.\N{EN DASH}\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
_LONGEST_TYPED = 64  # characters; a longer text is refused unread


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCode:
    """A session that a technician started at a site.

    `pin` is nine digits; `reference` is the request made with the code, None while it is unused. `leads_to` is an
    existing request that it lets a customer back into, instead of making a new one. `used_by` marks the form that used
    it: the same form again is the same press. Times are aware UTC.

    A code with a `ticket` is of no technician: its customer moves the ticket's page to another device.
    """

    id: str
    pin: str
    technician_id: int | None
    site: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    reference: str | None = None
    leads_to: str | None = None
    used_by: str | None = None
    ticket: int | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether the code is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


def new_pin() -> str:
    """Nine random digits, not beginning with zero."""
    return str(10 ** (PIN_LENGTH - 1) + secrets.randbelow(9 * 10 ** (PIN_LENGTH - 1)))


def shown_pin(pin: str) -> str:
    """The PIN in groups, as people read it out: `123 456 789`."""
    return " ".join(pin[start : start + 3] for start in range(0, len(pin), 3))


def written_pin(text: str) -> str | None:
    """The PIN in a text as people type it: any script's digits, with blanks, hyphens and invisible marks; None when it
    is not one.

    None beyond 64 characters.
    """
    if len(text) > _LONGEST_TYPED:
        return None
    digits = [str(unicodedata.decimal(c, "x")) for c in text if not _is_separator(c)]
    return "".join(digits) if len(digits) == PIN_LENGTH and "x" not in digits else None


def _is_separator(character: str) -> bool:
    return character.isspace() or character in _SEPARATORS or unicodedata.category(character) == "Cf"
