"""Departments: add, rename, disable; they are never deleted."""

from flask import Response, abort, flash, request

from app.actions.team import Taken, add_department, disable_department, rename_department
from app.core.staff import Department
from app.core.team import dead_ends, department_number, free_number, members, one_line
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.tickets import count_open, waits_in_department
from app.web.console.frame import administrators_only, console_page, console_pages, me
from app.web.console.team import TEAM, dead_end_words, name_problems, typed
from app.web.words import _

pages = console_pages("departments")


@pages.route("/team/departments/add", methods=["GET", "POST"])
@administrators_only
def add() -> Response:
    """Add a department, with the number that callers send."""
    if request.method == "GET":
        number = free_number(running().desk.staff.departments)
        return _new({"number": str(number or "")}, {})
    values = typed("number", "name")
    number, name = department_number(values["number"]), one_line(request.form.get("name", ""))
    problems = name_problems(name)
    if number is None:
        problems = {"number": _("Please give a whole number of at most 18 digits."), **problems}
    if number is None or problems:
        return _new(values, problems)
    here = running()
    try:
        add_department(here.database, Department(number, name), by=me().id, now=here.clock())
    except Taken:
        return _new(values, {"number": _("There is a department with this number already.")})
    flash(_("The department has been added."))
    return see_other(_address(number))


@pages.route("/team/departments/<int:department_id>", methods=["GET", "POST"])
@administrators_only
def department(department_id: int) -> Response:
    """A department's name, members, waiting tickets, and the sites that route to it although it is disabled."""
    found = _department(department_id)
    if request.method == "GET":
        return _one(found, {"name": found.name}, {})
    name = one_line(request.form.get("name", ""))
    if problems := name_problems(name):
        return _one(found, typed("name"), problems)
    here = running()
    rename_department(here.database, department_id, name, by=me().id, now=here.clock())
    flash(_("Saved."))
    return see_other(_address(department_id))


@pages.post("/team/departments/<int:department_id>/disabled")
@administrators_only
def disable(department_id: int) -> Response:
    """Disable the department with `disabled=1`, else enable it."""
    here = running()
    disabled = request.form.get("disabled") == "1"
    disable_department(here.database, _department(department_id).id, by=me().id, now=here.clock(), disabled=disabled)
    flash(_("Disabled.") if disabled else _("Enabled."))
    return see_other(_address(department_id))


def _department(department_id: int) -> Department:
    found = running().desk.staff.departments.get(department_id)
    if found is None:
        abort(404)
    return found


def _address(number: int) -> str:
    return f"{TEAM}/departments/{number}"


def _new(values: dict[str, str], problems: dict[str, str]) -> Response:
    status = 422 if problems else 200
    return console_page("console/team_department_add.html", status=status, values=values, problems=problems)


def _one(found: Department, values: dict[str, str], problems: dict[str, str]) -> Response:
    here = running()
    staff = here.desk.staff
    with here.database.read() as connection:
        waiting = count_open(connection, waits_in_department(found.id))
    here_in_vain = [end for end in dead_ends(here.desk.sites.values(), staff) if end.department == found.id]
    return console_page(
        "console/team_department.html",
        status=422 if problems else 200,
        department=found,
        members=members(staff, found.id),
        waiting=waiting,
        dead_ends=[(end.site, dead_end_words(end)) for end in here_in_vain],
        values=values,
        problems=problems,
    )
