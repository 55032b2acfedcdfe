"""Changes that the customer makes to a ticket in the applet."""

import pytest

from app.actions.ticket import NotAllowed, TicketOver, cancel, note_applet_opened, open_ticket, save_details
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.core.request import RequestState
from app.core.routing import Reason
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.store.staff import load_staff
from app.store.tickets import ticket_history
from tests.actions.desk import ZOE, DeskAtWork

EDITABLE = NewSessionRequest(customer=Customer(name="Zoë", number="C-1"), ask_customer_info=True)


def open_one(desk: DeskAtWork, asked: NewSessionRequest) -> Ticket:
    with desk.database.read() as connection:
        staff = load_staff(connection)
    return open_ticket(desk.database, staff, "default", asked, now=desk.clock())


def history(desk: DeskAtWork, ticket: Ticket) -> list[TicketEvent]:
    with desk.database.read() as connection:
        return ticket_history(connection, ticket.number)


def test_a_program_opens_a_ticket_without_a_request(desk: DeskAtWork) -> None:
    ticket = open_one(desk, NewSessionRequest(department="id_30", tech="ANNA@example.com"))
    assert desk.ticket(ticket.number) == ticket
    assert ticket.reference is None
    assert ticket.reason is Reason.TECHNICIAN_DEPARTMENT_WRONG
    assert (ticket.asked_department, ticket.asked_tech) == ("id_30", "ANNA@example.com")
    assert len(ticket.pin) == 9
    assert desk.requests() == []


@pytest.mark.parametrize("asked", [EDITABLE, NewSessionRequest()])
def test_changed_details_reach_the_technician_and_the_old_ones_the_history(
    desk: DeskAtWork, asked: NewSessionRequest
) -> None:
    ticket = open_one(desk, asked)
    desk.clock.advance(minutes=1)
    save_details(
        desk.database, ticket.number, NewSessionRequest(customer=Customer(name="Zoe", number="C-1")), now=desk.clock()
    )
    changed = desk.ticket(ticket.number)
    assert (changed.customer.name, changed.customer.number, changed.details_saved_at) == ("Zoe", "C-1", desk.clock())
    detail: dict[str, list[str | None]] = {"customer_name": [asked.customer.name, "Zoe"]}
    if asked.customer.number is None:
        detail["customer_number"] = [None, "C-1"]
    assert history(desk, ticket) == [TicketEvent(desk.clock(), "customer", "details_changed", detail)]


def test_details_saved_unchanged_leave_no_line(desk: DeskAtWork) -> None:
    ticket = open_one(desk, EDITABLE)
    save_details(desk.database, ticket.number, EDITABLE, now=desk.clock())
    assert history(desk, ticket) == []
    assert desk.ticket(ticket.number).details_saved_at == desk.clock()


def test_details_sent_without_the_flag_cannot_be_changed(desk: DeskAtWork) -> None:
    ticket = open_one(desk, ZOE)
    with pytest.raises(NotAllowed):
        save_details(desk.database, ticket.number, NewSessionRequest(customer=Customer(name="Eve")), now=desk.clock())
    assert desk.ticket(ticket.number) == ticket
    assert history(desk, ticket) == []


def test_a_ticket_that_is_over_does_not_change(desk: DeskAtWork) -> None:
    ticket = open_one(desk, EDITABLE)
    cancel(desk.database, ticket.number, now=desk.clock())
    over = desk.ticket(ticket.number)
    with pytest.raises(TicketOver):
        save_details(desk.database, ticket.number, NewSessionRequest(customer=Customer(name="Eve")), now=desk.clock())
    with pytest.raises(TicketOver):
        save_details(desk.database, 1, EDITABLE, now=desk.clock())
    assert desk.ticket(ticket.number) == over


def test_a_cancelled_ticket_ends_its_request(desk: DeskAtWork) -> None:
    made = desk.submit()
    other = desk.submit()
    desk.clock.advance(minutes=1)
    cancel(desk.database, made.ticket_number or 0, now=desk.clock())
    ticket = desk.ticket(made.ticket_number)
    ended = desk.request(made.reference)
    assert (ticket.state, ticket.ended_at) == (TicketState.CANCELLED, desk.clock())
    assert (ended.state, ended.ended_at) == (RequestState.ENDED, desk.clock())
    assert history(desk, ticket) == [TicketEvent(desk.clock(), "customer", "cancelled", {})]
    assert desk.request(other.reference) == other


def test_cancelling_again_changes_nothing(desk: DeskAtWork) -> None:
    ticket = open_one(desk, ZOE)
    cancel(desk.database, ticket.number, now=desk.clock())
    once = desk.ticket(ticket.number)
    desk.clock.advance(minutes=1)
    cancel(desk.database, ticket.number, now=desk.clock())
    cancel(desk.database, 1, now=desk.clock())
    assert desk.ticket(ticket.number) == once
    assert len(history(desk, ticket)) == 1


def test_the_first_opening_of_the_applet_is_remembered(desk: DeskAtWork) -> None:
    ticket = open_one(desk, ZOE)
    note_applet_opened(desk.database, ticket, now=desk.clock())
    first = desk.clock()
    desk.clock.advance(minutes=1)
    note_applet_opened(desk.database, ticket, now=desk.clock())
    assert desk.ticket(ticket.number).applet_opened_at == first
