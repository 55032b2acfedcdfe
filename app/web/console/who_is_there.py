"""Marks technicians and departments that cannot be waited for, wherever somebody is chosen."""

from app.core.presence import Absence, absence, is_staffed
from app.core.staff import Department, Staff, Technician
from app.edge.this_app import running
from app.web.words import _


def marked_name(technician: Technician, name: str | None = None) -> str:
    """The technician's name, or `name` instead, with the reason why they cannot be waited for, if there is one."""
    shown = name or technician.name
    match absence(technician, running().attendance.present()):
        case Absence.AWAY:
            return _("%(name)s (away)", name=shown)
        case Absence.NO_PASSWORD:
            return _("%(name)s (no password yet)", name=shown)
        case Absence.NOT_HERE:
            return _("%(name)s (not here now)", name=shown)
        case _:
            return shown


def marked_department(department: Department, staff: Staff, name: str | None = None) -> str:
    """The department's name, or `name` instead; marked when none of its technicians can be waited for."""
    shown = name or department.name
    if is_staffed(staff, running().attendance.present(), department.id):
        return shown
    return _("%(name)s (nobody is here)", name=shown)


def is_here(technician: Technician) -> bool:
    """Whether the technician can be waited for now."""
    return absence(technician, running().attendance.present()) is None
