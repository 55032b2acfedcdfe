"""Addresses of pages and servers: one strict parser for all of Handbell.

Callers add their own rules for schemes, hosts and ports. An accepted address is rebuilt from these parts, so that no
other parser can read a different host in it.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address, ip_address

LONGEST_ADDRESS = 2048  # characters
LOOPBACK = "127.0.0.1"

# RFC 3986, appendix A: unreserved, reserved, percent and two hexadecimal digits; nothing else.
_CHARACTERS = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"  # or an IPv4 address
_AUTHORITY = re.compile(rf"({_NAME}|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{{0,5}}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """An absolute address without user name and password. `scheme` and `host` are in lower case."""

    scheme: str
    host: str  # a name, an IPv4 address, or an IPv6 address in its brackets
    port: str | None = None  # digits as written, "" for a colon without digits, None without a colon
    path: str = ""  # empty, or beginning with a slash
    query: str = ""  # with its question mark
    fragment: str = ""  # with its number sign

    @property
    def port_exists(self) -> bool:
        """Whether the port, if written, is in 1 to 65535; False for a colon without digits."""
        return self.port is None or (self.port != "" and 0 < int(self.port) < 65536)

    @property
    def origin(self) -> str:
        """Scheme, host, and the port if written, without leading zeros."""
        return f"{self.scheme}://{self.host}:{int(self.port)}" if self.port else f"{self.scheme}://{self.host}"

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine: `localhost` and its subdomains, 127.0.0.0/8, `[::1]`."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False


def parse(text: str) -> Address | None:
    """The parts of an absolute address; None when any character of it is invalid.

    None also for user info, for a host that is neither a name nor an IP address, and beyond LONGEST_ADDRESS.
    """
    parts = _PARTS.fullmatch(text) if may_be_address(text) else None
    authority = parts and _AUTHORITY.fullmatch(parts[2])
    if not parts or not authority or not _is_ipv6(authority[2]):
        return None
    return Address(parts[1].lower(), authority[1].lower(), authority[3], parts[3], parts[4] or "", parts[5] or "")


def parse_authority(text: str) -> Address | None:
    """Host and port, as in a `Host` header; None when it is anything else, or the port does not exist."""
    address = parse(f"http://{text}")
    bare = address and address.port_exists and not (address.path or address.query or address.fragment)
    return address if bare else None


def may_be_address(text: str) -> bool:
    """Whether the text has the length and only the characters of an absolute or relative address."""
    return len(text) <= LONGEST_ADDRESS and bool(_CHARACTERS.fullmatch(text))


def _is_ipv6(in_brackets: str | None) -> bool:
    if in_brackets is None:
        return True
    try:
        IPv6Address(in_brackets)
    except AddressValueError:
        return False
    return True
