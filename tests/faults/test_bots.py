"""A flood of automated posts while customers submit at a human pace: customers are served, and the flood is kept back.

Short in `make test`; HANDBELL_TEST_PROFILE=full posts 50,000 times while 100 customers submit.
"""

import contextlib
import http.client
import json
import os
import random
import re
import secrets
import sqlite3
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.core.request import RequestState
from tests.live_server import LiveServer, serving

FULL = os.environ.get("HANDBELL_TEST_PROFILE") == "full"
POSTS, BOTS = (50_000, 12) if FULL else (1_500, 6)
CUSTOMERS, VISITS, PACE = (100, 5, (8.0, 40.0)) if FULL else (15, 3, (2.2, 3.0))  # seconds of typing
PATIENCE = 3.0 if FULL else 10.0  # seconds, p95 of a customer's wait; tests may share their machine
ORIGIN = "https://www.example.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Caller:
    """A client with its own address, as a proxy would report it, and a kept connection."""

    port: int
    address: str
    connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, body and Location."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        every = {"X-Forwarded-For": self.address, **headers}
        try:
            self.connection.request(method, path, body, every)
            answer = self.connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers.get("Location", "")
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return 0, "", ""

    def close(self) -> None:
        if self.connection:
            self.connection.close()

    def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str, str]:
        return self.ask("POST", path, urlencode(fields), **{**FORM, **headers})

    def page_token(self) -> str:
        found = re.search(r'form_token" value="([^"]+)', self.ask("GET", "/s/default")[1])
        return found[1] if found else ""


