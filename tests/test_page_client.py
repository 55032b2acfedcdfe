"""The checking client: which pages it takes for checked."""

import pytest

from tests.page_client import skeleton_of

PAGE = (
    '<html lang="en"><title>Queue</title><h1 id="top">3 wait</h1><a href="/console/1" title="One">Zoë &amp; Co</a>\n<p>'
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Zoë", "Ann & Söhne".replace("&", "&lt;")),
        ('"/console/1"', '"/console/25"'),
        ("3 wait", "12 warten"),
        ("One", ""),
    ],
)
def test_pages_that_differ_in_harmless_text_are_one(old: str, new: str) -> None:
    assert skeleton_of(PAGE.replace(old, new)) == skeleton_of(PAGE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3 wait", "<b>3 wait"),
        ("Zoë", "Zoë & Co"),
        ("Zoë", "Zoë &copy"),
        ("Zoë", "Zo\0"),
        ("Zoë", "Zo\x80"),
        ("Zoë", "Zo\ufdd0"),
        ("Queue", ""),
        ("\n<p>", "text<p>"),
        ('id="top"', 'id="end"'),
        (' title="One"', ' title="One" style="color: red"'),
        ('title="One"', 'title="One" onclick="go()"'),
        ('title="One"', 'title="On>e" onclick="go()"'),
        ('title="One"', 'title="One" title="Two"'),
        ('title="One"', 'title="a" b"'),
        ('lang="en"', ""),
    ],
)
def test_pages_that_differ_in_what_is_checked_are_two(old: str, new: str) -> None:
    assert skeleton_of(PAGE.replace(old, new)) != skeleton_of(PAGE)
