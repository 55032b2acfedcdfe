"""Which tickets a technician may see and work on."""

from datetime import datetime

from app.core.role import Role
from app.core.routing import QueueKind
from app.core.staff import Staff, Technician
from app.core.ticket import Ticket, TicketState


def may_see(viewer: Technician, ticket: Ticket, staff: Staff, waiting_since: datetime) -> bool:
    """Whether the viewer may see the ticket.

    Supervisors see all. Others see their own tickets, those of their departments and the general queue, those of
    colleagues in their departments who are away or disabled, and those that have waited since before `waiting_since`.
    """
    if viewer.role.includes(Role.SUPERVISOR) or viewer.id in (ticket.owner_id, ticket.technician_id):
        return True
    if ticket.state is TicketState.WAITING and ticket.created_at < waiting_since:
        return True
    match ticket.queue_kind:
        case QueueKind.GENERAL:
            return True
        case QueueKind.DEPARTMENT:
            return ticket.department_id in viewer.departments
        case QueueKind.TECHNICIAN:
            return ticket.technician_id in away_colleagues(viewer, staff)


def away_colleagues(viewer: Technician, staff: Staff) -> frozenset[int]:
    """Ids of technicians who are away or disabled and share a department with the viewer."""
    return frozenset(
        other.id
        for other in staff.technicians.values()
        if (other.away or other.disabled) and other.id != viewer.id and other.departments & viewer.departments
    )
