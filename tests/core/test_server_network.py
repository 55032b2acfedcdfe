"""Networks of a site's own servers: what may be listed, and which addresses belong to them."""

import pytest

from app.core.fact import Fact
from app.core.server_network import is_listed, listed_network
from app.core.text import Invalid


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:DB8:7::/48", "2001:db8:7::/48"),
        ("2001:db8:7:0::1", "2001:db8:7::1"),
        ("2001::/16", "2001::/16"),
    ],
)
def test_a_network_is_kept_in_one_spelling(written: str, kept: str) -> None:
    assert listed_network(written) == kept


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "network"),
        ("example.com", "network"),
        ("203.0.113.7/24", "network"),
        ("203.0.113.0/33", "network"),
        ("203.0.113.0-203.0.113.9", "network"),
        ("::ffff:203.0.113.0/120", "network"),
        ("0.0.0.0/0", "wide"),
        ("8.0.0.0/7", "wide"),
        ("::/0", "wide"),
        ("2000::/15", "wide"),
    ],
)
def test_what_is_no_network_or_half_the_internet_is_refused(written: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        listed_network(written)
    assert refused.value.problems == (Fact("server_networks", code, {"written": written}),)


def test_no_more_than_eighty_characters_are_shown() -> None:
    with pytest.raises(Invalid) as refused:
        listed_network("x" * 81)
    assert refused.value.problems[0].values == {"written": "x" * 80}


def test_an_address_is_looked_for_in_all_of_them() -> None:
    networks = ("203.0.113.0/24", "192.0.2.7", "2001:db8:7::/48")
    for address in ("203.0.113.255", "192.0.2.7", "::ffff:192.0.2.7", "2001:db8:7:ffff::1"):
        assert is_listed(address, networks)
    for address in ("203.0.114.1", "192.0.2.8", "2001:db8:8::1", "unknown", ""):
        assert not is_listed(address, networks)
    assert not is_listed("203.0.113.1", ())
