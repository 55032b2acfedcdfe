"""The technicians who are there to help: with an open console or a recent action, and not away."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum

from app.core.role import Role
from app.core.staff import Staff, Technician

ACTED_WITHIN = timedelta(minutes=5)
LISTENED_WITHIN = timedelta(seconds=60)  # a console's stream is noted every 20 s


class Cover(StrEnum):
    """Whether a queue has somebody to help."""

    STAFFED = "staffed"  # open, and somebody is there
    NOBODY = "nobody"  # open, but nobody is there
    CLOSED = "closed"


class Absence(StrEnum):
    """Why a technician cannot be waited for."""

    DISABLED = "disabled"
    NO_PASSWORD = "no_password"  # noqa: S105 - no password is here
    AWAY = "away"
    NOT_HERE = "not_here"  # signed out, or without any sign for minutes


def absence(technician: Technician, present: Collection[int]) -> Absence | None:
    """Why this technician cannot be waited for; None for one who is there."""
    if technician.disabled:
        return Absence.DISABLED
    if not technician.has_password:
        return Absence.NO_PASSWORD
    if technician.away:
        return Absence.AWAY
    return None if technician.id in present else Absence.NOT_HERE


def can_be_waited_for(technician: Technician, present: Collection[int]) -> bool:
    """Whether the technician is there: present, enabled, able to log in and not away."""
    return absence(technician, present) is None


def can_take(technician: Technician, department_id: int | None) -> bool:
    """Whether the technician, once there, takes requests of this department; None for the general queue."""
    if technician.disabled or not technician.has_password:
        return False
    is_member = department_id is None or department_id in technician.departments
    return is_member or technician.role.includes(Role.SUPERVISOR)


def is_staffed(staff: Staff, present: Collection[int], department_id: int | None = None) -> bool:
    """Whether somebody is there for a department, or with None for anything. `present` are technicians' ids.

    Supervisors see every department's requests, so they count for each.
    """
    return any(
        can_be_waited_for(technician, present) and can_take(technician, department_id)
        for technician in staff.technicians.values()
    )


def cover(staff: Staff, present: Collection[int], department_id: int | None, *, is_open: bool) -> Cover:
    """Whether a request to this department, or to the general queue (None), is heard now."""
    if not is_open:
        return Cover.CLOSED
    return Cover.STAFFED if is_staffed(staff, present, department_id) else Cover.NOBODY
