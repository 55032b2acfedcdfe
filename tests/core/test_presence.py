"""Who is there to help: present, enabled, able to log in and not away."""

from dataclasses import replace

import pytest

from app.core.presence import Absence, Cover, absence, can_be_waited_for, can_take, cover, is_staffed
from app.core.role import Role
from app.core.staff import Department, Staff, Technician

ANNA = Technician(1, "anna@example.com", "Anna", frozenset({10}))
BEN = Technician(2, "ben@example.com", "Ben", frozenset({20}), role=Role.SUPERVISOR)
DEPARTMENTS = {10: Department(10, "Computers"), 20: Department(20, "Phones")}


def staff(*technicians: Technician) -> Staff:
    return Staff(DEPARTMENTS, {one.email: one for one in technicians})


@pytest.mark.parametrize(
    ("technician", "present", "why"),
    [
        (ANNA, {1}, None),
        (ANNA, {2}, Absence.NOT_HERE),
        (replace(ANNA, away=True), {1}, Absence.AWAY),
        (replace(ANNA, has_password=False), {1}, Absence.NO_PASSWORD),
        (replace(ANNA, disabled=True), {1}, Absence.DISABLED),
    ],
)
def test_why_a_technician_cannot_be_waited_for(technician: Technician, present: set[int], why: Absence | None) -> None:
    assert absence(technician, present) is why
    assert can_be_waited_for(technician, present) is (why is None)


@pytest.mark.parametrize(
    ("technician", "department", "can"),
    [
        (ANNA, 10, True),
        (ANNA, 20, False),
        (ANNA, None, True),
        (BEN, 10, True),
        (replace(BEN, disabled=True), 10, False),
        (replace(ANNA, disabled=True), None, False),
        (replace(ANNA, has_password=False), 10, False),
    ],
)
def test_who_takes_a_department_s_requests_once_there(
    technician: Technician, department: int | None, *, can: bool
) -> None:
    assert can_take(technician, department) is can


def test_the_reason_that_lasts_longest_is_told() -> None:
    nothing = replace(ANNA, away=True, has_password=False, disabled=True)
    assert absence(nothing, ()) is Absence.DISABLED
    assert absence(replace(nothing, disabled=False), ()) is Absence.NO_PASSWORD
    assert absence(replace(ANNA, away=True), ()) is Absence.AWAY


def test_a_department_is_staffed_by_its_own_technicians() -> None:
    assert is_staffed(staff(ANNA), {1}, 10)
    assert not is_staffed(staff(ANNA), {1}, 20)
    assert not is_staffed(staff(ANNA), (), 10)


def test_a_supervisor_counts_for_every_department() -> None:
    assert is_staffed(staff(ANNA, BEN), {2}, 10)
    assert not is_staffed(staff(ANNA, replace(BEN, away=True)), {2}, 10)


def test_anybody_counts_for_the_general_queue() -> None:
    assert is_staffed(staff(ANNA), {1})
    assert not is_staffed(staff(ANNA), ())


def test_a_queue_is_covered_while_it_is_open_and_somebody_is_there() -> None:
    assert cover(staff(ANNA), {1}, 10, is_open=True) is Cover.STAFFED
    assert cover(staff(ANNA), {1}, None, is_open=True) is Cover.STAFFED
    assert cover(staff(ANNA), {1}, 20, is_open=True) is Cover.NOBODY
    assert cover(staff(ANNA), (), None, is_open=True) is Cover.NOBODY
    assert cover(staff(ANNA), {1}, 10, is_open=False) is Cover.CLOSED
