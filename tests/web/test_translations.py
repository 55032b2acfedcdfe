"""Every language is complete: no text is untranslated or obsolete, and pages are shown in it."""

import io
import re
import tomllib
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from flask import Flask
from flask_babel import ngettext

from app.files.resources import languages
from tests.page_client import PageClient
from tests.web.catalogues import TRANSLATED, catalogue, file_of, messages

ROOT = Path(__file__).parents[2]
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]|\{\w*\}")
each_language = pytest.mark.parametrize("language", TRANSLATED)


def forms(message: Message) -> list[str]:
    """The translations of a message: one, or one for each plural."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def numbers_of(language: str, form: int) -> list[int]:
    """The numbers from 0 to 200 for which a language uses this plural form."""
    chosen = c2py(catalogue(language).plural_expr)
    return [number for number in range(201) if chosen(number) == form]


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


@cache
def extracted() -> set[str | tuple[str, ...]]:
    """The texts that `make messages` finds in the sources, with the same mapping and keywords."""
    (added,) = re.findall(r'--keywords "([^"]+)"', (ROOT / "Makefile").read_text("utf-8"))
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(added.split())}
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
    method_map = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options: dict[str, dict[str, Any]] = {
        mapping["pattern"]: {name: value for name, value in mapping.items() if name not in ("pattern", "method")}
        for mapping in mappings
    }
    return {found[2] for found in extract_from_dir(ROOT, method_map, options, keywords)}


def test_there_are_languages_beside_english() -> None:
    assert TRANSLATED == ["ar", "de", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "pt_BR", "zh_Hans", "zh_Hant"]
    assert languages() == ("en", *TRANSLATED)


@each_language
def test_every_text_is_translated_and_none_by_guess(language: str) -> None:
    assert not catalogue(language).fuzzy
    for message in messages(language):
        assert not message.fuzzy, message.id
        assert all(form.strip() for form in forms(message)), message.id


@pytest.mark.slow
@each_language
def test_a_translation_has_its_texts_placeholders(language: str) -> None:
    for message in messages(language):
        if isinstance(message.id, str):
            assert placeholders(forms(message)[0]) == placeholders(message.id), message.id
            continue
        assert len(forms(message)) == catalogue(language).num_plurals, message.id
        for number, form in enumerate(forms(message)):
            # A form for a single number may write that number as a word ("two minutes" is one word in Arabic).
            spelt_out = len(numbers_of(language, number)) == 1 and not placeholders(form)
            assert spelt_out or placeholders(form) == placeholders(message.id[-1]), message.id
    assert not list(catalogue(language).check())


@pytest.mark.slow
@each_language
def test_a_translation_begins_and_ends_as_its_text_does(language: str) -> None:
    """Texts are joined on pages, so that a surplus blank or full stop would show."""
    for message in messages(language):
        source = message.id if isinstance(message.id, str) else message.id[0]
        for form in forms(message):
            assert form == form.strip(), source
            assert form.endswith("…") == source.endswith("…"), source
            assert form.endswith(("?", "؟", "？")) == source.endswith("?"), source


@pytest.mark.slow
@each_language
def test_quotes_and_apostrophes_are_the_printed_ones(language: str) -> None:
    for message in messages(language):
        for form in forms(message):
            assert not set(form) & set("\"'`"), form


@pytest.mark.slow
@each_language
def test_the_plural_forms_are_the_language_s(language: str) -> None:
    written = catalogue(language)
    assert (written.num_plurals, written.plural_expr) == tuple(get_plural(language))[:2]
    assert all(numbers_of(language, form) for form in range(written.num_plurals))


@each_language
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    assert file_of(language, "mo").read_bytes() == compiled.getvalue(), "run `make languages`"


@pytest.mark.slow
@each_language
def test_every_text_of_the_sources_is_in_the_catalogue(language: str) -> None:
    known = {message.id for message in messages(language)}
    assert not extracted() - known, "run `make messages`, translate, run `make languages`"


@pytest.mark.slow
@each_language
def test_no_text_is_kept_that_the_sources_no_longer_have(language: str) -> None:
    assert not {message.id for message in messages(language)} - extracted(), "run `make messages`"
    assert not catalogue(language).obsolete


@pytest.mark.slow
@pytest.mark.parametrize(
    ("accepted", "lang", "direction", "heading"),
    [
        ("ar", "ar", "rtl", "طلب المساعدة"),
        ("ar-EG, en;q=0.5", "ar", "rtl", "طلب المساعدة"),
        ("de-AT", "de", "ltr", "Hilfe anfordern"),
        ("fi, de;q=0.8, en;q=0.5", "de", "ltr", "Hilfe anfordern"),
        ("es-MX", "es", "ltr", "Obtener ayuda"),
        ("fr-CA", "fr", "ltr", "Obtenir de l’aide"),
        ("he", "he", "rtl", "קבלת עזרה"),
        ("it", "it", "ltr", "Richiedi assistenza"),
        ("ja", "ja", "ltr", "サポートを依頼する"),
        ("nl-BE", "nl", "ltr", "Hulp vragen"),
        ("pl", "pl", "ltr", "Poproś o pomoc"),
        ("pt-PT", "pt", "ltr", "Obter ajuda"),
        ("pt-BR", "pt-BR", "ltr", "Pedir ajuda"),
        ("zh-CN", "zh-Hans", "ltr", "获取帮助"),
        ("zh-TW", "zh-Hant", "ltr", "取得協助"),
        ("", "en", "ltr", "Get support"),
    ],
)
def test_a_page_is_in_the_browsers_language(
    client: PageClient, accepted: str, lang: str, direction: str, heading: str
) -> None:
    page = client.get("/", headers={"Accept-Language": accepted})
    assert (page.select("html")["lang"], page.select("html")["dir"]) == (lang, direction)
    assert page.select("h1").get_text() == heading


def test_the_address_overrules_the_browser(client: PageClient) -> None:
    page = client.get("/?lang=ar", headers={"Accept-Language": "de"})
    assert page.select("html")["lang"] == "ar"
    assert client.get("/?lang=xx", headers={"Accept-Language": "de"}).select("html")["lang"] == "de"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "waits"),
    [
        ("de", {1: "in 1 Minute ", 2: "in 2 Minuten", 11: "in 11 Minuten"}),
        (
            "ar",
            {
                1: "بعد دقيقة واحدة.",
                2: "بعد دقيقتين.",
                3: "بعد 3 دقائق.",
                10: "بعد 10 دقائق.",
                11: "بعد 11 دقيقة.",
                100: "بعد 100 دقيقة.",
                103: "بعد 103 دقائق.",
            },
        ),
        ("fr", {1: "dans 1 minute.", 2: "dans 2 minutes."}),
        ("he", {1: "בעוד דקה אחת.", 2: "בעוד 2 דקות.", 20: "בעוד 20 דקות."}),
        ("ja", {1: "1 分後", 2: "2 分後"}),
        (
            "pl",
            {
                1: "za 1 minutę.",
                2: "za 2 minuty.",
                4: "za 4 minuty.",
                5: "za 5 minut.",
                12: "za 12 minut.",
                21: "za 21 minut.",
                22: "za 22 minuty.",
                112: "za 112 minut.",
            },
        ),
        ("pt", {1: "dentro de 1 minuto.", 2: "dentro de 2 minutos."}),
        ("pt_BR", {1: "em 1 minuto.", 2: "em 2 minutos."}),
        ("zh_Hant", {1: "1 分鐘後", 2: "2 分鐘後"}),
    ],
)
def test_a_number_chooses_the_plural(app: Flask, language: str, waits: dict[int, str]) -> None:
    plurals = [message.id for message in messages(language) if isinstance(message.id, tuple)]
    one, many = next((one, many) for one, many in plurals if "try again in" in one.lower() or "minute" in one)
    with app.test_request_context(headers={"Accept-Language": language}):
        for number, wait in waits.items():
            assert wait in ngettext(one, many, number)
