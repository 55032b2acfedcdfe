"""The snippet: a browser reads exactly the choices in it."""

import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import html5lib
import pytest
from bs4 import BeautifulSoup
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core.embed import (
    BUTTON,
    INLINE,
    LINK,
    PLACES,
    PREFILL,
    Embed,
    Script,
    plain_link,
    policy_lines,
    snippet,
)

BASE = "https://support.example.com"
CURRENT = Script("/widget.js")
PINNED = Script("/widget/0123456789ab/handbell.de.js", "sha384-abc+/=")
DEPARTMENTS, LANGUAGES = frozenset({"10", "20"}), frozenset({"de", "pt-BR"})
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=30).map(str.strip)
CHOICES = st.builds(
    lambda prefill, **chosen: Embed(prefill={name: text for name, text in prefill.items() if text}, **chosen),
    place=st.sampled_from(PLACES),
    text=LINES,
    position=st.sampled_from(["end", "start"]),
    colour=st.sampled_from(["", "#7a1f5c", "#000000"]),
    department=st.sampled_from(["", "10", "20"]),
    language=st.sampled_from(["", "de", "pt-BR"]),
    prefill=st.fixed_dictionaries(dict.fromkeys(PREFILL, LINES)),
)
ODD = "\"'></script><script>alert(1)</script>&quot; &amp; <!-- --> é日本 \u2028\u202e {{ 7*7 }}"[:60].strip()
ALL_ODD = Embed(text=ODD[:30], prefill={"name": ODD, "problem": ODD})


def read(html: str) -> tuple[Any, Any]:
    """Script and link, as a browser reads them inside a page."""
    whole = f"<!doctype html><title>x</title><body><p>before</p>{html}<p id=after>after</p>"
    parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
    parser.parse(whole)
    assert not parser.errors, parser.errors
    page = BeautifulSoup(whole, "html.parser")
    (script,) = page.select("script")
    (link,) = page.select("a")
    assert len(page.select("p")) == 2
    assert page.select_one("#after")
    assert script.get_text() == ""
    return script, link


@pytest.mark.slow
@settings(deadline=None)
@given(CHOICES, st.sampled_from([CURRENT, PINNED]))
@example(ALL_ODD, CURRENT)
def test_a_browser_reads_what_was_chosen(embed: Embed, script: Script) -> None:
    tag, link = read(snippet(embed, BASE, "help", script, title=ODD))
    expected = {
        "src": BASE + script.path,
        "async": "",
        "data-site": "help",
        "data-mode": embed.place,
        "data-text": embed.text if embed.place == BUTTON else "",
        "data-position": "start" if (embed.place, embed.position) == (BUTTON, "start") else "",
        "data-colour": embed.colour,
        "data-department": embed.department,
        "integrity": script.integrity or "",
        "crossorigin": "anonymous" if script.integrity else "",
    }
    found = dict(tag.attrs)
    prefill = json.loads(found.pop("data-prefill", "{}"))
    assert found == {name: value for name, value in expected.items() if value or name == "async"}
    assert prefill == dict(embed.prefill)
    assert link.get_text() == (embed.text or ODD)
    assert ("data-handbell" in link.attrs) == (embed.place == LINK)
    asked = urlsplit(link["href"])
    assert (f"{asked.scheme}://{asked.netloc}", asked.path) == (BASE, "/s/help")
    assert parse_qs(asked.query) == ({"lang": [embed.language]} if embed.language else {})


@pytest.mark.slow
@settings(deadline=None)
@given(CHOICES)
@example(ALL_ODD)
def test_an_address_keeps_all_choices(embed: Embed) -> None:
    chosen, wrong = Embed.chosen(dict(parse_qsl(embed.query())), DEPARTMENTS, LANGUAGES)
    assert (chosen, wrong) == (embed, {})


def test_without_choices_it_is_a_link_and_the_script() -> None:
    assert snippet(Embed(), BASE, "help", CURRENT, title="Get support") == (
        f'<a href="{BASE}/s/help" data-handbell>Get support</a>\n'
        f'<script async src="{BASE}/widget.js" data-site="help" data-mode="link"></script>'
    )


@pytest.mark.parametrize("place", [BUTTON, INLINE])
def test_without_script_there_is_a_link_all_the_same(place: str) -> None:
    html = snippet(Embed(place=place), BASE, "help", CURRENT, title="Get support")
    assert f'<noscript><a href="{BASE}/s/help">Get support</a></noscript>' in html


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"place": "popup"}, "place"),
        ({"position": "left"}, "place"),
        ({"colour": "red"}, "colour"),
        ({"colour": "#fff;}"}, "colour"),
        ({"colour": "#ffee00"}, "pale"),
        ({"colour": "#777777"}, "pale"),
        ({"department": "30"}, "department"),
        ({"language": "xx"}, "language"),
        ({"text": "x" * 61}, "too_long"),
        ({"text": "a\x00b"}, "control"),
        ({"text": "a\nb"}, "control"),
        ({"name": "x" * 129}, "too_long"),
        ({"email": "a\tb"}, "control"),
        ({"number": "x" * 33}, "too_long"),
        ({"problem": "x" * 1025}, "too_long"),
        ({"problem": "\x1b[2J"}, "control"),
    ],
)
def test_a_wrong_choice_is_named_and_left_out(given: dict[str, str], fault: str) -> None:
    chosen, wrong = Embed.chosen({**given, "unknown": "x"}, DEPARTMENTS, LANGUAGES)
    assert wrong == dict.fromkeys(given, fault)
    assert chosen == Embed()


@pytest.mark.parametrize(
    ("chosen", "site", "shown"),
    [
        (Embed(place=BUTTON), "#8a1c5a", "#8a1c5a"),
        (Embed(place=BUTTON, colour="#0b5c68"), "#8a1c5a", "#0b5c68"),
        (Embed(place=BUTTON), "#ffee00", ""),
        (Embed(place=BUTTON), "", ""),
        (Embed(place=INLINE), "#8a1c5a", ""),
        (Embed(), "#8a1c5a", ""),
    ],
)
def test_a_floating_button_has_the_site_s_colour_from_the_start(chosen: Embed, site: str, shown: str) -> None:
    assert chosen.in_colour(site).colour == shown


@pytest.mark.slow
def test_a_problem_may_have_lines() -> None:
    chosen, wrong = Embed.chosen({"problem": "one\r\ntwo"}, DEPARTMENTS, LANGUAGES)
    assert (chosen.prefill, wrong) == ({"problem": "one\ntwo"}, {})
    tag, _link = read(snippet(chosen, BASE, "help", CURRENT, title="x"))
    assert json.loads(tag["data-prefill"]) == {"problem": "one\ntwo"}


def test_the_plain_link_and_the_policy() -> None:
    assert plain_link(Embed(language="pt-BR"), BASE, "help") == f"{BASE}/s/help?lang=pt-BR"
    assert policy_lines(BASE) == f"script-src {BASE}; connect-src {BASE}; form-action 'self' {BASE}"
