"""One parser reads all addresses, and accepts none that another parser could read differently."""

import ast
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.address import LONGEST_ADDRESS, Address, may_be_address, parse, parse_authority

APP = Path(__file__).parents[2] / "app"
# These read single parts of addresses that a rule has rebuilt before, and decide nothing by them.
READ_CHECKED_ONES = {
    *("backends/download_page.py", "backends/trial.py", "backends/vendor_call.py", "channels/calling.py"),
    *("channels/chat.py", "edge/headers.py", "web/console/own_call.py", "web/console/start_api.py"),
}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.com", Address("https", "example.com")),
        ("HTTPS://WWW.Example.COM/A/b", Address("https", "www.example.com", path="/A/b")),
        ("https://example.com:8443?a=?#b", Address("https", "example.com", "8443", query="?a=?", fragment="#b")),
        ("https://example.com:/#", Address("https", "example.com", "", path="/", fragment="#")),
        ("https://example.com:0443/?", Address("https", "example.com", "0443", path="/", query="?")),
        ("https://example.com//a@b:c", Address("https", "example.com", path="//a@b:c")),
        ("https://example.com/#a?b/c", Address("https", "example.com", path="/", fragment="#a?b/c")),
        ("http://127.0.0.1:8000", Address("http", "127.0.0.1", "8000")),
        ("http://[2001:DB8::A]:1/", Address("http", "[2001:db8::a]", "1", path="/")),
        ("svn+SSH://a", Address("svn+ssh", "a")),
        ("https://example.com/%7E%2f", Address("https", "example.com", path="/%7E%2f")),
    ],
)
def test_an_address_is_taken_apart(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "//example.com", "example.com", "https:example.com", "https:/example.com", "https://", "https:///a"),
        *("1https://example.com", "+https://example.com", "ht tps://example.com", "ht\ntps://example.com"),
        *("https://user@example.com", "https://user:pw@example.com", "https://@example.com", "https://:@example.com"),
        *("https://-example.com", "https://example.com-", "https://.example.com", "https://example.com."),
        *("https://exa_mple.com", "https://*.example.com", "https://exa%6dple.com", "https://exämple.com"),
        *("https://example.com:x", "https://example.com:-1", "https://example.com:123456", "https://example.com:1:2"),
        *("https://example.com:４４３", "https://\u212bample.com", "https://exam\u017fple.com"),
        *("https://[::1", "https://::1", "https://[]", "https://[::g]", "https://[1.2.3.4]", "https://[v1.x]"),
        *("https://[::1]a", "https://a[::1]", "https://[:::1]", "https://[::1%25eth0]", "https://[1::2::3]"),
        *("https://example.com/%", "https://example.com/%z0", "https://example.com/%0", "https://example.com/a b"),
        *("https://example.com\\@a", "https://example.com/\x00", "https://example.com/\x7f", "https://example.com/\n"),
        *(" https://example.com", "https://example.com/{}", "https://example.com/|", "https://example.com/\ud800"),
    ],
)
def test_what_is_no_address_in_every_character_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(("length", "taken"), [(LONGEST_ADDRESS, True), (LONGEST_ADDRESS + 1, False)])
def test_an_address_has_at_most_2048_characters(length: int, taken: bool) -> None:
    assert LONGEST_ADDRESS == 2048
    assert (parse("https://example.com/".ljust(length, "a")) is not None) is taken
    assert may_be_address("a" * length) is taken


@pytest.mark.parametrize(
    ("text", "may_be"), [("../a?b=%20#c", True), ("", False), ("a\tb", False), ("a\n", False), ("%2", False)]
)
def test_a_relative_address_has_the_same_characters(text: str, may_be: bool) -> None:
    assert may_be_address(text) is may_be


@pytest.mark.parametrize(
    ("port", "exists"),
    [(None, True), ("", False), ("0", False), ("00000", False), ("1", True), ("65535", True), ("65536", False)],
)
def test_a_port_that_exists(port: str | None, exists: bool) -> None:
    assert Address("https", "example.com", port).port_exists is exists


@pytest.mark.parametrize(
    ("port", "origin"),
    [
        (None, "https://example.com"),
        ("", "https://example.com"),
        ("443", "https://example.com:443"),
        ("08443", "https://example.com:8443"),
    ],
)
def test_an_origin_has_the_port_that_was_written(port: str | None, origin: str) -> None:
    assert Address("https", "example.com", port, "/a", "?b", "#c").origin == origin


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("[::1]", True),
        ("notlocalhost", False),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("127.0.0.999", False),
        ("127.1", False),
        ("128.0.0.1", False),
        ("[::2]", False),
        ("0.0.0.0", False),  # noqa: S104
    ],
)
def test_this_machine_is_told_from_all_others(host: str, loopback: bool) -> None:
    assert Address("http", host).is_loopback is loopback


@pytest.mark.slow
@given(st.from_regex(r"\A(https?|ftp)://[a-zA-Z0-9.@:\[\]%-]{1,30}(:[0-9]{0,6})?[/?#a-z@:%0-9]{0,20}\Z"))
def test_the_standard_library_finds_the_same_host_and_port(text: str) -> None:
    """Where two parsers disagree about a host, a browser can be led to the wrong one."""
    address = parse(text)
    if address is None:
        return
    parts = urlsplit(text)
    assert (parts.scheme, parts.hostname) == (address.scheme, address.host.strip("[]"))
    assert (parts.username, parts.password) == (None, None)
    if address.port_exists:
        assert parts.port == (int(address.port) if address.port else None)
    assert parse(f"{address.scheme}://{address.host}{address.path}{address.query}{address.fragment}") is not None


@pytest.mark.slow
def test_no_other_module_takes_addresses_apart() -> None:
    parsers = {
        str(source.relative_to(APP))
        for source in APP.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.alias | ast.Attribute)
        and (node.name if isinstance(node, ast.alias) else node.attr) in ("urlsplit", "urlparse", "parse_url")
    }
    assert parsers == READ_CHECKED_ONES


@pytest.mark.parametrize("text", ["example.com", "example.com:80", "[::1]:80", "127.0.0.1"])
def test_a_host_and_its_port_are_an_authority(text: str) -> None:
    parsed = parse_authority(text)
    assert parsed is not None
    assert parsed.origin == f"http://{text}"


@pytest.mark.parametrize(
    "text", ["", "example.com:", "example.com:0", "a@b", "a/", "a?", "a?b", "a#", "a#b", "a b", "[::"]
)
def test_anything_else_is_no_authority(text: str) -> None:
    assert parse_authority(text) is None
