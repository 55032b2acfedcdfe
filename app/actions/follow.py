"""State of a customer's request, for its status page and the widget."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from app.core.notice import Event
from app.core.request import CustomerRequest, RequestState
from app.core.site import Site
from app.store.database import Database
from app.store.notices import is_delivered
from app.store.requests import (
    StartLink,
    StartTarget,
    newest_link,
    record_opening,
    request_by_status_id,
    start_target,
)
from app.store.tickets import ticket_owner

MOST_OPENINGS = 20


class Progress(StrEnum):
    """What the customer is told about the request."""

    WAITING = "waiting"
    HELD = "held"  # kept until its sender has shown to be a person
    READY = "ready"
    STARTED = "started"
    PARKED = "parked"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Followed:
    """A request; the link that starts its session, if it can still be opened; the id of the technician at the embedded
    desk who has claimed it; and whether somebody has been told that it is parked."""

    request: CustomerRequest
    progress: Progress
    start: StartLink | None
    helper_id: int | None = None
    told: bool = False


def most_openings(site: Site | None) -> int:
    """How often a start link of this site may be opened."""
    return 1 if site is not None and site.one_time_links else MOST_OPENINGS


def follow(database: Database, sites: Mapping[str, Site], status_id: str, *, now: datetime) -> Followed | None:
    """Find a request by the id of its status link; None when there is no such request (any more)."""
    with database.read() as connection:
        request = request_by_status_id(connection, status_id)
        link = newest_link(connection, request.reference) if request else None
        helper_id = _helper(connection, request) if request else None
        told = _is_told(connection, request) if request else False
    if request is None:
        return None
    most = most_openings(sites.get(request.site))
    usable = link if link and link.expires_at > now and link.opens < most else None
    return Followed(request, _progress(request, link), usable, helper_id, told)


def find_start(database: Database, link_id: str) -> StartTarget | None:
    """The target of a start link, without counting an opening."""
    with database.read() as connection:
        return start_target(connection, link_id)


def record_start(database: Database, link_id: str, most: int, *, now: datetime) -> bool:
    """Count one opening of the link, on disk; False when it has been opened `most` times already."""
    return database.write(lambda connection: record_opening(connection, link_id, most, now))


def _is_told(connection: Connection, request: CustomerRequest) -> bool:
    if request.state is not RequestState.PARKED:
        return False
    return is_delivered(connection, request.reference, Event.PARKED)


def _helper(connection: Connection, request: CustomerRequest) -> int | None:
    if request.state is not RequestState.OPENED or request.ticket_number is None:
        return None
    return ticket_owner(connection, request.ticket_number)


def _progress(request: CustomerRequest, link: StartLink | None) -> Progress:
    match request.state:
        case RequestState.OPENED:
            return Progress.STARTED if link and link.opens else Progress.READY
        case RequestState.PARKED:
            return Progress.PARKED
        case RequestState.ENDED:
            return Progress.ENDED
        case RequestState.SUSPECT:
            return Progress.HELD
        case RequestState.WAITING | RequestState.OPENING:
            return Progress.WAITING
