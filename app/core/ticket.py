"""A ticket's states and the moves allowed between them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.customer import Customer
from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason


class TicketState(StrEnum):
    """The state of a ticket at the embedded desk."""

    WAITING = "waiting"  # in a queue, not claimed
    ACTIVE = "active"  # a technician has it
    CLOSED = "closed"  # a technician ended it
    CANCELLED = "cancelled"  # the customer ended it
    EXPIRED = "expired"  # not claimed in time


class Outcome(StrEnum):
    """How a technician ended a ticket."""

    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    NO_ANSWER = "no_answer"
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"


OPEN_STATES = (TicketState.WAITING, TicketState.ACTIVE)

_MOVES: dict[TicketState, frozenset[TicketState]] = {
    TicketState.WAITING: frozenset(set(TicketState) - {TicketState.WAITING}),
    TicketState.ACTIVE: frozenset({TicketState.WAITING, TicketState.CLOSED, TicketState.CANCELLED}),
    TicketState.CLOSED: frozenset({TicketState.WAITING, TicketState.ACTIVE}),
    TicketState.CANCELLED: frozenset(),
    TicketState.EXPIRED: frozenset({TicketState.WAITING, TicketState.ACTIVE}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A session as the embedded desk records it: what was requested, where it went and why. Times are aware UTC.

    `number` is 0 until it is stored; `reference` is the customer's request, where a site made one; `applet_id` is its
    applet link's id. `more` are a form's additional fields, `verified` the elements that the site's own server vouched
    for. `owner_id` is the technician who has claimed it, or had when it ended; `claimed_at` is when it was first
    claimed, `outcome` how it was closed.
    """

    number: int
    session_id: str
    pin: str
    site: str
    reference: str | None
    state: TicketState
    queue_kind: QueueKind
    department_id: int | None
    technician_id: int | None
    asked_department: str | None
    asked_tech: str | None
    reason: Reason
    customer: Customer
    ask_customer_info: bool
    info_mode: InfoMode
    language: str | None
    applet_id: str
    created_at: datetime
    more: tuple[tuple[str, str], ...] = ()
    verified: tuple[str, ...] = ()
    applet_opened_at: datetime | None = None
    details_saved_at: datetime | None = None
    ended_at: datetime | None = None
    erased_at: datetime | None = None
    owner_id: int | None = None
    claimed_at: datetime | None = None
    outcome: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the ticket is waiting or active."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One line of a ticket's history. `who` is `customer`, `desk` or a technician's id; `detail` maps a field to its
    old and new value."""

    at: datetime
    who: str
    what: str
    detail: dict[str, list[str | None]]


def may_move(old: TicketState, new: TicketState) -> bool:
    """Whether a ticket may go from `old` to `new`."""
    return new in _MOVES[old]


def states_before(new: TicketState) -> tuple[TicketState, ...]:
    """The states from which a ticket may become `new`; an update of its row requires one of them."""
    return tuple(old for old in TicketState if may_move(old, new))
