"""The form of a technician: name, role and departments."""

from flask import request

from app.core.role import Role
from app.core.staff import Department
from app.core.team import Particulars, one_line
from app.edge.this_app import running
from app.web.console.team import name_problems, typed
from app.web.words import _


def wanted_particulars() -> tuple[Particulars | None, dict[str, str]]:
    """The particulars in the form, or its problems by field."""
    name, role, chosen = one_line(request.form.get("name", "")), request.form.get("role", ""), ticked()
    problems = name_problems(name)
    if role not in list(Role):
        problems["role"] = _("Please choose one of these.")
    if not chosen <= running().desk.staff.departments.keys() or len(chosen) < len(_boxes()):
        problems["departments"] = _("Please choose among these.")
    return (None, problems) if problems else (Particulars(name, Role(role), chosen), {})


def typed_again() -> dict[str, str]:
    """The typed values, to show the form again; for the departments see `ticked`."""
    return typed("email", "name", "role")


def ticked() -> frozenset[int]:
    """The ids of the chosen departments, existing or not."""
    return frozenset(int(each) for each in _boxes() if each.isascii() and each.isdigit() and len(each) <= 18)


def choices(chosen: frozenset[int]) -> list[tuple[Department, bool]]:
    """The departments to choose from, and whether each is chosen; disabled ones only if they are chosen."""
    every = running().desk.staff.departments.values()
    return [(each, each.id in chosen) for each in every if not each.disabled or each.id in chosen]


def _boxes() -> set[str]:
    return set(request.form.getlist("department"))
