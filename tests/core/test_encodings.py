"""Encodings that a page declares are read as browsers read them."""

import codecs

import pytest

from app.core.encodings import _CODECS, codec_of


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf-8"),
        (' "UTF8" ', "utf-8"),
        ("'windows-1251'", "cp1251"),
        ("ISO-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("latin5", "cp1254"),
        ("Shift_JIS", "cp932"),
        ("gb2312", "gb18030"),
        ("euc-kr", "cp949"),
        ("big5", "big5hkscs"),
        ("koi8-r", "koi8-r"),
        ("utf-16", None),
        ("utf-7", None),
        ("rot13", None),
        ("", None),
    ],
)
def test_a_label_names_its_codec(label: str, codec: str | None) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize("label", sorted(_CODECS))
def test_python_has_a_codec_for_every_label(label: str) -> None:
    assert codecs.lookup(str(codec_of(label)))
