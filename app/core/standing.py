"""A ticket's standing: its state, its queue and its owner. A page shows it, and a change of the ticket's row requires
it."""

import re
from dataclasses import dataclass
from typing import Self

from app.core.routing import QueueKind
from app.core.staff import Staff
from app.core.ticket import Ticket, TicketState

_WRITTEN = re.compile(r"(?:(t|d)-([0-9]{1,18}))|general", re.ASCII)
_KINDS = {"t": QueueKind.TECHNICIAN, "d": QueueKind.DEPARTMENT}


@dataclass(frozen=True, slots=True)
class Queue:
    """A technician's or a department's queue with its id, or the general queue without one."""

    kind: QueueKind
    id: int | None = None

    @property
    def technician_id(self) -> int | None:
        """The technician whose queue it is; None for other queues."""
        return self.id if self.kind is QueueKind.TECHNICIAN else None

    @property
    def department_id(self) -> int | None:
        """The department whose queue it is; None for other queues."""
        return self.id if self.kind is QueueKind.DEPARTMENT else None

    def __str__(self) -> str:
        return "general" if self.id is None else f"{self.kind[0]}-{self.id}"

    def takes_tickets(self, staff: Staff) -> bool:
        """Whether a ticket can be moved there: the technician or department is known and enabled."""
        match self.kind:
            case QueueKind.GENERAL:
                return True
            case QueueKind.DEPARTMENT:
                department = staff.departments.get(self.id or -1)
                return department is not None and not department.disabled
            case QueueKind.TECHNICIAN:
                technician = staff.technician(self.id)
                return technician is not None and not technician.disabled


GENERAL = Queue(QueueKind.GENERAL)


@dataclass(frozen=True, slots=True)
class Standing:
    """A ticket's state, its queue, and the id of its owner."""

    state: TicketState
    queue: Queue
    owner_id: int | None

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        """The ticket's standing."""
        return cls(ticket.state, queue_of(ticket), ticket.owner_id)

    def __str__(self) -> str:
        return f"{self.state} {self.queue} {self.owner_id or '-'}"

    def is_free_for(self, technician_id: int) -> bool:
        """Whether no other technician is working on it."""
        return self.state is not TicketState.ACTIVE or self.owner_id == technician_id


def queue_of(ticket: Ticket) -> Queue:
    """The queue that a ticket is in."""
    return Queue(ticket.queue_kind, ticket.technician_id or ticket.department_id)


def read_queue(written: str) -> Queue | None:
    """Parse `t-17`, `d-10` or `general`, as in forms and histories; None for other text."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        return None
    return Queue(_KINDS[match[1]], int(match[2])) if match[1] else GENERAL


def read_standing(written: str) -> Standing | None:
    """Parse the `str` of a Standing; None when it is not valid."""
    parts = written.split(" ")
    if len(parts) != 3 or parts[0] not in list(TicketState):
        return None
    queue, owner = read_queue(parts[1]), parts[2]
    if queue is None or not re.fullmatch(r"-|[0-9]{1,18}", owner, re.ASCII):
        return None
    return Standing(TicketState(parts[0]), queue, None if owner == "-" else int(owner))
