"""Names of files as strangers give them."""

import pytest

from app.core.file_name import LONGEST_NAME, parted, safe_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("notes.txt", "notes.txt"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\zoe\\notes.txt", "notes.txt"),
        (" ..notes.txt.. ", "notes.txt"),
        ("X.notes.X", "X.notes.X"),
        ('a<b>c:d"e|f?g*h%i', "abcdefghi"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("a\nb\x00c", "abc"),
        ("e\u0301", "\u00e9"),
        ("CON", ""),
        ("lpt1.txt", ""),
        ("console.txt", "console.txt"),
        ("...", ""),
        ("", ""),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
        ("x" * (LONGEST_NAME + 1), "x" * LONGEST_NAME),
        ("x" * 200 + ".tar.gz", "x" * 117 + ".gz"),
        ("x" * 110 + " .X" + "y" * 100 + ".jpeg", "x" * 110 + " .X" + "yy" + ".jpeg"),
        ("x" * 114 + ". " + "y" * 100 + ".jpeg", "x" * 114 + ".jpeg"),
        ("Xa" + "x" * 112 + "X" + "y" * 100 + ".jpeg", "Xa" + "x" * 112 + "X.jpeg"),
    ],
)
def test_a_name_is_made_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.b.c", ("a.b", ".c")),
        ("a", ("a", "")),
        ("a.", ("a.", "")),
        (".a", (".a", "")),
        ("a." + "b" * 16, ("a", "." + "b" * 16)),
        ("a." + "b" * 17, ("a." + "b" * 17, "")),
    ],
)
def test_the_ending_is_what_follows_the_last_dot(name: str, parts: tuple[str, str]) -> None:
    assert parted(name) == parts
