"""What customers have written in a technician's open sessions and nobody has read."""

from sqlalchemy import Connection, func, select

from app.core.live import CUSTOMER, FILE, Kind
from app.core.ticket import TicketState
from app.store.tables import live_lines, live_sessions, tickets


def unread_for(connection: Connection, technician_id: int) -> dict[int, int]:
    """How many unread lines there are, by ticket, in the sessions that this technician has; those without are left
    out."""
    line = live_lines.c
    query = (
        select(line.ticket, func.count())
        .select_from(tickets)
        .join(live_lines, line.ticket == tickets.c.number)
        .outerjoin(live_sessions, live_sessions.c.ticket == tickets.c.number)
        .where(tickets.c.state == TicketState.ACTIVE, tickets.c.owner_id == technician_id)
        .where(line.id > func.coalesce(live_sessions.c.technician_read, 0))
        .where(line.who == CUSTOMER, line.kind.in_((Kind.SAY, FILE)))
        .group_by(line.ticket)
    )
    return {row[0]: row[1] for row in connection.execute(query.order_by(line.ticket))}
