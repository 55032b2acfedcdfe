"""Names, mail addresses and numbers of the team, and sites that name a disabled or unknown technician or department."""

from dataclasses import replace

import pytest

from app.core.role import Role
from app.core.site import Site
from app.core.staff import Department, Staff, Technician
from app.core.team import (
    DeadEnd,
    Particulars,
    by_name,
    dead_ends,
    department_number,
    free_number,
    mail_fault,
    members,
    name_fault,
    one_line,
    particulars,
    without_unreadable,
)

STAFF = Staff(
    {10: Department(10, "Computers"), 30: Department(30, "Closed", disabled=True)},
    {
        "anna@example.com": Technician(1, "anna@example.com", "Anna", frozenset({10})),
        "carl@example.com": Technician(2, "carl@example.com", "Carl", frozenset({10}), disabled=True),
        "Bea": Technician(3, "bea@example.com", "Bea", frozenset({10, 30})),
    },
)
SITE = Site(slug="default", name="Example", uid="u")


@pytest.mark.parametrize("name", ["A", "é", "Ünal Ö", "x" * 80, "日本", "<b>", "\u202eabc", "🦊", "0"])
def test_a_name_is_anything_that_can_be_seen(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "missing"),
        ("\u200b\u200d", "missing"),
        ("\u202e\u2066", "missing"),
        ("\u3000", "missing"),
        ("x" * 81, "too_long"),
        ("a\x00b", "control"),
        ("a\x1bb", "control"),
        ("a\ufffdb", "control"),
        (f"a{chr(0xDCFF)}b", "control"),
    ],
)
def test_a_name_that_will_not_do(name: str, fault: str) -> None:
    assert name_fault(name) == fault


def test_white_space_of_all_kinds_is_one_blank() -> None:
    assert one_line("\t Anna \u3000\n A ") == "Anna A"


@pytest.mark.parametrize(
    ("mail", "fault"),
    [
        ("anna@example.com", None),
        ("ünal@bücher.example", None),
        ("", "missing"),
        ("anna", "email"),
        ("a@b@c", "email"),
        ("anna @example.com", "email"),
        ("a\ufffd@example.com", "email"),
        ("a\x00@example.com", "control"),
        ("a" * 243 + "@example.com", "too_long"),
    ],
)
def test_a_mail_address(mail: str, fault: str | None) -> None:
    assert mail_fault(mail) == fault


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("10", 10),
        (" id_10 ", 10),
        ("999999999999999999", 999999999999999999),
        ("0", None),
        ("-1", None),
        ("1e3", None),
        ("٣", None),
        ("1000000000000000000", None),
        ("", None),
    ],
)
def test_a_department_s_number(written: str, number: int | None) -> None:
    assert department_number(written) == number


def test_the_mark_tells_whether_something_has_changed() -> None:
    told = Particulars("Anna", Role.TECHNICIAN, frozenset({10, 20}))
    assert told.mark == Particulars("Anna", Role.TECHNICIAN, frozenset({20, 10})).mark
    others = (
        replace(told, name="Ann"),
        replace(told, role=Role.SUPERVISOR),
        replace(told, departments=frozenset({10})),
    )
    assert len({told.mark, *(other.mark for other in others)}) == 4


def test_members_are_listed_by_name_and_the_disabled_ones_last() -> None:
    assert [person.name for person in members(STAFF, 10)] == ["Anna", "Bea", "Carl"]
    assert [person.name for person in by_name(STAFF.technicians.values())] == ["Anna", "Bea", "Carl"]
    assert [person.name for person in members(STAFF, 30)] == ["Bea"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, []),
        ({"department": "10", "technician": "Anna@Example.com", "offer_departments": (10,)}, []),
        ({"department": "id_30"}, [("department", "Closed", 30)]),
        ({"department": "99"}, [("department", "99", 99)]),
        ({"department": "odd"}, [("department", "odd", None)]),
        ({"technician": "carl@example.com"}, [("technician", "Carl", None)]),
        ({"technician": "gone@example.com"}, [("technician", "gone@example.com", None)]),
        ({"offer_departments": (10, 30, 99)}, [("offered", "Closed", 30), ("offered", "99", 99)]),
        ({"department": "30", "disabled": True}, []),
        ({"department": "30", "backend": "take-control"}, []),
    ],
)
def test_sites_that_name_what_takes_no_requests(
    options: dict[str, object], found: list[tuple[str, str, int | None]]
) -> None:
    site = replace(SITE, **options)  # type: ignore[arg-type]
    assert dead_ends([site], STAFF) == [DeadEnd(site, kind, name, number) for kind, name, number in found]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ((), 10),
        ((1,), 10),
        ((9,), 10),
        ((10, 20), 30),
        ((20, 10), 30),
        ((15,), 20),
        ((999_999_999_999_999_980,), 999_999_999_999_999_990),
        ((999_999_999_999_999_990,), None),
    ],
)
def test_a_new_department_has_the_next_round_number(taken: tuple[int, ...], free: int | None) -> None:
    assert free_number(taken) == free


def test_a_technician_s_particulars_are_what_an_administrator_entered() -> None:
    anna = Technician(1, "anna@example.com", "Anna", frozenset({10}), role=Role.SUPERVISOR)
    assert particulars(anna) == Particulars("Anna", Role.SUPERVISOR, frozenset({10}))


def test_what_cannot_be_shown_is_left_out() -> None:
    assert without_unreadable("a\ufffdb\x07c d") == "abc d"


def test_edges_of_names_and_addresses() -> None:
    assert mail_fault("a" * 242 + "@example.com") is None
    assert department_number("1") == 1
