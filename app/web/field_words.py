"""Labels of a customer's details: for customers on forms, and for technicians in the console."""

from flask import Flask

from app.core.customer import FIELDS
from app.web.words import _


def register(app: Flask) -> None:
    """Give templates the customer's fields and their labels."""
    lines = tuple(each for each in FIELDS if not each.lines)
    app.jinja_env.globals.update(customer_lines=lines, form_words=form_words, console_words=console_words)


def form_words() -> dict[str, str]:
    """Labels by field name for customers."""
    return {
        "customer_name": _("Your name"),
        "customer_email": _("Your e-mail"),
        "customer_number": _("Customer number"),
        "customer_phone": _("Phone"),
        "problem_description": _("Problem"),
    }


def console_words() -> dict[str, str]:
    """Labels by field name for technicians."""
    return {
        "customer_name": _("Name"),
        "customer_email": _("E-mail"),
        "customer_number": _("Customer number"),
        "customer_phone": _("Phone"),
        "problem_description": _("Problem"),
    }
