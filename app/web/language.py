"""The page's language: from `?lang=`, else from the browser, else English or the site's first language."""

import re
from collections.abc import Sequence
from functools import lru_cache

from babel import Locale
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, refresh
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.files.resources import DEFAULT_LANGUAGE, TRANSLATIONS, languages

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", re.ASCII)
_OTHER_NAMES = {"zh": "zh_Hans", "zh_tw": "zh_Hant", "zh_hk": "zh_Hant", "zh_mo": "zh_Hant", "iw": "he"}


def page_language() -> str:
    """The language of this request's page."""
    asked = request.args.get("lang", "") if request.query_string.isascii() else ""
    return _best(asked, request.environ.get("HTTP_ACCEPT_LANGUAGE", ""), g.get("languages", ()))


def best_language(asked: str, offered: Sequence[str] = ()) -> str:
    """The language for an answer to a program: the tag it asks for, else the browser's; limited to `offered`, if
    any."""
    accepted = request.environ.get("HTTP_ACCEPT_LANGUAGE", "")
    return _best(asked if asked.isascii() else "", accepted, _there(offered))


def matching_language(tag: str | None, offered: Sequence[str]) -> str | None:
    """Which of the `offered` languages a customer's tag asks for, if any."""
    return _match(tag, tuple(offered)) if tag and _TAG.fullmatch(tag) else None


def limit_to(offered: Sequence[str]) -> None:
    """Limit the current answer to these languages; an empty list means all."""
    if offered and has_request_context():
        g.languages = _there(offered)
        refresh()


def _there(offered: Sequence[str]) -> tuple[str, ...]:
    return tuple(tag for tag in offered if tag in languages()) if offered else ()


def register(app: Flask) -> None:
    """Set up gettext, and `lang` and `dir` for templates."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, locale_selector=page_language)
    app.context_processor(_template_values)


@lru_cache(maxsize=1024)
def _best(asked: str, accepted: str, offered: tuple[str, ...] = ()) -> str:
    """The first wanted language that is offered; a browser's quality 0 excludes a language."""
    wanted = [asked[:35]] if asked else []
    wanted += [tag for tag, quality in parse_accept_header(accepted[:200], LanguageAccept) if quality > 0]
    found = (_match(tag, offered or languages()) for tag in wanted if _TAG.fullmatch(tag))
    return next(filter(None, found), offered[0] if offered else DEFAULT_LANGUAGE)


def _match(tag: str, offered: tuple[str, ...]) -> str | None:
    """The language of the full tag, else of the tag without its last part, and so on.

    So `pt-BR` is Brazilian and `pt-PT` European Portuguese. Chinese is chosen by its script, which follows from the
    region where the tag does not name it: `zh-HK` is traditional, `zh-SG` is `zh` and simplified.
    """
    known = {name: language for name, language in _OTHER_NAMES.items() if language in offered}
    known |= {language.lower(): language for language in offered}
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
