"""The page's language: asked for, else the browser's, else English."""

from collections.abc import Iterator

import pytest

from app.web import language
from tests.page_client import PageClient


@pytest.fixture
def three_languages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages as if they were translated into German and Brazilian Portuguese too."""
    monkeypatch.setattr(language, "languages", lambda: ("en", "de", "pt_BR"))
    language._best.cache_clear()
    yield
    language._best.cache_clear()


@pytest.mark.usefixtures("three_languages")
@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("de", "en", "de"),
        ("", "fr, de;q=0.8, en;q=0.5", "de"),
        ("", "en;q=0.5, de;q=0.8", "de"),
        ("", "de-AT", "de"),
        ("pt-BR", "", "pt_BR"),
        ("pt_BR", "", "pt_BR"),
        ("xx", "de", "de"),
        ("", "xx, yy", "en"),
        ("", "*", "en"),
        ("", "de;q=0, en", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_browser_s(asked: str, accepted: str, expected: str) -> None:
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
    assert page.select("html")["lang"].lower() == "en"


def test_english_is_always_there_and_first() -> None:
    assert language.languages()[0] == "en"


def test_the_direction_follows_the_language(client: PageClient) -> None:
    assert language.text_direction("en") == "ltr"
    assert language.text_direction("ar") == "rtl"
    assert language.text_direction("he") == "rtl"
    assert client.get("/").select("html")["dir"] == "ltr"
