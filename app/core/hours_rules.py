"""The opening hours that apply to a request, and the options that administrators may set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import available_timezones

from app.core.fact import Fact
from app.core.hours import Hours, SpecialDay
from app.core.hours_text import Week
from app.core.text import Invalid

DESK = "desk"
MOST_DAYS = 400  # special days of one scope
LONGEST_NAME = 80


def of_department(department_id: int) -> str:
    """The scope of a department's own hours."""
    return f"department:{department_id}"


def of_site(slug: str) -> str:
    """The scope of a site's own hours."""
    return f"site:{slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursOption:
    """Opening hours as an administrator sets them. `country` and `region` (codes such as DE and BY) add their public
    holidays."""

    zone: str
    week: Week
    country: str | None = None
    region: str | None = None
    days: Mapping[date, SpecialDay] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class AllHours:
    """The opening hours of all scopes; a desk without hours is always open."""

    scopes: Mapping[str, Hours] = field(default_factory=dict)

    def apply_to(self, site: str, department_id: int | None) -> Hours | None:
        """Those of the department to which a request goes, else of its site, else of the desk; None for always open."""
        department = None if department_id is None else self.scopes.get(of_department(department_id))
        return department or self.scopes.get(of_site(site)) or self.scopes.get(DESK)


def read_zone(name: str) -> str:
    """A time zone's name as in the IANA database. Raises Invalid, about the field `zone`."""
    known = {zone.lower(): zone for zone in available_timezones()}
    if (found := known.get(name.strip().lower())) is None:
        raise Invalid(Fact("zone", "unknown", {"name": name}))
    return found


def check_days(days: Mapping[date, SpecialDay]) -> None:
    """Raises Invalid when there are too many special days, or when one has no name or too long a one."""
    if len(days) > MOST_DAYS:
        raise Invalid(Fact("day", "many", {"most": MOST_DAYS}))
    for special in days.values():
        if not special.name.strip():
            raise Invalid(Fact("name", "missing"))
        if len(special.name) > LONGEST_NAME:
            raise Invalid(Fact("name", "too_long", {"limit": LONGEST_NAME, "length": len(special.name)}))
