"""Which addresses of a vendor are called, and to which addresses in its answers a customer may be sent.

The server never fetches an address from an answer, and a browser gets it only in the form checked here: rebuilt from
its parts, so that no two parsers can disagree about its host.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin

from app.core.address import LOOPBACK, Address, may_be_address, parse
from app.core.fact import Fact
from app.core.text import Invalid

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A browser treats a name whose last label is a number as an IPv4 address.
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?!(?:[0-9]+|0x[0-9a-f]*)\Z){_LABEL}")
_LONGEST_HOST = 253
_API_PATHS = ("", "/", "/rest", "/rest/")
_STANDARD_PORT = (None, "", "443")


def allowed_address(url: str, hosts: Sequence[str], *, loopback: bool = False) -> str | None:
    """The absolute address, rebuilt, if a customer may be sent there; else None.

    `hosts` are lower-case names and suffixes (`example.com`, `*.example.com` for all below it). With `loopback`, for
    stand-ins on this machine, `http` and any port are allowed where the host is 127.0.0.1. A fragment is kept: it never
    reaches a server, and a page may need it.
    """
    address = parse(url)
    if address is None:
        return None
    if loopback and _is_stand_in(address):
        known, origin = _is_port(address), address.origin
    else:
        known = address.scheme == "https" and address.port in _STANDARD_PORT and _is_listed(address.host, hosts)
        origin = f"https://{address.host}"
    return f"{origin}{address.path or '/'}{address.query}{address.fragment}" if known else None


def api_address(domain: str) -> str:
    """`https://host` for an API domain as an operator writes it: with or without `https://`, `/rest`, a last slash.

    `http://127.0.0.1:<port>`, and `https` with a port there, are for stand-ins on this machine. Raises Invalid with a
    fact about `api_domain`, which does not repeat what was written.
    """
    written = domain.strip()
    address = parse(written if "://" in written else f"https://{written}")
    if address is None or address.path.lower() not in _API_PATHS or address.query or address.fragment:
        raise _refused("address")
    if _is_stand_in(address):
        if not _is_port(address):
            raise _refused("port")
        return address.origin
    if address.scheme != "https":
        raise _refused("not_https")
    if address.port not in _STANDARD_PORT:
        raise _refused("other_port")
    if not _is_host(address.host):
        raise _refused("address")
    return f"https://{address.host}"


def _refused(code: str) -> Invalid:
    return Invalid(Fact("api_domain", code))


def applet_host(written: str) -> str:
    """A host that applets may come from, in lower case: `example.com`, or `*.example.com` for all below it.

    Raises Invalid with a fact about `applet_hosts`.
    """
    host = written.strip().lower()
    if not written.isascii() or not _is_host(host.removeprefix("*.")):
        raise Invalid(Fact("applet_hosts", "host", {"written": written.strip()[:80]}))
    return host


def is_loopback(api: str) -> bool:
    """Whether this result of `api_address` is on this machine."""
    address = parse(api)
    return address is not None and address.host == LOOPBACK


@dataclass(frozen=True, slots=True)
class VendorAddresses:
    """One account's addresses: the API to call (`api`, without a path) and the hosts to which it may send customers."""

    api: str
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, api_domain: str, applet_hosts: Sequence[str]) -> Self:
        """From a site's options. Raises Invalid for an API domain that cannot be used."""
        api = api_address(api_domain)
        return cls(api, (api.split("://", 1)[1], *(host.lower() for host in applet_hosts)))

    @property
    def form(self) -> str:
        """The New Session API, form flavour."""
        return f"{self.api}/integration/integration_api.php"

    @property
    def rest(self) -> str:
        """The New Session API, REST flavour."""
        return f"{self.api}/rest/session"

    def link(self, written: str, base: str) -> str | None:
        """The allowed absolute address for a link in the answer of `base` (one of ours), which may be relative; else
        None."""
        # Joining drops tabs and line breaks, so invalid text has to be refused before.
        if not may_be_address(written):
            return None
        try:
            joined = urljoin(base, written)
        except ValueError:
            return None
        return allowed_address(joined, self.hosts, loopback=is_loopback(self.api))


def _is_stand_in(address: Address) -> bool:
    return address.host == LOOPBACK and address.scheme in ("http", "https")


def _is_port(address: Address) -> bool:
    return address.port == "" or address.port_exists


def _is_host(host: str) -> bool:
    return len(host) <= _LONGEST_HOST and bool(_HOST.fullmatch(host))


def _is_listed(host: str, hosts: Sequence[str]) -> bool:
    if not _is_host(host):
        return False
    return any(host.endswith(listed[1:]) if listed.startswith("*.") else host == listed for listed in hosts)
