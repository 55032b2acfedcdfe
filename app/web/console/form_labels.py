"""The labels of a customer's form, for forms on other sites' pages."""

from flask_babel import force_locale

from app.web.field_words import form_words
from app.web.language import page_language
from app.web.words import _


def form_labels(language: str | None = None) -> dict[str, str]:
    """Labels by field, and `send` and `anyone`, in this language (`pt_BR`) or the page's."""
    with force_locale(language or page_language()):
        return {
            **form_words(),
            "department": _("Who should help?"),
            "anyone": _("Not sure – anyone can help"),
            "send": _("Get support"),
        }
