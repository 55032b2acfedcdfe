"""Trials of the New Session API by staff: recorded, and their tickets cancelled."""

from datetime import datetime

from sqlalchemy import Connection

from app.core.ticket import TicketEvent, TicketState
from app.store.audit import record
from app.store.database import Database
from app.store.tickets import add_event, end_ticket


def cancel_trial(database: Database, number: int, *, by: int, now: datetime) -> bool:
    """Cancel the ticket in the name of the technician `by`; False when it has ended already and keeps its state."""

    def end(connection: Connection) -> bool:
        if not end_ticket(connection, number, TicketState.CANCELLED, now):
            return False
        add_event(connection, number, TicketEvent(now, str(by), "cancelled", {}))
        record(connection, "trial.cancelled", f"ticket {number}", by=by, now=now)
        return True

    return database.write(end)


def note_trial(database: Database, site: str, *, by: int, now: datetime) -> None:
    """Record in the audit log that a technician tries a site's API."""
    database.write(lambda connection: record(connection, "trial.made", f"site {site}", by=by, now=now))
