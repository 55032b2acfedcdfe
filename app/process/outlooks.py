"""What customers may expect now, from the configuration, the technicians who are there, and the waits of before.

Pages ask for every customer, so everything is remembered for a while: opening hours for their minute, who is there for
seconds, usual waits for ten minutes.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic

from app.core.hours import Hours
from app.core.outlook import Outlook, UsualWait, same_hours, usual_wait
from app.core.presence import Cover, can_be_waited_for, is_staffed
from app.core.routing import QueueKind, route
from app.core.site import Site
from app.core.standing import Queue
from app.process.attendance import Attendance
from app.process.configuration import Desk
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, Database
from app.store.waits import waits_within

_WAITS_FOR = 600.0  # seconds for which a usual wait is remembered
_MOST_REMEMBERED = 500


class Outlooks:
    """What customers may expect, for any queue. Safe to use from every thread."""

    def __init__(self, database: Database, clock: Callable[[], datetime], attendance: Attendance) -> None:
        self._database = database
        self._clock = clock
        self._attendance = attendance
        self._sites: dict[str, tuple[tuple[Desk, frozenset[int], int] | None, Outlook]] = {}
        self._waits: dict[tuple[int | None, str], tuple[float, UsualWait | None]] = {}

    def of_site(self, desk: Desk, site: Site) -> Outlook:
        """For a request that chooses no department; remembered for a minute, while nothing else is known."""
        seen = desk, self._attendance.present(), int(self._clock().timestamp()) // 60
        before, known = self._sites.get(site.slug, (None, Outlook(None)))
        if before is not None and before[0] is desk and before[1:] == seen[1:]:
            return known
        there = route(site.department, site.technician, desk.staff)
        outlook = self.of_queue(desk, site, Queue(there.kind, there.technician_id or there.department_id))
        self._sites[site.slug] = seen, outlook
        return outlook

    def of_queue(self, desk: Desk, site: Site, queue: Queue) -> Outlook:
        """For what is in this queue, or goes there."""
        hours = desk.hours.apply_to(site.slug, queue.department_id)
        call_back = hours is not None and site.at_desk and site.call_backs and desk.options.call_backs
        if hours is not None and (closed := _closed_in_minute(hours, int(self._clock().timestamp()) // 60)):
            return replace(closed, call_back=call_back) if call_back else closed
        if not site.at_desk:
            return Outlook(None)
        if not self._has_somebody(desk, queue):
            return Outlook(Cover.NOBODY, call_back=call_back)
        return Outlook(Cover.STAFFED, wait=self._usual_wait(queue.department_id, hours.zone if hours else "UTC"))

    def forget(self) -> None:
        """Look again at who is there, and at the waits."""
        self._attendance.forget()
        self._sites.clear()
        self._waits.clear()

    def _has_somebody(self, desk: Desk, queue: Queue) -> bool:
        present, staff = self._attendance.present(), desk.staff
        if queue.kind is not QueueKind.TECHNICIAN:
            return is_staffed(staff, present, queue.department_id)
        technician = staff.technician(queue.technician_id)
        if technician is None or can_be_waited_for(technician, present):
            return technician is not None
        # Colleagues see what was sent to somebody away, and everybody what has waited for long.
        return any(is_staffed(staff, present, department) for department in technician.departments)

    def _usual_wait(self, department_id: int | None, zone: str) -> UsualWait | None:
        until, known = self._waits.get((department_id, zone), (0.0, None))
        if monotonic() < until:
            return known
        if len(self._waits) >= _MOST_REMEMBERED:
            self._waits.clear()
        self._waits[department_id, zone] = (
            monotonic() + _WAITS_FOR,
            known,
        )  # first, so that other threads do not ask too
        try:
            with self._database.read() as connection:
                found = usual_wait(waits_within(connection, same_hours(self._clock(), zone), department_id))
        except DATABASE_FAULTS as fault:
            note_database_fault(fault, "usual waits")
            return known
        self._waits[department_id, zone] = monotonic() + _WAITS_FOR, found
        return found


@lru_cache(maxsize=1024)
def _closed_in_minute(hours: Hours, minute: int) -> Outlook | None:
    """That it is closed; opening hours begin and end with a minute."""
    at = datetime.fromtimestamp(minute * 60, UTC)
    return None if hours.is_open(at) else Outlook(Cover.CLOSED, hours.next_opening(at), hours.zone)
