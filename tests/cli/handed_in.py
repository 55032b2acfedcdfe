"""A request in the data folder that a command works on."""

from datetime import datetime

from app.actions.submit import Submission, submit
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.store.sites import load_sites
from app.store.staff import load_staff
from tests.cli.command import Handbell

ZOE = NewSessionRequest(
    department="id_10",
    tech="nobody@example.com",
    customer=Customer(name="Zoë \N{PILE OF POO}", email="zoe@example.com", number="C-1", problem="It broke.\nTwice."),
)


def hand_in(handbell: Handbell, when: datetime) -> CustomerRequest:
    with handbell.database() as database:
        with database.read() as connection:
            site, staff = load_sites(connection)[0], load_staff(connection)
        return submit(database, staff, Submission(site, ZOE, False, "page", f"{when}", "192.0.2.7", 99), now=when)
