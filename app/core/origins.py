"""Web origins: where a page that posts to us comes from, told exactly (scheme, host, port)."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

from app.core.fact import Fact
from app.core.text import Invalid

_ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
_DEFAULT_PORTS = {"https": "443", "http": "80"}
LONGEST_ORIGIN = 300  # characters; a host name has 253 at most


def listed_origin(written: str) -> str:
    """An origin as browsers spell it, from what an operator writes: `https://www.example.com`, `http://localhost:8080`.
    The slash that a browser's address line puts behind a host is taken off.

    Raises Invalid with a fact about `origins`.
    """
    origin = written.strip().lower().removesuffix("/")
    found = _ORIGIN.fullmatch(origin) if len(origin) <= LONGEST_ORIGIN else None
    if found is None:
        raise _refused("origin", written)
    scheme, host, port = found.groups()
    if port is not None and not 0 < int(port) < 65536:
        raise _refused("port", written)
    if scheme == "http" and not _is_loopback(host):
        raise _refused("not_https", written)
    return _spelled(scheme, host, port)


def origin_of(address: str) -> str | None:
    """The origin of a page by its address (a `Referer`), or None when it has none that could be listed."""
    head = re.split(r"[/?#]", address[: LONGEST_ORIGIN + 10].partition("://")[2], maxsplit=1)[0]
    scheme = address.partition("://")[0].lower()
    found = _ORIGIN.fullmatch(f"{scheme}://{head.lower()}")
    return _spelled(*found.groups()) if found else None


def origin_mark(origin: str) -> str:
    """Names an origin inside a token in 22 characters, however long it is."""
    return urlsafe_b64encode(sha256(origin.encode()).digest()[:16]).rstrip(b"=").decode()


def _refused(code: str, written: str) -> Invalid:
    return Invalid(Fact("origins", code, {"written": written.strip()[:80]}))


def _spelled(scheme: str, host: str, port: str | None) -> str:
    known = port is None or port.lstrip("0") == _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}" if known or port is None else f"{scheme}://{host}:{int(port)}"


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "[::1]") or host.endswith(".localhost") or bool(_LOOPBACK.fullmatch(host))


_LOOPBACK = re.compile(r"127(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}")
