"""Which addresses may be called where customers come over https."""

from ipaddress import ip_network

import pytest

from app.core.site import Site
from app.core.targets import ANYWHERE, Targets, called_hosts, not_public

PUBLIC = Targets(only_public=True)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "99.255.255.255",
        "100.63.255.255",
        "100.128.0.1",
        "168.63.129.15",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "223.255.255.1",
        "2001:4860:4860::8888",
        "2400:cb00::1",
        "2606:4700::1111",
        "2a00:1450:4001:80b::200e",
    ],
)
def test_public_addresses_may_be_called(address: str) -> None:
    assert PUBLIC.permit(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "224.0.1.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::10.0.0.1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "",
        "localhost",
        "example.com",
        "1.1.1",
        "0x7f.1",
        "01.1.1.1",
        "2130706433",
    ],
)
def test_nothing_else_may(address: str) -> None:
    assert not PUBLIC.permit(address)


def test_what_the_operator_listed_may() -> None:
    listed = Targets(only_public=True, networks=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    may = ("10.1.2.3", "fd12::1", "1.1.1.1")
    may_not = ("10.2.0.1", "fe80::1", "::ffff:10.1.2.3", "127.0.0.1")
    assert [listed.permit(address) for address in (*may, *may_not)] == [True] * 3 + [False] * 4


def test_anything_may_while_customers_do_not_come_over_https() -> None:
    assert ANYWHERE.permit("127.0.0.1")
    assert Targets(networks=(ip_network("10.0.0.0/8"),)).permit("192.168.0.1")


def test_a_host_of_an_address_is_judged_where_it_is_an_ip_address() -> None:
    hosts = ("127.0.0.1", "[::1]", "[2606:4700::1111]", "1.1.1.1", "inside.example.com", "localhost")
    assert [PUBLIC.permit_host(host) for host in hosts] == [False, False, True, True, True, True]


def test_a_site_s_calls_go_to_its_vendor_and_its_webhook() -> None:
    site = Site(
        slug="a", name="A", uid="u", api_domain="https://api.example.com", webhook="https://[fd00::1]:8443/hook?a"
    )
    assert called_hosts(site) == {"webhook": "[fd00::1]"}
    vendor = Site(slug="a", name="A", uid="u", backend="take-control", api_domain="http://127.0.0.1:9")
    assert called_hosts(vendor) == {"api_domain": "127.0.0.1"}
    assert called_hosts(Site(slug="a", name="A", uid="u")) == {}


def test_each_host_that_may_not_be_called_is_a_fact() -> None:
    hosts = {"api_domain": "127.0.0.1", "webhook": "1.1.1.1"}
    (fact,) = not_public(hosts, PUBLIC.permit_host)
    assert (fact.field, fact.code, fact.values) == ("api_domain", "not_public", {"host": "127.0.0.1"})
