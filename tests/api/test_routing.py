"""The vendor's routing table over HTTP: every row, in every flavour, on both databases."""

import pytest
from flask import Flask

from app.core.routing import QueueKind, Reason
from app.core.ticket import Ticket
from app.process.running import Running
from tests.api.calls import FORM_PATH, Flavour, applet_of, call, newest, tickets
from tests.conftest import UID
from tests.page_client import PageClient

# Departments as written in calls. 10 and 20 exist, 30 is disabled.
ABSENT = (None, "", "   ")
TEN = ("10", "id_10", "ID_10", " 10 ")
TWENTY = ("20", "id_20")
NO_DEPARTMENT = ("99", "30", "id_30", "ten", "-10", "10.0", "id_", "1" * 40, "١٠", "10;20")
# Technicians as written in calls. anna is in 10, ben in 20, carl is disabled.
ANNA = ("anna@example.com", "Anna@Example.COM", " anna@example.com ")
NO_TECHNICIAN = ("nobody@example.com", "carl@example.com", "anna", "Anna A", "安娜@example.com")

Asked = tuple[str | None, str | None]
Went = tuple[QueueKind, int | None, str | None, Reason]

GENERAL, DEPARTMENT, TECHNICIAN = QueueKind.GENERAL, QueueKind.DEPARTMENT, QueueKind.TECHNICIAN
ROWS: tuple[tuple[tuple[str | None, ...], tuple[str | None, ...], Went], ...] = (
    (ABSENT, ABSENT, (GENERAL, None, None, Reason.NOTHING_ASKED)),
    (TEN, ABSENT, (DEPARTMENT, 10, None, Reason.DEPARTMENT)),
    (TWENTY, ABSENT, (DEPARTMENT, 20, None, Reason.DEPARTMENT)),
    (ABSENT, ANNA, (TECHNICIAN, None, "anna@example.com", Reason.TECHNICIAN)),
    (TEN, ANNA, (TECHNICIAN, None, "anna@example.com", Reason.TECHNICIAN_IN_DEPARTMENT)),
    (TWENTY, ANNA, (TECHNICIAN, None, "anna@example.com", Reason.TECHNICIAN_OVER_DEPARTMENT)),
    (NO_DEPARTMENT, ANNA, (TECHNICIAN, None, "anna@example.com", Reason.TECHNICIAN_DEPARTMENT_WRONG)),
    (TEN, NO_TECHNICIAN, (DEPARTMENT, 10, None, Reason.DEPARTMENT_TECHNICIAN_WRONG)),
    (NO_DEPARTMENT, NO_TECHNICIAN, (GENERAL, None, None, Reason.BOTH_WRONG)),
    (NO_DEPARTMENT, ABSENT, (GENERAL, None, None, Reason.DEPARTMENT_WRONG)),
    (ABSENT, NO_TECHNICIAN, (GENERAL, None, None, Reason.TECHNICIAN_WRONG)),
)


def expected() -> dict[Asked, Went]:
    """Every spelling of a row's department with the plainest technician, and the other way round."""
    table: dict[Asked, Went] = {}
    for departments, technicians, went in ROWS:
        table |= {(department, technicians[0]): went for department in departments}
        table |= {(departments[0], technician): went for technician in technicians}
    return table


def went(app: Flask, ticket: Ticket) -> Went:
    """The ticket's queue, and the reason for it."""
    here: Running = app.extensions["handbell"]
    technician = here.desk.staff.technician(ticket.technician_id)
    return ticket.queue_kind, ticket.department_id, technician.email if technician else None, ticket.reason


def kept(written: str | None) -> str | None:
    """The stored value: None for a blank parameter, else the text as written."""
    return written if written and not written.isspace() else None


@pytest.mark.slow
@pytest.mark.parametrize("flavour", Flavour)
def test_every_row_of_the_routing_table(app_on_both: Flask, flavour: Flavour) -> None:
    found: dict[Asked, Went] = {}
    for number, (department, tech) in enumerate(expected()):
        client = PageClient(app_on_both, address=f"192.0.2.{number}")
        sent = {name: value for name, value in (("department", department), ("tech", tech)) if value is not None}
        answer = call(client, flavour, customer_name="Zoë", **sent)
        assert answer.status in (200, 302), (department, tech, answer.text)
        ticket = newest(app_on_both)
        assert (ticket.asked_department, ticket.asked_tech) == (kept(department), kept(tech))
        found[department, tech] = went(app_on_both, ticket)
    assert found == expected()
    assert len(tickets(app_on_both)) == len(found)


@pytest.mark.slow
@pytest.mark.parametrize("flavour", Flavour)
def test_the_caller_is_not_told_which_part_was_wrong(app: Flask, flavour: Flavour) -> None:
    client = PageClient(app)
    right = call(client, flavour, department="10", tech="anna@example.com")
    wrong = call(client, flavour, department="id_987650", tech="carl@example.com")
    assert wrong.status == right.status
    assert list(wrong.headers.keys()) == list(right.headers.keys())
    if flavour is Flavour.REST:
        assert wrong.json["details"].keys() == right.json["details"].keys()
        assert wrong.json["errorDetails"] == right.json["errorDetails"]
    applet = client.get(applet_of(wrong))
    for secret in (b"987650", b"carl"):
        assert secret not in applet.body


def test_rest_takes_a_department_as_an_integer(app: Flask) -> None:
    answer = PageClient(app).post("/rest/session", json={"department_id": 20}, headers={"INTEGRATION-KEY": UID})
    assert answer.status == 200
    assert went(app, newest(app)) == (DEPARTMENT, 20, None, Reason.DEPARTMENT)


@pytest.mark.parametrize("bar", ["|", "%7C", "%7c"])
@pytest.mark.parametrize(
    ("behind", "beside", "where"),
    [
        ("20", "", (DEPARTMENT, 20, None, Reason.DEPARTMENT)),
        ("id_20", "", (DEPARTMENT, 20, None, Reason.DEPARTMENT)),
        ("20", "&department=10", (DEPARTMENT, 10, None, Reason.DEPARTMENT)),
        ("20", "&department=", (DEPARTMENT, 20, None, Reason.DEPARTMENT)),
        ("99", "", (GENERAL, None, None, Reason.DEPARTMENT_WRONG)),
        ("", "", (GENERAL, None, None, Reason.NOTHING_ASKED)),
        ("20", "&tech=anna@example.com", (TECHNICIAN, None, "anna@example.com", Reason.TECHNICIAN_OVER_DEPARTMENT)),
    ],
)
def test_a_department_behind_the_key(app: Flask, bar: str, behind: str, beside: str, where: Went) -> None:
    assert PageClient(app).get(f"{FORM_PATH}?uid={UID}{bar}{behind}{beside}").status == 302
    assert went(app, newest(app)) == where


@pytest.mark.parametrize(
    "header",
    [{"INTEGRATION-KEY": f"{UID}|20"}, {"Authorization": f"Bearer {UID}|20"}, {"AUTHORIZATION": f"bearer {UID}|20"}],
)
def test_a_department_behind_the_key_in_a_header(app: Flask, header: dict[str, str]) -> None:
    assert PageClient(app).post("/rest/session", json={}, headers=header).status == 200
    assert went(app, newest(app)) == (DEPARTMENT, 20, None, Reason.DEPARTMENT)


def test_an_unknown_key_with_a_good_department_opens_nothing(app: Flask) -> None:
    assert PageClient(app).get(f"{FORM_PATH}?uid=0{UID[1:-1]}x|20").status == 403
    assert not tickets(app)
