"""Rows of requests and tickets; values that a test does not give are filled in."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from app.core.customer import NAMES, NOBODY, Customer
from app.core.customer_info import InfoMode
from app.core.links import new_link_id
from app.core.request import CustomerRequest, RequestState, new_reference
from app.core.routing import QueueKind, Reason
from app.core.ticket import Ticket, TicketState

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def with_customer(given: dict[str, Any]) -> dict[str, Any]:
    """Combine the flat names of a customer's details, if given, into one `customer`."""
    details = {name: value for name, value in given.items() if name in NAMES}
    rest = {name: value for name, value in given.items() if name not in NAMES}
    return {"customer": Customer.of(details), **rest} if details else rest


def request_row(**given: Any) -> CustomerRequest:
    row = CustomerRequest(
        reference=new_reference(),
        site="default",
        state=RequestState.OPENED,
        backend="embedded",
        source="page",
        idempotency_key=new_link_id(),
        status_id=new_link_id(),
        created_at=NOW,
    )
    return replace(row, **with_customer(given))


def ticket_row(**given: Any) -> Ticket:
    row = Ticket(
        number=0,
        session_id=new_link_id(),
        pin="123456789",
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
        applet_id=new_link_id(),
        created_at=NOW,
    )
    return replace(row, **with_customer(given))
