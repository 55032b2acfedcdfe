"""The page's language: asked for by `?lang=`, else by the browser, else English."""

import re
from functools import lru_cache

from babel import Locale
from flask import Flask, request
from flask_babel import Babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.resources import resource

DEFAULT = "en"
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", re.ASCII)
_FOLDER = resource("translations")
_OTHER_NAMES = {"zh": "zh_Hans", "zh_tw": "zh_Hant", "zh_hk": "zh_Hant", "zh_mo": "zh_Hant", "iw": "he"}


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
    """The first wanted language that there is; a browser's quality 0 means "not this one"."""
    wanted = [asked[:35]] if asked else []
    wanted += [tag for tag, quality in parse_accept_header(accepted[:200], LanguageAccept) if quality > 0]
    found = (_match(tag) for tag in wanted if _TAG.fullmatch(tag))
    return next(filter(None, found), DEFAULT)


def _match(tag: str) -> str | None:
    """The full tag's language, else that of the tag without its last part, and so on.

    So `pt-BR` is Brazilian and `pt-PT` Portuguese. Chinese goes by its writing, which a region tells where the tag
    does not: `zh-HK` is traditional, `zh-SG` is `zh` and simplified.
    """
    known = _OTHER_NAMES | {language.lower(): language for language in languages()}
    name = tag.lower().replace("-", "_")
    while name not in known:
        name, _, _last = name.rpartition("_")
        if not name:
            return None
    return known[name]


@lru_cache(maxsize=64)
def text_direction(language: str) -> str:
    """`ltr` or `rtl`."""
    return str(Locale.parse(language).text_direction)


def _template_values() -> dict[str, str]:
    language = page_language()
    return {"lang": language.replace("_", "-"), "dir": text_direction(language)}
