"""Texts in the page's language: flask-babel's functions, typed."""

import flask_babel


def _(text: str, **values: object) -> str:
    """The text in the page's language, `%(name)s` filled in."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int) -> str:
    """The form of the text that fits the number, `%(num)d` filled in."""
    return str(flask_babel.ngettext(one, many, num))
