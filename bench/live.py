"""Benchmark of the conversation: from a press on one page to the line on the other's, and what an idle stream costs."""

import asyncio
import contextlib
import secrets
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench import live_picture
from bench.servers import BenchFailed, Server, handbell
from bench.talk import Page, Pair, make_pairs, talk

PAIRS = 50
_LINES = 8  # of each page
_EVERY = 2.5  # seconds; a ticket takes 30 lines a minute from each side
_IDLE_SECONDS = 20
_ADMIN = "postgresql://postgres@127.0.0.1:5432/test"


def measure(folder: Path) -> dict[str, Any]:
    """Measure everything; takes two minutes."""
    results: dict[str, Any] = {"pairs": PAIRS}
    data_dir = folder / "live"
    with handbell(data_dir, "warning", PROCESSES="2") as server:
        pairs = make_pairs(f"sqlite:///{data_dir / 'handbell.sqlite3'}", data_dir / "keys", server.port, PAIRS)
        results["sqlite"] = _talked([server], pairs)
        print(f"SQLite, two processes: {results['sqlite']}", file=sys.stderr)
        results["idle"] = asyncio.run(_idle(server, pairs))
        print(f"idle: {results['idle']}", file=sys.stderr)
    with _two_hosts(folder) as found:
        results["postgresql"] = _talked(*found) if found else None
        print(f"PostgreSQL, two hosts: {results['postgresql']}", file=sys.stderr)
    results["picture"] = live_picture.measure(folder)
    print(f"picture: {results['picture']}", file=sys.stderr)
    return results


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    rows: list[tuple[str, str, float, float]] = []
    for kind, name in (("sqlite", "SQLite, two processes"), ("postgresql", "PostgreSQL, two hosts")):
        if row := results[kind]:
            rows.append((f"{PAIRS} talking pairs, {name}", "ms from press to the other's page, median", row["p50"], 50))
            rows.append(("", "99 of 100 within", row["p99"], 300))
    idle = results["idle"]
    rows.append((f"{idle['streams']} idle customers", "CPU ms per stream and second", idle["ms"], 0.05))
    for way, name in (("direct", "The screen, direct"), ("relay", "The screen, through coturn")):
        shown = results.get("picture", {}).get(way)
        if shown:
            rows.append((name, "ms from the picker to the first frame, median", shown["p50"], 1500))
    lines = ["| | what | measured | must |", "|---|---|--:|---|"]
    return "\n".join([*lines, *(f"| {a} | {b} | {c} | ≤ {d} |" for a, b, c, d in rows)])


def _talked(servers: Sequence[Server], pairs: Sequence[Pair]) -> dict[str, float]:
    """Customers are at the first server, technicians at the last."""
    both = [(Page([servers[0].port], p.customer), Page([servers[-1].port], p.technician)) for p in pairs]
    before = sum(server.cpu_seconds() for server in servers)
    asyncio.run(talk([page for pair in both for page in pair], _LINES, _EVERY, settle=4.0))
    spent = sum(server.cpu_seconds() for server in servers) - before
    took = sorted(
        there.told_at[body] - pressed
        for pair in both
        for here, there in (pair, pair[::-1])
        for body, pressed in here.pressed.items()
    )
    if len(took) != 2 * len(pairs) * _LINES:
        raise BenchFailed(f"{len(took)} lines arrived")
    return {
        "lines": len(took),
        "p50": round(statistics.median(took) * 1000, 1),
        "p99": round(took[int(0.99 * len(took))] * 1000, 1),
        "most": round(took[-1] * 1000, 1),
        "cpu_ms_each": round(spent / len(took) * 1000, 2),
    }


async def _idle(server: Server, pairs: Sequence[Pair]) -> dict[str, float]:
    """What two open pages of each ticket's customer add to a server without requests."""
    base = await _cpu(server)
    pages = [Page([server.port], pair.customer) for pair in pairs for _ in range(2)]
    listening = [asyncio.create_task(page.listen()) for page in pages]
    await asyncio.sleep(5)  # they arrive, and are told so
    together = await _cpu(server)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return {"streams": len(pages), "ms": round(max(0.0, together - base) / len(pages), 4)}


async def _cpu(server: Server) -> float:
    """CPU milliseconds per second."""
    before, began = server.cpu_ns(), time.monotonic()
    await asyncio.sleep(_IDLE_SECONDS)
    return (server.cpu_ns() - before) / 1e6 / (time.monotonic() - began)


@contextlib.contextmanager
def _two_hosts(folder: Path) -> Iterator[tuple[list[Server], list[Pair]] | None]:
    """Two hosts on one PostgreSQL, or None without a server on 127.0.0.1."""
    try:
        admin = psycopg.connect(_ADMIN, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    name = f"handbell_bench_{secrets.token_hex(4)}"
    try:
        admin.execute(f'CREATE DATABASE "{name}"')
        url = f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}"
        shared = {"DATABASE_URL": url, "KEYS_FILE": str(folder / "shared-keys"), "PROCESSES": "1"}
        with (
            handbell(folder / "one", "warning", **shared) as one,
            handbell(folder / "other", "warning", **shared) as other,
        ):
            yield [one, other], make_pairs(url, folder / "shared-keys", one.port, PAIRS)
    finally:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.close()
