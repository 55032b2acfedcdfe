"""What a customer's details are called: to the customer on forms, and to technicians in the console."""

from flask import Flask

from app.core.customer import FIELDS
from app.web.words import _


def register(app: Flask) -> None:
    """Templates take a customer's fields, and what they are called, from here."""
    lines = tuple(each for each in FIELDS if not each.lines)
    app.jinja_env.globals.update(customer_lines=lines, form_words=form_words, console_words=console_words)


def form_words() -> dict[str, str]:
    """By field name, as customers read it."""
    return {
        "customer_name": _("Your name"),
        "customer_email": _("Your e-mail"),
        "customer_number": _("Customer number"),
        "customer_phone": _("Phone"),
        "problem_description": _("Problem"),
    }


def console_words() -> dict[str, str]:
    """By field name, as technicians read it."""
    return {
        "customer_name": _("Name"),
        "customer_email": _("E-mail"),
        "customer_number": _("Customer number"),
        "customer_phone": _("Phone"),
        "problem_description": _("Problem"),
    }
