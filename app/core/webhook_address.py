"""Addresses to which a site's events may be sent."""

from app.core.address import LOOPBACK, parse
from app.core.fact import Fact
from app.core.text import Invalid


def webhook_address(text: str) -> str:
    """The address with scheme and host in lower case. Raises Invalid with a fact about `webhook`.

    https, without user name or fragment; http for 127.0.0.1 only.
    """
    address = parse(text.strip())
    if address is None or not address.port_exists:
        raise _refused("address")
    if address.scheme != "https" and not (address.scheme == "http" and address.host == LOOPBACK):
        raise _refused("not_https")
    if address.fragment:
        raise _refused("fragment")
    query = "" if address.query == "?" else address.query
    return f"{address.origin}{address.path or '/'}{query}"


def _refused(code: str) -> Invalid:
    return Invalid(Fact("webhook", code))
