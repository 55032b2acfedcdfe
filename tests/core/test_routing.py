"""The vendor's routing table, for every spelling of a right or a wrong part."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.routing import QueueKind, Reason, Route, department_id, route
from app.core.staff import Department, Staff, Technician

STAFF = Staff(
    departments={10: Department(10, "Computers"), 20: Department(20, "Billing"), 30: Department(30, "Closed", True)},
    technicians={
        t.email: t
        for t in (
            Technician(1, "anna@example.com", "Anna", frozenset({10})),
            Technician(2, "ben@example.com", "Ben", frozenset({20})),
            Technician(3, "carl@example.com", "Carl", frozenset({10}), disabled=True),
            Technician(4, "dora@example.com", "Dora"),
        )
    },
)

ABSENT = [None]
CORRECT_DEPARTMENT = ["10", "id_10", " id_10 ", "ID_10", "0010"]  # Computers, in each spelling
WRONG_DEPARTMENT = [
    "99", "id_99",  # unknown
    "30", "id_30",  # disabled
    "ten", "", " ", "id_", "id-10", "10x", "1 0", "-10", "+10", "10.0",
    "0x0a", "１０", "id_id_10", "9" * 40,  # malformed
]  # fmt: skip
IN_DEPARTMENT = ["anna@example.com", "ANNA@Example.COM", " anna@example.com "]
IN_ANOTHER = ["ben@example.com", "dora@example.com"]
WRONG_TECHNICIAN = [
    "nobody@example.com",
    "carl@example.com",
    "CARL@example.com",
    "anna",
    "",
    "@",
    "1",
    "anna@example.com.",
]

TO_COMPUTERS = (QueueKind.DEPARTMENT, 10, None)
TO_GENERAL = (QueueKind.GENERAL, None, None)

# department, technician, queue (None: that technician's), reason; protocol.md, Routing, row by row.
TABLE = [
    (ABSENT, ABSENT, TO_GENERAL, Reason.NOTHING_ASKED),
    (CORRECT_DEPARTMENT, ABSENT, TO_COMPUTERS, Reason.DEPARTMENT),
    (ABSENT, IN_DEPARTMENT + IN_ANOTHER, None, Reason.TECHNICIAN),
    (CORRECT_DEPARTMENT, IN_DEPARTMENT, None, Reason.TECHNICIAN_IN_DEPARTMENT),
    (CORRECT_DEPARTMENT, IN_ANOTHER, None, Reason.TECHNICIAN_OVER_DEPARTMENT),
    (WRONG_DEPARTMENT, IN_DEPARTMENT + IN_ANOTHER, None, Reason.TECHNICIAN_DEPARTMENT_WRONG),
    (CORRECT_DEPARTMENT, WRONG_TECHNICIAN, TO_COMPUTERS, Reason.DEPARTMENT_TECHNICIAN_WRONG),
    (WRONG_DEPARTMENT, WRONG_TECHNICIAN, TO_GENERAL, Reason.BOTH_WRONG),
    (WRONG_DEPARTMENT, ABSENT, TO_GENERAL, Reason.DEPARTMENT_WRONG),
    (ABSENT, WRONG_TECHNICIAN, TO_GENERAL, Reason.TECHNICIAN_WRONG),
]
IDS = {"anna@example.com": 1, "ben@example.com": 2, "dora@example.com": 4}


@pytest.mark.parametrize(("departments", "technicians", "where", "why"), TABLE, ids=[str(row[3]) for row in TABLE])
def test_requests_go_where_the_vendors_table_says(
    departments: list[str | None],
    technicians: list[str | None],
    where: tuple[QueueKind, int | None, int | None] | None,
    why: Reason,
) -> None:
    for department, tech in product(departments, technicians):
        expected = where or (QueueKind.TECHNICIAN, None, IDS[(tech or "").strip().lower()])
        found = route(department, tech, STAFF)
        assert (found.kind, found.department_id, found.technician_id) == expected, (department, tech)
        assert found.reason is why, (department, tech)


def test_the_table_has_every_combination_once() -> None:
    every_department = ABSENT + CORRECT_DEPARTMENT + WRONG_DEPARTMENT
    every_technician = ABSENT + IN_DEPARTMENT + IN_ANOTHER + WRONG_TECHNICIAN
    covered = [pair for departments, technicians, _, _ in TABLE for pair in product(departments, technicians)]
    assert len(covered) == len(set(covered))
    assert set(covered) == set(product(every_department, every_technician))


def test_every_reason_has_its_row() -> None:
    assert [row[3] for row in TABLE] == sorted({row[3] for row in TABLE}, key=[row[3] for row in TABLE].index)
    assert {row[3] for row in TABLE} == set(Reason)


@pytest.mark.slow
@given(st.none() | st.text(max_size=30), st.none() | st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_routing_never_fails_a_request(department: str | None, tech: str | None) -> None:
    found = route(department, tech, STAFF)
    assert (found.department_id is not None) == (found.kind is QueueKind.DEPARTMENT)
    assert (found.technician_id is not None) == (found.kind is QueueKind.TECHNICIAN)


def test_an_empty_desk_sends_everything_to_the_general_queue() -> None:
    assert route("10", "anna@example.com", Staff()) == Route(QueueKind.GENERAL, Reason.BOTH_WRONG)


@given(st.integers(0, 10**18 - 1))
@settings(max_examples=100, deadline=None)
def test_a_department_is_the_same_in_both_spellings(number: int) -> None:
    assert department_id(str(number)) == department_id(f"id_{number}") == number


def test_a_technician_is_found_by_id() -> None:
    found = STAFF.technician(2)
    assert found
    assert found.email == "ben@example.com"
    assert STAFF.technician(99) is None
    assert STAFF.technician(None) is None
