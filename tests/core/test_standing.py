"""A ticket's standing, as written in pages and histories."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.customer import NOBODY
from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason
from app.core.staff import Department, Staff, Technician
from app.core.standing import GENERAL, Queue, Standing, queue_of, read_queue, read_standing
from app.core.ticket import Ticket, TicketState

QUEUES = (GENERAL, Queue(QueueKind.TECHNICIAN, 17), Queue(QueueKind.DEPARTMENT, 10))


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("owner", [None, 3])
def test_what_is_written_is_read_again(state: TicketState, queue: Queue, owner: int | None) -> None:
    standing = Standing(state, queue, owner)
    assert read_standing(str(standing)) == standing


@pytest.mark.parametrize(
    "written",
    [
        "",
        "waiting",
        "waiting general",
        "waiting general 1 2",
        "waiting x-1 -",
        "waiting d- -",
        "waiting d-1 -1",
        "lost general -",
        "waiting general ٣",
        "waiting d-٣ -",
        "waiting d-" + "9" * 19 + " -",
        "waiting general " + "9" * 19,
        "waiting  general -",
        "waiting general -\n",
    ],
)
def test_anything_else_is_no_standing(written: str) -> None:
    assert read_standing(written) is None


@pytest.mark.slow
@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_makes_it_fail(written: str) -> None:
    for read in (read_queue, read_standing):
        assert read(written) is None or str(read(written)).strip()


def test_tickets_go_to_queues_that_are_known_and_enabled() -> None:
    departments = {10: Department(10, "Computers"), 30: Department(30, "Closed", True)}
    people = {"a": Technician(1, "a", "A", away=True), "b": Technician(2, "b", "B", disabled=True)}
    staff = Staff(departments, people)
    takes = {written: read_queue(written).takes_tickets(staff) for written in ("general", "d-10", "d-30", "d-0", "d-9")}  # type: ignore[union-attr]
    assert takes == {"general": True, "d-10": True, "d-30": False, "d-0": False, "d-9": False}
    takes = {written: read_queue(written).takes_tickets(staff) for written in ("t-1", "t-2", "t-3")}  # type: ignore[union-attr]
    assert takes == {"t-1": True, "t-2": False, "t-3": False}


def test_an_active_ticket_is_free_for_its_owner_alone() -> None:
    active = Standing(TicketState.ACTIVE, GENERAL, 3)
    assert active.is_free_for(3)
    assert not active.is_free_for(4)
    assert Standing(TicketState.WAITING, GENERAL, None).is_free_for(4)


@pytest.mark.parametrize("queue", QUEUES)
def test_a_ticket_stands_where_its_row_says(queue: Queue) -> None:
    ticket = Ticket(
        number=7,
        session_id="s",
        pin="1",
        site="default",
        reference=None,
        state=TicketState.ACTIVE,
        queue_kind=queue.kind,
        department_id=queue.department_id,
        technician_id=queue.technician_id,
        asked_department=None,
        asked_tech=None,
        reason=Reason.NOTHING_ASKED,
        customer=NOBODY,
        ask_customer_info=False,
        info_mode=InfoMode.ASK,
        language=None,
        applet_id="a",
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
        owner_id=3,
    )
    assert queue_of(ticket) == queue
    assert Standing.of(ticket) == Standing(TicketState.ACTIVE, queue, 3)
