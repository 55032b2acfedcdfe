"""What is measured in a database of many requests: each statement that pages, background work and submits run."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, true

from app.actions import privacy
from app.actions.figures import Figures, finish_next_day
from app.core.client import Client
from app.core.figures import ALL_SITES
from app.core.request import RequestState
from app.core.ticket import OPEN_STATES
from app.store import figures, hand_offs, queues
from app.store import privacy as store
from app.store.backlog import load_backlog
from app.store.database import Database
from app.store.request_list import Wanted, newest_requests
from app.store.requests import earlier_requests, received_lately
from bench.capacity_rows import BIGGEST, RARE_MAIL, SHARED_MAIL

RETENTION = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that the program asks of its database."""

    name: str
    run: Callable[[Database], Any]


@dataclass(frozen=True, slots=True)
class Prunes:
    """Milliseconds of the first prune, of one that finds nothing, and of one that erases `rows`."""

    first: float
    nothing: float
    due: float
    rows: int


def statements(now: datetime) -> list[Statement]:
    """All of them, for a database that was filled at `now`."""
    return [*_lists(), *_searches(), *_figures(now), *_of_hand_offs(now), *_of_submits(now), *_of_prunes(now)]


def prunes(database: Database, now: datetime) -> Prunes:
    """Prune as the background work does: what has gathered, then nothing, then 1,000 requests with their tickets."""
    first, _ = _timed(database, now)
    nothing = min(_timed(database, now)[0] for _ in range(3))
    if _is_small(database):
        _timed(database, now + timedelta(days=8))  # ends what is open, so that the next one does nothing but erase
        due, rows = _timed(database, now + timedelta(days=91))
    else:
        due, rows = _timed(database, now + timedelta(days=0.1))
    return Prunes(first, nothing, due, rows)


def _timed(database: Database, now: datetime) -> tuple[float, int]:
    began = time.perf_counter()
    done = privacy.prune(database, RETENTION, now=now)
    return (time.perf_counter() - began) * 1e3, done.requests_erased + done.tickets_erased


def _is_small(database: Database) -> bool:
    with database.read() as connection:
        return newest_requests(connection, Wanted(), most=2_000).older is None


def _reading(name: str, ask: Callable[[Connection], Any]) -> Statement:
    def run(database: Database) -> None:
        with database.read() as connection:
            ask(connection)

    return Statement(name, run)


class _Undone(Exception):
    """Undoes what was measured."""


def _writing(name: str, change: Callable[[Connection], Any]) -> Statement:
    def job(connection: Connection) -> None:
        change(connection)
        raise _Undone

    def run(database: Database) -> None:
        try:
            database.write(job)
        except _Undone:
            return

    return Statement(name, run)


def _lists() -> list[Statement]:
    wanted = {
        "list": Wanted(),
        "list, one state": Wanted(state=RequestState.ENDED),
        "list, a rare state": Wanted(state=RequestState.PARKED),
        "list, one site": Wanted(site=BIGGEST),
        "list, a site's ended": Wanted(site=BIGGEST, state=RequestState.ENDED),
        "list, one backend": Wanted(backend="take-control"),
        "list, nothing matches": Wanted(backend="take-control-rest"),
    }
    return [_reading(name, lambda c, w=w: newest_requests(c, w)) for name, w in wanted.items()]  # type: ignore[misc]


def _searches() -> list[Statement]:
    wanted = {
        "search, 3 found": RARE_MAIL,
        "search, thousands found": SHARED_MAIL,
        "search, number": "C-100",
        "search, nothing found": "nobody@example.com",
    }
    of_tickets = {"tickets, by mail": RARE_MAIL, "tickets, in texts": "scanner"}
    return [
        *(_reading(name, lambda c, t=t: newest_requests(c, Wanted(text=t))) for name, t in wanted.items()),  # type: ignore[misc]
        *(
            _reading(name, lambda c, t=t: queues.search(c, t, true(), before=None, most=50))  # type: ignore[misc]
            for name, t in of_tickets.items()
        ),
        _reading("tickets, all", lambda c: queues.page_of(c, queues.everything(), OPEN_STATES, before=None, most=50)),
        Statement("a person's data", lambda database: privacy.find_person(database, email=RARE_MAIL)),
    ]


def _figures(now: datetime) -> list[Statement]:
    kept: dict[Database, Figures] = {}

    def figures_of(database: Database) -> Figures:
        return kept.setdefault(database, Figures(database))

    return [
        _reading("figures, first day", figures.first_day),
        _reading("figures, today", lambda c: figures.measure(c, now.date())),
        Statement("figures, 90 days, sums of sites", lambda database: figures_of(database).by_site(90, now=now)),
        Statement("figures, 90 days, one site", lambda database: figures_of(database).of(90, BIGGEST, now=now)),
        Statement("figures, 90 days, all sites", lambda database: figures_of(database).of(90, ALL_SITES, now=now)),
        Statement("figures, nothing to keep", lambda database: finish_next_day(database, now=now)),
    ]


def _of_hand_offs(now: datetime) -> list[Statement]:
    stale = now - timedelta(minutes=30)
    return [
        _reading("backlog", lambda c: load_backlog(c, now)),
        _reading("hand-offs due", lambda c: hand_offs.due_by_site(c, now)),
        _reading("hand-offs, anything left", lambda c: hand_offs.anything_left(c, now, stale)),
        _reading("hand-offs, stale", lambda c: hand_offs.stale_requests(c, stale)),
        _writing("hand-offs, lost", lambda c: hand_offs.take_back_lost(c, now)),
        _writing("hand-offs, claim", lambda c: hand_offs.claim_due(c, BIGGEST, 8, "lease", now, now)),
        _writing("hand-offs, leases", lambda c: hand_offs.extend_leases(c, ["one", "two"], now)),
    ]


def _of_submits(now: datetime) -> list[Statement]:
    client, hour = Client("203.0.0.0"), now - timedelta(hours=1)
    return [
        _reading("submit, limits", lambda c: earlier_requests(c, "no-such-key", client, 10, hour)),
        _reading("submit, received lately", lambda c: received_lately(c, BIGGEST, "no-such-hash", hour, now)),
    ]


def _of_prunes(now: datetime) -> list[Statement]:
    ended, created = now - RETENTION - timedelta(days=1), now - privacy.LONGEST_KEPT
    day, week = now - timedelta(days=2), now - timedelta(days=8)
    return [
        _reading("prune, requests due", lambda c: store.requests_to_erase(c, ended, created)),
        _reading("prune, tickets due", lambda c: store.tickets_to_erase(c, ended, created)),
        _reading("prune, tickets nobody took", lambda c: store.tickets_nobody_took(c, week)),
        _writing("prune, vendors' sessions", lambda c: store.end_vendor_sessions(c, day, now)),
        _writing("prune, forgotten requests", lambda c: store.end_forgotten_requests(c, week, now)),
        _writing("prune, keys", lambda c: store.forget_keys(c, day)),
        _writing("prune, addresses", lambda c: store.forget_addresses(c, week)),
        _writing("prune, one request", lambda c: store.erase_requests(c, ["0000-0000"], now)),
    ]
