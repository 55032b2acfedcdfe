"""End a ticket that somebody of the desk has opened only to try the New Session API."""

from datetime import datetime

from sqlalchemy import Connection

from app.core.ticket import TicketEvent, TicketState
from app.store.audit import record
from app.store.database import Database
from app.store.tickets import add_event, end_ticket


def cancel_trial(database: Database, number: int, *, by: int, now: datetime) -> bool:
    """Cancel the ticket in the name of the technician `by`; False when it was over already, and stays as it ended."""

    def end(connection: Connection) -> bool:
        if not end_ticket(connection, number, TicketState.CANCELLED, now):
            return False
        add_event(connection, number, TicketEvent(now, str(by), "cancelled", {}))
        record(connection, "trial.cancelled", f"ticket {number}", by=by, now=now)
        return True

    return database.write(end)


def note_trial(database: Database, site: str, *, by: int, now: datetime) -> None:
    """Put it into the audit log that somebody tries a site's API."""
    database.write(lambda connection: record(connection, "trial.made", f"site {site}", by=by, now=now))
