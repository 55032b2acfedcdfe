"""What a customer typed, for pages that tell why a form was not taken and hold no form themselves."""

from flask import Flask, request

from app.core.customer import NAMES
from app.core.text import is_blank, without_control
from app.edge.incoming import posted_before
from app.web.field_words import form_words

_OTHERS = ("message", "contact", "reference", "pin", "said", "call_back_to")
_LONGEST = 8000  # characters of one field
_NOT_OURS = ("/console", "/api/", "/rest/")


def register(app: Flask) -> None:
    """Let templates show what was typed."""
    app.jinja_env.globals["typed_texts"] = typed_texts


def typed_texts() -> list[tuple[str, str]]:
    """Labels and texts of the customer's fields in this request's form; a field without a label of its own has none."""
    if request.method != "POST" or request.path.startswith(_NOT_OURS):
        return []
    words = form_words()
    found = {name.strip().lower(): without_control(value)[:_LONGEST] for name, value in posted_before()}
    shown = [(words.get(name, ""), found.get(name, "")) for name in (*NAMES, *_OTHERS)]
    return [(label, text) for label, text in shown if not is_blank(text)]
