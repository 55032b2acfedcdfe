"""A site's own words: for every language or for one, and never with what cannot be filled in."""

import pytest

from app.core.texts import text_problems, texts_for

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


def test_good_texts() -> None:
    assert text_problems(TEXTS) == []
    assert text_problems({"This is %(length)s characters long.": "Too long (%(length)s), 100 % sure"}) == []


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"": "x"}, "needs a key"),
        ({"de:": "x"}, "de:"),
        ({"title": " "}, "1 to 600"),
        ({"title": "x" * 601}, "1 to 600"),
        ({"title": "a\x07"}, "control"),
        ({"k" * 301: "x"}, "needs a key"),
        ({"Get support": "%(name)s"}, "%(name)s does not stand"),
        ({"%(length)s long": "%(limit)s"}, "%(limit)s does not stand"),
        ({f"t{n}": "x" for n in range(201)}, "at most 200"),
    ],
)
def test_bad_texts_are_refused_with_a_reason(texts: dict[str, str], says: str) -> None:
    if texts == {"de:": "x"}:
        assert texts_for(texts, "de") == {"de:": "x"}  # no language: nothing comes behind the colon
        return
    assert any(says in problem for problem in text_problems(texts))
