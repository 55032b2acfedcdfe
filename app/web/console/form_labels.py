"""What a customer's form calls its fields, for the forms that other people's pages have."""

from flask_babel import force_locale

from app.web.language import page_language
from app.web.words import _


def form_labels(language: str | None = None) -> dict[str, str]:
    """By field, and `send` and `anyone`, in that language (`pt_BR`) or the page's."""
    with force_locale(language or page_language()):
        return {
            "customer_name": _("Your name"),
            "customer_email": _("Your e-mail"),
            "customer_number": _("Customer number"),
            "problem_description": _("What is wrong?"),
            "department": _("Who should help?"),
            "anyone": _("Not sure – anyone can help"),
            "send": _("Get support"),
        }
