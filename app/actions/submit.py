"""A customer submits a request: it is on disk, with its session where the desk is our own, before anyone is told."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app import metrics
from app.backends.embedded import EmbeddedDesk
from app.core.backend import Browser
from app.core.client import client_network
from app.core.customer_info import should_ask
from app.core.links import new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest, RequestState, new_reference
from app.core.routing import Staff
from app.core.site import Site
from app.store.database import Database
from app.store.requests import (
    StartLink,
    earlier_requests,
    insert_link,
    insert_request,
    newest_link,
    request_by_reference,
)

START_LINK_LIFE = timedelta(minutes=15)
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Submission:
    """What came in. `asked` is what the customer typed and chose; `ticked` their wish to check it again;
    `most` is how many requests their network may make in ten minutes."""

    site: Site
    asked: NewSessionRequest
    ticked: bool
    source: str
    idempotency_key: str
    client_address: str
    most: int


class TooMany(Exception):
    """This client has made its share of requests; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


def submit(database: Database, staff: Staff, submission: Submission, now: datetime) -> CustomerRequest:
    """Record the request and open its session; the same submission again is the same request.

    Raises TooMany. When it returns, everything is on disk.
    """

    def record(connection: Connection) -> tuple[CustomerRequest, bool]:
        network = client_network(submission.client_address)
        key, since = submission.idempotency_key, now - WINDOW
        known, oldest = earlier_requests(connection, key, network, submission.most, since)
        if known and (request := request_by_reference(connection, known)):
            return request, False
        if oldest:
            raise TooMany(int((oldest + WINDOW - now).total_seconds()) + 1)
        return _record_new(connection, staff, submission, network, now), True

    try:
        request, is_new = database.write(record)
    except IntegrityError:
        # PostgreSQL lets two of the same begin side by side; the second finds the first's row now.
        request, is_new = database.write(record)
    if is_new:
        metrics.submitted(request.site, request.source)
    return request


def new_start_link(reference: str, now: datetime) -> StartLink:
    """A link that starts the session of this request within 15 minutes."""
    return StartLink(new_link_id(), reference, now + START_LINK_LIFE)


def ensure_start_link(database: Database, reference: str, now: datetime) -> StartLink:
    """A link that can still be opened for a while: the newest one, or a fresh one."""

    def fresh(connection: Connection) -> StartLink:
        link = newest_link(connection, reference)
        if link and link.opens == 0 and link.expires_at > now + timedelta(minutes=1):
            return link
        link = new_start_link(reference, now)
        insert_link(connection, link)
        return link

    return database.write(fresh)


def _record_new(
    connection: Connection, staff: Staff, submission: Submission, network: str, now: datetime
) -> CustomerRequest:
    site = submission.site
    asked = _for_site(submission)
    reference = new_reference()
    opened = EmbeddedDesk(connection, staff, site.key, now, reference).open_session(asked, Browser())
    request = CustomerRequest(
        reference=reference,
        site=site.key,
        state=RequestState.OPENED,
        backend=site.backend,
        source=submission.source,
        idempotency_key=submission.idempotency_key,
        status_id=new_link_id(),
        department=asked.department,
        tech=asked.tech,
        customer_name=asked.customer_name,
        customer_email=asked.customer_email,
        customer_number=asked.customer_number,
        problem_description=asked.problem_description,
        ask_customer_info=asked.ask_customer_info,
        language=asked.language,
        client_address=submission.client_address,
        client_network=network,
        attempts=1,
        ticket_number=int(opened.ticket_number) if opened.ticket_number else None,
        session_id=opened.session_id,
        created_at=now,
        opened_at=now,
    )
    insert_request(connection, request)
    insert_link(connection, new_start_link(reference, now))
    return request


def _for_site(submission: Submission) -> NewSessionRequest:
    """What the site sends: the customer's choice or the site's own routing, and the flag as its policy says."""
    site, asked = submission.site, submission.asked
    return replace(
        asked,
        department=asked.department or site.department,
        tech=asked.tech or site.technician,
        ask_customer_info=should_ask(site.ask_customer_info, asked, ticked=submission.ticked),
    )
