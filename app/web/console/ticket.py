"""One ticket: what was sent, its route and the reason, its history, and the possible actions."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Response, abort, g

from app.core.links import new_link_id
from app.core.live import LONGEST_LINE
from app.core.note import LONGEST_NOTE
from app.core.routing import QueueKind
from app.core.staff import Staff, Technician
from app.core.standing import GENERAL, Queue, Standing, queue_of
from app.core.ticket import OPEN_STATES, Ticket, TicketState, may_move
from app.core.way_back import HOME
from app.edge.headers import LIVE, with_headers
from app.edge.this_app import running
from app.store import tickets as store
from app.store.call_backs import call_back_of
from app.store.pictures import pictures_of_request
from app.web.console.call_back import call_back_row
from app.web.console.conversation import conversation_of
from app.web.console.frame import console_page, console_pages, me, sees, technicians_only
from app.web.console.live import unless_changed_with
from app.web.console.queue import queue_row
from app.web.console.ticket_history import history_of, outcome_name, outcome_names, queue_name, reason_text
from app.web.console.who_is_there import is_here, marked_department, marked_name
from app.web.words import _

pages = console_pages("ticket")
_BIGGEST = 2**63 - 1
_NOT_CURRENT = "anew"  # the tag of a page that its script renews at once
_MOST_LINES = 300  # of a history, as any holder of the applet's link can add lines without end


@pages.get("/tickets/<int:number>")
@technicians_only
@unless_changed_with(lambda: sorted(running().attendance.present()))
def ticket(number: int) -> Response:
    """What was sent, the ticket's route and the reason."""
    found = find_ticket(number)
    if found is None or not sees(found):
        abort(404)
    return ticket_page(found)


def address_of(number: int) -> str:
    """The address of a ticket's page."""
    return f"/console/tickets/{number}"


def find_ticket(number: int) -> Ticket | None:
    """The ticket with this number, without a check of access."""
    if number > _BIGGEST:
        return None
    with running().database.read() as connection:
        return store.ticket_by_number(connection, number)


