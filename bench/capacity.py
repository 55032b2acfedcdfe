"""Benchmark of capacity: what pages and statements cost in a database of millions of requests beside one of 1,000.

`bench/capacity_rows.py` fills both, `bench/capacity_statements.py` says what is measured in them.
"""

import contextlib
import json
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from alembic.script import ScriptDirectory

from app.core.staff import Department
from app.store.database import Database
from app.store.migrate import HEAD, alembic_config
from app.store.staff import add_department
from bench.capacity_rows import A_DAY, BEGUN, RARE_MAIL, SHARED_MAIL, bytes_of, fill, fill_rest, upgrade
from bench.capacity_statements import Prunes, Statement, prunes, statements
from bench.console import ADMIN, Place, add_staff, threads_of
from bench.servers import handbell

FEW = 1_000
TENTH = 10  # SQLite gets that part of PostgreSQL's rows
MOST_RATIO = 1.5
_PAGES = {
    "list": "/console/requests",
    "list, one state": "/console/requests?state=ended",
    "list, one site": "/console/requests?site=s0",
    "list, one backend": "/console/requests?backend=take-control",
    "list, older page": "",
    "search, 3 found": f"/console/requests?q={RARE_MAIL}",
    "search, thousands found": f"/console/requests?q={SHARED_MAIL}",
    "search, reference": "/console/requests?q=0000-0000",
    "tickets": "/console/?queue=all",
    "tickets, search by mail": f"/console/?q={RARE_MAIL}",
    "tickets, search in texts": "/console/?q=scanner",
    "figures, 30 days": "/console/figures?days=30",
    "figures, 90 days": "/console/figures?days=90",
    "figures, 30 days, one site": "/console/figures?days=30&site=s0",
}
_EACH = 12  # loads of a page in one round
_RUNS = 15  # of a statement, after _WARM others: a prepared statement may get another plan after ten
_WARM = 12


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled database with the newest schema."""

    url: str
    rows: int
    made_at: datetime
    migrations: dict[str, float]

    @property
    def name(self) -> str | None:
        """The database's name on the PostgreSQL server."""
        return None if self.url.startswith("sqlite") else self.url.rpartition("/")[2]


