"""Checks after all faults: each acknowledged request is kept once and settled, and each session is accounted for."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update

from app.core.request import RequestState
from app.process.pool import LEASE
from app.store.database import Database
from app.store.tables import requests, tickets
from tests.faults.crowd import Crowd
from tests.faults.hosts import Hosts
from tests.vendor.records import Session
from tests.vendor.remote import RemoteVendor
from tests.waiting import until

_SETTLED = (RequestState.OPENED, RequestState.PARKED)
_ON_ITS_WAY = (RequestState.WAITING, RequestState.OPENING)


def hurry(database: Database, *, unsure: int = 0) -> None:
    """Make waiting requests due now: all, or those that may have been sent at least `unsure` times."""
    now = datetime.now(UTC)
    waiting = update(requests).where(
        requests.c.state == RequestState.WAITING, requests.c.due_at > now, requests.c.unsure >= unsure
    )
    database.write(lambda connection: connection.execute(waiting.values(due_at=now)))


def end_leases(database: Database, older_than: timedelta) -> None:
    """End leases that began longer ago than this: their holders are dead, or would have called by then."""
    now = datetime.now(UTC)
    held = update(requests).where(
        requests.c.state == RequestState.OPENING, requests.c.due_at < now + LEASE - older_than
    )
    database.write(lambda connection: connection.execute(held.values(due_at=now)))


def unsettled(database: Database) -> int:
    """Number of requests that are waiting or being opened."""
    with database.read() as connection:
        query = select(func.count()).select_from(requests).where(requests.c.state.in_(_ON_ITS_WAY))
        return int(connection.execute(query).scalar_one())


def settle_all(database: Database, within: float, leases_after: timedelta = LEASE) -> None:
    """Wait until every request is opened or parked, while making waiting requests due and ending old leases."""

    def settled() -> bool:
        hurry(database)
        end_leases(database, leases_after)
        return unsettled(database) == 0

    assert until(settled, within, every=0.5), f"{unsettled(database)} requests are not settled after {within} s"


def rows_of(database: Database) -> list[Row[Any]]:
    """All rows of requests, including the columns of the queue."""
    with database.read() as connection:
        return list(connection.execute(select(requests)).all())


def check_kept(rows: list[Row[Any]], crowd: Crowd) -> None:
    """Each acknowledged request has one row, is settled, has the reference that the customer was told, and one status
    page."""
    times = Counter(row.customer_number for row in rows)
    assert [number for number in crowd.told if number not in times] == []
    assert [number for number, count in times.items() if count > 1] == []
    assert [number for number, told in crowd.told.items() if len(told.locations) != 1] == []
    references = {row.customer_number: row.reference for row in rows}
    assert [n for n, told in crowd.told.items() if told.references - {references[n]}] == []
    assert Counter(row.state for row in rows if row.state not in _SETTLED) == Counter()


def check_desk(rows: list[Row[Any]], database: Database) -> None:
    """The embedded desk has one ticket for each of its requests, and no others."""
    with database.read() as connection:
        found = Counter(connection.execute(select(tickets.c.reference)).scalars())
    assert found == Counter(row.reference for row in rows if row.backend == "embedded")


def check_sessions(rows: list[Row[Any]], vendor: RemoteVendor, hosts: Hosts) -> int:
    """Each session at the vendor belongs to a request; more than one only after an ambiguous failure, and marked.

    Returns the number of surplus sessions.
    """
    sessions = _by_number(vendor.sessions)
    known = {row.customer_number: row for row in rows if row.backend != "embedded"}
    assert [number for number in sessions if number not in known] == []
    for number, row in known.items():
        opened = row.state == RequestState.OPENED
        assert opened <= len(sessions[number]) <= row.unsure + opened, f"{row.reference}: {len(sessions[number])}"
        assert opened or row.unsure > 1, f"{row.reference} is parked: {row.why}"
        mark = f"[REF {row.reference} retry]"
        unmarked = [one for one in sessions[number] if mark not in (one.problem_description or "")]
        assert len(unmarked) <= 1, f"{row.reference}: {len(unmarked)} sessions without a mark"
    too_many = {number: len(found) - 1 for number, found in sessions.items() if len(found) > 1}
    lost = sum(row.lost for row in known.values())
    assert sum(too_many.values()) <= len(vendor.ambiguous) + lost
    shown = {one["customer_number"]: one for one in hosts.run_json("request", "list", "--most", "10000")}
    assert [number for number in too_many if not shown[number]["maybe_duplicate"]] == []
    return sum(too_many.values())


def _by_number(sessions: Iterable[Session]) -> dict[str, list[Session]]:
    found: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        found[session.customer_number or ""].append(session)
    return found
