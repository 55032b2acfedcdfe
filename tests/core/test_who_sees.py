"""Which tickets a technician sees."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.customer import NOBODY
from app.core.customer_info import InfoMode
from app.core.role import Role
from app.core.routing import QueueKind, Reason
from app.core.staff import Department, Staff, Technician
from app.core.ticket import Ticket, TicketState
from app.core.who_sees import away_colleagues, may_see

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=10)  # those that wait since before this are everybody's
ANNA = Technician(1, "anna@example.com", "Anna", frozenset({10}))
BEN = Technician(2, "ben@example.com", "Ben", frozenset({10, 20}))
CLEO = Technician(3, "cleo@example.com", "Cleo", frozenset({30}), away=True)
FRESH = Ticket(
    number=7,
    session_id="s",
    pin="1",
    site="default",
    reference=None,
    state=TicketState.WAITING,
    queue_kind=QueueKind.GENERAL,
    department_id=None,
    technician_id=None,
    asked_department=None,
    asked_tech=None,
    reason=Reason.NOTHING_ASKED,
    customer=NOBODY,
    ask_customer_info=False,
    info_mode=InfoMode.ASK,
    language=None,
    applet_id="a",
    created_at=SINCE,
)
OF_PHONES = replace(FRESH, queue_kind=QueueKind.DEPARTMENT, department_id=20)
OF_BEN = replace(FRESH, queue_kind=QueueKind.TECHNICIAN, technician_id=2)


def staff(*technicians: Technician) -> Staff:
    return Staff({10: Department(10, "Computers")}, {one.email: one for one in technicians})


def sees(viewer: Technician, ticket: Ticket, *others: Technician) -> bool:
    return may_see(viewer, ticket, staff(viewer, *others), SINCE)


def test_the_general_queue_is_everybody_s() -> None:
    assert sees(ANNA, FRESH)


def test_a_department_s_queue_is_its_technicians_own() -> None:
    assert sees(BEN, OF_PHONES)
    assert not sees(ANNA, OF_PHONES)


def test_a_technician_s_queue_is_theirs_alone() -> None:
    assert sees(BEN, OF_BEN)
    assert not sees(ANNA, OF_BEN, BEN)


@pytest.mark.parametrize("gone", [replace(BEN, away=True), replace(BEN, disabled=True)])
def test_colleagues_of_a_department_see_the_queue_of_one_who_is_away(gone: Technician) -> None:
    assert sees(ANNA, OF_BEN, gone)
    assert not sees(replace(ANNA, departments=frozenset({30})), OF_BEN, gone)


def test_supervisors_see_all() -> None:
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        assert sees(replace(ANNA, role=role), OF_BEN, BEN)


def test_an_owner_sees_a_ticket_in_any_queue() -> None:
    assert sees(ANNA, replace(OF_BEN, owner_id=1), BEN)


def test_everybody_sees_what_has_waited_for_long() -> None:
    long = SINCE - timedelta(microseconds=1)
    assert sees(ANNA, replace(OF_BEN, created_at=long), BEN)
    assert not sees(ANNA, replace(OF_BEN, created_at=SINCE), BEN)
    assert not sees(ANNA, replace(OF_BEN, created_at=long, state=TicketState.ACTIVE), BEN)


def test_nobody_is_their_own_colleague() -> None:
    away = replace(ANNA, away=True)
    assert away_colleagues(away, staff(away, replace(BEN, away=True), CLEO)) == {2}
    assert away_colleagues(ANNA, staff(ANNA, BEN, CLEO)) == frozenset()
