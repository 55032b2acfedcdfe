"""Where a new session goes: to a technician, a department's queue or the general queue, and why.

Source: Take Control "New Session API", Department and Tech. A wrong part (unknown, malformed or disabled) is ignored;
routing never fails a request.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from app.core.staff import Department, Staff, Technician

_DEPARTMENT = re.compile(r"\s*(?:id_)?([0-9]{1,18})\s*", re.ASCII | re.IGNORECASE)


class QueueKind(StrEnum):
    """The kind of queue that a ticket waits in."""

    TECHNICIAN = "technician"
    DEPARTMENT = "department"
    GENERAL = "general"


class Reason(StrEnum):
    """Why a ticket went to its queue: one reason per row of the vendor's routing table."""

    NOTHING_ASKED = "nothing_asked"
    DEPARTMENT = "department"
    TECHNICIAN = "technician"
    TECHNICIAN_IN_DEPARTMENT = "technician_in_department"
    TECHNICIAN_OVER_DEPARTMENT = "technician_over_department"
    TECHNICIAN_DEPARTMENT_WRONG = "technician_department_wrong"
    DEPARTMENT_TECHNICIAN_WRONG = "department_technician_wrong"
    BOTH_WRONG = "both_wrong"
    DEPARTMENT_WRONG = "department_wrong"
    TECHNICIAN_WRONG = "technician_wrong"


@dataclass(frozen=True, slots=True)
class Route:
    """Exactly one of the two ids is set, or none for the general queue."""

    kind: QueueKind
    reason: Reason
    department_id: int | None = None
    technician_id: int | None = None


def department_id(written: str) -> int | None:
    """The number in `1234` or `id_1234`, which name the same department; None for other text."""
    match = _DEPARTMENT.fullmatch(written)
    return int(match[1]) if match else None


def route(department: str | None, tech: str | None, staff: Staff) -> Route:
    """The route by the vendor's table. `department` and `tech` are as requested, None when absent."""
    found_department = _department(department, staff)
    found_technician = _technician(tech, staff)
    if found_technician:
        reason = _technician_reason(department, found_department, found_technician)
        return Route(QueueKind.TECHNICIAN, reason, technician_id=found_technician.id)
    if found_department:
        reason = Reason.DEPARTMENT if tech is None else Reason.DEPARTMENT_TECHNICIAN_WRONG
        return Route(QueueKind.DEPARTMENT, reason, department_id=found_department.id)
    return Route(QueueKind.GENERAL, _general_reason(department, tech))


def _department(written: str | None, staff: Staff) -> Department | None:
    number = None if written is None else department_id(written)
    found = None if number is None else staff.departments.get(number)
    return None if found is None or found.disabled else found


def _technician(written: str | None, staff: Staff) -> Technician | None:
    found = None if written is None else staff.technicians.get(written.strip().lower())
    return None if found is None or found.disabled else found


def _technician_reason(asked: str | None, department: Department | None, technician: Technician) -> Reason:
    if asked is None:
        return Reason.TECHNICIAN
    if department is None:
        return Reason.TECHNICIAN_DEPARTMENT_WRONG
    if department.id in technician.departments:
        return Reason.TECHNICIAN_IN_DEPARTMENT
    return Reason.TECHNICIAN_OVER_DEPARTMENT


def _general_reason(department: str | None, tech: str | None) -> Reason:
    if department is None:
        return Reason.NOTHING_ASKED if tech is None else Reason.TECHNICIAN_WRONG
    return Reason.DEPARTMENT_WRONG if tech is None else Reason.BOTH_WRONG
