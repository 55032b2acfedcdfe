"""What a way to open sessions looks like, and its two failures.

The embedded desk opens its sessions inside the transaction that records the request. A backend that calls
somebody else's server is never called with a transaction open.
"""

from dataclasses import dataclass
from typing import Protocol

from app.core.new_session import NewSessionRequest


@dataclass(frozen=True, slots=True)
class Opened:
    """A session exists. `link` is the applet's address, or None when `/go` finds it by the ticket."""

    session_id: str
    ticket_number: str | None = None
    link: str | None = None
    pin: str | None = None


class Refused(Exception):
    """The backend said no, and would again: give up and tell the operator why."""


class Unavailable(Exception):
    """Nothing was decided: try again later. With `maybe_sent` the session may exist all the same."""

    def __init__(self, why: str, *, maybe_sent: bool = False) -> None:
        super().__init__(why)
        self.maybe_sent = maybe_sent


class SessionBackend(Protocol):
    """Opens one session. Raises Refused or Unavailable."""

    def open_session(self, request: NewSessionRequest) -> Opened: ...