def measure(folder: Path, rounds: int, rows: int) -> dict[str, Any]:
    """Measure with this many rows on PostgreSQL and a tenth of them on SQLite. Ten million take three quarters of an
    hour."""
    results: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        pair = [stack.enter_context(_sqlite(folder, how_many)) for how_many in (FEW, rows // TENTH)]
        results["sqlite"] = _measured(folder / "sqlite", pair, rounds)
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(_postgresql(how_many)) for how_many in (FEW, rows)]
        pair = [one for one in found if one]
        results["postgresql"] = _measured(folder / "postgresql", pair, rounds) if pair else None
    return results


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    return "\n\n".join(_table(kind, one) for kind, one in results.items() if one)


def _measured(folder: Path, pair: list[Filled], rounds: int) -> dict[str, Any]:
    few, many = pair
    folder.mkdir()
    results: dict[str, Any] = {
        "few": few.rows,
        "many": many.rows,
        "bytes": bytes_of(many.url),
        "migration_seconds": {"few": few.migrations, "many": many.migrations},
    }
    _say("migrations", results)
    results["statements"] = _statements(pair)
    _say("statements", results)
    results["pages"] = _pages(folder, pair, rounds)
    _say("pages", results)
    results["prune"] = {name: _pruned(one) for name, one in (("few", few), ("many", many))}
    _say("prune", results)
    return results


def _say(what: str, results: dict[str, Any]) -> None:
    print(f"{what}: {json.dumps(results.get(what, results))}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _sqlite(folder: Path, rows: int) -> Iterator[Filled]:
    file = folder / f"requests-{rows}" / "handbell.sqlite3"
    yield filled(f"sqlite:///{file}", rows)
    for each in file.parent.iterdir():
        each.unlink()


@contextlib.contextmanager
def _postgresql(rows: int) -> Iterator[Filled | None]:
    """None without a server on 127.0.0.1."""
    try:
        admin = psycopg.connect(ADMIN, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    name = f"handbell_bench_{secrets.token_hex(4)}"
    admin.execute(f'CREATE DATABASE "{name}"')
    try:
        yield filled(f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}", rows)
    finally:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.close()


def filled(url: str, rows: int) -> Filled:
    """Fill an empty database, and measure how long each migration since BEGUN takes on it, in seconds."""
    now = _after_a_thousand(datetime.now(UTC))
    began = time.monotonic()
    fill(url, rows, now)
    print(f"{rows} rows took {time.monotonic() - began:.0f} s: {url}", file=sys.stderr, flush=True)
    return completed(url, rows, now)


def _after_a_thousand(now: datetime) -> datetime:
    """The last time at which a day had FEW requests: then either database has as many of today."""
    time_of_day = timedelta(days=FEW / A_DAY)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight if now - midnight >= time_of_day else midnight - timedelta(days=1)) + time_of_day


def completed(url: str, rows: int, now: datetime) -> Filled:
    """Migrate a database that `fill` has filled at `now`, and add the rest."""
    database = Database(url)
    took = {}
    for revision in _revisions_after_begun(database):
        began = time.monotonic()
        upgrade(database, revision)
        took[revision] = round(time.monotonic() - began, 2)
    database.write(lambda connection: add_department(connection, Department(10, "Computers")))
    add_staff(database)
    database.checkpoint()
    database.close()
    fill_rest(url, rows, now)
    return Filled(url, rows, now, took)


def _revisions_after_begun(database: Database) -> list[str]:
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    return [script.revision for script in scripts.iterate_revisions(HEAD, BEGUN)][::-1]


def _statements(pair: list[Filled]) -> dict[str, Any]:
    """Milliseconds of each statement, few and many in turn."""
    with contextlib.ExitStack() as stack:
        tried = [stack.enter_context(_trials(one)) for one in pair]
        return {name: _compared(*(trials[name] for trials in tried), times=_RUNS, warm=_WARM) for name in tried[0]}


Trial = Callable[[], tuple[float, float]]  # wall and CPU milliseconds


@contextlib.contextmanager
def _trials(one: Filled) -> Iterator[dict[str, Trial]]:
    database = Database(one.url)
    try:
        yield {each.name: _trial(each, database, one) for each in statements(one.made_at)}
    finally:
        database.close()


def _trial(statement: Statement, database: Database, one: Filled) -> Trial:
    def run() -> tuple[float, float]:
        began, before = time.perf_counter(), _own_cpu_ms(one.name)
        statement.run(database)
        return (time.perf_counter() - began) * 1e3, _own_cpu_ms(one.name) - before

    return run


def _own_cpu_ms(database: str | None) -> float:
    """CPU milliseconds of this process and of PostgreSQL's for that database."""
    return time.process_time() * 1e3 + sum(sum(threads_of(pid).values()) for pid in _backends(database)) / 1e6


_backends_of: dict[str, list[int]] = {}


def _backends(name: str | None) -> list[int]:
    """Ids of PostgreSQL's processes for this database; asked for once, after the first statement."""
    if name is None:
        return []
    if not _backends_of.get(name):
        with psycopg.connect(ADMIN) as admin:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
            _backends_of[name] = [row[0] for row in admin.execute(query, (name,))]
    return _backends_of[name]


def _compared(few: Trial, many: Trial, *, times: int, warm: int) -> dict[str, float]:
    """Medians, and the median of each turn's own ratio of CPU time."""
    for _ in range(warm):
        few()
        many()
    turns = [(few(), many()) for _ in range(times)]
    (few_wall, few_cpu), (many_wall, many_cpu) = (
        tuple(statistics.median(turn[which][what] for turn in turns) for what in (0, 1)) for which in (0, 1)
    )
    return {
        "few_ms": round(few_wall, 3),
        "many_ms": round(many_wall, 3),
        "ratio": round(many_wall / few_wall, 2),
        "few_cpu_ms": round(few_cpu, 3),
        "many_cpu_ms": round(many_cpu, 3),
        "cpu_ratio": round(many_cpu / few_cpu, 2) if few_cpu else 0.0,
    }


def _pages(folder: Path, pair: list[Filled], rounds: int) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        places = [stack.enter_context(_serving(folder / str(one.rows), one)) for one in pair]
        paths = [{**_PAGES, "list, older page": place.console.older_page(_PAGES["list"])} for place in places]
        return {
            name: _compared(
                *(_page_trial(place, its[name]) for place, its in zip(places, paths, strict=True)),
                times=rounds * 3,
                warm=2,
            )
            for name in _PAGES
        }


@contextlib.contextmanager
def _serving(data_dir: Path, one: Filled) -> Iterator[Place]:
    with handbell(data_dir, "warning", PROCESSES="1", DATABASE_URL=one.url) as server:
        yield Place(server, data_dir, one.name)


def _page_trial(place: Place, path: str) -> Trial:
    def load() -> tuple[float, float]:
        began = time.perf_counter()
        cpu = place.page_ms(path, _EACH)
        return (time.perf_counter() - began) * 1e3 / _EACH, cpu

    return load


def _pruned(one: Filled) -> dict[str, float]:
    """Milliseconds of a prune that finds nothing, and of one row's erasure."""
    database = Database(one.url)
    try:
        done: Prunes = prunes(database, one.made_at)
    finally:
        database.close()
    return {
        "first_ms": round(done.first, 1),
        "nothing_due_ms": round(done.nothing, 1),
        "rows": done.rows,
        "row_ms": round(done.due / max(1, done.rows), 3),
    }


def _table(kind: str, results: dict[str, Any]) -> str:
    few, many = f"{results['few']:,}", f"{results['many']:,}"
    head = f"| {kind} | ms with {few} | {many} | ratio | CPU ms with {few} | {many} | ratio |"
    rows = [
        f"| {name} | {row['few_ms']:.2f} | {row['many_ms']:.2f} | {row['ratio']:.2f} "
        f"| {row['few_cpu_ms']:.2f} | {row['many_cpu_ms']:.2f} | {row['cpu_ratio']:.2f} |"
        for part in ("pages", "statements")
        for name, row in results[part].items()
    ]
    prune, took = results["prune"], results["migration_seconds"]["many"]
    return "\n".join(
        [
            head,
            f"|---|{'--:|' * 6}",
            *rows,
            "",
            f"{results['bytes'] / 1e9:.1f} GB. Migrations: {sum(took.values()):.1f} s ({json.dumps(took)}).",
            f"Prune: {json.dumps(prune)}",
        ]
    )
