"""The page's language: asked for by `?lang=`, else by the browser, else English."""

import re
from functools import lru_cache

from babel import Locale, negotiate_locale
from flask import Flask, request
from flask_babel import Babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.resources import resource

DEFAULT = "en"
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", re.ASCII)
_FOLDER = resource("translations")


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """What pages are translated into, as tags (`de`, `pt_BR`), English first."""
    found = sorted(path.parent.parent.name for path in _FOLDER.glob("*/LC_MESSAGES/messages.mo"))
    return (DEFAULT, *(tag for tag in found if tag != DEFAULT))


def page_language() -> str:
    """The language of this request's page."""
    asked = request.args.get("lang", "") if request.query_string.isascii() else ""
    return _best(asked, request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def best_language(asked: str) -> str:
    """The language of an answer to a program that asks for one by its tag, else the browser's."""
    return _best(asked if asked.isascii() else "", request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def register(app: Flask) -> None:
    """Set up gettext, and `lang` and `dir` for templates."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_FOLDER)
    Babel(app, locale_selector=page_language)
    app.context_processor(_template_values)


@lru_cache(maxsize=1024)
def _best(asked: str, accepted: str) -> str:
    wanted = [asked[:35]] if asked else []
    wanted += parse_accept_header(accepted[:200], LanguageAccept).values()
    tags = [tag.replace("-", "_") for tag in wanted if _TAG.fullmatch(tag)]
    return negotiate_locale(tags, languages(), sep="_") or DEFAULT


@lru_cache(maxsize=64)
def text_direction(language: str) -> str:
    """`ltr` or `rtl`."""
    return str(Locale.parse(language).text_direction)


def _template_values() -> dict[str, str]:
    language = page_language()
    return {"lang": language.replace("_", "-"), "dir": text_direction(language)}
