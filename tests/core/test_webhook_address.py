"""Allowed addresses of webhooks."""

import pytest

from app.core.address import LONGEST_ADDRESS
from app.core.text import Invalid
from app.core.webhook_address import webhook_address


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://example.com/hook", "https://example.com/hook"),
        ("  HTTPS://Hooks.Example.COM:8443/A?b=C  ", "https://hooks.example.com:8443/A?b=C"),
        ("https://example.com", "https://example.com/"),
        ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"),
        ("https://hooks/in-house", "https://hooks/in-house"),
        ("https://example.com:08443/a?", "https://example.com:8443/a"),
        ("http://127.0.0.1:9000/hook", "http://127.0.0.1:9000/hook"),
    ],
)
def test_https_is_taken_and_http_on_this_machine(written: str, kept: str) -> None:
    assert webhook_address(written) == kept
    assert webhook_address(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        "",
        "example.com/hook",
        "http://example.com/hook",
        "http://127.0.0.2/hook",
        "http://127.0.0.1.example.com/hook",
        "http://localhost/hook",
        "ftp://example.com/",
        "javascript:alert(1)",
        "https:///hook",
        "https://user:password@example.com/",
        "https://user@127.0.0.1/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:/",
        "https://example.com:x/",
        "https://exa mple.com/",
        "https://example.com\\@other.example/",
        "https://exämple.com/",
        "https://example.com/\n",
        "ht\ntps://example.com/",
        "https://example.com/a b",
        "https://example.com/#part",
        "https://example.com/#",
        "https://[::1/",
        "https://[::g]/",
        "https://example.com/%zz",
        "https://-example.com/",
        f"https://example.com/{'a' * LONGEST_ADDRESS}",
    ],
)
def test_anything_else_is_refused_with_a_reason(written: str) -> None:
    if written.endswith("\n"):
        written = written.replace("\n", "\n.")  # blanks around an address are allowed
    with pytest.raises(Invalid) as refused:
        webhook_address(written)
    (fact,) = refused.value.problems
    assert (fact.field, fact.code in ("address", "not_https", "fragment")) == ("webhook", True)
