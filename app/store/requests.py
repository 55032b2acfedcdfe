"""Customers' requests and the links that start their sessions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, bindparam, func, insert, select, update

from app.core.backend import Start
from app.core.client import Client
from app.core.customer import NAMES
from app.core.request import CustomerRequest, RequestState, states_before
from app.store.customer import take_customer
from app.store.mail import is_mail
from app.store.prepared import Prepared
from app.store.tables import Moment, links, moment, requests, spent, tickets
from app.store.why import COLUMNS as WHY_COLUMNS
from app.store.why import take_why, why_columns


@dataclass(frozen=True, slots=True)
class StartLink:
    """A link that starts a session a limited number of times."""

    id: str
    reference: str
    expires_at: datetime
    opens: int = 0


@dataclass(frozen=True, slots=True)
class StartTarget:
    """The target of a start link: the request's session, and its ticket's applet at the embedded desk."""

    reference: str
    site: str
    state: RequestState
    status_id: str
    requested_at: datetime
    opens: int
    start: Start | None
    applet_id: str | None
    ticket_created_at: datetime | None
    applet_link: str | None
    applet_file: str | None
    applet_name: str | None
    applet_type: str | None


_COLUMNS = tuple(column.name for column in requests.columns)
_OWN = tuple(name for name in _COLUMNS if name not in (*NAMES, *WHY_COLUMNS))
_INSERT = Prepared(insert(requests), _COLUMNS)
_BY_REFERENCE = select(requests).where(requests.c.reference == bindparam("reference"))
_BY_STATUS_ID = select(requests).where(requests.c.status_id == bindparam("status_id"))


def _recent(column: Column[str | None], skip: str) -> Select[datetime]:
    """`skip` is the name of the value that says how many newer requests to skip."""
    return (
        select(requests.c.created_at)
        .where(column == bindparam(column.name), requests.c.created_at > bindparam("since"))
        .order_by(requests.c.created_at.desc())
        .limit(1)
        .offset(bindparam(skip))
    )


_NOBODY = Client("")  # no request has this network
_COUNTED = (requests.c.client_network, requests.c.client_wide)
_KNOWN = select(requests.c.reference).where(requests.c.idempotency_key == bindparam("key"))


def _earlier(networks: int) -> Prepared:
    """One statement, as each call of SQLite costs the writer its turn at the interpreter."""
    many = [_recent(column, f"skip_{column.name}") for column in _COUNTED[:networks]]
    as_many = [_recent(column, f"unchecked_{column.name}") for column in _COUNTED[:networks]]
    return Prepared(select(*(each.scalar_subquery() for each in (_KNOWN, *many, *as_many))))


_EARLIER = {networks: _earlier(networks) for networks in (1, 2)}
_RECENT = {
    networks: select(*(_recent(column, f"skip_{column.name}").scalar_subquery() for column in _COUNTED[:networks]))
    for networks in (1, 2)
}
_LATELY = select(requests.c.reference).where(
    requests.c.idempotency_key == bindparam("key"), requests.c.created_at > bindparam("since")
)
_SPENT = select(spent.c.id).where(spent.c.purpose == bindparam("purpose"), spent.c.id == bindparam("id"))
_INSERT_LINK = Prepared(insert(links), ("id", "reference", "expires_at", "opens"))
_START_TARGET = (
    select(
        requests.c.reference,
        requests.c.site,
        requests.c.state,
        requests.c.status_id,
        requests.c.created_at.label("requested_at"),
        links.c.opens,
        requests.c.start,
        tickets.c.applet_id,
        tickets.c.created_at.label("ticket_created_at"),
        requests.c.applet_link,
        requests.c.applet_file,
        requests.c.applet_name,
        requests.c.applet_type,
    )
    .select_from(links)
    .join(requests, requests.c.reference == links.c.reference)
    .outerjoin(tickets, tickets.c.number == requests.c.ticket_number)
    .where(links.c.id == bindparam("id"))
)
_NEWEST_LINK = (
    select(links).where(links.c.reference == bindparam("reference")).order_by(links.c.expires_at.desc()).limit(1)
)
_OPEN = (
    update(links)
    .where(links.c.id == bindparam("which"), links.c.opens < bindparam("most"))
    .values(opens=links.c.opens + 1, opened_at=func.coalesce(links.c.opened_at, bindparam("now", type_=Moment)))
)


def insert_request(connection: Connection, request: CustomerRequest) -> None:
    """Store a new request. Raises IntegrityError when its idempotency key or reference is taken."""
    _INSERT.run(connection, _values(request))


def request_by_reference(connection: Connection, reference: str) -> CustomerRequest | None:
    """The request with this reference."""
    return _request(connection.execute(_BY_REFERENCE, {"reference": reference}).one_or_none())


def confirmed_request(connection: Connection, reference: str) -> CustomerRequest | None:
    """As `request_by_reference`, and locked: so a synchronous standby has it when this transaction's commit returns.

    A commit that writes nothing does not wait for the standby.
    """
    query = select(requests).where(requests.c.reference == reference).with_for_update()
    return _request(connection.execute(query).one_or_none())


def request_by_status_id(connection: Connection, status_id: str) -> CustomerRequest | None:
    """The request whose status link has this id."""
    return _request(connection.execute(_BY_STATUS_ID, {"status_id": status_id}).one_or_none())


def earlier_requests(
    connection: Connection, key: str, client: Client | None, most: int, since: datetime, unchecked: int | None = None
) -> tuple[str | None, datetime | None, bool]:
    """The reference under this idempotency key; the time of this client's `most`th newest request, if after `since`;
    and whether the client has made at least `unchecked` requests since then.

    The client's /48 counts too, with its own limit (`Client.limits`). Without a client nothing is counted.
    """
    client = client or _NOBODY
    shares = _shares(client, most, "skip") | _shares(client, unchecked or most, "unchecked")
    count = len(client.networks)
    reference, *moments = tuple(_EARLIER[count].run(connection, {"key": key, "since": since, **shares}).one())
    came_in = max(filter(None, moments[:count]), default=None)
    return reference, came_in and moment(came_in), any(moments[count:])


def share_used_up(connection: Connection, client: Client, most: int, since: datetime) -> datetime | None:
    """The time of this client's `most`th newest request, if after `since`; its /48 counts too."""
    values = {"since": since, **_shares(client, most, "skip")}
    moments = connection.execute(_RECENT[len(client.networks)], values).one()
    return max(filter(None, moments), default=None)


