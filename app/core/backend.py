"""The interface of a backend, which opens sessions: its input, its answers and its two failures.

The embedded desk opens its sessions inside the transaction that records the request. A backend that calls another
server is never called with a transaction open, nor from the thread of a customer's request.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.core.new_session import NewSessionRequest
from app.core.why import Why


class Start(StrEnum):
    """How the customer's browser gets to the applet."""

    DESK = "desk"  # the embedded desk's own applet page
    LINK = "link"  # a redirect to the vendor's address
    FILE = "file"  # the applet came as the answer: kept for this request, served by us
    BROWSER = "browser"  # the customer's browser makes the vendor's call itself


@dataclass(frozen=True, slots=True)
class Browser:
    """Headers of the customer's browser; the vendor may choose the applet by them."""

    user_agent: str | None = None
    accept_language: str | None = None


@dataclass(frozen=True, slots=True)
class AppletFile:
    """An applet that came as a body.

    `id` is that of the kept file, `name` its cleaned original name, `size` its bytes.
    """

    id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A session exists. `link` comes with Start.LINK, `applet` with Start.FILE, if it could be kept.

    Start.BROWSER means that the answer could not be read: a session exists, but its applet is unknown.
    """

    start: Start
    session_id: str | None = None
    ticket_number: str | None = None
    link: str | None = None
    applet: AppletFile | None = None
    pin: str | None = None


@dataclass(frozen=True, slots=True)
class BrowserCall:
    """A form that the customer's browser posts to the vendor. `fields` contain the account's key, so they belong on
    that page only."""

    address: str
    fields: list[tuple[str, str]]


class Refused(Exception):
    """The backend refused, and would refuse again: give up and tell the operator why."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Unavailable(Exception):
    """The backend gave no decision: try again later, after `retry_after` seconds if it named any.

    With `maybe_sent` the session may exist nevertheless.
    """

    def __init__(self, why: Why, *, maybe_sent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.maybe_sent = maybe_sent
        self.retry_after = retry_after


class SessionBackend(Protocol):
    """Opens one session. Raises Refused or Unavailable, and nothing else."""

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened: ...
