"""Which IP addresses Handbell may call: with an https public address, public ones and listed networks; else any."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from app.core.address import parse
from app.core.fact import Fact
from app.core.site import Site

Network = IPv4Network | IPv6Network

_UNICAST = ip_network("2000::/3")  # the only part of IPv6 that is assigned to the public
# Not public, although some version of Python answers `is_global`.
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # carriers' networks
            "168.63.129.16/32",  # services inside Azure, under a public number
            "192.0.0.0/24",  # protocols
            "192.88.99.0/24",  # relays of 6to4
            "224.0.0.0/3",  # multicast and reserved
            "2001::/23",  # protocols, Teredo among them: an IPv4 address inside
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address inside
            "3fff::/20",  # documentation
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Targets:
    """The addresses that may be called: with `only_public`, public ones and those in `networks`; else any."""

    only_public: bool = False
    networks: tuple[Network, ...] = ()

    def permit(self, address: str) -> bool:
        """Whether this IP address may be called; False for text that is not an IP address.

        An IPv6 address that contains an IPv4 address (mapped, 6to4, NAT64) is not public; list its IPv6 network.
        """
        if not self.only_public:
            return True
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return _is_public(found) or any(found in network for network in self.networks)

    def permit_host(self, host: str) -> bool:
        """Whether the host of a URL may be called, as far as the URL tells. True for a name: it is resolved later."""
        host = host.removeprefix("[").removesuffix("]")
        return not _is_address(host) or self.permit(host)


ANYWHERE = Targets()


def called_hosts(site: Site) -> dict[str, str]:
    """The hosts that Handbell calls for this site, by the name of the option."""
    written = {"api_domain": site.api_domain if site.at_vendor else None, "webhook": site.webhook}
    found = {option: parse(address) for option, address in written.items() if address}
    return {option: address.host for option, address in found.items() if address}


def not_public(hosts: Mapping[str, str], permitted: Callable[[str], bool]) -> list[Fact]:
    """A fact for each option whose host may not be called; `hosts` as `called_hosts` gives them."""
    return [Fact(option, "not_public", {"host": host}) for option, host in hosts.items() if not permitted(host)]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if address.version == 6 and address not in _UNICAST:
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)
