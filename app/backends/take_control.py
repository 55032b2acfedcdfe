"""Take Control's New Session API, form flavour, called by the server in the customer's stead."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.backends.answer import VendorAnswer, understand
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, Opened, Refused
from app.core.new_session import UID_LIMIT, NewSessionRequest
from app.core.vendor_address import VendorAddresses

_LONGEST_HEADER = 512  # characters of the customer's browser that are forwarded
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class TakeControl:
    """Opens sessions with one account. `folder` is where applets that come as the answer are kept."""

    key: str
    vendor: VendorAddresses
    calls: VendorCalls
    folder: Path

    @property
    def address(self) -> str:
        """What is called."""
        return self.vendor.form

    def ask(self, request: NewSessionRequest, browser: Browser, *, look: bool = False) -> VendorAnswer:
        """The vendor's answer, as `VendorCalls.post` gives it. Raises Refused or Unavailable."""
        body = request.to_form(sound_key(self.key)).encode("ascii")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*", **forwarded(browser)}
        return self.calls.post(self.address, body, headers, self.folder, look=look)

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        """One session, or Start.BROWSER where its applet cannot be told. Raises Refused or Unavailable."""
        return understand(self.ask(request, browser), self.vendor, self.address)


def sound_key(key: str) -> str:
    """The key when it can be one. Raises Refused: neither flavour can carry line breaks and the like."""
    if not _PRINTABLE.fullmatch(key) or len(key) > UID_LIMIT:
        raise Refused("the account key is not one: it has characters that no key has, or too many; set it again")
    return key


def forwarded(browser: Browser) -> dict[str, str]:
    """The headers by which the vendor chooses the applet and its language, where they are plain text."""
    headers = {"User-Agent": _plain(browser.user_agent) or "Handbell"}
    if language := _plain(browser.accept_language):
        headers["Accept-Language"] = language
    return headers


def _plain(value: str | None) -> str | None:
    return value[:_LONGEST_HEADER].strip() if value and _PRINTABLE.fullmatch(value) else None
