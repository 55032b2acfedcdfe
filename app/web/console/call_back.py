"""A call-back in technicians' words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from app.core.call_back import CallBack, Promise
from app.core.ticket import Ticket
from app.edge.this_app import running
from app.web.words import _


def call_back_row(ticket: Ticket, promise: CallBack) -> dict[str, object]:
    """A promise for the console: its time on the clock of the desk, where it stands, and whether hours cover it."""
    here = running()
    hours = here.desk.hours.apply_to(ticket.site, ticket.department_id)
    zone = hours.zone if hours else "UTC"
    begins, ends = (at.astimezone(ZoneInfo(zone)) for at in (promise.begins_at, promise.ends_at))
    now = here.clock()
    times = f"{begins:%H:%M}–{ends:%H:%M}"
    return {
        "time": times if _is_today(begins, now) else f"{begins:%Y-%m-%d} {times}",
        "at": f"{begins:%Y-%m-%d} {times} ({zone.replace('_', ' ')})",
        "is_late": promise.standing(now) is Promise.LATE,
        "kept": promise.is_kept_by(hours),
        "to": promise.to or ticket.customer.phone or ticket.customer.email or "",
    }


def tag_of(row: dict[str, object]) -> str:
    """The promise as a tag in the queue."""
    return _("Call back %(time)s", time=row["time"])


def _is_today(there: datetime, now: datetime) -> bool:
    return there.date() == now.astimezone(there.tzinfo).date()
