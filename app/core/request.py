"""A request's states and the moves allowed between them."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.backend import Start
from app.core.customer import NOBODY, Customer
from app.core.why import Why

# No I, L, O, U: they are easily misread, aloud or on a screen, and could form rude words.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class RequestState(StrEnum):
    """The state of a customer's request."""

    WAITING = "waiting"  # on disk, its hand-off is due
    OPENING = "opening"  # a hand-off is under way
    OPENED = "opened"  # a session exists
    PARKED = "parked"  # given up until a person starts it again
    SUSPECT = "suspect"  # kept, but not handed off until a person releases it
    ENDED = "ended"  # its session has ended


_MOVES: dict[RequestState, frozenset[RequestState]] = {
    RequestState.WAITING: frozenset({RequestState.OPENING, RequestState.PARKED, RequestState.ENDED}),
    RequestState.OPENING: frozenset(
        {RequestState.OPENED, RequestState.WAITING, RequestState.PARKED, RequestState.ENDED}
    ),
    RequestState.OPENED: frozenset({RequestState.ENDED}),
    RequestState.PARKED: frozenset({RequestState.WAITING, RequestState.ENDED}),
    RequestState.SUSPECT: frozenset({RequestState.WAITING, RequestState.ENDED}),
    RequestState.ENDED: frozenset({RequestState.OPENED}),  # its ticket at the embedded desk is reopened
}

# From these states an operator opens another session, in whatever way the earlier one ended; no other code makes this
# move.
OPENED_ANEW_FROM = (RequestState.OPENED, RequestState.ENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRequest:
    """A customer's request and its state. Times are aware UTC; texts are None when not given or erased.

    `source` is how it came in (`page`, `form`, `api`, `server`, `pin`). `status_id` is its status link's id;
    `client_network` and `client_wide` are the networks that limits count it for (see `Client`), None for a server's own
    requests. `more` are a form's additional fields, `verified` the fields that the site's own server vouched for,
    `return_to` a page of the site to go back to, `body_hash` a digest of the content sent under the idempotency key.
    `why` is why it waits, is parked or was suspect.

    Its row is the queue of hand-offs. `due_at`: when a worker may take it; while waiting, the time of its next try,
    while opening, the end of `lease`, whose holder alone may record the outcome. `waiting_since`: when it was last made
    due. `attempts`: how many calls were begun. `unsure`: how many of them may have opened a session without an answer.
    `lost`: how many ended with their worker.
    """

    reference: str
    site: str
    state: RequestState
    backend: str
    source: str
    idempotency_key: str | None
    status_id: str
    department: str | None = None
    tech: str | None = None
    customer: Customer = NOBODY
    ask_customer_info: bool = False
    language: str | None = None
    more: tuple[tuple[str, str], ...] = ()
    verified: tuple[str, ...] = ()
    return_to: str | None = None
    body_hash: str | None = None
    client_address: str | None = None
    client_network: str | None = None
    client_wide: str | None = None
    attempts: int = 0
    why: Why | None = None
    ticket_number: int | None = None
    session_id: str | None = None
    vendor_ticket: str | None = None
    start: Start | None = None
    applet_link: str | None = None
    applet_file: str | None = None
    applet_name: str | None = None
    applet_type: str | None = None
    user_agent: str | None = None
    accept_language: str | None = None
    due_at: datetime | None = None
    waiting_since: datetime | None = None
    lease: str | None = None
    unsure: int = 0
    lost: int = 0
    created_at: datetime
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def maybe_duplicate(self) -> bool:
        """Whether the vendor may hold more than one session for it."""
        return self.unsure > 0


def may_move(old: RequestState, new: RequestState) -> bool:
    """Whether a request may go from `old` to `new`."""
    return new in _MOVES[old]


def states_before(new: RequestState) -> tuple[RequestState, ...]:
    """The states from which a request may become `new`; an update of its row requires one of them."""
    return tuple(old for old in RequestState if may_move(old, new))


def new_reference() -> str:
    """A short reference that a customer can read out: `7K3M-Q2XH`, 40 random bits."""
    bits = secrets.randbits(40)
    letters = "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 40, 5))
    return f"{letters[:4]}-{letters[4:]}"


def written_reference(text: str) -> str:
    """The canonical spelling of a reference as people type it (lower case, blanks, no hyphen, O for 0)."""
    plain = "".join(text.upper().split()).replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    return f"{plain[:4]}-{plain[4:]}"
