"""Submissions from any form or API: their client and limits, whether they are suspect, and how they are recorded."""

from typing import Any

import structlog

from app.actions.submit import Once, Submission, needs_check
from app.core.links import Link
from app.core.new_session import NewSessionRequest
from app.core.origins import origin_of
from app.core.request import CustomerRequest
from app.core.site import Site
from app.core.why import WhyCode
from app.edge.incoming import browser, client_address
from app.edge.this_app import running
from app.files.assets import asset_url
from app.keys.identity import Identity
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS

log = structlog.get_logger()


def submission(
    site: Site,
    asked: NewSessionRequest,
    *,
    source: str,
    key: str,
    ticked: bool = False,
    form: Link | None = None,
    trap: str = "",
    check: str = "",
    identity: Identity | None = None,
) -> Submission:
    """A customer's submission, from the current request; what only some senders know is for the caller to add.

    `form` is the widget's token, `trap` the value of the hidden field, `check` the answer to a check.
    """
    here = running()
    address = client_address()
    return Submission(
        site=site,
        asked=asked,
        ticked=ticked,
        source=source,
        idempotency_key=key,
        client_address=address,
        most=here.client_limits.requests(address),
        browser=browser(),
        unchecked=here.client_limits.unchecked(address),
        suspicion=_suspicion(form, trap),
        check=solved_check(site.slug, check) if check else None,
        identity=spent_with(site, identity),
        verified=tuple(identity.elements) if identity else (),
    )


def record(came_in: Submission) -> CustomerRequest:
    """Record a submission on disk, hand it off, and log a new one. Raises what `submit` does."""
    here = running()
    recorded = here.hand_offs.take_in(came_in, here.desk.staff)
    if is_new(recorded, came_in):
        log.info("request_recorded", reference=recorded.reference, site=recorded.site, ticket=recorded.ticket_number)
    return recorded


def is_new(recorded: CustomerRequest, came_in: Submission) -> bool:
    """Whether this submission created the request; False when the same one was recorded before."""
    return recorded.status_id == came_in.status_id


def spent_with(site: Site, identity: Identity | None) -> Once | None:
    """The use of an identity token at this site, which counts once; None without one."""
    return Once("identity", f"{site.slug}:{identity.id}", identity.expires_at) if identity else None


def allowed_return(site: Site, address: str) -> str | None:
    """Whether this page to go back to is at one of the site's origins."""
    printable = len(address) <= 2048 and address.isascii() and address.isprintable() and " " not in address
    return address if printable and "\\" not in address and site.may_post_forms(origin_of(address)) else None


def new_check(site: Site) -> dict[str, Any] | None:
    """What the browser has to solve before this client's next request: the challenge, and the script that solves it.

    None where nothing is asked. While the database is away nothing is: no request can be recorded.
    """
    here, address = running(), client_address()
    try:
        asked = needs_check(here.database, address, here.client_limits.unchecked(address), now=here.clock())
    except DATABASE_FAULTS as fault:
        note_database_fault(fault, "check")
        return None
    if not asked:
        return None
    return a_check(site.slug)


def a_check(slug: str) -> dict[str, Any]:
    """A challenge for a browser, and the script that solves it."""
    here = running()
    return {"challenge": here.keys.puzzles.new_check(slug, here.clock()), "script": asset_url("altcha.js")}


def solved_check(slug: str, answer: str) -> Once | None:
    """The solved check in a browser's answer, to be used once; None when it is none of this site's."""
    found = running().keys.solved(slug, answer)
    return Once("check", found.id, found.expires_at) if found else None


def _suspicion(form: Link | None, trap: str) -> WhyCode | None:
    if trap.strip():
        return WhyCode.TRAP
    return WhyCode.TOO_FAST if form and running().links.filled_in_too_fast(form) else None
