"""The embedded desk's tickets and their history."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.customer_info import InfoMode
from app.core.routing import QueueKind, Reason
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store import tickets as store
from app.store.database import Database
from tests.store.rows import NOW, ticket_row

LATER = NOW + timedelta(minutes=5)


def keep(desk: Database, *rows: Ticket) -> list[Ticket]:
    return desk.write(lambda connection: [store.insert_ticket(connection, row) for row in rows])


def kept(desk: Database, number: int) -> Ticket:
    with desk.read() as connection:
        found = store.ticket_by_number(connection, number)
    assert found
    return found


def test_a_ticket_is_kept_as_it_was(desk: Database) -> None:
    (ticket,) = keep(
        desk,
        ticket_row(
            reference="7K3M-Q2XH",
            state=TicketState.CLOSED,
            queue_kind=QueueKind.DEPARTMENT,
            department_id=10,
            asked_department="id_10",
            asked_tech="nobody@example.com",
            reason=Reason.DEPARTMENT_TECHNICIAN_WRONG,
            customer_name="Zoë \N{PILE OF POO}",
            customer_email="z@example.com",
            customer_number="C-1",
            problem_description="a\nb",
            ask_customer_info=True,
            info_mode=InfoMode.EDITABLE,
            language="fr",
            applet_opened_at=NOW,
            details_saved_at=LATER,
            ended_at=LATER,
            erased_at=LATER,
        ),
    )
    assert kept(desk, ticket.number) == ticket
    with desk.read() as connection:
        assert store.ticket_by_applet_id(connection, ticket.applet_id) == ticket
        assert store.ticket_by_applet_id(connection, "x") is None
        assert store.ticket_by_number(connection, 1) is None


def test_ticket_numbers_have_six_digits_from_the_first_and_go_up(desk: Database) -> None:
    assert [t.number for t in keep(desk, ticket_row(), ticket_row())] == [100_001, 100_002]


def test_a_request_has_one_ticket(desk: Database) -> None:
    keep(desk, ticket_row(reference="7K3M-Q2XH"))
    with pytest.raises(IntegrityError):
        keep(desk, ticket_row(reference="7K3M-Q2XH"))


def test_tickets_are_listed_newest_first_by_state(desk: Database) -> None:
    rows = keep(desk, *(ticket_row(state=state) for state in TicketState))
    with desk.read() as connection:
        assert store.list_tickets(connection) == rows[::-1]
        assert store.list_tickets(connection, most=2) == rows[:-3:-1]
        for row in rows:
            assert store.list_tickets(connection, state=row.state) == [row]


def test_the_place_in_a_queue_counts_those_who_wait_in_the_same_one(desk: Database) -> None:
    first, gone, other, mine = keep(
        desk,
        ticket_row(queue_kind=QueueKind.DEPARTMENT, department_id=10),
        ticket_row(queue_kind=QueueKind.DEPARTMENT, department_id=10, state=TicketState.ACTIVE),
        ticket_row(queue_kind=QueueKind.DEPARTMENT, department_id=20),
        ticket_row(queue_kind=QueueKind.DEPARTMENT, department_id=10),
    )
    with desk.read() as connection:
        assert [store.place_in_queue(connection, ticket) for ticket in (first, other, mine)] == [1, 1, 2]
        assert store.place_in_queue(connection, mine, most=1) == 1
    assert gone.state is TicketState.ACTIVE


def test_the_first_opening_of_the_applet_counts(desk: Database) -> None:
    (ticket,) = keep(desk, ticket_row())
    for moment in (NOW, LATER):
        desk.write(lambda connection, moment=moment: store.applet_opened(connection, ticket.number, moment))
    assert kept(desk, ticket.number).applet_opened_at == NOW


def test_a_ticket_ends_once(desk: Database) -> None:
    (ticket,) = keep(desk, ticket_row())
    assert desk.write(lambda connection: store.end_ticket(connection, ticket.number, TicketState.CLOSED, NOW))
    assert not desk.write(lambda connection: store.end_ticket(connection, ticket.number, TicketState.EXPIRED, LATER))
    ended = kept(desk, ticket.number)
    assert (ended.state, ended.ended_at, ended.is_open) == (TicketState.CLOSED, NOW, False)


@pytest.mark.parametrize("state", TicketState)
def test_details_change_only_while_a_ticket_is_open(desk: Database, state: TicketState) -> None:
    (ticket,) = keep(desk, ticket_row(customer_name="Old", customer_number="C-1", state=state))
    changes = {"customer_name": "New", "customer_number": None}
    desk.write(lambda connection: store.change_elements(connection, ticket.number, changes, LATER))
    found = kept(desk, ticket.number)
    changed = (found.customer.name, found.customer.number, found.details_saved_at)
    assert changed == (("New", None, LATER) if ticket.is_open else ("Old", "C-1", None))


def test_history_is_told_in_its_order(desk: Database) -> None:
    ticket, other = keep(desk, ticket_row(), ticket_row())
    events = [
        TicketEvent(LATER, "customer", "details_changed", {"customer_name": [None, "Zoë \N{PILE OF POO}"]}),
        TicketEvent(NOW, "desk", "expired", {}),
    ]

    def write(connection):  # type: ignore[no-untyped-def]
        for event in events:
            store.add_event(connection, ticket.number, event)

    desk.write(write)
    with desk.read() as connection:
        assert store.ticket_history(connection, ticket.number) == events
        assert store.ticket_history(connection, other.number) == []


def test_a_person_s_tickets_are_found_by_mail_in_any_case_or_by_number(desk: Database) -> None:
    by_mail, by_number, _ = keep(
        desk,
        ticket_row(customer_email="Zoe@Example.com"),
        ticket_row(customer_number="C-1"),
        ticket_row(customer_email="z@example.com", customer_number="C-11"),
    )
    with desk.read() as connection:
        assert store.tickets_of_person(connection, email="zoe@example.COM") == [by_mail]
        assert store.tickets_of_person(connection, number="C-1") == [by_number]
        assert store.tickets_of_person(connection, email="zoe@example.com", number="C-1") == [by_mail, by_number]
