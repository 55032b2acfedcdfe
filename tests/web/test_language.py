"""The page's language: from the address, else from the browser, else English."""

import pytest
from babel import Locale
from flask import Flask, render_template_string

from app.files.resources import languages
from app.web import language
from tests.page_client import PageClient


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        # The full tag exists.
        ("de", "de"),
        ("pt-BR", "pt_BR"),
        ("pt_BR", "pt_BR"),
        ("zh-Hans", "zh_Hans"),
        ("zh-Hant", "zh_Hant"),
        # The tag without its last part, or parts, exists.
        ("en-GB", "en"),
        ("de-AT", "de"),
        ("de-CH-1996", "de"),
        ("pt", "pt"),
        ("pt-PT", "pt"),
        ("pt-AO", "pt"),
        ("pt-BR-abl1943", "pt_BR"),
        ("fr-CA", "fr"),
        ("es-419", "es"),
        ("nl-BE", "nl"),
        ("ar-EG", "ar"),
        ("ja-JP", "ja"),
        ("pl-PL", "pl"),
        ("it-CH", "it"),
        # Hebrew formerly had another tag.
        ("he", "he"),
        ("he-IL", "he"),
        ("iw", "he"),
        ("iw-IL", "he"),
        # Chinese: by script, else by region.
        ("zh", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh-SG", "zh_Hans"),
        ("zh-MY", "zh_Hans"),
        ("zh-Hans-CN", "zh_Hans"),
        ("zh-Hans-HK", "zh_Hans"),
        ("zh-TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-MO", "zh_Hant"),
        ("zh-Hant-HK", "zh_Hant"),
        ("zh-Hant-CN", "zh_Hant"),
        # Spellings of people and programs.
        ("PT-br", "pt_BR"),
        ("ZH-hant-tw", "zh_Hant"),
        ("zh_TW", "zh_Hant"),
        # The most wanted language that exists, in any order.
        ("fi, de;q=0.8, en;q=0.5", "de"),
        ("en;q=0.5, de;q=0.8", "de"),
        ("pt-BR, pt;q=0.9, en;q=0.8", "pt_BR"),
        ("pt, pt-BR;q=0.9", "pt"),
        ("zh-TW, zh;q=0.9, en-US;q=0.8, en;q=0.7", "zh_Hant"),
        ("zh-CN, zh-TW;q=0.9", "zh_Hans"),
        ("fr-CH, de;q=0.9", "fr"),
        ("fi, en-US;q=0.9, de;q=0.8", "en"),
        ("de;q=0, it;q=0.1", "it"),
        ("de;q=0", "en"),
        ("*;q=0.1, he;q=0.5", "he"),
        ("fi, *", "en"),
        # None of them exists.
        ("", "en"),
        ("*", "en"),
        ("fi, sv", "en"),
        ("fil", "en"),
        ("dex", "en"),
        ("zhx-TW", "en"),
        ("x-pirate, i-klingon", "en"),
        ("de_", "en"),
        (";;,=", "en"),
    ],
)
def test_the_browser_s_language(accepted: str, expected: str) -> None:
    assert language._best("", accepted) == expected


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        ("de", "", "de"),
        ("de", "en", "de"),
        ("en", "de", "en"),
        ("pt-br", "pt", "pt_BR"),
        ("pt_BR", "", "pt_BR"),
        ("zh-hk", "ja", "zh_Hant"),
        ("iw", "ar", "he"),
        ("xx", "de", "de"),
        ("*", "de", "de"),
        ("de;q=0", "it", "it"),
    ],
)
def test_the_one_asked_for_comes_first(asked: str, accepted: str, expected: str) -> None:
    assert language._best(asked, accepted) == expected


@pytest.mark.parametrize(
    "odd",
    ["x" * 5000, "../../etc/passwd", "\0", "en_", "_", "-", "de_DE_", "en-\N{PILE OF POO}", "a;q=x", "i-klingon", "EN"],
)
def test_an_odd_language_never_breaks_a_page(client: PageClient, odd: str) -> None:
    assert client.get("/", query_string={"lang": odd}).status == 200
    written = odd.encode("ascii", "ignore").decode().replace("\0", "")
    page = client.get("/", headers={"Accept-Language": written})
    assert page.status == 200
    assert page.select("html")["lang"] == "en"


def test_english_is_always_there_and_first() -> None:
    assert languages()[0] == "en"


@pytest.mark.parametrize(
    ("tag", "written", "direction"),
    [
        ("en", "en", "ltr"),
        ("ar", "ar", "rtl"),
        ("de", "de", "ltr"),
        ("es", "es", "ltr"),
        ("fr", "fr", "ltr"),
        ("he", "he", "rtl"),
        ("it", "it", "ltr"),
        ("ja", "ja", "ltr"),
        ("nl", "nl", "ltr"),
        ("pl", "pl", "ltr"),
        ("pt", "pt", "ltr"),
        ("pt_BR", "pt-BR", "ltr"),
        ("zh_Hans", "zh-Hans", "ltr"),
        ("zh_Hant", "zh-Hant", "ltr"),
    ],
)
def test_a_page_says_its_language_and_direction(app: Flask, tag: str, written: str, direction: str) -> None:
    """`lang` is a BCP 47 tag, which matches itself; gettext finds the texts under the same name."""
    assert tag in languages()
    with app.test_request_context(headers={"Accept-Language": written}):
        assert render_template_string("{{ lang }} {{ dir }}") == f"{written} {direction}"
    assert str(Locale.parse(tag)) == tag
