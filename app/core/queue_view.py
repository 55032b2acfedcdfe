"""The part of the desk's tickets that a page of the console shows, as named in its address."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlencode

from app.core.role import Role
from app.core.ticket import TicketState

PATH = "/console/"
LONGEST_SEARCH = 200  # characters


class QueueName(StrEnum):
    """My sessions and all that I may take, mine, my departments', the general queue, and for supervisors and up all of
    them."""

    FOR_ME = "for-me"
    MINE = "mine"
    DEPARTMENTS = "departments"
    GENERAL = "general"
    ALL = "all"


STATES: Mapping[str, tuple[TicketState, ...]] = {
    "waiting": (TicketState.WAITING,),
    "active": (TicketState.ACTIVE,),
    "closed": (TicketState.CLOSED, TicketState.CANCELLED, TicketState.EXPIRED),
}


class NoSuchQueue(Exception):
    """The queue, state, department or page in the address does not exist, or not for this viewer."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """`before` is the ticket number after which the page begins; on FOR_ME, where the oldest ticket comes first, it is
    `after`. With `search`, queue and state have no effect."""

    queue: QueueName = QueueName.FOR_ME
    state: str = "waiting"
    department: int | None = None
    search: str = ""
    before: int | None = None
    after: int | None = None

    @property
    def first(self) -> bool:
        """Whether new requests appear on this page."""
        return self.state == "waiting" and not self.search and self.before is None and self.after is None

    @property
    def for_me(self) -> bool:
        """Whether the page shows the viewer's sessions and what they may take."""
        return self.queue is QueueName.FOR_ME and not self.search

    def url(self, **changes: object) -> str:
        """This view's address, with `changes` applied."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        standard = QueueView()
        named = {"queue": other.queue, "state": other.state, "department": other.department}
        if other.search:
            named = {}
        named |= {"q": other.search, "before": other.before, "after": other.after}
        said = {
            name: value
            for name, value in named.items()
            if value != getattr(standard, {"q": "search"}.get(name, name)) or (name == "queue")
        }
        return f"{PATH}?{urlencode(said)}"


def queues_for(role: Role) -> tuple[QueueName, ...]:
    """The queues that this role may see."""
    return tuple(name for name in QueueName if name is not QueueName.ALL or role.includes(Role.SUPERVISOR))


def queue_view(asked: Mapping[str, str], role: Role) -> QueueView:
    """The view that an address asks for. Raises NoSuchQueue."""
    queue, state = asked.get("queue", QueueName.FOR_ME), asked.get("state", "waiting")
    if queue not in queues_for(role) or state not in STATES:
        raise NoSuchQueue
    if queue == QueueName.FOR_ME and state != "waiting":
        raise NoSuchQueue
    return QueueView(
        QueueName(queue),
        state,
        _number(asked.get("department")),
        searchable(asked.get("q", "")),
        _number(asked.get("before")),
        _number(asked.get("after")),
    )


def searchable(text: str) -> str:
    """The search text on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_SEARCH].rstrip()


def _number(written: str | None) -> int | None:
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and len(written) < 20 and 0 < int(written) < 2**63):
        raise NoSuchQueue
    return int(written)
