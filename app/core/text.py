"""What text may be: counted in code points, any script, no control characters but newline and tab."""

import re
from dataclasses import dataclass
from typing import Literal

Fault = Literal["too_long", "control", "twice", "type", "missing", "email"]

_SENTENCES: dict[Fault, str] = {
    "too_long": "has {length} characters; at most {limit} are allowed",
    "control": "contains a control character; only line breaks and tabs are allowed",
    "twice": "was sent more than once with different values; send it once",
    "type": "has the wrong type; see /api/openapi.json",
    "missing": "is missing",
    "email": "is not an e-mail address",
}

# Control characters other than tab and newline, and lone surrogates, which no UTF-8 can carry.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field. `limit` and `length` are code points, given with `too_long`."""

    field: str
    fault: Fault
    limit: int = 0
    length: int = 0

    def __str__(self) -> str:
        return f"{self.field} {_SENTENCES[self.fault].format(limit=self.limit, length=self.length)}"


class Invalid(ValueError):
    """One or more fields are not acceptable; nothing may be stored."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def normal_newlines(value: str) -> str:
    """Browsers send CR LF for a line break; inside Handbell it is one LF, and counts as one character."""
    if "\r" not in value:
        return value
    return value.replace("\r\n", "\n").replace("\r", "\n")


def text_problem(field: str, value: str, limit: int | None) -> Problem | None:
    """Why `value` may not be taken, or None. Expects normal newlines."""
    if limit is not None and len(value) > limit:
        return Problem(field, "too_long", limit, len(value))
    if _FORBIDDEN.search(value):
        return Problem(field, "control")
    return None


def without_control(value: str) -> str:
    """The text without the characters that may not be sent: nothing that anybody typed."""
    return _FORBIDDEN.sub("", value)


def is_blank(value: str | None) -> bool:
    """Absent, empty or only white space: such an element counts as not sent."""
    return value is None or not value or value.isspace()


def looks_like_email(value: str) -> bool:
    """One @ with something on both sides and no blanks: enough to catch a slip, never a true address."""
    local, at, domain = value.strip().rpartition("@")
    return bool(at and local and domain) and not any(c.isspace() or c == "@" for c in local + domain)
