"""A customer submits a request: it is on disk before anyone is told, with its session where the desk is our own."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app import metrics
from app.actions.start_link import new_start_link
from app.backends.embedded import new_ticket
from app.core.backend import Browser, Start
from app.core.client import client_network
from app.core.customer_info import should_ask
from app.core.declaration import Opener
from app.core.links import new_link_id
from app.core.more import More
from app.core.new_session import NewSessionRequest
from app.core.posted import SAME_PRESS
from app.core.request import CustomerRequest, RequestState, new_reference
from app.core.site import Site
from app.core.staff import Staff
from app.core.ticket import Ticket
from app.core.why import Why, WhyCode
from app.store.codes import use_code
from app.store.database import Database
from app.store.requests import (
    StartLink,
    earlier_requests,
    insert_link,
    insert_request,
    lately_under,
    nth_newest,
    received_lately,
    request_by_reference,
    spend,
)
from app.store.tickets import keep_ticket

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Once:
    """Something that counts once: what it is, its id, and when it ends by itself."""

    purpose: str
    id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """What came in. `asked` is what the customer typed and chose; `ticked` their wish to check it again;
    `most` is how many requests their network may make in ten minutes, `unchecked` how many of them without a solved
    check before it is suspect (None: any number). A site's own server is nobody's network: its `most` is None.

    `suspicion` says why this one is not handed off. `check` and `identity` count once. `earlier_key` is a second key
    under which the same was perhaps recorded within the last 15 seconds. With a `body_hash`, the same key with
    another content is refused. The row gets `status_id`: one that has another was recorded before. `code` is the id of
    the session code that it uses up.
    """

    site: Site
    asked: NewSessionRequest
    ticked: bool
    source: str
    idempotency_key: str
    client_address: str
    most: int | None
    browser: Browser = field(default_factory=Browser)
    unchecked: int | None = None
    suspicion: WhyCode | None = None
    check: Once | None = None
    identity: Once | None = None
    verified: tuple[str, ...] = ()
    more: More = ()
    return_to: str | None = None
    body_hash: str | None = None
    earlier_key: str | None = None
    status_id: str = field(default_factory=new_link_id)
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Whoever submits takes the hand-off up at once: `name` is the lease's, `until` its end."""

    name: str
    until: datetime


class TooMany(Exception):
    """This client has made its share of requests; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class OtherContent(Exception):
    """Something else was submitted under this idempotency key before."""


class IdentitySpent(Exception):
    """This identity token has been used for another request."""


class CodeOver(Exception):
    """The session code was used, revoked or over before."""


def needs_hand_off(site: Site) -> bool:
    """Whether the hand-off pool opens this site's sessions. Raises UnknownBackend."""
    return site.opener is Opener.SERVER


def submit(
    database: Database, staff: Staff, submission: Submission, lease: Lease | None = None, *, now: datetime
) -> CustomerRequest:
    """Record the request; the same submission again is the same request. When it returns, it is on disk.

    The embedded desk's ticket, and what the customer's own browser opens, are there with it. A request that has to
    be handed off is due at once, or under the caller's `lease` already; a suspect one is only kept.
    Raises TooMany, OtherContent, IdentitySpent or CodeOver; UnknownBackend where the site has one that is not declared.
    """
    network = None if submission.most is None else client_network(submission.client_address)
    since = now - WINDOW

    def make(suspicion: WhyCode | None) -> _New:
        return _new(staff, submission, network, now, lease, suspicion)

    def record(connection: Connection) -> tuple[CustomerRequest, bool]:
        key, most = submission.idempotency_key, submission.most or 1
        known, oldest, many = earlier_requests(connection, key, network, most, since, submission.unchecked)
        if known is None and submission.earlier_key:
            known = lately_under(connection, submission.earlier_key, now - SAME_PRESS)
        if known and (request := request_by_reference(connection, known)):
            return _the_same(request, submission), False
        if oldest:
            raise _too_many(oldest, now)
        why = _suspicion(connection, submission, many=many and submission.unchecked is not None)
        if submission.identity and not _spend(connection, submission.identity):
            raise IdentitySpent
        request = _record(connection, made if why == submission.suspicion else make(why))
        if submission.code and not use_code(
            connection, submission.code, request.reference, submission.idempotency_key, now
        ):
            raise CodeOver
        return request, True

    # Before the writer's turn, for which all processes wait.
    made = make(submission.suspicion)
    try:
        request, is_new = database.write(record)
    except IntegrityError:
        # PostgreSQL lets two of the same begin side by side; the second finds the first's row now.
        made = make(submission.suspicion)  # or its new reference was somebody else's
        request, is_new = database.write(record)
    if is_new:
        metrics.submitted(request.site, request.source)
    return request


