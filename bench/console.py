"""Benchmark of the console: a queue of a million tickets beside one of a thousand, and idle consoles."""

import contextlib
import html
import http.client
import re
import secrets
import socket
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from sqlalchemy import text

from app.actions.log_in import hashed_password
from app.core.role import Role
from app.store.database import Database
from app.store.staff import add_technician
from bench.servers import BenchFailed, Server, handbell

FEW, MANY = 1_000, 1_000_000
QUEUES = ("mine", "departments", "general", "all")
ADMIN = "postgresql://postgres@127.0.0.1:5432/test"
_PASSWORD = secrets.token_hex(16)
_EACH = 20  # streams of one technician
_TECHNICIANS = 5
_NEXT = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM n WHERE i < {high}) ",
    "postgresql": "",
}
_FROM = {"sqlite": "n", "postgresql": "generate_series({low}, {high}) AS n(i)"}
_AT_ONCE = 25_000  # tickets in one statement, which may take half a minute
# Half of them in the general queue, a quarter in department 10, a quarter for one technician; all wait, most too long.
_FILL = """INSERT INTO tickets (number, session_id, pin, site, state, queue_kind, department_id, technician_id, reason,
 customer_name, customer_email, customer_number, problem_description, ask_customer_info, info_mode, applet_id,
 created_at)
 {next}SELECT 200000 + i, 's' || i, '123456789', 'default', 'waiting',
 CASE i % 4 WHEN 0 THEN 'department' WHEN 1 THEN 'technician' ELSE 'general' END,
 CASE i % 4 WHEN 0 THEN 10 END, CASE i % 4 WHEN 1 THEN {technician} END, 'nothing_asked',
 'Customer ' || i, 'customer' || i || '@example.com', 'C-' || i, 'The printer does not print, and says so.', {no},
 'ask', 'a' || i, {now} - ({last} - CAST(i AS BIGINT)) * 3600
 FROM {source}"""


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Measure everything; takes two to four minutes, mostly to fill the tables."""
    results: dict[str, Any] = {"few": FEW, "many": MANY}
    with sqlite_pair(folder) as pair:
        results["sqlite"] = _queue_pages(pair, rounds)
        print(f"SQLite: {results['sqlite']}", file=sys.stderr)
        results["idle"] = _idle(pair[0])
        print(f"idle: {results['idle']}", file=sys.stderr)
    with postgresql_pair(folder) as pair:
        results["postgresql"] = _queue_pages(pair, rounds) if pair else None
    return results


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    rows = []
    for kind in ("sqlite", "postgresql"):
        for queue, row in (results[kind] or {}).items():
            few, many = f"{row['few_ms']:.2f}", f"{row['many_ms']:.2f}"
            wanted = "" if queue.startswith("search") else "≤ 1.2"
            rows.append((f"{kind}, {queue}", f"CPU ms with {FEW:,} / {MANY:,}", f"{few} / {many}", ""))
            rows.append(("", "ratio", f"{row['ratio']:.2f}", wanted))
    idle = results["idle"]
    rows.append(
        (f"{idle['consoles']} idle consoles", "CPU ms per console and second", f"{idle['all_ms']:.3f}", "≤ 0.2")
    )
    rows.append(("", "of that: streams / one 304 a minute", f"{idle['stream_ms']:.3f} / {idle['page_ms']:.3f}", ""))
    rows.append(("one idle console", "CPU ms per second", f"{idle['alone_ms']:.3f}", "≤ 0.2"))
    lines = ["| | what | measured | must |", "|---|---|--:|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


class Console:
    """The browser of a logged-in technician."""

    def __init__(self, server: Server, email: str) -> None:
        self._server = server
        self._cookie = ""
        page, cookie, _ = self.fetch("GET", "/console/login")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        self._cookie = cookie
        filled = {"csrf_token": found[1] if found else "", "email": email, "password": _PASSWORD}
        _, self._cookie, _ = self.fetch("POST", "/console/login", urlencode(filled))
        self._kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def fetch(self, method: str, path: str, body: str | None = None) -> tuple[str, str, int]:
        """Make a call; returns page, cookie and status."""
        headers = {"Cookie": self._cookie, "X-Forwarded-For": "192.0.2.1"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        return page, (answer.headers["Set-Cookie"] or "").partition(";")[0], answer.status

    def connect_anew(self) -> None:
        """Reconnect, as the server closes connections that are idle for 75 seconds."""
        self._kept.close()

    def look(self, path: str, tag: str | None = None) -> str:
        """Load a page on the kept connection and return its tag; with the tag of the loaded page, get an empty
        answer."""
        known = {"If-None-Match": tag, "X-Live": "1", "X-Background": "1"} if tag else {}
        self._kept.request("GET", path, headers={"Cookie": self._cookie, **known})
        answer = self._kept.getresponse()
        answer.read()
        if answer.status != (304 if tag else 200):
            raise BenchFailed(f"{path} was answered with {answer.status}")
        return answer.headers["ETag"]

    def older_page(self, path: str) -> str:
        """The address of the page after this one."""
        page, _, _ = self.fetch("GET", path)
        if found := re.search(r'href="(/console/[^"]*before=[^"]+)"', page):
            return html.unescape(found[1])
        raise BenchFailed(f"{path} has no older page")

    def stream(self) -> socket.socket:
        """A stream of changes that has begun."""
        client = socket.create_connection(("127.0.0.1", self._server.port), 10)
        client.sendall(
            f"GET /console/changes HTTP/1.1\r\nHost: 127.0.0.1:{self._server.port}\r\n"
            f"Accept: text/event-stream\r\nCookie: {self._cookie}\r\n\r\n".encode()
        )
        beginning = client.recv(4096)
        if b"200 OK" not in beginning:
            raise BenchFailed(f"no stream: {beginning[:200]!r}")
        return client


class Place:
    """A server with its tickets. `cpu_ms` is the CPU time that it and its database have used."""

    def __init__(self, server: Server, data_dir: Path, database: str | None) -> None:
        self.server = server
        self.data_dir = data_dir
        self._database = database
        self.console = Console(server, "bench0@example.com")

    def cpu_ms(self) -> float:
        """CPU time of all threads in milliseconds; with PostgreSQL, including its processes for this database."""
        return sum(sum(threads_of(pid).values()) for pid in [*self.server.processes(), *self._backends()]) / 1e6

    def threads(self) -> dict[str, int]:
        """CPU time in nanoseconds of each thread of the server."""
        return {thread: spent for pid in self.server.processes() for thread, spent in threads_of(pid).items()}

    def _backends(self) -> list[int]:
        if self._database is None:
            return []
        with psycopg.connect(ADMIN) as admin:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
            return [row[0] for row in admin.execute(query, (self._database,))]

    def page_ms(self, path: str, times: int, tag: str | None = None) -> float:
        """CPU milliseconds for one page; with a tag, for the answer that nothing has changed."""
        self.console.connect_anew()
        before = self.cpu_ms()
        for _ in range(times):
            self.console.look(path, tag)
        return (self.cpu_ms() - before) / times


@contextlib.contextmanager
def sqlite_pair(folder: Path) -> Iterator[tuple[Place, Place]]:
    """A server with few tickets, and one with many."""
    with contextlib.ExitStack() as stack:
        places = []
        for name, how_many in (("few", FEW), ("many", MANY)):
            data_dir = folder / name
            server = stack.enter_context(handbell(data_dir, "warning", PROCESSES="1"))
            _fill(f"sqlite:///{data_dir / 'handbell.sqlite3'}", how_many)
            places.append(Place(server, data_dir, None))
        yield places[0], places[1]


@contextlib.contextmanager
def postgresql_pair(folder: Path) -> Iterator[tuple[Place, Place] | None]:
    """The same pair on PostgreSQL, or None without a server on 127.0.0.1."""
    try:
        admin = psycopg.connect(ADMIN, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        yield None
        return
    names = [f"handbell_bench_{secrets.token_hex(4)}" for _ in (FEW, MANY)]
    try:
        with contextlib.ExitStack() as stack:
            places = []
            for name, how_many in zip(names, (FEW, MANY), strict=True):
                admin.execute(f'CREATE DATABASE "{name}"')
                url = f"postgresql+psycopg://postgres@127.0.0.1:5432/{name}"
                data_dir = folder / name
                server = stack.enter_context(handbell(data_dir, "warning", PROCESSES="1", DATABASE_URL=url))
                _fill(url, how_many)
                places.append(Place(server, data_dir, name))
            yield places[0], places[1]
    finally:
        for name in names:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.close()


def _queue_pages(pair: tuple[Place, Place], rounds: int) -> dict[str, dict[str, float]]:
    """Alternate between few and many tickets: each round has its own ratio, and the median is reported."""
    paths = {name: f"/console/?queue={name}" for name in QUEUES}
    paths |= {"search (text)": "/console/?q=prints", "search (mail)": "/console/?q=customer77@example.com"}
    return {name: _compared(pair, path, rounds, 10 if "text" in name else 60) for name, path in paths.items()}


def _compared(pair: tuple[Place, Place], path: str, rounds: int, times: int) -> dict[str, float]:
    for place in pair:
        place.page_ms(path, 10)
    few, many = [], []
    for _ in range(rounds):
        few.append(pair[0].page_ms(path, times))
        many.append(pair[1].page_ms(path, times))
    return {
        "few_ms": round(statistics.median(few), 3),
        "many_ms": round(statistics.median(many), 3),
        "ratio": round(statistics.median(b / a for a, b in zip(few, many, strict=True)), 3),
    }


def _idle(place: Place, seconds: int = 15) -> dict[str, float]:
    """The CPU that open streams add to a server without requests, and that of each console's request once a minute."""
    alone = _thread_of_streams(place, 2 * seconds)
    base = _cpu_over(place, seconds)
    consoles = [Console(place.server, f"bench{number}@example.com") for number in range(_TECHNICIANS)]
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(console.stream()) for console in consoles for _ in range(_EACH)]
        together = _cpu_over(place, seconds) - base
    place.console.connect_anew()
    queue = "/console/?queue=mine"
    page = place.page_ms(queue, 100, place.console.look(queue)) / 60
    stream = max(0.0, together) / len(streams)
    return {
        "consoles": len(streams),
        "stream_ms": round(stream, 4),
        "page_ms": round(page, 4),
        "all_ms": round(stream + page, 4),
        "alone_ms": round(max(0.0, alone) + page, 4),
    }


