"""Whether a site is open now, and the words for when it opens again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from app.core.hours import Hours
from app.core.routing import department_id
from app.core.site import Site
from app.process.configuration import Desk
from app.web.language import page_language


@dataclass(frozen=True, slots=True)
class Closed:
    """It is closed, until `until` if that is within a year; `zone` is the time zone of the opening hours."""

    until: datetime | None
    zone: str

    @property
    def written(self) -> str:
        """The day and time at which it opens, on the clock of its own zone, with the zone's name."""
        if self.until is None:
            return ""
        language, there = page_language(), self.until.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        day, time = format_date(there, "full", language), format_skeleton("Hm", there, locale=language)
        return f"{day}, {time} ({self.zone.replace('_', ' ')})"


def closed_now(desk: Desk, site: Site, now: datetime, department: int | None = None) -> Closed | None:
    """How long a request of this site would find the desk closed; None while it is open. `department` is the one to
    which it goes, if that is known; else the site's own counts."""
    if department is None and site.department:
        department = department_id(site.department)
    hours = desk.hours.apply_to(site.slug, department)
    return None if hours is None else _closed_in_minute(hours, int(now.timestamp()) // 60)


@lru_cache(maxsize=1024)
def _closed_in_minute(hours: Hours, minute: int) -> Closed | None:
    """Opening hours begin and end with a minute."""
    at = datetime.fromtimestamp(minute * 60, UTC)
    return None if hours.is_open(at) else Closed(hours.next_opening(at), hours.zone)
