"""Take Control's New Session API, form flavour, called by the server on the customer's behalf."""

import re
from dataclasses import dataclass

from app.backends.answer import VendorAnswer, understand
from app.backends.declaring import Account, Backend
from app.backends.kept_applet import Keep
from app.backends.trial import Trial, try_account
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, BrowserCall, Opened, Refused, Start, Unavailable
from app.core.declaration import N_, Opener, Option
from app.core.new_session import UID_LIMIT, NewSessionRequest
from app.core.site import Site
from app.core.vendor_address import VendorAddresses, api_address
from app.core.vendor_key import vendor_key
from app.core.why import Why, WhyCode

_LONGEST_HEADER = 512  # characters of the customer's browser that are forwarded
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class TakeControl:
    """Opens sessions with one account. Applets that come as the answer are given to `keep`."""

    key: str
    vendor: VendorAddresses
    calls: VendorCalls
    keep: Keep

    @property
    def address(self) -> str:
        """The address to call."""
        return self.vendor.form

    def ask(self, request: NewSessionRequest, browser: Browser, *, look: bool = False) -> VendorAnswer:
        """Call the vendor; the answer is that of `VendorCalls.post`. Raises Refused or Unavailable."""
        body = request.to_form(sound_key(self.key)).encode("ascii")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*", **forwarded(browser)}
        return self.calls.post(self.address, body, headers, self.keep, look=look)

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        """Open one session; Start.BROWSER where its applet is unknown, Start.FILE without one where there is no room
        to keep it. Raises Refused or Unavailable."""
        try:
            return understand(self.ask(request, browser), self.vendor, self.address)
        except Unavailable as failed:
            if failed.why.code is not WhyCode.NO_ROOM:
                raise
            return Opened(Start.FILE)  # the customer's browser can fetch it


def sound_key(key: str) -> str:
    """The key, if it is well-formed. Raises Refused: neither flavour can carry line breaks and the like."""
    if not _PRINTABLE.fullmatch(key) or len(key) > UID_LIMIT:
        raise Refused(Why(WhyCode.MALFORMED_KEY))
    return key


def forwarded(browser: Browser) -> dict[str, str]:
    """The headers by which the vendor chooses the applet and its language, if they are printable ASCII."""
    headers = {"User-Agent": _plain(browser.user_agent) or "Handbell"}
    if language := _plain(browser.accept_language):
        headers["Accept-Language"] = language
    return headers


def _plain(value: str | None) -> str | None:
    return value[:_LONGEST_HEADER].strip() if value and _PRINTABLE.fullmatch(value) else None


def connected(account: Account) -> TakeControl:
    """The backend for a site's account. Raises Invalid for an API domain that is missing or cannot be used."""
    vendor = VendorAddresses.of(account.site.api_domain or "", account.site.applet_hosts)
    return TakeControl(account.key, vendor, account.calls, account.keep)


def browser_call(site: Site, key: str, request: NewSessionRequest) -> BrowserCall | None:
    """The same call as a form for the customer's browser; None without an API domain."""
    if site.api_domain is None:
        return None
    return BrowserCall(VendorAddresses.of(site.api_domain, ()).form, request.form_pairs(key))


def attempt(account: Account) -> Trial:
    """Open a session in this flavour. An unreadable answer is good enough, as the customer's browser can make the
    call."""
    return try_account(account.site, connected(account), readable="take-control", unreadable_is_good=True)


API_DOMAIN = Option(
    name="api_domain",
    label=N_("API domain"),
    hint=N_("As your account shows it under Profile, APIs."),
    read=api_address,
    kept_as="api_domain",
    needed=True,
)
ACCOUNT_KEY = Option(name="vendor_key", label=N_("Account key"), read=vendor_key, kept_as="sealed_key", needed=True)
BACKEND = Backend(
    name="take-control",
    label=N_("Take Control account"),
    opener=Opener.SERVER,
    options=(API_DOMAIN, ACCOUNT_KEY),
    browser_when_unreadable=True,
    connect=connected,
    browser_call=browser_call,
    attempt=attempt,
)
