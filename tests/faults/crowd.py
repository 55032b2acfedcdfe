"""Customers in a separate process: they fill in the request page, send it, send it again, and follow its status.

    with crowd(Plan(ports, visits)) as customers:
        customers.wait_for(100)      # requests that were acknowledged
        customers.finish()
        customers.told["17"]         # what the customer of request 17 was told

Each `customer_number` is one request, from its own address. As a program it reads its plan as JSON from standard
input and writes a line for each answer; it imports only the standard library.
"""

import asyncio
import contextlib
import itertools
import json
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlencode

_ROOT = Path(__file__).resolve().parents[2]
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_NO_ANSWER = (OSError, EOFError, ValueError, TimeoutError)
_ANSWER_WITHIN = 30.0  # seconds
_PRESS_AGAIN_AFTER = 0.2
_READS_FOR = 2.5  # a request sent within two seconds is kept as suspect
_GIVE_UP_AFTER = 60.0  # seconds without any acknowledged request
_LOOKS_FOR = 120.0


class Way(StrEnum):
    """How a request is sent more than once."""

    ONCE = "once"
    AT_ONCE = "at once"
    APART = "apart"  # one millisecond
    RELOAD = "reload"  # each one after the previous answer
    ALL_HOSTS = "all hosts"  # at once, one at each host in turn


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer, who comes after `after` seconds and sends one request `times` times.

    With `looks` they follow the status page as its script does, until the request no longer waits.
    """

    number: str
    site: str = "default"
    after: float = 0.0
    times: int = 1
    way: Way = Way.ONCE
    looks: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`at_once` customers come at the same time. Beside them the request page is loaded `pages` times, once every
    `page_every` seconds."""

    ports: Sequence[int]
    visits: Sequence[Visit] = ()
    at_once: int = 24
    pages: int = 0
    page_every: float = 0.02


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer to a press. `at` is in seconds since 1970, `seconds` how long it took."""

    number: str
    status: int
    location: str
    at: float
    seconds: float


@dataclass(slots=True)
class Told:
    """All that the customer of one request was told: status pages, references and states, each once."""

    locations: set[str] = field(default_factory=set)
    references: set[str] = field(default_factory=set)
    states: list[str] = field(default_factory=list)
    answers: int = 0


class Crowd:
    """The customers, as seen by the test."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._changed = threading.Condition()
        self._over = False
        self.told: dict[str, Told] = defaultdict(Told)
        self.answers: list[Answered] = []
        self.page_seconds: list[float] = []
        self.unanswered = 0
        self._listener = threading.Thread(target=self._listen, name="crowd")
        self._listener.start()

    @property
    def refused(self) -> list[Answered]:
        """Answers other than an acknowledgement."""
        return [answer for answer in self.answers if answer.status != 303]

    def wait_for(self, acknowledged: int) -> bool:
        """Wait until this many requests were acknowledged; False when the crowd ended earlier."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or len(self.told) >= acknowledged)
            return not self._over

    def finish(self) -> None:
        """Wait for the end of all customers. Fails when the process failed."""
        self._listener.join()
        assert self._process.wait() == 0

    def end(self) -> None:
        """Kill the process, and with it all remaining customers."""
        self._process.kill()
        self._listener.join()
        self._process.wait()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self._hear(json.loads(line))
                    self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _hear(self, heard: dict[str, Any]) -> None:
        match heard.pop("what"):
            case "answer":
                answer = Answered(**heard)
                self.answers.append(answer)
                if answer.status == 303:
                    self.told[answer.number].locations.add(answer.location)
                    self.told[answer.number].answers += 1
            case "no answer":
                self.unanswered += 1
            case "state":
                told = self.told[heard["number"]]
                told.references.add(heard["reference"])
                told.states.append(heard["state"])
            case "page":
                self.page_seconds.append(heard["seconds"])


@contextmanager
def crowd(plan: Plan) -> Iterator[Crowd]:
    """A running crowd; remaining customers are ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.crowd"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    customers = Crowd(process)
    try:
        assert process.stdin is not None
        with process.stdin as stdin:
            json.dump(asdict(plan), stdin)
        yield customers
    finally:
        customers.end()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class _Customers:
    """The customers in their own process: all visits, in one thread."""

    def __init__(self, plan: Plan, out: TextIO) -> None:
        self._plan = plan
        self._out = out
        self._room = asyncio.Semaphore(plan.at_once)
        self._next_port = itertools.cycle(plan.ports)
        self._tokens: dict[str, str] = {}
        self._acknowledged_at = time.monotonic()

    async def run(self) -> None:
        for site in {visit.site for visit in self._plan.visits}:
            self._tokens[site] = await self._token(site)
        began = self._acknowledged_at = time.monotonic() + (_READS_FOR if self._plan.visits else 0.0)
        pages = [self._page(began + number * self._plan.page_every) for number in range(self._plan.pages)]
        visits = [self._visit(visit, place, began) for place, visit in enumerate(self._plan.visits)]
        await asyncio.gather(*pages, *visits)

    async def _page(self, at: float) -> None:
        await _wait_till(at)
        sent = time.monotonic()
        try:
            answer = await _call(next(self._next_port), "GET", "/", "10.255.255.254")
        except _NO_ANSWER:
            self._say("no answer")
        else:
            if answer.status == 200:
                self._say("page", seconds=time.monotonic() - sent)

    async def _token(self, site: str) -> str:
        page = await _call(next(self._next_port), "GET", f"/s/{site}", "10.255.255.254")
        found = _TOKEN.search(page.body.decode())
        if not found:
            raise RuntimeError(f"no form token on /s/{site}: {page.status}")
        return found[1]

    async def _visit(self, visit: Visit, place: int, began: float) -> None:
        await _wait_till(began + visit.after)
        async with self._room:
            address = f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"
            path = await self._sent(visit, address)
        if path:
            await self._look(visit, path, address)

    async def _sent(self, visit: Visit, address: str) -> str | None:
        """Send the request; returns its status page, or None when no answer named one."""
        ports = [next(self._next_port) for _ in range(visit.times)]
        if visit.way is not Way.ALL_HOSTS:
            ports = ports[:1] * visit.times
        presses: list[Coroutine[Any, Any, str | None]] = [
            self._pressed(visit, port, address, number / 1000 if visit.way is Way.APART else 0.0)
            for number, port in enumerate(ports)
        ]
        if visit.way is Way.RELOAD:
            return [await press for press in presses][-1]
        return (await asyncio.gather(*presses))[-1]

    async def _pressed(self, visit: Visit, port: int, address: str, after: float) -> str | None:
        """Press, and press again while there is no answer: at the next host if there are several."""
        await asyncio.sleep(after)
        body = urlencode(
            {
                "form_token": self._tokens[visit.site],
                "customer_name": f"Customer {visit.number}",
                "customer_number": visit.number,
                "problem_description": f"Nothing works, case {visit.number}",
            }
        )
        while time.monotonic() - self._acknowledged_at < _GIVE_UP_AFTER:
            if location := await self._press(visit, port, address, body):
                return location
            await asyncio.sleep(_PRESS_AGAIN_AFTER)
            port = next(self._next_port)
        return None

    async def _press(self, visit: Visit, port: int, address: str, body: str) -> str | None:
        at, sent = time.time(), time.monotonic()
        try:
            answer = await _call(port, "POST", f"/s/{visit.site}", address, body)
        except _NO_ANSWER:
            self._say("no answer")
            return None
        location = answer.headers.get("location", "")
        seconds = time.monotonic() - sent
        self._say("answer", number=visit.number, status=answer.status, location=location, at=at, seconds=seconds)
        if answer.status != 303:
            return None
        self._acknowledged_at = time.monotonic()
        return location

    async def _look(self, visit: Visit, path: str, address: str) -> None:
        """Load the status page once, to read the reference; with `looks`, repeatedly at the pace of the page's
        script."""
        until = time.monotonic() + _LOOKS_FOR
        for asked in itertools.count():
            state = await self._state(visit, path, address)
            if (state and not visit.looks) or state not in (None, "waiting") or time.monotonic() > until:
                return
            await asyncio.sleep(min(2**asked, 10) if visit.looks else _PRESS_AGAIN_AFTER)

    async def _state(self, visit: Visit, path: str, address: str) -> str | None:
        try:
            answer = await _call(next(self._next_port), "GET", path.replace("/r/", "/api/v1/requests/"), address)
        except _NO_ANSWER:
            return None
        if answer.status != 200:
            return None
        told = json.loads(answer.body)
        self._say("state", number=visit.number, reference=told["reference"], state=told["state"])
        return str(told["state"])

    def _say(self, what: str, **details: Any) -> None:
        self._out.write(json.dumps({"what": what, **details}) + "\n")
        self._out.flush()


async def _wait_till(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _call(port: int, method: str, path: str, address: str, body: str = "") -> _Answer:
    return await asyncio.wait_for(_exchange(port, method, path, address, body), _ANSWER_WITHIN)


async def _exchange(port: int, method: str, path: str, address: str, body: str) -> _Answer:
    """One call on its own connection. Raises one of _NO_ANSWER when the answer is missing or incomplete."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
            f"X-Forwarded-For: {address}\r\nUser-Agent: Crowd/1.0\r\n"
        )
        if body:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}\r\n{body}".encode("ascii"))
        return _read(await reader.read())
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _read(answer: bytes) -> _Answer:
    head, blank, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not blank:
        raise EOFError
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(body) < int(headers.get("content-length", 0)):
        raise EOFError
    return _Answer(int(first.split()[1]), headers, body)


def main() -> None:
    """Read the plan, run it, and end."""
    plan = json.load(sys.stdin)
    visits = [Visit(**{**visit, "way": Way(visit["way"])}) for visit in plan.pop("visits")]
    asyncio.run(_Customers(Plan(visits=visits, **plan), sys.stdout).run())


if __name__ == "__main__":
    main()