def _shares(client: Client, most: int, prefix: str) -> dict[str, str | int | None]:
    """Values for the client's networks, and for how many newer requests of each to skip."""
    values: dict[str, str | int | None] = {}
    for column, (network, limit) in zip(_COUNTED, client.limits(most), strict=False):
        values |= {column.name: network, f"{prefix}_{column.name}": limit - 1}
    return values


def lately_under(connection: Connection, key: str, since: datetime) -> str | None:
    """The reference under this idempotency key, if the request came in after `since`."""
    return connection.execute(_LATELY, {"key": key, "since": since}).scalar_one_or_none()


def received_lately(
    connection: Connection, site: str, body_hash: str, since: datetime, until: datetime
) -> tuple[str, datetime] | None:
    """Reference and time of the newest request of this site with this content that came in after `since` and until
    `until`; else None."""
    query = (
        select(requests.c.reference, requests.c.created_at)
        .where(
            requests.c.site == site,
            requests.c.created_at > since,
            requests.c.created_at <= until,
            requests.c.body_hash == body_hash,
        )
        .order_by(requests.c.created_at.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.reference, row.created_at)


def spend(connection: Connection, purpose: str, token_id: str, expires_at: datetime) -> bool:
    """Use up a value that counts once; False when it was used before. Raises IntegrityError on concurrent use."""
    if connection.execute(_SPENT, {"purpose": purpose, "id": token_id}).first():
        return False
    connection.execute(insert(spent), {"purpose": purpose, "id": token_id, "expires_at": expires_at})
    return True


def list_requests(
    connection: Connection, *, state: RequestState | None = None, site: str | None = None, most: int = 100
) -> list[CustomerRequest]:
    """The newest requests first, at most `most`."""
    query = select(requests).order_by(requests.c.created_at.desc()).limit(most)
    if state is not None:
        query = query.where(requests.c.state == state)
    if site is not None:
        query = query.where(requests.c.site == site)
    return [known_request(row) for row in connection.execute(query)]


def requests_of_person(
    connection: Connection, *, email: str | None = None, number: str | None = None
) -> list[CustomerRequest]:
    """All requests with this mail address (in any case) or customer number."""
    query = select(requests).order_by(requests.c.created_at)
    if email is not None:
        query = query.where(is_mail(requests.c.customer_email, email))
    if number is not None:
        query = query.where(requests.c.customer_number == number)
    return [known_request(row) for row in connection.execute(query)]


def end_request(connection: Connection, reference: str, now: datetime) -> None:
    """End the request with its session."""
    connection.execute(
        update(requests)
        .where(requests.c.reference == reference, requests.c.state.in_(states_before(RequestState.ENDED)))
        .values(state=RequestState.ENDED, ended_at=now, due_at=None, lease=None)
    )


def reopen_request(connection: Connection, reference: str) -> None:
    """Reopen the request with its ticket at the embedded desk, unless it was erased."""
    connection.execute(
        update(requests)
        .where(
            requests.c.reference == reference,
            requests.c.state == RequestState.ENDED,
            requests.c.start == Start.DESK,
            requests.c.erased_at.is_(None),
        )
        .values(state=RequestState.OPENED, ended_at=None)
    )


def insert_link(connection: Connection, link: StartLink) -> None:
    """Store a new link."""
    values = {"id": link.id, "reference": link.reference, "expires_at": link.expires_at, "opens": link.opens}
    _INSERT_LINK.run(connection, values)


def start_target(connection: Connection, link_id: str) -> StartTarget | None:
    """The target of the link with this id."""
    row = connection.execute(_START_TARGET, {"id": link_id}).one_or_none()
    if row is None:
        return None
    start = Start(row.start) if row.start else None
    return StartTarget(**{**row._asdict(), "state": RequestState(row.state), "start": start})


def newest_link(connection: Connection, reference: str) -> StartLink | None:
    """The link of this request that expires last."""
    return _link(connection.execute(_NEWEST_LINK, {"reference": reference}).one_or_none())


def record_opening(connection: Connection, link_id: str, most: int, now: datetime) -> bool:
    """Count one more opening; False when the link has been opened `most` times already."""
    return connection.execute(_OPEN, {"which": link_id, "most": most, "now": now}).rowcount == 1


def _values(request: CustomerRequest) -> dict[str, object]:
    return {name: getattr(request, name) for name in _OWN} | request.customer.values() | why_columns(request.why)


def _request(row: Row[tuple[object, ...]] | None) -> CustomerRequest | None:
    return None if row is None else known_request(row)


def known_request(row: Row[Any]) -> CustomerRequest:
    """A request from a whole row of the table."""
    values = row._asdict()
    take_customer(values)
    take_why(values)
    values["state"] = RequestState(values["state"])
    values["start"] = Start(values["start"]) if values["start"] else None
    return CustomerRequest(**values)


def _link(row: Row[tuple[object, ...]] | None) -> StartLink | None:
    return None if row is None else StartLink(row.id, row.reference, row.expires_at, row.opens)
