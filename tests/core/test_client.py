"""Which addresses count as the same client."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.client import (
    Client,
    ForwardedClient,
    client_network,
    forwarded_client,
    is_in,
    is_loopback,
    without_port,
)


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


@pytest.mark.slow
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


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:1", "203.0.113.9"),
        ("203.0.113.9:", None),
        ("203.0.113.9:0", None),
        ("203.0.113.9:65536", None),
        ("203.0.113.9:x", None),
        ("203.0.113.9:80:80", None),
        ("203.0.113.9/", None),
        ("203.0.113.9?a", None),
        ("203.0.113.9#a", None),
        ("a@203.0.113.9", None),
        ("203.0.113.009", None),
        ("203.0.113", None),
        ("3405803785", None),
        ("[203.0.113.9]", None),
        ("2001:db8::1]:4711", None),
        ("[2001:db8::1", None),
        ("fe80::1%eth0", None),
        ("[fe80::1%25eth0]:80", None),
        ("unknown", None),
        ("_hidden", None),
        ("example.com:80", None),
        ("", None),
        ("\n203.0.113.9", None),
    ],
)
def test_a_port_is_read_off_and_anything_else_is_no_address(hop: str, address: str | None) -> None:
    assert without_port(hop) == address


@pytest.mark.slow
@given(st.text(max_size=50))
@settings(max_examples=200, deadline=None)
def test_no_text_behind_a_proxy_is_an_error(text: str) -> None:
    assert without_port(text) is None or client_network(str(without_port(text))) != "unknown"


@pytest.mark.parametrize(
    ("peer", "header", "client"),
    [
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("10.0.0.1", "[2001:db9::1]:4711", "2001:db9::1"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.9:4711, 10.0.0.2:80", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3:1, 10.0.0.2:2", "10.0.0.3"),
        ("10.0.0.1", "nonsense, 203.0.113.9:4711", "203.0.113.9"),
        ("203.0.113.1", "203.0.113.9:4711", "203.0.113.1"),
        ("203.0.113.1", "nonsense", "203.0.113.1"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours_is_the_client(peer: str, header: str, client: str) -> None:
    assert forwarded_client(peer, header, NETWORKS) == ForwardedClient(client)


@pytest.mark.parametrize(
    ("header", "client"),
    [
        ("unknown", ForwardedClient("10.0.0.1", "unknown")),
        ("203.0.113.9, unknown", ForwardedClient("10.0.0.1", "unknown")),
        ("203.0.113.9, unknown, 10.0.0.2", ForwardedClient("10.0.0.2", "unknown")),
    ],
)
def test_what_cannot_be_read_makes_its_proxy_the_client(header: str, client: ForwardedClient) -> None:
    assert forwarded_client("10.0.0.1", header, NETWORKS) == client


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("128.0.0.1", False),
        ("::2", False),
        ("localhost", False),
    ],
)
def test_this_machine_s_own_addresses(address: str, own: bool) -> None:
    assert is_loopback(address) is own
