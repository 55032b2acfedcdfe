"""Which addresses count as the same client."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.client import Client, client_network, is_in


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("unix:", "unknown"),
        ("", "unknown"),
        ("192.0.2.7:80", "unknown"),
        ("192.0.2.007", "unknown"),
        ("192.0.2.0/24", "unknown"),
    ],
)
def test_an_address_counts_as_its_network(address: str, network: str) -> None:
    assert client_network(address) == network


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
@settings(max_examples=50, deadline=None)
def test_everyone_in_one_64_is_one_client(one: int, other: int) -> None:
    prefix = 0x20010DB8_00010002 << 64
    addresses = {str(ip_network((prefix | host, 128)).network_address) for host in (one, other)}
    assert {client_network(address) for address in addresses} == {"2001:db8:1:2::/64"}


@pytest.mark.parametrize(
    ("address", "limits"),
    [
        ("192.0.2.7", (("192.0.2.7", 6),)),
        ("::ffff:192.0.2.7", (("192.0.2.7", 6),)),
        ("unknown", (("unknown", 6),)),
        ("2001:db8:1:2:3:4:5:6", (("2001:db8:1:2::/64", 6), ("2001:db8:1::/48", 60))),
        ("2001:db8::9", (("2001:db8::/64", 6), ("2001:db8::/48", 60))),
        ("fe80::1%eth0", (("fe80::/64", 6), ("fe80::/48", 60))),
    ],
)
def test_the_48_of_an_ipv6_address_counts_with_ten_times_the_limit(address: str, limits: object) -> None:
    assert Client.at(address).limits(6) == limits


@given(st.integers(0, 2**80 - 1), st.integers(0, 2**80 - 1))
@settings(max_examples=50, deadline=None)
def test_everyone_in_one_48_shares_its_limit(one: int, other: int) -> None:
    addresses = {str(ip_network((0x20010DB80001 << 80 | rest, 128)).network_address) for rest in (one, other)}
    assert {Client.at(address).wide for address in addresses} == {"2001:db8:1::/48"}


@given(st.text(max_size=50))
@settings(max_examples=100, deadline=None)
def test_no_text_is_an_error(text: str) -> None:
    assert client_network(text)
    assert is_in(text, []) is False


NETWORKS = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"), ip_network("192.0.2.7/32")]


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"])
def test_an_address_in_a_network_is_in_it(address: str) -> None:
    assert is_in(address, NETWORKS)


@pytest.mark.parametrize("address", ["11.1.2.3", "::ffff:11.1.2.3", "2001:db9::1", "192.0.2.8", "unknown", ""])
def test_any_other_address_is_not(address: str) -> None:
    assert not is_in(address, NETWORKS)
