"""What runs again and again reads the few rows it is about by their index, however many others there are."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert

from app.core.figures import ALL_SITES
from app.store import figures, hand_offs, privacy
from app.store.database import Database
from app.store.tables import day_figures, requests, tickets
from tests.store.rows import NOW

_ROWS, _FRESH, _WITH_ADDRESS, _WITH_KEY, _DUE = 3_000, 100, 40, 20, 3
_DAYS, _SITES = 40, 50
_OLD, _LATER = NOW - timedelta(days=30), NOW + timedelta(days=1)


@pytest.fixture
def filled(desk: Database) -> Database:
    """A desk whose requests and tickets are erased but for the newest."""
    for table, rows in ((requests, _requests()), (tickets, _tickets()), (day_figures, _figures())):
        desk.write(lambda connection, table=table, rows=rows: connection.execute(insert(table), rows).rowcount)  # type: ignore[misc]
    if not desk.is_sqlite:
        desk.write(lambda connection: connection.exec_driver_sql("ANALYZE requests, tickets, day_figures").rowcount)
    return desk


def _requests() -> list[dict[str, Any]]:
    return [
        {
            "reference": f"r{age}",
            "site": "default",
            "state": "waiting" if age < _DUE else "ended",
            "backend": "embedded",
            "source": "page",
            "status_id": f"s{age}",
            "ask_customer_info": False,
            "attempts": 0,
            "idempotency_key": f"k{age}" if age < _WITH_KEY else None,
            "client_address": "192.0.2.1" if age < _WITH_ADDRESS else None,
            "due_at": NOW if age < _DUE else None,
            "created_at": NOW - age * timedelta(hours=1),
            "ended_at": None if age < _DUE else NOW - age * timedelta(hours=1),
            "erased_at": None if age < _FRESH else NOW,
        }
        for age in range(_ROWS)
    ]


def _tickets() -> list[dict[str, Any]]:
    return [
        {
            "number": _ROWS - age,
            "session_id": f"s{age}",
            "pin": "123456789",
            "site": "default",
            "state": "closed",
            "queue_kind": "general",
            "reason": "nothing_asked",
            "ask_customer_info": False,
            "info_mode": "ask",
            "applet_id": f"a{age}",
            "created_at": NOW - age * timedelta(hours=1),
            "ended_at": NOW - age * timedelta(hours=1),
            "erased_at": None if age < _FRESH else NOW,
        }
        for age in range(_ROWS)
    ]


def _figures() -> list[dict[str, Any]]:
    sites = [ALL_SITES, *(f"s{number}" for number in range(_SITES))]
    days = [NOW.date() - timedelta(days=back) for back in range(_DAYS)]
    return [{"day": f"{day}", "site": site, "requests": 1, "opened": 1} for day in days for site in sites]


def _first() -> date:
    return NOW.date() - timedelta(days=_DAYS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("index", "ask"),
    [
        ("ix_requests_not_erased", lambda c: privacy.requests_to_erase(c, _OLD, _OLD)),
        ("ix_tickets_not_erased", lambda c: privacy.tickets_to_erase(c, _OLD, _OLD)),
        ("idempotency_key", lambda c: privacy.forget_keys(c, _OLD)),
        ("ix_requests_with_address", lambda c: privacy.forget_addresses(c, _OLD)),
        ("ix_requests_site_due_at", lambda c: hand_offs.claim_due(c, "default", 8, "lease", _LATER, NOW)),
        ("day=? AND site=?", lambda c: figures.days_kept(c, _first(), NOW.date())),
        ("day=? AND site=?", lambda c: figures.load_days(c, _first(), NOW.date(), "s1")),
    ],
    ids=["requests due", "tickets due", "keys", "addresses", "claim", "days kept", "a site's days"],
)
def test_it_reads_by_index(filled: Database, index: str, ask: Callable[[Connection], object]) -> None:
    plan = filled.write(lambda connection: _plan_of(connection, ask))
    assert any(name in plan for name in _names(index, filled)), plan
    assert "Seq Scan" not in plan
    assert "SCAN " not in plan or "USING INDEX" in plan, plan


def _names(index: str, database: Database) -> tuple[str, ...]:
    """How the database's plan shows the use of this index."""
    if index == "idempotency_key":
        return ("uq_requests_idempotency_key", "(idempotency_key>?)")
    if index == "ix_requests_site_due_at":
        return (index, "ix_requests_state_created_at")  # PostgreSQL knows that few requests wait
    if index == "day=? AND site=?" and not database.is_sqlite:
        return ("pk_day_figures",)
    return (index,)


def _plan_of(connection: Connection, ask: Callable[[Connection], object]) -> str:
    """The plans of all statements that this runs."""
    if connection.dialect.name == "postgresql":
        # A table of 3,000 rows is read whole sooner than one of millions.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    said: list[tuple[str, Any]] = []

    def hear(_c: Connection, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        said.append((statement, values))

    event.listen(connection, "before_cursor_execute", hear)
    try:
        ask(connection)
    finally:
        event.remove(connection, "before_cursor_execute", hear)
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    plans = [connection.exec_driver_sql(f"{explain} {statement}", values) for statement, values in said]
    return "\n".join(str(row[-1]) for plan in plans for row in plan)
