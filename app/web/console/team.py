"""The team page: lists of departments and technicians, and texts shared with their pages."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from flask import Response, request

from app.core.role import Role
from app.core.staff import Department, Technician
from app.core.team import LONGEST_NAME, DeadEnd, by_name, dead_ends, name_fault, without_unreadable
from app.core.text import Fault
from app.edge.this_app import running
from app.store import staff as store
from app.store.tickets import count_open, waits_in_department
from app.web.console.frame import administrators_only, console_page, console_pages
from app.web.console.who_is_there import is_here
from app.web.words import _

pages = console_pages("team")
TEAM = "/console/team"
_PAGE = 50


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


N = TypeVar("N", bound=_Numbered)


@pages.get("/team")
@administrators_only
def team() -> Response:
    """Both lists, and sites that route to disabled or unknown ones.

    `?q=` searches names and mail addresses; `?after=` and `?after_department=` go to the next part of a list.
    """
    here = running()
    staff = here.desk.staff
    wanted = request.args.get("q", "").strip()[:LONGEST_NAME]
    people, more_people = _part(_found(by_name(staff.technicians.values()), wanted), "after")
    departments, more_departments = _part(_named(list(staff.departments.values()), wanted), "after_department")
    with here.database.read() as connection:
        accounts = store.accounts(connection, [person.id for person in people], here.clock())
        waiting = {each.id: count_open(connection, waits_in_department(each.id)) for each in departments}
    return console_page(
        "console/team.html",
        here=[person.id for person in people if is_here(person)],
        people=[(person, accounts[person.id]) for person in people if person.id in accounts],
        departments=[(each, waiting[each.id], _size(each, staff.technicians)) for each in departments],
        known=staff.departments,
        roles=role_words(),
        dead_ends=[(end.site, dead_end_words(end), end.name) for end in dead_ends(here.desk.sites.values(), staff)],
        wanted=wanted,
        more_people=more_people,
        more_departments=more_departments,
    )


def role_words() -> dict[Role, str]:
    """The roles' names."""
    return {
        Role.TECHNICIAN: _("Technician"),
        Role.SUPERVISOR: _("Supervisor"),
        Role.ADMINISTRATOR: _("Administrator"),
    }


def fault_words(fault: Fault, longest: int = LONGEST_NAME) -> str:
    """The message about a faulty field."""
    match fault:
        case "missing":
            return _("Please fill this in.")
        case "too_long":
            return _("At most %(n)s characters", n=longest)
        case "email":
            return _("This does not look like an e-mail address. Please check it.")
        case _other:
            return _(
                "There was a character in here that cannot be sent. It is taken out now: please look and send it again."
            )


def typed(*names: str) -> dict[str, str]:
    """The typed values of these fields, to show the form again."""
    return {name: without_unreadable(request.form.get(name, "")) for name in names}


def name_problems(name: str) -> dict[str, str]:
    """The problem of the field `name`, if any."""
    fault = name_fault(name)
    return {"name": fault_words(fault)} if fault else {}


def dead_end_words(end: DeadEnd) -> str:
    """What the site does, as a phrase before the name of the disabled or unknown department or technician."""
    return {
        "department": _("sends requests to a department that is disabled or unknown:"),
        "technician": _("sends requests to a technician who is disabled or unknown:"),
        "offered": _("offers customers a department that is disabled or unknown:"),
    }[end.kind]


def _found(people: Sequence[Technician], wanted: str) -> list[Technician]:
    text = wanted.casefold()
    return [person for person in people if text in person.name.casefold() or text in person.email]


def _named(departments: Sequence[Department], wanted: str) -> list[Department]:
    text = wanted.casefold()
    return [each for each in departments if text in each.name.casefold() or text == str(each.id)]


def _part(every: list[N], parameter: str) -> tuple[list[N], int | None]:
    """One page of a list, and the id after which the next page begins; None on the last page."""
    after = request.args.get(parameter, type=int)
    begin = next((place + 1 for place, each in enumerate(every) if each.id == after), 0)
    page = every[begin : begin + _PAGE]
    return page, page[-1].id if begin + _PAGE < len(every) else None


def _size(department: Department, technicians: Mapping[str, Technician]) -> int:
    return sum(department.id in person.departments and not person.disabled for person in technicians.values())
