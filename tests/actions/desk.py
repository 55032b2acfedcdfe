"""A desk for tests of actions: submit requests to it, and read what it stores."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.actions.submit import Submission, submit
from app.core.customer import Customer
from app.core.links import new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.core.site import Site
from app.core.ticket import Ticket
from app.store.database import Database
from app.store.requests import list_requests, request_by_reference
from app.store.sites import load_sites
from app.store.staff import load_staff
from app.store.tickets import list_tickets, ticket_by_number
from tests.conftest import StandingClock

MONTH = timedelta(days=30)
ZOE = NewSessionRequest(
    department="20",
    customer=Customer(name="Zoë", email="zoe@example.com", number="C-1", problem="It broke."),
)


class DeskAtWork:
    """A database with a filled desk, and its clock."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database = database
        self.clock = clock

    @property
    def site(self) -> Site:
        with self.database.read() as connection:
            return load_sites(connection)[0]

    def submission(self, asked: NewSessionRequest = ZOE, **given: Any) -> Submission:
        plain = Submission(self.site, asked, False, "page", new_link_id(), "192.0.2.7", 1000)
        return replace(plain, **given)

    def submit(self, asked: NewSessionRequest = ZOE, **given: Any) -> CustomerRequest:
        return self.hand_in(self.submission(asked, **given))

    def hand_in(self, submission: Submission) -> CustomerRequest:
        with self.database.read() as connection:
            staff = load_staff(connection)
        return submit(self.database, staff, submission, now=self.clock())

    def requests(self) -> list[CustomerRequest]:
        with self.database.read() as connection:
            return list_requests(connection)

    def request(self, reference: str) -> CustomerRequest:
        with self.database.read() as connection:
            found = request_by_reference(connection, reference)
        assert found
        return found

    def tickets(self) -> list[Ticket]:
        with self.database.read() as connection:
            return list_tickets(connection)

    def ticket(self, number: int | None) -> Ticket:
        assert number is not None
        with self.database.read() as connection:
            found = ticket_by_number(connection, number)
        assert found
        return found
