"""A technician's note on a ticket, visible to colleagues only."""

import re

from app.core.text import Invalid, normal_newlines, text_problem

LONGEST_NOTE = 4000  # characters
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


def read_note(field: str, typed: str) -> str:
    """The note to store; empty when only blanks were written. Raises Invalid with the field's problem."""
    text = normal_newlines(typed).strip()
    problem = text_problem(field, text, LONGEST_NOTE)
    if problem:
        raise Invalid(problem)
    return text


def form_key(sent: str) -> str:
    """The key of a form, by which the same text from the same form counts as one note; empty for an invalid key."""
    return sent if _KEY.fullmatch(sent) else ""
