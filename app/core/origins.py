"""Web origins of pages that post to us, compared exactly (scheme, host, port)."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

from app.core.address import Address, parse
from app.core.fact import Fact
from app.core.text import Invalid

_DEFAULT_PORTS = {"https": 443, "http": 80}
LONGEST_ORIGIN = 300  # characters; a host name has at most 253


def listed_origin(written: str) -> str:
    """An origin in browsers' spelling, from what an operator writes: `https://www.example.com`,
    `http://localhost:8080`.

    A slash at the end, which a browser's address bar adds, is removed. Raises Invalid with a fact about `origins`.
    """
    origin = written.strip().removesuffix("/")
    address = _read(origin) if len(origin) <= LONGEST_ORIGIN else None
    if address is None or address.path or address.query or address.fragment:
        meant = _meant(written)
        raise _refused("page", written, meant=meant) if meant else _refused("origin", written)
    if not address.port_exists:
        raise _refused("port", written)
    if address.scheme == "http" and not address.is_loopback:
        raise _refused("not_https", written)
    return _spelled(address)


def insecure_origin(written: str) -> str:
    """An origin over http, such as `http://intranet`, in browsers' spelling. Raises Invalid with a fact about
    `insecure_origins`."""
    origin = written.strip().removesuffix("/")
    address = _read(origin) if len(origin) <= LONGEST_ORIGIN else None
    if address is None or address.path or address.query or address.fragment or address.scheme != "http":
        raise Invalid(Fact("insecure_origins", "http_origin", {"written": origin[:80]}))
    if not address.port_exists:
        raise Invalid(Fact("insecure_origins", "port", {"written": origin[:80]}))
    return _spelled(address)


def origin_of(address: str) -> str | None:
    """The origin of a page from its address (a `Referer`); None when it has none that a site could list."""
    head = re.split(r"[/?#]", address[: LONGEST_ORIGIN + 10].partition("://")[2], maxsplit=1)[0]
    found = _read(f"{address.partition('://')[0]}://{head}")
    return _spelled(found) if found and found.port_exists else None


def origin_mark(origin: str) -> str:
    """Identifies an origin of any length inside a token, in 22 characters."""
    return urlsafe_b64encode(sha256(origin.encode()).digest()[:16]).rstrip(b"=").decode()


def _meant(written: str) -> str | None:
    """The origin of a page's address, with https where it has no scheme; None where that is no name of a website."""
    if len(written) > LONGEST_ORIGIN:
        return None
    address = written.strip()
    origin = origin_of(address if "://" in address else f"https://{address}")
    return origin if origin and "." in origin and (origin.startswith("https:") or "://127." in origin) else None


def _refused(code: str, written: str, **more: str) -> Invalid:
    return Invalid(Fact("origins", code, {"written": written.strip()[:80], **more}))


def _read(text: str) -> Address | None:
    address = parse(text)
    return address if address and address.scheme in _DEFAULT_PORTS and address.port != "" else None


def _spelled(address: Address) -> str:
    known = address.port and int(address.port) == _DEFAULT_PORTS[address.scheme]
    return f"{address.scheme}://{address.host}" if known else address.origin
