"""Groups client addresses into what counts as one client."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


def client_network(address: str) -> str:
    """An IPv4 address unchanged; for an IPv6 address its /64, the size that a household or office gets."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def wide_network(address: str) -> str | None:
    """The /48 of an IPv6 address: 65,536 networks of /64, at most those of one hosting customer. None for other
    addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if not isinstance(parsed, IPv6Address) or parsed.ipv4_mapped:
        return None
    return str(ip_network((parsed, 48), strict=False))


def is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether the address belongs to one of the networks; False for an invalid address."""
    if not networks:
        return False
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
