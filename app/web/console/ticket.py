"""One ticket: everything that was sent, where it went and why, and what happened to it."""

from flask import Response, abort

from app.actions.ticket import CUSTOMER
from app.core.routing import QueueKind, Reason, Technician
from app.core.ticket import Ticket, TicketEvent
from app.store import tickets as store
from app.web.console.frame import console_page, console_pages, me, sees, technicians_only
from app.web.console.queue import queue_row
from app.web.words import _
from app.wiring import Running, running

pages = console_pages("ticket")


@pages.get("/tickets/<int:number>")
@technicians_only
def ticket(number: int) -> Response:
    """Everything that was sent, where it went and why."""
    here = running()
    if number >= 2**63:
        abort(404)
    with here.database.read() as connection:
        found = store.ticket_by_number(connection, number)
        history = store.ticket_history(connection, number)
    if found is None or not sees(found):
        abort(404)
    return console_page(
        "console/ticket.html",
        ticket=_shown(here, found),
        history=[_entry(event) for event in history],
        back_url=f"/console/?queue={_queue_of(me(), found)}",
    )


def _queue_of(technician: Technician, ticket: Ticket) -> str:
    if ticket.technician_id == technician.id:
        return "mine"
    return "departments" if ticket.queue_kind is QueueKind.DEPARTMENT else "general"


def _shown(here: Running, ticket: Ticket) -> dict[str, object]:
    row = queue_row(here, ticket)
    site = here.desk.sites.get(ticket.site)
    return {
        **{name: getattr(ticket, name) for name in _TICKET_FACTS},
        **ticket.elements,
        "site_name": site.name if site else ticket.site,
        "queue_label": row["technician"] or row["department"] or _("General queue"),
        "reason_text": _reason(ticket.reason),
        "mode": ticket.info_mode,
    }


_TICKET_FACTS = (
    "number",
    "reference",
    "state",
    "created_at",
    "asked_department",
    "asked_tech",
    "ask_customer_info",
    "applet_opened_at",
    "session_id",
    "pin",
    "more",
    "verified",
)


def _entry(event: TicketEvent) -> dict[str, object]:
    texts = {
        "details_changed": _("Changed the details"),
        "cancelled": _("Cancelled the request"),
        "expired": _("Nobody took it in time"),
        "opened_anew": _("Opened anew as another ticket"),
    }
    changes = [{"field": name, "old": old, "new": new} for name, (old, new) in event.detail.items()]
    who = {CUSTOMER: _("Customer"), "desk": "Handbell"}
    return {
        "at": event.at,
        "who": who.get(event.who, event.who),
        "text": texts.get(event.what, event.what),
        "changes": changes,
    }


def _reason(reason: Reason) -> str:
    return {
        Reason.NOTHING_ASKED: _("No department or technician was asked for."),
        Reason.DEPARTMENT: _("This department was asked for."),
        Reason.TECHNICIAN: _("This technician was asked for."),
        Reason.TECHNICIAN_IN_DEPARTMENT: _("This technician was asked for, who is in the department asked for."),
        Reason.TECHNICIAN_OVER_DEPARTMENT: _(
            "The technician asked for is in another department than the one asked for."
        ),
        Reason.TECHNICIAN_DEPARTMENT_WRONG: _(
            "This technician was asked for; the department asked for is unknown or disabled."
        ),
        Reason.DEPARTMENT_TECHNICIAN_WRONG: _(
            "This department was asked for; the technician asked for is unknown or disabled."
        ),
        Reason.BOTH_WRONG: _("Neither the department nor the technician asked for is known and enabled."),
        Reason.DEPARTMENT_WRONG: _("The department asked for is unknown or disabled."),
        Reason.TECHNICIAN_WRONG: _("The technician asked for is unknown or disabled."),
    }[reason]
