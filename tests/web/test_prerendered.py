"""A page that is rendered once; each answer only gets its own token."""

import gzip
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.prerendered import MARK, Prerendered

TOKENS = st.text(string.ascii_letters + string.digits + "-_.", max_size=600)


@pytest.mark.slow
@given(before=st.text(), after=st.text(), token=TOKENS)
def test_gzipped_is_the_plain_page(before: str, after: str, token: str) -> None:
    page = Prerendered(before.encode("utf-8", "replace"), after.encode("utf-8", "replace"))
    plain = before.encode("utf-8", "replace") + token.encode() + after.encode("utf-8", "replace")
    assert page.plain(token) == plain
    assert gzip.decompress(page.gzipped(token)) == plain


def test_a_token_s_bytes_do_not_change_the_size() -> None:
    secret = "abcdefghij" * 10
    page = Prerendered.from_html(f"<p>{secret}</p>{MARK}<p>{secret}</p>")
    assert len(page.gzipped(secret)) == len(page.gzipped("z9" * 50))


@pytest.mark.parametrize("html", ["<p>no place for it</p>", f"<p>{MARK}{MARK}</p>"])
def test_a_page_needs_the_mark_once(html: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        Prerendered.from_html(html)


def test_the_mark_that_somebody_typed_is_only_a_token() -> None:
    assert Prerendered.from_html(f"a{MARK}b").plain(MARK) == f"a{MARK}b".encode()
