"""Take Control's New Session API, REST flavour."""

import json
from dataclasses import dataclass

from app.backends.answer import VendorAnswer, understand
from app.backends.declaring import Account, Backend
from app.backends.kept_applet import Keep
from app.backends.take_control import ACCOUNT_KEY, API_DOMAIN, forwarded, sound_key
from app.backends.trial import Trial, try_account
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, Opened
from app.core.declaration import N_, Opener
from app.core.new_session import NewSessionRequest
from app.core.vendor_address import VendorAddresses


@dataclass(frozen=True, slots=True)
class TakeControlRest:
    """Opens sessions with one account. Applets that come as the answer are given to `keep`."""

    key: str
    vendor: VendorAddresses
    calls: VendorCalls
    keep: Keep

    @property
    def address(self) -> str:
        """The address to call."""
        return self.vendor.rest

    def ask(self, request: NewSessionRequest, browser: Browser, *, look: bool = False) -> VendorAnswer:
        """Call the vendor; the answer is that of `VendorCalls.post`. Raises Refused or Unavailable."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "INTEGRATION-KEY": sound_key(self.key),
            **forwarded(browser),
        }
        return self.calls.post(self.address, json.dumps(request.to_rest()).encode(), headers, self.keep, look=look)

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        """Open one session; Start.BROWSER where its applet is unknown. Raises Refused or Unavailable."""
        return understand(self.ask(request, browser), self.vendor, self.address)


def connected(account: Account) -> TakeControlRest:
    """The backend for a site's account. Raises Invalid for an API domain that is missing or cannot be used."""
    vendor = VendorAddresses.of(account.site.api_domain or "", account.site.applet_hosts)
    return TakeControlRest(account.key, vendor, account.calls, account.keep)


def attempt(account: Account) -> Trial:
    """Open a session in this flavour, whose answer must be readable."""
    return try_account(account.site, connected(account), readable="take-control-rest", unreadable_is_good=False)


BACKEND = Backend(
    name="take-control-rest",
    label=N_("Take Control account, REST flavour"),
    opener=Opener.SERVER,
    options=(API_DOMAIN, ACCOUNT_KEY),
    connect=connected,
    attempt=attempt,
)
