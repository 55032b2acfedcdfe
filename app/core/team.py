"""Rules for the data of departments and technicians, and sites that name ones which take no requests."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from app.core.role import Role
from app.core.routing import department_id
from app.core.site import Site
from app.core.staff import Staff, Technician
from app.core.text import Fault, looks_like_email, text_fault, without_control

LONGEST_NAME = 80  # characters
LONGEST_MAIL = 254
HIGHEST_ID = 10**18 - 1
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"  # stands for bytes that are not valid text
_UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Zs", "Mn")


@dataclass(frozen=True, slots=True)
class Particulars:
    """A technician's data as an administrator enters it."""

    name: str
    role: Role
    departments: frozenset[int]

    @property
    def mark(self) -> str:
        """A digest of the particulars, by which a page can tell later whether they have changed."""
        told = repr((self.name, self.role.value, sorted(self.departments)))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def particulars(technician: Technician) -> Particulars:
    """The technician's current particulars."""
    return Particulars(technician.name, technician.role, technician.departments)


def one_line(text: str) -> str:
    """The text without surrounding white space, and with single blanks inside."""
    return " ".join(text.split())


def without_unreadable(text: str) -> str:
    """The typed text without characters that can neither be stored nor shown on a page."""
    return without_control(text).replace(_UNREADABLE, "")


def name_fault(name: str) -> Fault | None:
    """Why a department or technician may not have this name; None for 1 to 80 characters with a visible one."""
    if fault := text_fault(name, LONGEST_NAME):
        return fault
    if _UNREADABLE in name:
        return "control"
    return None if any(unicodedata.category(c) not in _UNSEEN for c in name) else "missing"


def mail_fault(mail: str) -> Fault | None:
    """Why this cannot be a technician's user name; None if it can. Expects lower case without surrounding blanks."""
    if not mail:
        return "missing"
    if fault := text_fault(mail, LONGEST_MAIL):
        return fault
    return None if looks_like_email(mail) and _UNREADABLE not in mail else "email"


def department_number(written: str) -> int | None:
    """The number of a department, 1 to 10^18 - 1, from `1234` or `id_1234`; None for other text."""
    number = department_id(written)
    return number if number is not None and 1 <= number <= HIGHEST_ID else None


def free_number(taken: Iterable[int]) -> int | None:
    """A free number for a new department: the next multiple of ten after the highest; None when there is none."""
    number = (max(taken, default=0) // 10 + 1) * 10
    return number if number <= HIGHEST_ID else None


def members(staff: Staff, department: int) -> list[Technician]:
    """The technicians of a department by name: enabled ones first, then disabled ones."""
    return by_name(t for t in staff.technicians.values() if department in t.departments)


def by_name(technicians: Iterable[Technician]) -> list[Technician]:
    """Sorted: enabled ones first, each group by name."""
    return sorted(technicians, key=lambda t: (t.disabled, t.name.casefold(), t.email))


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """A site routes to, or offers, a disabled or unknown department or technician. `name` is its name, or what the site
    wrote; `department` the id, if it is one."""

    site: Site
    kind: Literal["department", "technician", "offered"]
    name: str
    department: int | None = None


def dead_ends(sites: Iterable[Site], staff: Staff) -> list[DeadEnd]:
    """Dead ends of enabled sites at the embedded desk; such requests go to the general queue instead."""
    asking = [site for site in sites if not site.disabled and site.at_desk]
    return [end for site in asking for end in _dead_ends(site, staff)]


def _dead_ends(site: Site, staff: Staff) -> list[DeadEnd]:
    found = []
    if site.department:
        found.append(_dead_department(site, "department", site.department, staff))
    if site.technician:
        found.append(_dead_technician(site, site.technician, staff))
    found += [_dead_department(site, "offered", str(number), staff) for number in site.offer_departments]
    return [end for end in found if end]


def _dead_department(site: Site, kind: Literal["department", "offered"], written: str, staff: Staff) -> DeadEnd | None:
    number = department_id(written)
    department = staff.departments.get(number or 0)
    if department is None:
        return DeadEnd(site, kind, written, number)
    return DeadEnd(site, kind, department.name, number) if department.disabled else None


def _dead_technician(site: Site, written: str, staff: Staff) -> DeadEnd | None:
    technician = staff.technicians.get(written.strip().lower())
    if technician is None:
        return DeadEnd(site, "technician", written)
    return DeadEnd(site, "technician", technician.name) if technician.disabled else None
