"""The address of a place with its secrets, as it is kept: JSON, encrypted."""

import json
from collections.abc import Callable


def closed(seal: Callable[[str], str], address: str, **secrets: str) -> str:
    """The sealed text to keep."""
    return seal(json.dumps({"address": address, **secrets}))


def opened(sealed: str, unseal: Callable[[str], str]) -> dict[str, str]:
    """The address and the secrets by name. Raises Unsealable."""
    found: dict[str, str] = json.loads(unseal(sealed))
    return found
