"""What has happened, from which notices are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.core.notice import Event

WAITED = "waited"  # the check of a ticket that began to wait some minutes ago
KEY_ENDS = "key_ends"
# What triggers and programs write, by the words of tickets' histories, and the event that it is.
_EVENTS: Mapping[str, Event] = {
    "requested": Event.REQUESTED,
    WAITED: Event.WAITING,
    "claimed": Event.CLAIMED,
    "taken_over": Event.CLAIMED,
    "transferred": Event.PASSED_ON,
    "wrote": Event.CUSTOMER_WROTE,
    "closed": Event.CLOSED,
    "ended": Event.CLOSED,
    "cancelled": Event.CANCELLED,
    "answered": Event.ANSWERED,
    "call_back_due": Event.CALL_BACK_DUE,
    "call_back_asked": Event.CALL_BACK_PROMISED,
    "call_back_late": Event.CALL_BACK_LATE,
    "parked": Event.PARKED,
    "suspect": Event.SUSPECT,
    KEY_ENDS: Event.KEY_ENDS,
}
_BEGIN_TO_WAIT = frozenset({"requested", "transferred", "released"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened: to a ticket, a request or a site. `who` did it, as in a ticket's history; `source` tells
    two of the same moment apart."""

    what: str
    at: datetime
    ticket: int | None = None
    reference: str | None = None
    site: str | None = None
    who: str | None = None
    source: int | None = None

    @property
    def event(self) -> Event | None:
        """The event that people may be told of; None for none."""
        return _EVENTS.get(self.what)

    @property
    def begins_to_wait(self) -> bool:
        """Whether a ticket may wait for somebody from this moment on."""
        return self.ticket is not None and self.what in _BEGIN_TO_WAIT

    @property
    def doer(self) -> int | None:
        """The id of the technician who did it."""
        return int(self.who) if self.who and self.who.isascii() and self.who.isdecimal() else None
