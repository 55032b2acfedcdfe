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


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"": "x"}, "text_key"),
        ({"de:": "x"}, "de:"),
        ({"title": " "}, "text"),
        ({"title": "x" * 601}, "text"),
        ({"title": "a\x07"}, "text"),
        ({"k" * 301: "x"}, "text_key"),
        ({"Get support": "%(name)s"}, "placeholders"),
        ({"%(length)s long": "%(limit)s"}, "placeholders"),
        ({f"t{n}": "x" for n in range(201)}, "too_many"),
    ],
)
def test_bad_texts_are_refused_with_a_reason(texts: dict[str, str], says: str) -> None:
    if texts == {"de:": "x"}:
        assert texts_for(texts, "de") == {"de:": "x"}  # no language, as no text follows the colon
        return
    assert says in [problem.code for problem in text_problems(texts)]
