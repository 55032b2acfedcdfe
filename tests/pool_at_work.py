"""A hand-off pool over a database with a filled desk, and a backend that answers as told."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.actions.submit import Submission
from app.core.backend import Browser, Opened, Start
from app.core.links import new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest, RequestState
from app.core.site import Site
from app.core.staff import Staff
from app.process.pool import HandOffPool, Surroundings
from app.store.database import Database
from app.store.requests import list_requests, request_by_reference
from app.store.sites import add_site, change_site, load_sites
from app.store.staff import load_staff
from tests.asking import asking

WITHIN = 20.0  # seconds that a test waits for a condition


@dataclass(slots=True)
class Told:
    """A backend that answers as told, records its requests, and can be made to wait."""

    answer: Callable[[NewSessionRequest], Opened] = lambda asked: Opened(
        Start.LINK, session_id="s-1", ticket_number="T-1", link="https://applets.startcontrol.com/s-1"
    )
    asked: list[NewSessionRequest] = field(default_factory=list)
    browsers: list[Browser] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    in_flight: int = 0
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self.free.set()

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        with self.changed:
            self.asked.append(request)
            self.browsers.append(browser)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self.changed.notify_all()
        try:
            assert self.free.wait(WITHIN)
            return self.answer(request)
        finally:
            with self.changed:
                self.in_flight -= 1
                self.changed.notify_all()

    def wait_until(self, true: Callable[["Told"], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: true(self), WITHIN)


@dataclass(frozen=True, slots=True)
class Configured:
    sites: dict[str, Site]
    staff: Staff


class PoolAtWork:
    """The pool and what tests do with it."""

    def __init__(self, database: Database, backends: dict[str, Told], **around: Any) -> None:
        self.database = database
        self.backends = backends
        self.ahead = timedelta()
        self.pool = HandOffPool(
            Surroundings(
                database=database,
                clock=self.clock,
                configuration=self.configured,
                open_backend=lambda site: backends[site.slug],
                within_rate=around.pop("within_rate", lambda site: True),
                waiters=around.pop("waiters", 1),
                **around,
            )
        )

    def clock(self) -> datetime:
        """The real time, moved ahead by `ahead`."""
        return datetime.now(UTC) + self.ahead

    def configured(self) -> Configured:
        with self.database.read() as connection:
            return Configured({site.slug: site for site in load_sites(connection)}, load_staff(connection))

    def site(self, key: str = "default") -> Site:
        return self.configured().sites[key]

    def change_site(self, key: str = "default", **options: Any) -> None:
        changed = replace(self.site(key), **options)
        self.database.write(lambda connection: change_site(connection, changed))

    def add_site(self, key: str) -> None:
        site = Site(slug=key, name=key, uid=f"uid-{key}", backend="take-control", api_domain="https://api.example.com")
        self.database.write(lambda connection: add_site(connection, site, self.clock()))

    def submit(self, key: str = "default", **asked: Any) -> CustomerRequest:
        submission = Submission(
            site=self.site(key),
            asked=asking(**(asked or {"customer_name": "Zoë"})),
            ticked=False,
            source="page",
            idempotency_key=new_link_id(),
            client_address="192.0.2.7",
            most=100_000,
            browser=Browser("Test/1.0", "de"),
        )
        return self.pool.take_in(submission, self.configured().staff)

    def request(self, reference: str) -> CustomerRequest:
        with self.database.read() as connection:
            found = request_by_reference(connection, reference)
        assert found
        return found

    def states(self) -> Counter[RequestState]:
        with self.database.read() as connection:
            return Counter(request.state for request in list_requests(connection, most=10_000))


@contextmanager
def at_work(database: Database, *sites: str, start: bool = True, **around: Any) -> Iterator[PoolAtWork]:
    """A started pool for the site `default` and others, all with a Take Control account; stopped at the end."""
    backends = {key: Told() for key in ("default", *sites)}
    work = PoolAtWork(database, backends, **around)
    work.change_site(backend="take-control", api_domain="https://api.example.com")
    for key in sites:
        work.add_site(key)
    if start:
        work.pool.start()
    try:
        yield work
    finally:
        for backend in backends.values():
            backend.free.set()
        work.pool.stop()
