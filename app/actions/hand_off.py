"""One hand-off: the site's backend opens a request that is held under a lease, and the outcome is recorded.

No transaction is open during the vendor's call. A holder whose lease is lost records nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from app import metrics
from app.actions.start_link import new_start_link
from app.actions.submit import needs_hand_off
from app.backends import backend
from app.backends.embedded import EmbeddedDesk
from app.channels import channels
from app.core.backend import Browser, BrowserCall, Opened, Refused, SessionBackend, Start, Unavailable
from app.core.customer import with_other_details
from app.core.declaration import Opener
from app.core.more import with_more
from app.core.new_session import LIMITS, NewSessionRequest
from app.core.notice import RequestParked, parked_notice
from app.core.request import CustomerRequest
from app.core.retry import LONGEST_PAUSE, STALE_AFTER, Parking, delay, parking
from app.core.site import Site
from app.core.staff import Staff
from app.core.why import Why, WhyCode
from app.store import hand_offs as store
from app.store.database import Database
from app.store.erasures import mark_erasure
from app.store.files import remove_files
from app.store.hand_offs import Parked
from app.store.notices import add_notices
from app.store.requests import insert_link, request_by_reference
from app.store.sites import flag_unreadable

log = structlog.get_logger()
_random = random.SystemRandom()

HandOffResult = Opened | Refused | Unavailable


class _LeaseLost(Exception):
    def __init__(self, settled: "Settled") -> None:
        super().__init__()
        self.settled = settled


@dataclass(frozen=True, slots=True)
class Settled:
    """Outcome of one hand-off. `kept` is false when the lease was lost, so that nothing was recorded."""

    outcome: HandOffResult
    kept: bool
    parked: Parked | None = None


def call(open_backend: Callable[[Site], SessionBackend], site: Site, request: CustomerRequest) -> HandOffResult:
    """Open the session at the site's backend; the backend's failures are returned, not raised."""
    browser = Browser(request.user_agent, request.accept_language)
    try:
        return open_backend(site).open_session(asked_of(request, site), browser)
    except (Refused, Unavailable) as failure:
        return failure


def settle(
    database: Database, site: Site, request: CustomerRequest, outcome: HandOffResult, *, now: datetime
) -> Settled:
    """Record the outcome of the call, on disk: opened with a start link, due again, or parked."""
    if isinstance(outcome, Opened):
        return database.write(lambda connection: _settle_opened(connection, site, request, outcome, now=now))
    maybe_sent = isinstance(outcome, Unavailable) and outcome.maybe_sent
    unsure = request.unsure + maybe_sent
    pause = timedelta(seconds=outcome.retry_after or 0) if isinstance(outcome, Unavailable) else timedelta()
    next_try = now + max(delay(request.attempts, _random.uniform, maybe_sent=maybe_sent), min(pause, LONGEST_PAUSE))
    reason = parking(outcome, unsure, request.waiting_since or now, next_try)
    return database.write(
        lambda connection: _settle_failed(connection, site, request, outcome, reason, next_try, now=now)
    )


def open_without_call(
    database: Database, staff: Staff, site: Site, request: CustomerRequest, *, now: datetime
) -> Settled | None:
    """Open a request that needs no call from the server (any more): at the embedded desk or in the browser.

    None when the server has to call.
    """
    if needs_hand_off(site):
        return None
    if site.opener is Opener.BROWSER:
        return settle(database, site, request, Opened(Start.BROWSER), now=now)

    def open_ticket(connection: Connection) -> Settled:
        desk = EmbeddedDesk(connection, staff, site.slug, now, request)
        settled = _settle_opened(
            connection, site, request, desk.open_session(asked_of(request, site), Browser()), now=now
        )
        if not settled.kept:
            raise _LeaseLost(settled)  # rolls the ticket back
        return settled

    try:
        return database.write(open_ticket)
    except _LeaseLost as lost:
        return lost.settled


def asked_of(request: CustomerRequest, site: Site) -> NewSessionRequest:
    """The session to ask the backend for.

    At a vendor the description also holds the form's other answers, as its technicians see nothing else; after a call
    that may have opened a session it also says that this is a retry.
    """
    asked = NewSessionRequest(
        department=request.department,
        tech=request.tech,
        customer=request.customer,
        ask_customer_info=request.ask_customer_info,
        language=request.language,
        show_waiting_queue=site.show_waiting_queue,
    )
    if site.at_vendor:
        asked = _for_vendor(asked, request)
    return _marked(asked, request.reference) if request.maybe_duplicate else asked


def browser_call(database: Database, site: Site, key: str, reference: str) -> BrowserCall | None:
    """The vendor's call for a request that opens in the browser.

    None when the request is gone, or the site's backend has no such call (any more).
    """
    make = backend(site.backend).browser_call
    if make is None:
        return None
    with database.read() as connection:
        request = request_by_reference(connection, reference)
    return None if request is None else make(site, key, asked_of(request, site))


def take_back(database: Database, sites: Callable[[str], Site | None], *, now: datetime) -> list[Parked]:
    """Take back requests of dead workers: due again, or parked after the third time, or after the data has moved. Also
    park requests that have waited for STALE_AFTER. Returns the parked ones."""

    def sweep(connection: Connection) -> tuple[int, list[Parked]]:
        again, parked = store.take_back_lost(connection, now)
        for reference in store.stale_requests(connection, now - STALE_AFTER):
            if stale := store.park(connection, reference, Why(WhyCode.STALE)):
                parked.append(stale)
        for one in parked:
            tell_parked(connection, sites(one.site), one, now=now)
        return again, parked

    with database.read() as connection:
        if not store.anything_left(connection, now, now - STALE_AFTER):
            return []
    again, parked = database.write(sweep)
    if again:
        log.warning("workers_lost", requests=again)
    for one in parked:
        note_parked(one)
    return parked


def release(database: Database, reference: str, *, now: datetime) -> bool:
    """Make a parked or suspect request due again; False when it is neither."""
    return database.write(lambda connection: store.release(connection, reference, now))


def note_parked(parked: Parked) -> None:
    """Report a parked request to the operator, in the log and the metrics."""
    metrics.parked(parked.site, parked.reason)
    log.error(
        "request_parked",
        reference=parked.reference,
        site=parked.site,
        why=parked.reason,
        code=parked.why.code.value,
        attempts=parked.attempts,
        maybe_duplicate=parked.maybe_duplicate,
    )


def _settle_opened(
    connection: Connection, site: Site, request: CustomerRequest, opened: Opened, *, now: datetime
) -> Settled:
    if not store.record_opened(connection, request.reference, request.lease or "", opened, now):
        if store.is_recorded(connection, request.reference, opened):
            return Settled(opened, kept=True)
        if opened.applet and remove_files(connection, [opened.applet.id]):
            mark_erasure(connection, now)  # no request leads to it, so nobody else would erase it
        return Settled(opened, kept=False)
    insert_link(connection, new_start_link(request.reference, now=now))
    if opened.start is Start.BROWSER and site.opener is Opener.SERVER and site.declaration.browser_when_unreadable:
        flag_unreadable(connection, site.slug)
    return Settled(opened, kept=True)


def _settle_failed(
    connection: Connection,
    site: Site,
    request: CustomerRequest,
    failure: Refused | Unavailable,
    reason: Parking | None,
    next_try: datetime,
    *,
    now: datetime,
) -> Settled:
    unsure = isinstance(failure, Unavailable) and failure.maybe_sent
    kept = store.record_failure(
        connection,
        request.reference,
        request.lease or "",
        failure.why,
        unsure=unsure,
        due_at=None if reason else next_try,
    )
    if not kept or not reason:
        return Settled(failure, kept)
    parked = Parked(
        request.reference, site.slug, reason, failure.why, request.attempts, unsure or request.maybe_duplicate
    )
    tell_parked(connection, site, parked, now=now)
    return Settled(failure, kept, parked)


def tell_parked(connection: Connection, site: Site | None, parked: Parked, *, now: datetime) -> None:
    """Add a notice for each channel whose options the site has."""
    if site is None:
        return
    event = RequestParked(
        reference=parked.reference,
        site=parked.site,
        reason=parked.reason,
        why=parked.why,
        attempts=parked.attempts,
        maybe_duplicate=parked.maybe_duplicate,
    )
    add_notices(
        connection, [parked_notice(channel.name, event, now) for channel in channels().values() if channel.serves(site)]
    )


def _for_vendor(asked: NewSessionRequest, request: CustomerRequest) -> NewSessionRequest:
    limit = LIMITS["problem_description"]
    if request.more:
        asked = _described(asked, with_more(asked.customer.problem, request.more, limit))
    if beside := with_other_details(asked.customer, limit):
        asked = _described(asked, beside)
    return asked


def _marked(asked: NewSessionRequest, reference: str) -> NewSessionRequest:
    mark = f"[REF {reference} retry]"
    text = asked.customer.problem or ""
    room = LIMITS["problem_description"] - len(mark) - 1
    return _described(asked, f"{text[:room]} {mark}" if text else mark)


def _described(asked: NewSessionRequest, description: str | None) -> NewSessionRequest:
    """Replace the description.

    The new text is not the customer's alone, so it must not count as details given: a customer who gave none is still
    asked for them.
    """
    ask = asked.ask_customer_info or not asked.elements
    return replace(asked, customer=replace(asked.customer, problem=description), ask_customer_info=ask)
