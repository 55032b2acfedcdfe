"""Where a site's events may be sent."""

import re
from urllib.parse import urlsplit

LONGEST = 2048  # characters
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")  # RFC 3986's
_PLACE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_WANTED = "must be an address such as https://example.com/hook"


def webhook_address(text: str) -> str:
    """The address, its scheme and host in lower case. Raises ValueError saying what is wrong.

    https, without user name or fragment; http for 127.0.0.1 alone.
    """
    address = text.strip()
    if len(address) > LONGEST or not _CHARACTERS.fullmatch(address):
        raise ValueError(_WANTED)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError(_WANTED) from None
    if not _PLACE.fullmatch(parts.netloc) or port == 0:
        raise ValueError(_WANTED)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname == "127.0.0.1"):
        raise ValueError("must be https (http is for 127.0.0.1 only)")
    if "#" in address:
        raise ValueError("must not have a fragment (#…)")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}{query}"
