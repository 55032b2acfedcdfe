"""Texts in the page's language, or in the site's own words: flask-babel's functions, typed."""

import re

from flask import Flask, g, has_request_context
from flask_babel import get_translations
from markupsafe import escape

from app.core.site import Site
from app.core.texts import texts_for
from app.web.language import limit_to, page_language

_LONE_PERCENT = re.compile(r"%(?!\(\w+\)[sd])")


def _(text: str, **values: object) -> str:
    """The text in the page's language, with `%(name)s` filled in."""
    if not values:
        return _said(text)
    own = _own().get(text)
    return (_LONE_PERCENT.sub("%%", own) if own else _said(text)) % values


def is_reworded(text: str) -> bool:
    """Whether the site has its own words for the text."""
    return text in _own()


def ngettext(one: str, many: str, num: int) -> str:
    """The plural form of the text for this number, with `%(num)d` filled in."""
    own = _own().get(many if num != 1 else one)
    said = _LONE_PERCENT.sub("%%", own) if own else str(get_translations().ungettext(one, many, num))
    return said % {"num": num}


def speak_for(site: Site | None, language: str | None = None) -> None:
    """Use the site's languages and its own words for the rest of the current answer."""
    if site:
        limit_to(site.languages)
    g.spoken_for = site
    g.own_texts = texts_for(site.texts, language or page_language()) if site and site.texts else {}


def register(app: Flask) -> None:
    """Let templates translate with the same functions as the views."""
    app.jinja_env.install_gettext_callables(_in_template, _in_template_of, newstyle=True)  # type: ignore[attr-defined]


def _own() -> dict[str, str]:
    own: dict[str, str] = g.get("own_texts", {}) if has_request_context() else {}
    return own


def _said(text: str) -> str:
    return _own().get(text) or str(get_translations().ugettext(text))


def _in_template(text: str) -> str:
    own = _own().get(text)
    return _as_markup(own) if own else str(get_translations().ugettext(text))


def _in_template_of(one: str, many: str, num: int) -> str:
    own = _own().get(many if num != 1 else one)
    return _as_markup(own) if own else str(get_translations().ungettext(one, many, num))


def _as_markup(own: str) -> str:
    """Escape a site's own text: Jinja treats texts from catalogues as markup, and always fills them in with %."""
    return escape(_LONE_PERCENT.sub("%%", own))
