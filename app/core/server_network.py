"""Networks of a site's own servers: checks what an administrator lists, and whether an address is in one."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_network

from app.core.client import Network, is_in
from app.core.fact import Fact
from app.core.text import Invalid

_WIDEST = {4: 8, 6: 16}  # bits of a network's prefix, by its version of IP


def listed_network(written: str) -> str:
    """A network as it is kept, from what an administrator writes: `203.0.113.0/24`, `2001:db8:7::/48`, or an address.

    Raises Invalid with a fact about `server_networks`.
    """
    try:
        network = ip_network(written.strip())
    except ValueError:
        raise Invalid(Fact("server_networks", "network", _shown(written))) from None
    if network.version == 6 and network.network_address.ipv4_mapped:
        raise Invalid(Fact("server_networks", "network", _shown(written)))
    if network.prefixlen < _WIDEST[network.version]:
        raise Invalid(Fact("server_networks", "wide", _shown(written)))
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if alone else str(network)


def is_listed(address: str, networks: tuple[str, ...]) -> bool:
    """Whether the address belongs to one of these networks, each as `listed_network` spells it."""
    return is_in(address, _parsed(networks))


def _shown(written: str) -> dict[str, str]:
    return {"written": written.strip()[:80]}


@lru_cache(maxsize=1024)
def _parsed(networks: tuple[str, ...]) -> Sequence[Network]:
    return tuple(ip_network(network) for network in networks)