def _thread_of_streams(place: Place, seconds: int) -> float:
    """CPU milliseconds per second of the thread that the first stream starts.

    The other work of an idle server varies by more than that, so that the difference of two sums would tell nothing.
    """
    known = place.threads().keys()
    with place.console.stream():
        time.sleep(1)
        began, before = time.monotonic(), place.threads()
        time.sleep(seconds)
        after = place.threads()
        new = after.keys() - known
        if not new:
            raise BenchFailed("a stream has started no thread")
        return sum(after[thread] - before[thread] for thread in new) / 1e6 / (time.monotonic() - began)


def _cpu_over(place: Place, seconds: int) -> float:
    """CPU milliseconds per second."""
    before, began = place.cpu_ms(), time.monotonic()
    time.sleep(seconds)
    return (place.cpu_ms() - before) / (time.monotonic() - began)


def threads_of(pid: int) -> dict[str, int]:
    """CPU time in nanoseconds of each thread of a process."""
    threads = {}
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            threads[task.parent.name] = int(task.read_text("ascii").split()[0])
    return threads


def add_staff(database: Database) -> int:
    """Add technicians who can log in; returns the id of the first."""
    password, now = hashed_password(_PASSWORD), datetime.now(UTC)
    ids = [
        database.write(
            lambda connection, number=number: add_technician(  # type: ignore[misc]
                connection, f"bench{number}@example.com", f"Bench {number}", [10], password, now, Role.SUPERVISOR
            )
        )
        for number in range(_TECHNICIANS)
    ]
    return int(ids[0])


def _fill(url: str, how_many: int) -> None:
    """Add staff and tickets directly to the tables."""
    database = Database(url)
    kind = "sqlite" if database.is_sqlite else "postgresql"
    values = {
        "last": how_many - 1,
        "technician": add_staff(database),
        "no": "0" if database.is_sqlite else "false",
        # All of them have waited too long already: a ticket that passes the limit is a change, whose cost would be
        # measured too.
        "now": int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1e6),
    }
    for low in range(0, how_many, _AT_ONCE):
        part = {"low": low, "high": min(low + _AT_ONCE, how_many) - 1}
        whole = values | {"next": _NEXT[kind].format(**part), "source": _FROM[kind].format(**part)}
        query = text(_FILL.format(**whole))
        database.write(lambda connection, query=query: connection.execute(query))  # type: ignore[misc]
    database.checkpoint()
    database.close()
    if kind == "postgresql":
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE tickets")
