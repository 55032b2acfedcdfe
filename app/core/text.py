"""Rules for text: counted in code points, any script, no control characters but newline and tab."""

import re
from typing import Literal

from app.core.fact import Fact

Fault = Literal["too_long", "control", "twice", "type", "missing", "empty", "email"]

# Control characters other than tab and newline, and lone surrogates, which UTF-8 cannot encode.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Invalid(ValueError):
    """One or more fields are invalid; nothing may be stored."""

    def __init__(self, *problems: Fact) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = problems


def normal_newlines(value: str) -> str:
    """Replace CR LF, which browsers send for a line break, by LF, so that it counts as one character."""
    if "\r" not in value:
        return value
    return value.replace("\r\n", "\n").replace("\r", "\n")


def text_fault(value: str, limit: int | None) -> Literal["too_long", "control"] | None:
    """Why `value` is refused, or None. `limit` is characters. Expects normal newlines."""
    if limit is not None and len(value) > limit:
        return "too_long"
    return "control" if _FORBIDDEN.search(value) else None


def text_problem(field: str, value: str, limit: int | None) -> Fact | None:
    """`text_fault` as a fact about this field, with `limit` and `length` where it is too long."""
    fault = text_fault(value, limit)
    if fault == "too_long":
        return Fact(field, fault, {"limit": limit or 0, "length": len(value)})
    return Fact(field, fault) if fault else None


def without_control(value: str) -> str:
    """Remove control characters, which nobody types."""
    return _FORBIDDEN.sub("", value)


def is_blank(value: str | None) -> bool:
    """Whether the value is absent, empty or only white space: such an element counts as not sent."""
    return value is None or not value or value.isspace()


def looks_like_email(value: str) -> bool:
    """Whether there is one @ with text on both sides and no blanks: this catches typing errors and refuses no real
    address."""
    local, at, domain = value.strip().rpartition("@")
    return bool(at and local and domain) and not any(c.isspace() or c == "@" for c in local + domain)
