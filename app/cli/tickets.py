"""`handbell ticket …`."""

from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy import Connection

from app.actions.hours import all_hours
from app.cli.opening import now, open_database
from app.cli.output import json_option, more_rows, show, show_one, spoken
from app.core.live import Line
from app.core.live_file import LiveFile, file_facts
from app.core.moment import iso
from app.core.staff import Staff
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store.call_backs import call_back_of
from app.store.live import all_lines, load_session
from app.store.live_files import all_files
from app.store.staff import load_staff
from app.store.tickets import list_tickets, ticket_by_number, ticket_history

_CHOICES = [choice.value for choice in TicketState]


@click.group()
def ticket() -> None:
    """Tickets of the embedded desk."""


@ticket.command("list")
@click.option("--state", type=click.Choice(_CHOICES), help="Only tickets in this state.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at the most.")
@json_option
def list_all(state: str | None, most: int, as_json: bool) -> None:
    """List tickets, the newest first."""
    wanted = TicketState(state) if state else None
    with open_database() as database, database.read() as connection:
        staff = load_staff(connection)
        rows = [_plain(found, staff) for found in list_tickets(connection, state=wanted, most=most)]
    show(rows, ("ticket_number", "state", "queue", "customer_name", "reason", "created_at"), as_json=as_json)


@ticket.command("show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@json_option
def show_ticket(number: int, as_json: bool) -> None:
    """Show one ticket with its history and its conversation."""
    with open_database() as database, database.read() as connection:
        found = ticket_by_number(connection, number)
        if found is None:
            raise click.ClickException(f"there is no ticket {number}")
        staff = load_staff(connection)
        values = _plain(found, staff)
        values["call_back"] = _call_back(connection, found)
        values["history"] = [_line(event, staff) for event in ticket_history(connection, number)]
        files = {file.id: file for file in all_files(connection, number)}
        values["lines"] = [_said(line, files) for line in all_lines(connection, number)]
        values["helped"] = load_session(connection, number).helped
    if not as_json:
        lines = values["lines"]
        values = spoken(values)
        values["lines"] = [f"{line['at']} {line['who']} {line['kind']}: {line['body']}" for line in lines]
        values["history"] = [f"{line['at']} {line['name']} {line['what']}" for line in values["history"]]
    show_one(values, as_json=as_json)


def _plain(found: Ticket, staff: Staff) -> dict[str, Any]:
    technician, owner = staff.technician(found.technician_id), staff.technician(found.owner_id)
    queue = {
        "kind": found.queue_kind,
        "department": found.department_id,
        "technician": technician.email if technician else None,
    }
    return {
        "ticket_number": found.number,
        "session_id": found.session_id,
        "reference": found.reference,
        "site": found.site,
        "state": found.state,
        "queue": queue,
        "owner": owner.email if owner else None,
        "outcome": found.outcome,
        "asked": {"department": found.asked_department, "tech": found.asked_tech},
        "reason": found.reason,
        **found.customer.values(),
        "verified": list(found.verified),
        "more": more_rows(found.more),
        "ask_customer_info": found.ask_customer_info,
        "info_mode": found.info_mode,
        "language": found.language,
        "created_at": iso(found.created_at),
        "claimed_at": iso(found.claimed_at),
        "applet_opened_at": iso(found.applet_opened_at),
        "ended_at": iso(found.ended_at),
    }


def _call_back(connection: Connection, found: Ticket) -> dict[str, Any] | None:
    """What was promised, and whether the opening hours still cover it."""
    promise = call_back_of(connection, found.number)
    if promise is None:
        return None
    hours = all_hours(connection).apply_to(found.site, found.department_id)
    return {
        "begins_at": iso(promise.begins_at),
        "ends_at": iso(promise.ends_at),
        "way": promise.way,
        "to": promise.to,
        "standing": promise.standing(now()),
        "covered": promise.is_kept_by(hours),
    }


def _said(line: Line, files: Mapping[str, LiveFile]) -> dict[str, Any]:
    said = {"id": line.id, "at": iso(line.at), "who": line.who, "kind": line.kind, "body": line.body}
    file = files.get(line.file or "")
    return {**said, "file": file_facts(file)} if file else said


def _line(event: TicketEvent, staff: Staff) -> dict[str, Any]:
    technician = staff.technician(int(event.who)) if event.who.isdecimal() else None
    name = technician.name if technician else event.who
    return {"at": iso(event.at), "who": event.who, "name": name, "what": event.what, "detail": event.detail}
