"""A customer submits a request: it is on disk before the answer, together with its session at the embedded desk."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app import metrics
from app.actions.start_link import new_start_link
from app.backends.embedded import new_ticket
from app.core.backend import Browser, Start
from app.core.client import Client
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
from app.store.pictures import give_to_request
from app.store.requests import (
    StartLink,
    confirmed_request,
    earlier_requests,
    insert_link,
    insert_request,
    lately_under,
    received_lately,
    share_used_up,
    spend,
)
from app.store.tickets import keep_ticket

WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Once:
    """A value that may be used once: its purpose, its id, and when it expires."""

    purpose: str
    id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission.

    `asked` is what the customer typed and chose; `ticked` is their wish to check it again. `most` is the number of
    requests that their network may make in ten minutes, None for a site's own server, which has no limit. More than
    `unchecked` of them (None: any number) need a solved check, else the request is suspect. `suspicion` says why it is
    not handed off. `check` and `identity` may be used once. `earlier_key` is a second key, under which the same request
    may have been recorded within the last 15 seconds. With a `body_hash`, other content under the same key is refused.
    The row gets `status_id`; a row with another one was recorded earlier. `pictures` is the id of the form
    that pictures were added to, which then are the request's. `code` is the id of the session code that the
    request uses up.
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
    pictures: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease under which the submitting process hands the request off at once: its name and its end."""

    name: str
    until: datetime


class TooMany(Exception):
    """This client has reached its limit of requests; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class OtherContent(Exception):
    """This idempotency key was used before with other content."""


class IdentitySpent(Exception):
    """This identity token was used before for another request."""


class CodeOver(Exception):
    """The session code was used, revoked or has expired."""


def needs_hand_off(site: Site) -> bool:
    """Whether the hand-off pool opens this site's sessions. Raises UnknownBackend."""
    return site.opener is Opener.SERVER


def submit(
    database: Database, staff: Staff, submission: Submission, lease: Lease | None = None, *, now: datetime
) -> CustomerRequest:
    """Record the request, on disk when this returns; the same submission again returns the same request.

    A ticket of the embedded desk, or a session that the customer's browser opens, is recorded with it. A request to be
    handed off is due at once, or already under the caller's `lease`; a suspect one is only kept. Raises TooMany,
    OtherContent, IdentitySpent or CodeOver; UnknownBackend for a site whose backend is not declared.
    """
    client = None if submission.most is None else Client.at(submission.client_address)
    since = now - WINDOW

    def make(suspicion: WhyCode | None) -> _New:
        return _new(staff, submission, client, now, lease, suspicion)

    def record(connection: Connection) -> tuple[CustomerRequest, bool]:
        key, most = submission.idempotency_key, submission.most or 1
        known, oldest, many = earlier_requests(connection, key, client, most, since, submission.unchecked)
        if known is None and submission.earlier_key:
            known = lately_under(connection, submission.earlier_key, now - SAME_PRESS)
        if known and (request := confirmed_request(connection, known)):
            _the_same(request, submission)
            _with_pictures(connection, submission, request)
            return request, False
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
        _with_pictures(connection, submission, request)
        return request, True

    # Prepared before the writer's turn, as all processes wait for that.
    made = make(submission.suspicion)
    try:
        request, is_new = database.write(record)
    except IntegrityError:
        # PostgreSQL runs two equal submissions side by side; the second now finds the first one's row.
        made = make(submission.suspicion)  # or the new reference was taken
        request, is_new = database.write(record)
    if is_new:
        metrics.submitted(request.site, request.source)
    return request


def received_before(database: Database, site: str, body_hash: str, *, now: datetime) -> tuple[str, datetime] | None:
    """Reference and time of a request of this site with the same content from the last ten minutes.

    Requests within SAME_PRESS do not count: they are the same press.
    """
    with database.read() as connection:
        return received_lately(connection, site, body_hash, now - WINDOW, now - SAME_PRESS)


def check_rate(database: Database, client_address: str, most: int, *, now: datetime) -> None:
    """Check the limit for a submission that is refused earlier. Raises TooMany."""
    with database.read() as connection:
        oldest = share_used_up(connection, Client.at(client_address), most, now - WINDOW)
    if oldest:
        raise _too_many(oldest, now)


def needs_check(database: Database, client_address: str, unchecked: int, *, now: datetime) -> bool:
    """Whether this client's next request will be suspect without a solved check."""
    with database.read() as connection:
        return share_used_up(connection, Client.at(client_address), unchecked, now - WINDOW) is not None


@dataclass(frozen=True, slots=True)
class _New:
    """The rows that a submission becomes; ticket and link only where the session opens without a call."""

    request: CustomerRequest
    ticket: Ticket | None = None
    link: StartLink | None = None


def _new(
    staff: Staff,
    submission: Submission,
    client: Client | None,
    now: datetime,
    lease: Lease | None,
    suspicion: WhyCode | None,
) -> _New:
    site = submission.site
    asked = _for_site(submission)
    request = _new_request(submission, asked, client, now)
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


def _the_same(request: CustomerRequest, submission: Submission) -> None:
    """Raises OtherContent."""
    if submission.body_hash and request.body_hash != submission.body_hash:
        raise OtherContent


def _with_pictures(connection: Connection, submission: Submission, request: CustomerRequest) -> None:
    if submission.pictures and request.erased_at is None:
        give_to_request(connection, submission.pictures, request.reference)


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
    submission: Submission, asked: NewSessionRequest, client: Client | None, now: datetime
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
        client_network=client.network if client else None,
        client_wide=client.wide if client else None,
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
    """The request as the site sends it: department and technician of the customer or of the site's routing, and
    Ask_customer_info by the site's policy."""
    site, asked = submission.site, submission.asked
    return replace(
        asked,
        department=asked.department or site.department,
        tech=asked.tech or site.technician,
        ask_customer_info=should_ask(site.ask_customer_info, asked, ticked=submission.ticked),
    )
