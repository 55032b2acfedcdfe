"""Interprets a vendor's answer, in both flavours of the New Session API.

The vendor documents no body for the form flavour and no fields for the REST one, so all of these are accepted, in this
order: a redirect, an applet as the body, JSON or XML with a link, a page with a link, anything else with status 200 (a
session exists, but its applet is unknown). No failure contains the vendor's text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from app.backends.download_page import page_link
from app.backends.envelope import Envelope, read_envelope
from app.core.backend import AppletFile, Opened, Refused, Start, Unavailable
from app.core.vendor_address import VendorAddresses
from app.core.why import Why, WhyCode

LONGEST_WAIT = 900.0  # seconds of Retry-After that are honoured

_REDIRECTS = (301, 302, 303, 307, 308)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,80}")
_READABLE = re.compile(r"(?:application|text)/(?:[a-z0-9._-]+\+)?(?:json|xml|html|xhtml\+xml|javascript|x-javascript)")
_PROGRAM_STARTS = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"xar!", b"!<arch>\n")
_TEXT_STARTS = (b"{", b"[", b"<")
_CODES = {
    400: WhyCode.BAD_VALUE,
    401: WhyCode.BAD_KEY,
    403: WhyCode.BAD_KEY,
    404: WhyCode.BAD_ADDRESS,
    405: WhyCode.BAD_ADDRESS,
    408: WhyCode.REQUEST_LATE,
    410: WhyCode.BAD_ADDRESS,
    413: WhyCode.TOO_LONG,
    415: WhyCode.BAD_ADDRESS,
    422: WhyCode.BAD_VALUE,
    425: WhyCode.TOO_EARLY,
    429: WhyCode.TOO_MANY,
    500: WhyCode.VENDOR_FAILED,
    502: WhyCode.GATEWAY_FAILED,
    503: WhyCode.NOT_AVAILABLE,
    504: WhyCode.GATEWAY_LATE,
}
_LATER = (408, 425, 429)
_MAYBE_OPENED = (504, 520, 524)  # a gateway gave up on a server that has received the request


@dataclass(frozen=True, slots=True)
class Head:
    """The status, and the headers by lower-case name."""

    status: int
    headers: Mapping[str, str]

    @property
    def good(self) -> bool:
        """Whether the call succeeded."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str | None:
        """The content type in lower case without parameters; None when it is missing or malformed."""
        written = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return written if _MEDIA_TYPE.fullmatch(written) else None

    @property
    def attached(self) -> bool:
        """Whether the body is to be saved, not shown."""
        return self.headers.get("content-disposition", "").partition(";")[0].strip().lower() == "attachment"


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """An answer received at `at` (UTC).

    `body` is decoded; None when it was too long or badly encoded. An applet that came as the body is in `applet`
    instead.
    """

    head: Head
    at: datetime
    body: bytes | None = b""
    applet: AppletFile | None = None


def carries_applet(head: Head, start: bytes) -> bool:
    """Whether the body is the applet itself; `start` is its first bytes."""
    if not head.good or not start:
        return False
    if start.startswith(_PROGRAM_STARTS):
        return True
    media_type = head.media_type or "text/html"
    textual = start.lstrip().startswith(_TEXT_STARTS)
    if _READABLE.fullmatch(media_type):
        # Servers without a type for programs send them as pages.
        return head.attached and not textual
    kind, _, name = media_type.partition("/")
    if head.attached:
        return True
    if name == "octet-stream":
        return not textual
    return kind == "application" and name not in ("x-www-form-urlencoded", "pdf")


def understand(answer: VendorAnswer, vendor: VendorAddresses, called: str) -> Opened:
    """The session that was opened, by the answer of the address `called`. Raises Refused or Unavailable."""
    if answer.head.status in _REDIRECTS:
        return _redirected(answer.head, vendor, called)
    if not answer.head.good:
        raise failure(answer.head.status, retry_after(answer))
    if answer.applet:
        return Opened(Start.FILE, applet=answer.applet)
    if not answer.body:
        return Opened(Start.BROWSER)
    envelope = read_envelope(answer.body, answer.head.media_type)
    if envelope:
        return _from_envelope(envelope, answer, vendor, called)
    return _opened(page_link(answer.body, answer.head.media_type, vendor, called))


def failure(status: int, wait: float | None = None) -> Refused | Unavailable:
    """The failure for an unsuccessful status; `wait` is the seconds that the vendor asked to wait."""
    why = Why(_CODES.get(status, WhyCode.STATUS), {"status": status})
    if status in _MAYBE_OPENED:
        return Unavailable(why, maybe_sent=True, retry_after=wait)
    if status in _LATER or status >= 500 or status < 200:
        return Unavailable(why, retry_after=wait)
    return Refused(why)


def retry_after(answer: VendorAnswer) -> float | None:
    """Seconds from `Retry-After`, a number or an HTTP date; 15 minutes at most, None when it cannot be read."""
    written = answer.head.headers.get("retry-after", "").strip()[:64]
    if written.isascii() and written.isdigit():
        return min(float(written), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - answer.at).total_seconds(), 0.0), LONGEST_WAIT)


def _redirected(head: Head, vendor: VendorAddresses, called: str) -> Opened:
    location = head.headers.get("location")
    link = vendor.link(location, called) if location else None
    # A redirect to the same path at another host is no applet: nothing was opened.
    if link and link.partition("#")[0].split("/", 3)[3] == called.split("/", 3)[3]:
        raise Refused(Why(WhyCode.OTHER_ADDRESS))
    return _opened(link)


def _from_envelope(envelope: Envelope, answer: VendorAnswer, vendor: VendorAddresses, called: str) -> Opened:
    if envelope.failed:
        code = envelope.error_code
        if code is None or not 400 <= code < 600:
            raise Refused(Why(WhyCode.NOT_TAKEN))
        raise failure(code, retry_after(answer))
    written = envelope.link or ""
    # A word such as "none" would count as a relative address too.
    link = vendor.link(written, called) if written.startswith("/") or "://" in written else None
    return _opened(link, envelope.session_id, envelope.ticket_number, envelope.pin)


def _opened(
    link: str | None, session_id: str | None = None, ticket_number: str | None = None, pin: str | None = None
) -> Opened:
    start = Start.LINK if link else Start.BROWSER
    return Opened(start, session_id=session_id, ticket_number=ticket_number, link=link, pin=pin)