def ticket_page(
    ticket: Ticket,
    *,
    status: int = 200,
    told: Sequence[str] = (),
    values: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    """The page. `told` are lines that explain a refusal; `values` and `problems` are a refused form's, by field.

    After a refused form the script gives the page the ticket's own address and renews it from there.
    """
    here = running()
    g.live_tag = g.get("live_tag", _NOT_CURRENT)
    staff = here.desk.staff
    with here.database.read() as connection:
        events = store.latest_events(connection, ticket.number, _MOST_LINES)[::-1]
        promise = call_back_of(connection, ticket.number)
        conversation = conversation_of(connection, ticket, me(), staff)
        pictures = pictures_of_request(connection, ticket.reference) if ticket.reference else []
    can = _can(ticket)
    typed = dict(values or {})
    if "close" not in can and "note" not in typed:
        typed["note"] = typed.get("closing_note", "")
    page = console_page(
        "console/ticket.html",
        status=status,
        ticket=_shown(ticket),
        pictures=pictures,
        call_back=call_back_row(ticket, promise) if promise else None,
        history=history_of(ticket, events, staff),
        shortened=len(events) == _MOST_LINES,
        back_url=HOME,
        url=address_of(ticket.number),
        address=address_of(ticket.number) if status != 200 else None,
        seen=str(Standing.of(ticket)),
        can=can,
        talk=conversation,
        longest_line=LONGEST_LINE,
        message_key=new_link_id(),
        now_text=how_it_stands(ticket),
        away=_away(ticket, staff),
        targets=_targets(ticket, staff),
        outcomes=list(outcome_names().items()),
        longest_note=LONGEST_NOTE,
        told=told,
        values={"form": new_link_id(), **typed},
        problems=problems or {},
        labels={
            "message": _("Message"),
            "note": _("Note"),
            "closing_note": _("Note"),
            "outcome": _("Outcome"),
            "to": _("Pass on to"),
        },
    )
    return with_headers(page, LIVE)


def how_it_stands(ticket: Ticket) -> str:
    """One sentence: the ticket's owner, its queue, or how it ended."""
    match ticket.state:
        case TicketState.WAITING:
            waited = queue_row(ticket)["waited"]
            queue = queue_name(queue_of(ticket), running().desk.staff)
            return _("Waiting for %(time)s. Queue: %(queue)s", time=waited, queue=queue)
        case TicketState.ACTIVE:
            return _who_has(ticket)
        case _:
            return _how_it_ended(ticket)


def _who_has(ticket: Ticket) -> str:
    if ticket.owner_id == me().id:
        return _("You have this ticket.")
    owner = running().desk.staff.technician(ticket.owner_id)
    sentence = _("%(name)s has this ticket.", name=owner.name if owner else _("Somebody else"))
    if owner is None or is_here(owner):
        return sentence
    return " ".join((sentence, _not_here(owner)))


def _how_it_ended(ticket: Ticket) -> str:
    if ticket.erased_at:
        return _("The customer’s data has been erased.")
    if _wants_outcome(ticket):
        return _("The customer has ended the session.")
    if ticket.state is TicketState.CLOSED:
        return _("Closed: %(outcome)s", outcome=outcome_name(ticket.outcome))
    if ticket.state is TicketState.CANCELLED:
        return _("The customer needs no help any more.")
    return _("Nobody took it in time.")


def _can(ticket: Ticket) -> set[str]:
    """What the logged-in technician can do with the ticket in its current state."""
    if ticket.erased_at:
        return set()
    if ticket.state is TicketState.WAITING:
        return {"note", "claim", "transfer", "close"}
    if ticket.state is TicketState.ACTIVE:
        mine = ticket.owner_id == me().id
        return {"note", "release", "transfer", "close"} if mine else {"note", "take_over"}
    can = {"note", "reopen"} if may_move(ticket.state, TicketState.ACTIVE) else {"note"}
    return {*can, "close"} if _wants_outcome(ticket) else can


def _wants_outcome(ticket: Ticket) -> bool:
    """Whether the customer ended the ticket, and no technician has said how it went."""
    return ticket.state is TicketState.CLOSED and ticket.outcome is None and not store.later_reference(ticket.reference)


def _away(ticket: Ticket, staff: Staff) -> str | None:
    """That the technician for whom a waiting ticket is meant cannot be waited for."""
    if ticket.state is not TicketState.WAITING:
        return None
    technician = staff.technician(ticket.technician_id)
    if technician is None or is_here(technician):
        return None
    if technician.away or technician.disabled:
        return _("%(name)s is away; their departments see this ticket too.", name=technician.name)
    return _not_here(technician)


def _not_here(technician: Technician) -> str:
    return _("%(name)s is not here now.", name=technician.name)


def _targets(ticket: Ticket, staff: Staff) -> list[tuple[str, list[tuple[str, str]]]]:
    """The queues to which the ticket can be passed on: groups of values and names."""
    there = queue_of(ticket) if ticket.state is TicketState.WAITING else None
    departments = [(Queue(QueueKind.DEPARTMENT, d.id), marked_department(d, staff)) for d in staff.departments.values()]
    technicians = [(Queue(QueueKind.TECHNICIAN, t.id), marked_name(t)) for t in staff.technicians.values()]
    groups = (
        (_("Departments"), departments),
        (_("Technicians"), sorted(technicians, key=lambda target: target[1].casefold())),
        (_("Everybody"), [(GENERAL, _("General queue"))]),
    )
    open_to = [
        (label, [(str(queue), name) for queue, name in group if queue != there and queue.takes_tickets(staff)])
        for label, group in groups
    ]
    return [(label, group) for label, group in open_to if group]


def was_everybodys(ticket: Ticket) -> bool:
    """Whether the ticket had waited so long when it was claimed that every technician saw it."""
    if ticket.state not in OPEN_STATES or ticket.claimed_at is None:
        return False
    return ticket.claimed_at - ticket.created_at > timedelta(minutes=running().desk.options.long_wait)


def _shown(ticket: Ticket) -> dict[str, object]:
    here = running()
    site = here.desk.sites.get(ticket.site)
    owner = here.desk.staff.technician(ticket.owner_id)
    return {
        **{name: getattr(ticket, name) for name in _TICKET_FACTS},
        "customer": ticket.customer.values(),
        "site_name": site.name if site else ticket.site,
        "queue_label": queue_name(queue_of(ticket), here.desk.staff),
        "owner": owner.name if owner else None,
        "reason_text": reason_text(ticket.reason),
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
