"""Every way to open a session, seen from both ends: the backend, and what its other side received.

For the embedded desk there is no network between the two. Each flavour of Take Control is pointed at our own desk over
HTTP, which accepts what its documentation says, and at the stand-in for the vendor, which imports nothing of ours.
"""

import shutil
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from app.backends import open_backend
from app.backends.declaring import Account
from app.backends.embedded import EmbeddedDesk
from app.backends.kept_applet import Keep
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, Opened, SessionBackend
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.targets import ANYWHERE
from app.core.ticket import Ticket
from app.factory import create_app
from app.process.running import Running
from app.settings import Settings
from app.store.database import Database
from app.store.staff import load_staff
from app.store.tickets import list_tickets
from tests.conftest import UID, StandingClock
from tests.vendor.stand_in import KEY, Outage, Session, Vendor

BROWSER = Browser(user_agent="Mozilla/5.0 (a customer's)", accept_language="fr-CH, fr;q=0.9")


@dataclass(frozen=True, slots=True)
class Got:
    """One session as the other side received it; None for a value that did not reach it."""

    department: str | None = None
    tech: str | None = None
    customer_name: str | None = None
    customer_email: str | None = None
    customer_number: str | None = None
    problem_description: str | None = None
    ask_customer_info: bool = False


class OtherSide(ABC):
    """A backend and its other side."""

    @abstractmethod
    def backend(self, key: str | None = None) -> SessionBackend:
        """The backend, with the right key unless another is given."""

    @abstractmethod
    def got(self) -> list[Got]:
        """The sessions that were opened, in order."""

    def open(self, request: NewSessionRequest) -> Opened:
        """Open one session."""
        return self.backend().open_session(request, BROWSER)


class Server(OtherSide):
    """Another side that is reached over HTTP."""

    def __init__(self, kind: str, keep: Keep) -> None:
        self._kind = kind
        self._keep = keep
        self.address = ""
        self.key = ""

    def backend(self, key: str | None = None) -> SessionBackend:
        site = Site(slug="there", name="There", uid="not-for-there", backend=self._kind, api_domain=self.address)
        return open_backend(Account(site, key or self.key, VendorCalls(ANYWHERE), self._keep))

    @abstractmethod
    def stop(self) -> None:
        """Stop listening."""


class Embedded(OtherSide):
    """Our own desk, in our own transaction."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self._database = database
        self._clock = clock

    def backend(self, key: str | None = None) -> SessionBackend:
        return _Transactions(self._database, self._clock)

    def got(self) -> list[Got]:
        return _of_tickets(self._database)


class _Transactions:
    """Runs each session in a transaction."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self._database = database
        self._clock = clock

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        with self._database.read() as connection:
            staff = load_staff(connection)
        now = self._clock()
        return self._database.write(
            lambda connection: EmbeddedDesk(connection, staff, "default", now).open_session(request, browser)
        )


class OurDesk(Server):
    """Our own desk over HTTP, as another website calls it."""

    def __init__(self, kind: str, keep: Keep, served: "Served") -> None:
        super().__init__(kind, keep)
        self._served = served
        self.address = served.address
        self.key = UID

    def got(self) -> list[Got]:
        return _of_tickets(self._served.database)

    def stop(self) -> None:
        self._served.stop()


class StandIn(Server):
    """The vendor's stand-in."""

    def __init__(self, kind: str, keep: Keep, vendor: Vendor) -> None:
        super().__init__(kind, keep)
        self.vendor = vendor
        self.address = vendor.address
        self.key = KEY

    def got(self) -> list[Got]:
        return [_of_session(session) for session in self.vendor.sessions]

    def stop(self) -> None:
        self.vendor.outage = Outage.REFUSED


class Served:
    """The application behind a real HTTP server on a free port of 127.0.0.1, in a thread of this process."""

    def __init__(self, data_dir: Path, clock: StandingClock) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = int(self._listening.getsockname()[1])
        url = f"sqlite:///{data_dir / 'handbell.sqlite3'}"
        settings = Settings(data_dir=data_dir, database_url=url, port=port, log_level="error")
        self._running: Running = (app := create_app(settings, clock, schedule=False)).extensions["handbell"]
        self._server = make_server(
            "127.0.0.1", port, app, threaded=True, request_handler=_Silent, fd=self._listening.fileno()
        )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.address = f"http://127.0.0.1:{port}"
        self.database = self._running.database

    def stop(self) -> None:
        """Close the port; recorded data stays readable."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._listening.close()

    def close(self) -> None:
        self.stop()
        self._running.close()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - Werkzeug's name
        pass


@contextmanager
def our_desk(filled: Path, folder: Path, clock: StandingClock) -> Iterator[Served]:
    """A desk with the data of a filled one (`tests.conftest.fill_desk`)."""
    data_dir = folder / "desk"
    data_dir.mkdir()
    shutil.copyfile(filled, data_dir / "handbell.sqlite3")
    served = Served(data_dir, clock)
    try:
        yield served
    finally:
        served.close()


def _of_tickets(database: Database) -> list[Got]:
    with database.read() as connection:
        return [_of_ticket(ticket) for ticket in reversed(list_tickets(connection, most=1000))]


def _of_ticket(ticket: Ticket) -> Got:
    return Got(
        ticket.asked_department,
        ticket.asked_tech,
        ticket.customer.name,
        ticket.customer.email,
        ticket.customer.number,
        ticket.customer.problem,
        ticket.ask_customer_info,
    )


def _of_session(session: Session) -> Got:
    return Got(
        session.department,
        session.tech,
        session.customer_name,
        session.customer_email,
        session.customer_number,
        session.problem_description,
        session.ask_customer_info == "1",
    )
