"""The queues: who waits, for whom, for how long."""

from datetime import datetime

from flask import Response, abort, request
from sqlalchemy import ColumnElement

from app.core.customer_info import InfoMode
from app.core.routing import Technician
from app.core.ticket import Ticket
from app.store import tickets as store
from app.web.console.frame import console_page, console_pages, me, technicians_only
from app.web.words import _
from app.wiring import Running, running

pages = console_pages("queue")
_PAGE = 50


@pages.get("/")
@technicians_only
def queue() -> Response:
    """Mine, my departments' or the general queue, the newest first."""
    here = running()
    technician = me()
    queues = _queues(technician)
    name = request.args.get("queue", "mine")
    if name not in queues:
        abort(404)
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**63:
        abort(404)
    with here.database.read() as connection:
        counts = {key: store.count_open(connection, which) for key, (_label, which) in queues.items()}
        found = store.open_tickets(connection, queues[name][1], before=before, most=_PAGE + 1)
    rows = [queue_row(here, ticket) for ticket in found[:_PAGE]]
    older = f"/console/?queue={name}&before={found[_PAGE - 1].number}" if len(found) > _PAGE else None
    tabs = [
        {
            "key": key,
            "label": label,
            "url": f"/console/?queue={key}",
            "count": counts[key],
            "current": key == name,
        }
        for key, (label, _which) in queues.items()
    ]
    return console_page(
        "console/queue.html", tabs=tabs, rows=rows, next_url=older, refresh_url=f"/console/?queue={name}"
    )


def _queues(technician: Technician) -> dict[str, tuple[str, ColumnElement[bool]]]:
    return {
        "mine": (_("Mine"), store.mine(technician.id)),
        "departments": (_("My departments"), store.of_departments(technician.departments)),
        "general": (_("General"), store.general()),
    }


def queue_row(here: Running, ticket: Ticket) -> dict[str, object]:
    """A ticket as a line of the queue."""
    staff = here.desk.staff
    technician = staff.technician(ticket.technician_id)
    department = staff.departments.get(ticket.department_id or -1)
    return {
        "number": ticket.number,
        "reference": ticket.reference,
        "url": f"/console/tickets/{ticket.number}",
        "waited": _waited(here.clock(), ticket.created_at),
        "created_at": ticket.created_at.isoformat(timespec="seconds"),
        "customer": ticket.customer_name or ticket.customer_email or ticket.customer_number or "",
        "problem": " ".join((ticket.problem_description or "").split())[:160],
        "department": department.name if department else None,
        "technician": technician.name if technician else None,
        "asked_info": ticket.info_mode is not InfoMode.HIDDEN,
        "state": ticket.state,
    }


def _waited(now: datetime, since: datetime) -> str:
    minutes = max(0, int((now - since).total_seconds() // 60))
    if minutes < 60:
        return _("%(n)s min", n=minutes)
    if minutes < 48 * 60:
        return _("%(h)s h %(m)s min", h=minutes // 60, m=minutes % 60)
    return _("%(n)s days", n=minutes // (24 * 60))
