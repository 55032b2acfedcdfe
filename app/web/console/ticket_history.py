"""A ticket's history in words: how it was opened, and its events."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from app.actions.call_back import ASKED as CALL_BACK_ASKED
from app.actions.call_back import DROPPED as CALL_BACK_DROPPED
from app.actions.call_back import DUE as CALL_BACK_DUE
from app.actions.call_back import LATE as CALL_BACK_LATE
from app.actions.live import ANSWERED
from app.actions.pictures import PICTURE_ADDED
from app.actions.ticket import APPLET_OPENED, CUSTOMER, ENDED
from app.core.routing import QueueKind, Reason
from app.core.staff import Staff
from app.core.standing import Queue, queue_of, read_queue
from app.core.ticket import Outcome, Ticket, TicketEvent
from app.web.words import _

Line = dict[str, Any]
_DESK = "desk"


def history_of(ticket: Ticket, events: Sequence[TicketEvent], staff: Staff) -> list[Line]:
    """Lines from the oldest to the newest: `at`, `who`, `text`, and where present `changes`, `facts`, `said`."""
    told = [_told(event, staff) for event in events]
    return [_asked(ticket), _routed(ticket, events, staff), *told]


def queue_name(queue: Queue | None, staff: Staff) -> str:
    """The name of the queue's technician or department, or of the general queue."""
    if queue is None or queue.kind is QueueKind.GENERAL:
        return _("General queue")
    technician, department = staff.technician(queue.technician_id), staff.departments.get(queue.department_id or -1)
    return technician.name if technician else department.name if department else str(queue)


def outcome_name(outcome: str | None) -> str:
    """An outcome in words."""
    return outcome_names().get(outcome or "", outcome or "")


def outcome_names() -> dict[str, str]:
    """All outcomes in words, the usual one first."""
    return {
        Outcome.SOLVED: _("Solved"),
        Outcome.NOT_SOLVED: _("Could not be solved"),
        Outcome.NO_ANSWER: _("The customer did not answer"),
        Outcome.NOT_OURS: _("Not covered by our support"),
        Outcome.DUPLICATE: _("Duplicate request"),
    }


def reason_text(reason: Reason) -> str:
    """The reason for a ticket's route, in words."""
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


def _asked(ticket: Ticket) -> Line:
    asked = ((_("Asked department"), ticket.asked_department), (_("Asked technician"), ticket.asked_tech))
    return _line(ticket.created_at, _("Customer"), _("Asked for help"), facts=[pair for pair in asked if pair[1]])


def _routed(ticket: Ticket, events: Sequence[TicketEvent], staff: Staff) -> Line:
    moved = next((event.detail["queue"][0] for event in events if event.what == "transferred"), None)
    first = read_queue(moved or "") or queue_of(ticket)
    where = _("Went to: %(queue)s", queue=queue_name(first, staff))
    return _line(ticket.created_at, "Handbell", where, reason=reason_text(ticket.reason))


def _told(event: TicketEvent, staff: Staff) -> Line:
    words = _WORDS.get(event.what)
    told = words(event, staff) if words else {"text": event.what}
    return _line(event.at, _who(event.who, staff), **told)


def _who(who: str, staff: Staff) -> str:
    if who == CUSTOMER:
        return _("Customer")
    if who == _DESK:
        return "Handbell"
    return _name(who, staff)


def _name(technician_id: str | None, staff: Staff) -> str:
    technician = staff.technician(int(technician_id)) if technician_id and technician_id.isdecimal() else None
    return technician.name if technician else technician_id or ""


def _line(at: datetime, who: str, text: str, **more: object) -> Line:
    return {"at": at, "who": who, "text": text, **more}


def _details_changed(event: TicketEvent, _staff: Staff) -> Line:
    changes = [{"field": name, "old": old, "new": new} for name, (old, new) in event.detail.items()]
    return {"text": _("Changed the details"), "changes": changes}


def _transferred(event: TicketEvent, staff: Staff) -> Line:
    old, new = (queue_name(read_queue(written or ""), staff) for written in event.detail["queue"])
    return {"text": _("Passed the ticket on"), "changes": [{"label": _("Queue"), "old": old, "new": new}]}


def _taken_over(event: TicketEvent, staff: Staff) -> Line:
    return {"text": _("Took the ticket over: %(name)s had it", name=_name(event.detail["owner"][0], staff))}


def _closed(event: TicketEvent, _staff: Staff) -> Line:
    return {"text": _("Closed the ticket: %(outcome)s", outcome=outcome_name(event.detail["outcome"][1]))}


def _answered(event: TicketEvent, _staff: Staff) -> Line:
    helped, said = event.detail["helped"][1], event.detail["said"][1]
    text = _("Answered: this helped") if helped == "yes" else _("Answered: this did not help")
    return {"text": text, "said": said} if said else {"text": text}


def _call_back(event: TicketEvent, _staff: Staff) -> Line:
    text = {
        CALL_BACK_ASKED: _("Asked to be called back"),
        CALL_BACK_DROPPED: _("Gave the call-back up"),
        CALL_BACK_DUE: _("The call-back is due"),
        CALL_BACK_LATE: _("The call-back is late"),
    }[event.what]
    old, new = (f"{at[:16].replace('T', ' ')} UTC" if at else None for at in event.detail["begins_at"])
    return {"text": text, "changes": [{"label": _("Call-back"), "old": old, "new": new}]}


_WORDS: dict[str, Callable[[TicketEvent, Staff], Line]] = {
    **dict.fromkeys((CALL_BACK_ASKED, CALL_BACK_DROPPED, CALL_BACK_DUE, CALL_BACK_LATE), _call_back),
    "details_changed": _details_changed,
    PICTURE_ADDED: lambda _event, _staff: {"text": _("Added a picture")},
    APPLET_OPENED: lambda _event, _staff: {"text": _("Opened the applet")},
    ANSWERED: _answered,
    ENDED: lambda _event, _staff: {"text": _("Ended the session")},
    "cancelled": lambda _event, _staff: {"text": _("Cancelled the request")},
    "expired": lambda _event, _staff: {"text": _("Nobody took it in time")},
    "claimed": lambda _event, _staff: {"text": _("Took the ticket")},
    "taken_over": _taken_over,
    "released": lambda _event, _staff: {"text": _("Put the ticket back into its queue")},
    "transferred": _transferred,
    "note": lambda event, _staff: {"text": _("Wrote a note"), "said": event.detail["text"][1]},
    "closed": _closed,
    "opened_anew": lambda _event, _staff: {"text": _("Opened a new session as another ticket")},
    "reopened": lambda _event, _staff: {"text": _("Opened the ticket again")},
}
