"""How long tickets waited until a technician took them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, or_, select

from app.core.routing import QueueKind
from app.core.ticket import TicketState
from app.store.tables import call_backs, tickets

_MOST = 500  # tickets, the newest of the windows
_t = tickets.c


def waits_within(
    connection: Connection, windows: Sequence[tuple[datetime, datetime]], department_id: int | None
) -> list[timedelta | None]:
    """The waits of tickets created in these windows, None for those that nobody took; of one department's queue, or of
    all. Tickets whose customers needed no help any more say nothing, and neither do
    those that still wait, or with a call-back."""
    within = or_(*(and_(_t.created_at >= begin, _t.created_at < end) for begin, end in windows))
    query = select(_t.created_at, _t.claimed_at).where(
        within,
        or_(_t.claimed_at.is_not(None), _t.state == TicketState.EXPIRED),
        ~exists().where(call_backs.c.ticket == _t.number),
    )
    if department_id is not None:
        query = query.where(_t.queue_kind == QueueKind.DEPARTMENT, _t.department_id == department_id)
    rows = connection.execute(query.order_by(_t.created_at.desc()).limit(_MOST))
    return [None if row.claimed_at is None else row.claimed_at - row.created_at for row in rows]
