"""The check for busy senders: ALTCHA, a little work for their computer, made and verified by this server alone."""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from altcha import Challenge, Payload, create_challenge, verify_solution

from app.core.links import derived_key

LIFE = timedelta(minutes=20)
LONGEST_SOLUTION = 4096  # characters
ALGORITHM, COST = "PBKDF2/SHA-256", 1000  # about 0.3 ms a guess on a desktop
GUESSES = (100, 900)  # the least and the most: under a second on a desktop, a few seconds on a phone


@dataclass(frozen=True, slots=True)
class Solved:
    """A solved check: its id, which counts once until `expires_at`."""

    id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A sum of two small numbers, for people whose browser runs no script. Each request keeps its own."""

    first: int
    second: int

    def is_answered_by(self, typed: str) -> bool:
        """Whether these are the digits of the sum, in any script."""
        digits = typed.strip()
        return 0 < len(digits) <= 3 and digits.isdecimal() and int(digits) == self.first + self.second


class Puzzles:
    """Makes checks with the newest of a ring of 32-byte secrets, and verifies those of all of them."""

    def __init__(self, secrets_newest_first: Sequence[bytes]) -> None:
        self._keys = [(derived_key(s, "check"), derived_key(s, "check-answer")) for s in secrets_newest_first]
        self._questions = [derived_key(s, "check-question") for s in secrets_newest_first]

    def new_check(self, site: str, now: datetime) -> dict[str, Any]:
        """An ALTCHA challenge for one site, as JSON values."""
        sign, answer = self._keys[0]
        ends = int((now + LIFE).timestamp())
        challenge = create_challenge(
            ALGORITHM,
            COST,
            counter=GUESSES[0] + secrets.randbelow(GUESSES[1] - GUESSES[0]),
            # The expiry is in our data, as the library would compare its own with the machine's clock.
            data={"site": site, "ends": ends},
            hmac_secret=sign,
            hmac_key_secret=answer,
        )
        return challenge.to_dict()

    def question(self, request: str) -> Question:
        """The question for the sender of the request with this id."""
        return _question(self._questions[0], request)

    def is_answered(self, request: str, typed: str) -> bool:
        """Whether this is the answer to the request's question, by any of the keys."""
        return any(_question(key, request).is_answered_by(typed) for key in self._questions)

    def solved(self, site: str, solution: str, now: datetime) -> Solved | None:
        """The solved check in the browser's answer; None unless it is right, for this site and in time."""
        if not 0 < len(solution) <= LONGEST_SOLUTION or not solution.isascii():
            return None
        try:
            challenge = Payload.from_base64(solution).challenge
            right = any(verify_solution(solution, sign, hmac_key_secret=answer).verified for sign, answer in self._keys)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return _in_time(challenge, site, now) if right else None


def _question(key: bytes, request: str) -> Question:
    drawn = hmac.digest(key, request.encode(), "sha256")
    return Question(2 + drawn[0] % 8, 2 + drawn[1] % 8)


def _in_time(challenge: Challenge, site: str, now: datetime) -> Solved | None:
    """The solved check of a challenge with our signature; None for another site or after its end."""
    data = challenge.parameters.data or {}
    if data.get("site") != site:
        return None
    ends = datetime.fromtimestamp(data["ends"], UTC)
    return Solved(challenge.parameters.nonce, ends) if now < ends else None
