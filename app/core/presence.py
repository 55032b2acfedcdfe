"""The technicians who are there to help: with an open console or a recent action, and not away."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from app.core.staff import Staff, Technician

ACTED_WITHIN = timedelta(minutes=5)
LISTENED_WITHIN = timedelta(seconds=60)  # a console's stream is noted every 20 s


class Cover(StrEnum):
    """Whether a queue has somebody to help."""

    STAFFED = "staffed"  # open, and somebody is there
    NOBODY = "nobody"  # open, but nobody is there
    CLOSED = "closed"


def can_be_waited_for(technician: Technician, present: Collection[int]) -> bool:
    """Whether the technician is there: present, enabled and not away."""
    return technician.id in present and not technician.disabled and not technician.away


def is_staffed(staff: Staff, present: Collection[int], department_id: int | None = None) -> bool:
    """Whether somebody is there for a department, or with None for anything. `present` are technicians' ids."""
    return any(
        can_be_waited_for(technician, present)
        for technician in staff.technicians.values()
        if department_id is None or department_id in technician.departments
    )


def cover(staff: Staff, present: Collection[int], department_id: int | None, *, is_open: bool) -> Cover:
    """Whether a request to this department, or to the general queue (None), is heard now."""
    if not is_open:
        return Cover.CLOSED
    return Cover.STAFFED if is_staffed(staff, present, department_id) else Cover.NOBODY
