"""Take Control's New Session API, REST flavour."""

import json
from dataclasses import dataclass
from pathlib import Path

from app.backends.answer import VendorAnswer, understand
from app.backends.take_control import forwarded, sound_key
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, Opened
from app.core.new_session import NewSessionRequest
from app.core.vendor_address import VendorAddresses


@dataclass(frozen=True, slots=True)
class TakeControlRest:
    """Opens sessions with one account. `folder` is where applets that come as the answer are kept."""

    key: str
    vendor: VendorAddresses
    calls: VendorCalls
    folder: Path

    @property
    def address(self) -> str:
        """What is called."""
        return self.vendor.rest

    def ask(self, request: NewSessionRequest, browser: Browser, *, look: bool = False) -> VendorAnswer:
        """The vendor's answer, as `VendorCalls.post` gives it. Raises Refused or Unavailable."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "INTEGRATION-KEY": sound_key(self.key),
            **forwarded(browser),
        }
        return self.calls.post(self.address, json.dumps(request.to_rest()).encode(), headers, self.folder, look=look)

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        """One session, or Start.BROWSER where its applet cannot be told. Raises Refused or Unavailable."""
        return understand(self.ask(request, browser), self.vendor, self.address)
