"""A site's own words: for all languages or for one, and never with placeholders that cannot be filled in."""

import pytest

from app.core.fact import Fact
from app.core.texts import no_such_texts, split_key, text_problems, texts_for

TEXTS = {"title": "Ask us", "pt:title": "Pergunte", "pt-BR:title": "Pergunte, vai", "de:Get support": "Hilfe"}


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("en", {"title": "Ask us"}),
        ("pt", {"title": "Pergunte"}),
        ("pt_BR", {"title": "Pergunte, vai"}),
        ("pt-PT", {"title": "Pergunte"}),
        ("de-AT", {"title": "Ask us", "Get support": "Hilfe"}),
    ],
)
def test_the_nearest_language_wins(language: str, found: dict[str, str]) -> None:
    assert texts_for(TEXTS, language) == found


def test_a_text_with_a_colon_is_no_language() -> None:
    assert texts_for({"Reference: keep it": "x"}, "en") == {"Reference: keep it": "x"}


def test_own_words_outlive_a_new_wording_of_ours() -> None:
    assert texts_for({"What is wrong?": "Issue", "de:What is wrong?": "Anliegen"}, "de") == {"Problem": "Anliegen"}
    assert split_key("de:What is wrong?") == ("de", "Problem")


def test_a_key_that_names_no_text_is_told_with_a_similar_one() -> None:
    known = {"title", "Get support", "Problem"}
    assert no_such_texts(["title", "de:Get support", "What is wrong?"], known) == []
    assert no_such_texts(["titel", "de:Get Support", "Quux"], known) == [
        Fact("texts", "similar_text", {"key": "titel", "near": "title"}),
        Fact("texts", "similar_text", {"key": "de:Get Support", "near": "Get support"}),
        Fact("texts", "no_such_text", {"key": "Quux"}),
    ]


def test_good_texts() -> None:
    assert text_problems(TEXTS) == []
    assert text_problems({"This is %(length)s characters long.": "Too long (%(length)s), 100 % sure"}) == []


def test_a_language_without_a_text_after_its_colon_is_a_text() -> None:
    assert texts_for({"de:": "x"}, "de") == {"de:": "x"}


BAD_KEY = Fact("texts", "text_key", {"most": 300})


@pytest.mark.parametrize(
    ("texts", "facts"),
    [
        ({"": "x"}, [BAD_KEY]),
        ({"k" * 301: "x"}, [BAD_KEY]),
        ({"a\x07": "x"}, [BAD_KEY]),
        ({"title": " "}, [Fact("texts", "text", {"key": "title", "most": 600})]),
        ({"title": "x" * 601}, [Fact("texts", "text", {"key": "title", "most": 600})]),
        ({"de:title": "a\x07"}, [Fact("texts", "text", {"key": "de:title", "most": 600})]),
        (
            {"Get support": "%(name)s"},
            [Fact("texts", "placeholders", {"key": "Get support", "names": ("%(name)s",)})],
        ),
        (
            {"de:%(length)s long": "%(limit)s {x} %(length)s"},
            [Fact("texts", "placeholders", {"key": "de:%(length)s long", "names": ("%(limit)s", "{x}")})],
        ),
        ({f"t{n}": "x" for n in range(201)}, [Fact("texts", "too_many", {"most": 200})]),
        ({"": "x", "title": ""}, [BAD_KEY, Fact("texts", "text", {"key": "title", "most": 600})]),
    ],
)
def test_bad_texts_are_refused_with_a_reason(texts: dict[str, str], facts: list[Fact]) -> None:
    assert text_problems(texts) == facts


def test_as_many_texts_as_allowed_and_as_long_as_allowed() -> None:
    assert text_problems({f"t{n}": "x" * 600 for n in range(200)}) == []
    assert text_problems({"k" * 300: "x"}) == []


def test_braces_and_percent_signs_are_free_where_the_source_has_no_placeholder() -> None:
    assert text_problems({"Get support": "{Help} 100 %d"}) == []


def test_a_language_is_written_with_a_hyphen_or_an_underscore() -> None:
    assert split_key("pt_BR:title") == split_key("pt-br:title") == ("pt-br", "title")
    texts = {"zh:title": "zh", "zh-Hant:title": "zh-Hant", "zh_Hant_TW:title": "zh-Hant-TW"}
    assert texts_for(texts, "zh-Hant-TW") == {"title": "zh-Hant-TW"}
    assert texts_for(texts, "zh-Hans-CN") == {"title": "zh"}
