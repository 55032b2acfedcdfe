"""Groups client addresses into what counts as one client, and into the wider network that is counted as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from app.core.address import parse_authority

WIDER = 10  # times a client's limit for an IPv6 /48, which holds 65,536 clients and may be one person's
_HOST_BITS, _WIDE_BITS = 64, 80  # of an IPv6 address, outside its /64 and its /48
Network = IPv4Network | IPv6Network
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))


@dataclass(frozen=True, slots=True)
class Client:
    """A client as every limit counts it. `network` is an IPv4 address unchanged, or the /64 of an IPv6 address: the
    size that a household or office gets. `wide` is the /48 of an IPv6 address."""

    network: str
    wide: str | None = None

    @classmethod
    def at(cls, address: str) -> Self:
        """The client at this address; all invalid addresses are one client, `unknown`."""
        parsed = _parsed(address)
        if parsed is None:
            return cls("unknown")
        if isinstance(parsed, IPv4Address):
            return cls(str(parsed))
        return cls(_cut(parsed, _HOST_BITS), _cut(parsed, _WIDE_BITS))

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it is counted under, the narrow one first."""
        return (self.network,) if self.wide is None else (self.network, self.wide)

    def limits(self, most: int) -> tuple[tuple[str, int], ...]:
        """Each of its networks with its limit, where `most` is the limit of one client."""
        return tuple(zip(self.networks, (most, most * WIDER), strict=False))


def client_network(address: str) -> str:
    """An IPv4 address unchanged; for an IPv6 address its /64."""
    return Client.at(address).network


@dataclass(frozen=True, slots=True)
class ForwardedClient:
    """The client that trusted proxies report. `unreadable` is an invalid entry of theirs; then `address` is that of the
    proxy that sent it."""

    address: str
    unreadable: str | None = None


def forwarded_client(peer: str, forwarded_for: str, proxies: Sequence[Network]) -> ForwardedClient:
    """The last address in `X-Forwarded-For` that is not one of our proxies'; the peer itself when it is no proxy."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    address = peer
    while hops and is_in(address, proxies):
        before = without_port(hop := hops.pop())
        if before is None:
            return ForwardedClient(address, hop)
        address = before
    return ForwardedClient(address)


def without_port(hop: str) -> str | None:
    """The IP address in `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`; None
    for anything else."""
    if parts := parse_authority(hop):
        hop = parts.host.strip("[]")
    address = None if "%" in hop else _parsed(hop)
    return None if address is None else str(address)


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own, in 127.0.0.0/8 or ::1."""
    return is_in(address, _LOOPBACK)


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Whether the address belongs to one of the networks; False for an invalid address."""
    if not networks:
        return False
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address, None for an invalid one; an IPv4-mapped IPv6 address as IPv4."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


def _cut(address: IPv6Address, bits: int) -> str:
    return f"{IPv6Address(int(address) >> bits << bits)}/{128 - bits}"
