"""Origins: compared exactly by scheme, host and port; other texts are not accepted."""

import pytest

from app.core.fact import Fact
from app.core.origins import LONGEST_ORIGIN, insecure_origin, listed_origin, origin_mark, origin_of
from app.core.text import Invalid


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        (" HTTPS://WWW.Example.COM ", "https://www.example.com"),
        ("https://www.example.com/", "https://www.example.com"),
        ("http://localhost:3000/ ", "http://localhost:3000"),
        ("https://www.example.com:443", "https://www.example.com"),
        ("https://www.example.com:8443", "https://www.example.com:8443"),
        ("https://www.example.com:08443", "https://www.example.com:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://localhost:80", "http://localhost"),
        ("http://app.localhost", "http://app.localhost"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_what_an_operator_writes_becomes_what_browsers_send(written: str, origin: str) -> None:
    assert listed_origin(written) == origin


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("https://", "origin"),
        ("https://bücher.example", "origin"),
        ("https://user@www.example.com", "origin"),
        ("https://*.example.com", "origin"),
        ("*", "origin"),
        ("null", "origin"),
        ("file://", "origin"),
        ("https://www.example.com:", "origin"),
        ("https://exam\u212ale.example", "origin"),
        ("https://[:::1]", "origin"),
        ("https://www.example.com:0", "port"),
        ("https://www.example.com:99999", "port"),
        (f"https://{'x' * 300}.example", "origin"),
        ("http://www.example.com", "not_https"),
        ("http://intranet", "not_https"),
        ("http://127.0.0.1.example.com", "not_https"),
        ("http://localhost.example.com", "not_https"),
        ("http://127.0.0.999", "not_https"),
    ],
)
def test_what_is_no_origin_or_not_safe_is_refused_with_a_reason(written: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        listed_origin(written)
    assert refused.value.problems == (Fact("origins", says, {"written": written[:80]}),)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://www.example.com//", "https://www.example.com"),
        ("https://www.example.com/help", "https://www.example.com"),
        (" www.example.com", "https://www.example.com"),
        ("Shop.example.com:8443/a?b#c", "https://shop.example.com:8443"),
        ("https://www.example.com/?", "https://www.example.com"),
        ("https://www.example.com?a", "https://www.example.com"),
        ("https://www.example.com#a", "https://www.example.com"),
        ("http://127.0.0.1:8000/demo", "http://127.0.0.1:8000"),
    ],
)
def test_the_address_of_a_page_is_told_with_its_origin(written: str, meant: str) -> None:
    with pytest.raises(Invalid) as refused:
        listed_origin(written)
    assert refused.value.problems == (Fact("origins", "page", {"written": written.strip(), "meant": meant}),)
    assert listed_origin(meant) == meant


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://www.example.com/a?b#c", "https://www.example.com"),
        ("https://www.example.com", "https://www.example.com"),
        ("https://www.example.com?x=/", "https://www.example.com"),
        ("https://www.example.com/?from=http://other.example/", "https://www.example.com"),
        ("HTTPS://WWW.EXAMPLE.COM:443/", "https://www.example.com"),
        ("http://intranet/help", "http://intranet"),
        ("https://www.example.com/?from=https://evil.example/", "https://www.example.com"),
        ("", None),
        ("about:blank", None),
        ("https://www.example.com/{as|typed}", "https://www.example.com"),
        ("https://www.example.com:0/", None),
        ("https://www.example.com:/", None),
        ("ftp://www.example.com/", None),
        ("//www.example.com/", None),
        ("https://www.example.com@evil.example/", None),
        ("https://www.example.com\\@evil.example/", None),
        ("https://www.example.com.evil.example/", "https://www.example.com.evil.example"),
        ("javascript://www.example.com/%0aalert(1)", None),
        ("https:///www.example.com/", None),
    ],
)
def test_the_origin_of_a_page(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


def test_an_origin_has_at_most_300_characters() -> None:
    fits = "https://".ljust(300, "x")
    assert listed_origin(f"{fits}/") == origin_of(f"{fits}/a") == fits
    with pytest.raises(Invalid) as refused:
        listed_origin(f"{fits}x")
    assert refused.value.problems == (Fact("origins", "origin", {"written": fits[:80]}),)


def test_a_mark_is_short_and_tells_origins_apart() -> None:
    marks = {
        origin_mark(origin) for origin in ("https://a.example", "https://b.example", f"https://{'x' * 250}.example")
    }
    assert {len(mark) for mark in marks} == {22}
    assert len(marks) == 3


@pytest.mark.parametrize("written", ["http://intranet", "http://intranet:80/", "HTTP://Intranet"])
def test_an_origin_over_http_in_browsers_spelling(written: str) -> None:
    assert insecure_origin(written) == "http://intranet"


def test_the_longest_origin_over_http() -> None:
    longest = "http://" + "a" * (LONGEST_ORIGIN - len("http://"))
    assert insecure_origin(longest) == longest
    with pytest.raises(Invalid):
        insecure_origin(longest + "a")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("https://intranet", "http_origin"),
        ("http://intranet/it", "http_origin"),
        ("http://intranet?it", "http_origin"),
        ("http://intranet#it", "http_origin"),
        ("intranet", "http_origin"),
        ("http:/", "http_origin"),
        ("http://a:99999", "port"),
    ],
)
def test_what_is_no_origin_over_http(written: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        insecure_origin(f" {written}/")
    assert refused.value.problems == (Fact("insecure_origins", code, {"written": written}),)


@pytest.mark.parametrize("written", ["intranet" * 20, "http://" + "a" * 90 + ":99999"])
def test_no_more_than_eighty_characters_are_shown(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        insecure_origin(written)
    assert refused.value.problems[0].values == {"written": written[:80]}
