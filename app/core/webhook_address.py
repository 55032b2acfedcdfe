"""Where a site's events may be sent."""

import re
from urllib.parse import urlsplit

from app.core.fact import Fact
from app.core.text import Invalid

LONGEST = 2048  # characters
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986's
_PLACE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def webhook_address(text: str) -> str:
    """The address, its scheme and host in lower case. Raises Invalid with a fact about `webhook`.

    https, without user name or fragment; http for 127.0.0.1 alone.
    """
    address = text.strip()
    if len(address) > LONGEST or not _CHARACTERS.fullmatch(address):
        raise _refused("address")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _refused("address") from None
    if not _PLACE.fullmatch(parts.netloc) or port == 0:
        raise _refused("address")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname == "127.0.0.1"):
        raise _refused("not_https")
    if "#" in address:
        raise _refused("fragment")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}{query}"


def _refused(code: str) -> Invalid:
    return Invalid(Fact("webhook", code))