def received_before(database: Database, site: str, body_hash: str, *, now: datetime) -> tuple[str, datetime] | None:
    """Reference and time of a request of this site with the same content, later than the same press and within the
    last ten minutes."""
    with database.read() as connection:
        return received_lately(connection, site, body_hash, now - WINDOW, now - SAME_PRESS)


def check_rate(database: Database, client_address: str, most: int, *, now: datetime) -> None:
    """For what is refused before it is submitted. Raises TooMany."""
    with database.read() as connection:
        oldest = nth_newest(connection, client_network(client_address), most, now - WINDOW)
    if oldest:
        raise _too_many(oldest, now)


def needs_check(database: Database, client_address: str, unchecked: int, *, now: datetime) -> bool:
    """Whether this client's next request will be suspect without a solved check."""
    with database.read() as connection:
        return nth_newest(connection, client_network(client_address), unchecked, now - WINDOW) is not None


@dataclass(frozen=True, slots=True)
class _New:
    """What a submission becomes: the request, and what it is opened with where nobody else has to be asked."""

    request: CustomerRequest
    ticket: Ticket | None = None
    link: StartLink | None = None


def _new(
    staff: Staff,
    submission: Submission,
    network: str | None,
    now: datetime,
    lease: Lease | None,
    suspicion: WhyCode | None,
) -> _New:
    site = submission.site
    asked = _for_site(submission)
    request = _new_request(submission, asked, network, now)
    if suspicion:
        suspect = _with_browser(request, submission.browser)
        return _New(replace(suspect, state=RequestState.SUSPECT, why=Why(suspicion)))
    if needs_hand_off(site):
        return _New(_handed_off(request, submission.browser, lease, now))
    link = new_start_link(request.reference, now=now)
    if site.opener is Opener.BROWSER:
        return _New(replace(request, state=RequestState.OPENED, start=Start.BROWSER, opened_at=now), link=link)
    ticket = new_ticket(staff, site.slug, asked, now, request)
    opened = replace(
        request,
        state=RequestState.OPENED,
        start=Start.DESK,
        attempts=1,
        session_id=ticket.session_id,
        opened_at=now,
    )
    return _New(opened, ticket, link)


def _record(connection: Connection, new: _New) -> CustomerRequest:
    request = new.request
    if new.ticket:
        request = replace(request, ticket_number=keep_ticket(connection, new.ticket))
    insert_request(connection, request)
    if new.link:
        insert_link(connection, new.link)
    return request


def _the_same(request: CustomerRequest, submission: Submission) -> CustomerRequest:
    if submission.body_hash and request.body_hash != submission.body_hash:
        raise OtherContent
    return request


def _suspicion(connection: Connection, submission: Submission, *, many: bool) -> WhyCode | None:
    if submission.suspicion or not many:
        return submission.suspicion
    if submission.check is None:
        return WhyCode.NO_CHECK
    return None if _spend(connection, submission.check) else WhyCode.CHECK_USED


def _spend(connection: Connection, once: Once) -> bool:
    return spend(connection, once.purpose, once.id, once.expires_at)


def _too_many(oldest: datetime, now: datetime) -> TooMany:
    return TooMany(int((oldest + WINDOW - now).total_seconds()) + 1)


def _new_request(
    submission: Submission, asked: NewSessionRequest, network: str | None, now: datetime
) -> CustomerRequest:
    site = submission.site
    return CustomerRequest(
        reference=new_reference(),
        site=site.slug,
        state=RequestState.WAITING,
        backend=site.backend,
        source=submission.source,
        idempotency_key=submission.idempotency_key,
        status_id=submission.status_id,
        department=asked.department,
        tech=asked.tech,
        customer=asked.customer,
        ask_customer_info=asked.ask_customer_info,
        language=asked.language,
        more=submission.more,
        verified=submission.verified,
        return_to=submission.return_to,
        body_hash=submission.body_hash,
        client_address=submission.client_address,
        client_network=network,
        created_at=now,
    )


def _handed_off(request: CustomerRequest, browser: Browser, lease: Lease | None, now: datetime) -> CustomerRequest:
    return replace(
        _with_browser(request, browser),
        state=RequestState.OPENING if lease else RequestState.WAITING,
        attempts=1 if lease else 0,
        lease=lease.name if lease else None,
        due_at=lease.until if lease else now,
        waiting_since=now,
    )


def _with_browser(request: CustomerRequest, browser: Browser) -> CustomerRequest:
    return replace(request, user_agent=browser.user_agent, accept_language=browser.accept_language)


def _for_site(submission: Submission) -> NewSessionRequest:
    """What the site sends: the customer's choice or the site's own routing, and the flag as its policy says."""
    site, asked = submission.site, submission.asked
    return replace(
        asked,
        department=asked.department or site.department,
        tech=asked.tech or site.technician,
        ask_customer_info=should_ask(site.ask_customer_info, asked, ticked=submission.ticked),
    )
