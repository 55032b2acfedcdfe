"""Texts in the page's language: flask-babel's functions, typed."""

from flask_babel import gettext, ngettext


def _(text: str, **values: object) -> str:
    """The text in the page's language, `%(name)s` filled in."""
    return str(gettext(text, **values))


def count(one: str, many: str, num: int) -> str:
    """The form of the text that fits the number, `%(num)d` filled in."""
    return str(ngettext(one, many, num))