@dataclass
class Flood:
    """The bots. Each kind comes from enough addresses that each of them posts about a hundred times."""

    server: LiveServer
    told: Counter[int] = field(default_factory=Counter)

    def kinds(self) -> list[tuple[int, Callable[[Caller, str], int]]]:
        """The kinds of bots, with their shares in percent."""
        aged = self.server.form_token()

        def at_once(caller: Caller, number: str) -> int:
            return caller.post("/s/default", {"form_token": caller.page_token(), **filled(number)})[0]

        def fills_in_everything(caller: Caller, number: str) -> int:
            return caller.post("/s/default", {"form_token": aged, "website": "x", **filled(number)})[0]

        def one_token_for_ever(caller: Caller, number: str) -> int:
            return caller.post("/s/default", {"form_token": aged, **filled(number)})[0]

        def like_the_widget(caller: Caller, number: str) -> int:
            said = caller.ask("GET", "/api/v1/sites/default", Origin=ORIGIN)[1]
            body = json.dumps({"form_token": json.loads(said)["form_token"], **filled(number)}) if said else "{}"
            headers = {"Origin": ORIGIN, "Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
            return caller.ask("POST", "/api/v1/sites/default/requests", body, **headers)[0]

        def like_a_page_of_the_sites(caller: Caller, number: str) -> int:
            return caller.post("/s/default/submit", filled(number), Origin=ORIGIN)[0]

        def from_anywhere(caller: Caller, number: str) -> int:
            return caller.post("/s/default/submit", filled(number), Origin="https://spam.example")[0]

        return [
            (35, fills_in_everything),
            (25, like_the_widget),
            (15, at_once),
            (10, one_token_for_ever),
            (10, like_a_page_of_the_sites),
            (5, from_anywhere),
        ]

    def run(self) -> None:
        jobs = list(self._jobs())
        random.shuffle(jobs)
        shares = [jobs[start::BOTS] for start in range(BOTS)]
        with ThreadPoolExecutor(BOTS) as pool:
            for told in pool.map(self._work, shares):
                self.told += told

    def _jobs(self) -> Iterator[tuple[Callable[[Caller, str], int], str, str]]:
        for kind, (share, post) in enumerate(self.kinds()):
            posts = POSTS * share // 100
            addresses = max(1, posts // 100)
            for number in range(posts):
                address = f"198.{18 + kind}.{number % addresses // 250}.{number % addresses % 250}"
                yield post, address, f"bot-{kind}-{number}"

    def _work(self, jobs: list[tuple[Callable[[Caller, str], int], str, str]]) -> Counter[int]:
        told: Counter[int] = Counter()
        caller = Caller(self.server.port, "")
        with contextlib.closing(caller):
            for post, address, number in jobs:
                caller.address = address
                told[post(caller, number)] += 1
        return told


@dataclass
class Crowd:
    """Customers: they open the page, type, send, and check whether their session is ready."""

    server: LiveServer
    waits: list[float] = field(default_factory=list)
    served: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    typing: threading.Event = field(default_factory=threading.Event)  # never set; its timeout is a customer's typing

    def run(self) -> None:
        with ThreadPoolExecutor(CUSTOMERS) as pool:
            list(pool.map(self._customer, range(CUSTOMERS)))

    def _customer(self, number: int) -> None:
        with contextlib.closing(Caller(self.server.port, f"203.0.113.{number}")) as caller:
            for visit in range(VISITS):
                self._visit(caller, f"person-{number}-{visit}")

    def _visit(self, caller: Caller, number: str) -> None:
        began = time.monotonic()
        token = caller.page_token()
        opened = time.monotonic() - began
        self.typing.wait(random.uniform(*PACE))
        began = time.monotonic()
        status, _, location = caller.post("/s/default", {"form_token": token, **filled(number)})
        sent = time.monotonic() - began
        state = caller.ask("GET", location)[1] if status == 303 else ""
        with self.lock:
            self.waits += [opened, sent]
            if 'data-state="ready"' in state:
                self.served += 1
            else:
                self.failures.append(f"{number}: {status}")


def filled(number: str) -> dict[str, str]:
    return {"customer_name": "Maria", "customer_number": number, "problem_description": f"Buy now! {number}"}


def rows(server: LiveServer, prefix: str) -> Counter[str]:
    """Number of requests in each state, of those whose customer number begins with `prefix`."""
    database = sqlite3.connect(f"file:{server.data_dir / 'handbell.sqlite3'}?mode=ro", uri=True)
    try:
        query = "SELECT state, count(*) FROM requests WHERE customer_number LIKE ? GROUP BY state"
        return Counter(dict(database.execute(query, (f"{prefix}%",)).fetchall()))
    finally:
        database.close()


@pytest.mark.slow
def test_customers_are_served_while_bots_flood_the_site(tmp_path: Path) -> None:
    with serving(tmp_path, HANDBELL_TRUSTED_PROXIES="127.0.0.1/32", HANDBELL_LOG_LEVEL="error") as server:
        server.run("site", "set", "default", "--origin", ORIGIN)
        flood, crowd = Flood(server), Crowd(server)
        began = time.monotonic()
        bots = threading.Thread(target=flood.run)
        bots.start()
        crowd.run()
        bots.join()
        took = time.monotonic() - began
        bots_rows, customers_rows = rows(server, "bot-"), rows(server, "person-")
    waits = sorted(crowd.waits)
    p95 = waits[int(len(waits) * 0.95)]
    suspect = bots_rows[RequestState.SUSPECT] / bots_rows.total()
    figures = {
        "seconds": round(took),
        "answers to bots": dict(flood.told),
        "bots' rows": dict(bots_rows),
        "suspect": f"{suspect:.1%}",
        "customers served": f"{crowd.served} of {CUSTOMERS * VISITS}",
        "a customer waits, p50, p95": f"{statistics.median(waits):.3f} s, {p95:.3f} s",
    }
    print(f"\n{POSTS} posts: {figures}")  # noqa: T201 - for the report, shown with -s
    assert crowd.served >= 0.999 * CUSTOMERS * VISITS, crowd.failures[:5]
    assert customers_rows == {RequestState.OPENED: CUSTOMERS * VISITS}
    assert suspect >= 0.95
    assert p95 < PATIENCE
    assert set(flood.told) <= {200, 201, 202, 303, 429}, flood.told
