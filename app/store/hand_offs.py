"""The queue of hand-offs: rows of requests with a time at which they are due. Every move is one fenced update."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, func, or_, select, update

from app.core.backend import Opened, Start
from app.core.request import OPENED_ANEW_FROM, CustomerRequest, RequestState, states_before
from app.core.retry import MOST_LOST, Parking
from app.core.why import Why, WhyCode
from app.store.requests import known_request
from app.store.tables import Moment, requests
from app.store.why import NOTHING, why_columns

_DUE = (
    select(requests.c.site, func.count())
    .where(requests.c.due_at.is_not(None), requests.c.due_at <= bindparam("now", type_=Moment))
    .where(requests.c.state == RequestState.WAITING)
    .group_by(requests.c.site)
)
_NEXT = (
    select(requests.c.reference)
    .where(
        requests.c.site == bindparam("which_site"),
        requests.c.due_at <= bindparam("now", type_=Moment),
        requests.c.state == RequestState.WAITING,
    )
    # Requests that may already have a session come last; then the newest first, as those customers still wait at the
    # page.
    .order_by(requests.c.unsure, requests.c.created_at.desc())
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("next")  # a plain sub-select may run again for each row, and then takes more than `most`
)
_CLAIM = (
    update(requests)
    .where(requests.c.reference.in_(select(_NEXT.c.reference)), requests.c.state == RequestState.WAITING)
    .values(
        state=RequestState.OPENING,
        lease=bindparam("new_lease"),
        due_at=bindparam("lease_end", type_=Moment),
        attempts=requests.c.attempts + 1,
    )
    .returning(requests)
)
# Built once: every session needs it, and building it costs as much as running it.
_OPENED = (
    update(requests)
    .where(
        requests.c.reference == bindparam("which"),
        requests.c.lease == bindparam("holder"),
        requests.c.state == RequestState.OPENING,
    )
    .values(
        state=RequestState.OPENED,
        lease=None,
        due_at=None,
        opened_at=bindparam("now", type_=Moment),
        **NOTHING,
        **{
            name: bindparam(f"new_{name}")
            for name in (
                "start",
                "session_id",
                "ticket_number",
                "vendor_ticket",
                "applet_link",
                "applet_file",
                "applet_name",
                "applet_type",
            )
        },
    )
)


@dataclass(frozen=True, slots=True)
class Parked:
    """A request that is not tried again until a person releases it."""

    reference: str
    site: str
    reason: Parking
    why: Why
    attempts: int
    maybe_duplicate: bool


_BEFORE_THE_MOVE = requests.c.why == WhyCode.RESTORED.value


def due_by_site(connection: Connection, now: datetime) -> dict[str, int]:
    """Number of due requests of each site that has any."""
    return {row[0]: row[1] for row in connection.execute(_DUE, {"now": now})}


def claim_due(
    connection: Connection, site: str, most: int, lease: str, lease_end: datetime, now: datetime
) -> list[CustomerRequest]:
    """Claim up to `most` due requests of a site under this lease, which no other worker can take before it ends."""
    values = {"which_site": site, "most": most, "new_lease": lease, "lease_end": lease_end, "now": now}
    return [known_request(row) for row in connection.execute(_CLAIM, values)]


def extend_leases(connection: Connection, leases: Collection[str], until: datetime) -> None:
    """Extend the leases of workers that are still active."""
    change = update(requests).where(requests.c.lease.in_(sorted(leases)), requests.c.state == RequestState.OPENING)
    connection.execute(change.values(due_at=until))


def give_back(connection: Connection, reference: str, lease: str, now: datetime) -> None:
    """Return a request that was claimed but not called for: it waits as if it had not been claimed."""
    change = _held(reference, lease).values(
        state=RequestState.WAITING, lease=None, due_at=now, attempts=requests.c.attempts - 1
    )
    connection.execute(change)


def give_back_all(connection: Connection, lease: str, now: datetime) -> None:
    """As `give_back`, for all requests under a lease."""
    held = update(requests).where(requests.c.lease == lease, requests.c.state == RequestState.OPENING)
    again = {"state": RequestState.WAITING, "lease": None, "due_at": now}
    connection.execute(held.values(**again, attempts=requests.c.attempts - 1))


def take_back_lost(connection: Connection, now: datetime) -> tuple[int, list[Parked]]:
    """Take back requests of dead workers: they wait again, or are parked after the third time, or after the data has
    moved. Returns how many wait, and the parked."""
    lost = update(requests).where(requests.c.state == RequestState.OPENING, requests.c.due_at <= now)
    marks = {"lease": None, "lost": requests.c.lost + 1, "unsure": requests.c.unsure + 1}
    moved = park_all(connection, requests.c.state == RequestState.OPENING, requests.c.due_at <= now, _BEFORE_THE_MOVE)
    died = Why(WhyCode.WORKERS_DIED)
    parked = connection.execute(
        lost.where(requests.c.lost >= MOST_LOST - 1)
        .values(state=RequestState.PARKED, due_at=None, **why_columns(died), **marks)
        .returning(requests.c.reference, requests.c.site, requests.c.attempts)
    ).all()
    again = connection.execute(
        lost.values(state=RequestState.WAITING, due_at=now, **why_columns(Why(WhyCode.WORKER_DIED)), **marks)
    ).rowcount
    lost_ones = [Parked(row.reference, row.site, Parking.LOST, died, row.attempts, True) for row in parked]
    return again, moved + lost_ones


def doubt(connection: Connection, long_due: datetime) -> list[Parked]:
    """After the data has moved: what was under way may have a session. What is being opened is parked when its lease
    ends, unless its holder records the outcome; what was due before `long_due` is parked now; the rest is marked."""
    opening = update(requests).where(requests.c.state == RequestState.OPENING)
    connection.execute(opening.values(why=WhyCode.RESTORED.value, why_values=None, last_error=None))
    parked = park_all(connection, requests.c.state == RequestState.WAITING, requests.c.due_at < long_due)
    waiting = update(requests).where(requests.c.state == RequestState.WAITING)
    connection.execute(waiting.values(unsure=requests.c.unsure + 1))
    return parked


def park_all(connection: Connection, *which: ColumnElement[bool]) -> list[Parked]:
    """Park these requests, because the data has moved: a session of theirs may exist."""
    why = Why(WhyCode.RESTORED)
    marks = {"lease": None, "due_at": None, "unsure": requests.c.unsure + 1}
    change = update(requests).where(*which).values(state=RequestState.PARKED, **why_columns(why), **marks)
    rows = connection.execute(change.returning(requests.c.reference, requests.c.site, requests.c.attempts)).all()
    return [Parked(row.reference, row.site, Parking.UNSURE, why, row.attempts, True) for row in rows]


def record_opened(connection: Connection, reference: str, lease: str, opened: Opened, now: datetime) -> bool:
    """Record the session. False when the lease has ended and another worker has the request."""
    own = opened.start is Start.DESK
    applet = opened.applet
    values = {
        "which": reference,
        "holder": lease,
        "now": now,
        "new_start": opened.start,
        "new_session_id": opened.session_id,
        "new_ticket_number": int(opened.ticket_number) if own and opened.ticket_number else None,
        "new_vendor_ticket": None if own else opened.ticket_number,
        "new_applet_link": opened.link,
        "new_applet_file": applet.id if applet else None,
        "new_applet_name": applet.name if applet else None,
        "new_applet_type": applet.media_type if applet else None,
    }
    return connection.execute(_OPENED, values).rowcount == 1


def is_recorded(connection: Connection, reference: str, opened: Opened) -> bool:
    """Whether this very session is recorded already, by a commit whose outcome was unknown."""
    own = (
        requests.c.reference == reference,
        requests.c.state == RequestState.OPENED,
        requests.c.session_id.is_not_distinct_from(opened.session_id),
        requests.c.applet_link.is_not_distinct_from(opened.link),
        requests.c.applet_file.is_not_distinct_from(opened.applet.id if opened.applet else None),
    )
    return connection.execute(select(requests.c.reference).where(*own)).first() is not None


def record_failure(
    connection: Connection, reference: str, lease: str, why: Why, *, unsure: bool, due_at: datetime | None
) -> bool:
    """Record a failure: due again at `due_at`, or parked without one. False as in `record_opened`."""
    change = _held(reference, lease).values(
        state=RequestState.WAITING if due_at else RequestState.PARKED,
        lease=None,
        due_at=due_at,
        unsure=requests.c.unsure + int(unsure),
        **why_columns(why),
    )
    return connection.execute(change).rowcount == 1


def release(connection: Connection, reference: str, now: datetime) -> bool:
    """Make a parked or suspect request due at once; False when it is neither."""
    change = (
        update(requests)
        .where(
            requests.c.reference == reference,
            requests.c.state.in_(states_before(RequestState.WAITING)),
            requests.c.state != RequestState.OPENING,
        )
        .values(state=RequestState.WAITING, due_at=now, waiting_since=now, lost=0)
    )
    return connection.execute(change).rowcount == 1


def park(connection: Connection, reference: str, why: Why) -> Parked | None:
    """Park a waiting request; None when it is not waiting."""
    change = (
        update(requests)
        .where(requests.c.reference == reference, requests.c.state == RequestState.WAITING)
        .values(state=RequestState.PARKED, due_at=None, **why_columns(why))
        .returning(requests.c.site, requests.c.attempts, requests.c.unsure)
    )
    row = connection.execute(change).one_or_none()
    return None if row is None else Parked(reference, row.site, Parking.STALE, why, row.attempts, row.unsure > 0)


def hurry(connection: Connection, reference: str, now: datetime) -> bool:
    """Make a waiting request due at once; False when it is not waiting."""
    change = update(requests).where(requests.c.reference == reference, requests.c.state == RequestState.WAITING)
    return connection.execute(change.values(due_at=now)).rowcount == 1


def dismiss(connection: Connection, reference: str, now: datetime) -> bool:
    """End a suspect request; False when it is not suspect (any more)."""
    change = update(requests).where(requests.c.reference == reference, requests.c.state == RequestState.SUSPECT)
    return connection.execute(change.values(state=RequestState.ENDED, ended_at=now)).rowcount == 1


def open_anew(connection: Connection, request: CustomerRequest, now: datetime, *, unsure: bool) -> bool:
    """Make a request that has or had a session wait for another one. False when it has changed since it was read.

    `unsure` says that the earlier session may still exist. An erased request is never sent again.
    """
    change = (
        update(requests)
        .where(
            requests.c.reference == request.reference,
            requests.c.state == request.state,
            requests.c.state.in_(OPENED_ANEW_FROM),
            requests.c.attempts == request.attempts,
            requests.c.erased_at.is_(None),
        )
        .values(
            state=RequestState.WAITING,
            due_at=now,
            waiting_since=now,
            lost=0,
            unsure=requests.c.unsure + int(unsure),
            **dict.fromkeys(_OF_ITS_SESSION),
        )
    )
    return connection.execute(change).rowcount == 1


_OF_ITS_SESSION = (
    "start",
    "session_id",
    "ticket_number",
    "vendor_ticket",
    "applet_link",
    "applet_file",
    "applet_name",
    "applet_type",
    "opened_at",
    "ended_at",
)


def anything_left(connection: Connection, now: datetime, waiting_since_before: datetime) -> bool:
    """Whether a dead worker's request or a stale one exists; checked before anything is written."""
    dead = and_(requests.c.state == RequestState.OPENING, requests.c.due_at <= now)
    stale = and_(requests.c.state == RequestState.WAITING, requests.c.waiting_since < waiting_since_before)
    query = select(requests.c.reference).where(requests.c.due_at.is_not(None), or_(dead, stale)).limit(1)
    return connection.execute(query).first() is not None


def stale_requests(connection: Connection, waiting_since_before: datetime, most: int = 100) -> list[str]:
    """References of requests that have waited since before that time and are not being opened."""
    query = (
        select(requests.c.reference)
        .where(requests.c.due_at.is_not(None), requests.c.state == RequestState.WAITING)
        .where(requests.c.waiting_since < waiting_since_before)
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def _held(reference: str, lease: str) -> Update:
    return update(requests).where(
        requests.c.reference == reference, requests.c.lease == lease, requests.c.state == RequestState.OPENING
    )
