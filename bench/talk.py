"""Customers and technicians who talk: pages of tickets as a browser has them, each with its stream and its posts.

What each side was told is kept with the time, so that the benchmark can measure and the fault tests can count.
"""

import asyncio
import contextlib
import http.client
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from app.actions.log_in import hashed_password
from app.actions.signing_keys import opened_keys
from app.core.customer import NOBODY
from app.core.customer_info import InfoMode
from app.core.links import Link, LinkSigner, Purpose, new_link_id
from app.core.role import Role
from app.core.routing import QueueKind, Reason
from app.core.ticket import Ticket, TicketState
from app.keys.installation_secret import InstallationSecret
from app.store.database import Database
from app.store.staff import add_technician
from app.store.tickets import insert_ticket

_PASSWORD = secrets.token_hex(16)
_TICKETS_EACH = 8  # of one technician, who may have 20 streams in one process
_WITHIN = 20.0  # seconds for an answer
_AGAIN = 0.2  # seconds after a fault
_GONE = (OSError, EOFError, asyncio.IncompleteReadError, TimeoutError, ValueError)


class Fault(Exception):
    """No answer, or one that asks to come again; `after` is seconds."""

    def __init__(self, after: float = _AGAIN) -> None:
        super().__init__()
        self.after = after


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a page's conversation, and the headers of its calls."""

    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """The customer and the technician of a ticket."""

    ticket: int
    customer: Address
    technician: Address


@dataclass(slots=True)
class Page:
    """One open page: what it has said, when each line was acknowledged, and the lines that it was told."""

    ports: Sequence[int]
    address: Address
    peer: str = field(default_factory=lambda: secrets.token_hex(8))
    pressed: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    told: list[tuple[int, str]] = field(default_factory=list)
    told_at: dict[str, float] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: int = 0
    _kept: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    _locked: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def say(self, body: str) -> None:
        """Post a line until it is acknowledged, always with the same key."""
        self.pressed.setdefault(body, time.monotonic())
        post = {"kind": "say", "body": body, "key": body, "from": self.peer}
        while body not in self.acknowledged:
            try:
                self.acknowledged[body] = int((await self._ask("POST", "live", post))["id"])
            except Fault as fault:
                await asyncio.sleep(fault.after)

    async def listen(self) -> None:
        """Have a stream, and ask for news whenever it says so; for ever."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._stream())
            both.create_task(self._follow())

    async def look(self) -> None:
        """Ask for what it has not seen."""
        after = self.told[-1][0] if self.told else 0
        news = await self._ask("GET", f"live?after={after}&peer={self.peer}")
        now = time.monotonic()
        for line in news["lines"]:
            self.told.append((line["id"], line["body"]))
            self.told_at.setdefault(line["body"], now)
        if news["more"]:
            self._news.set()

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self.look()
            except Fault as fault:
                self._news.set()
                await asyncio.sleep(fault.after)

    async def _stream(self) -> None:
        while True:
            with contextlib.suppress(*_GONE):
                async with self._connected() as (reader, writer):
                    self._send(writer, "GET", f"stream?peer={self.peer}", {"Accept": "text/event-stream"})
                    status, _ = await _head(reader)
                    self.opened.set()
                    while status == 200 and (line := await reader.readline()):
                        if line == b"data: changed\n":
                            self._news.set()
            await asyncio.sleep(_AGAIN)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        self._turn += 1
        port = self.ports[self._turn % len(self.ports)]
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), _WITHIN)
        try:
            yield reader, writer
        finally:
            writer.close()

    def _send(
        self, writer: asyncio.StreamWriter, method: str, what: str, more: dict[str, str], body: bytes = b""
    ) -> None:
        port = writer.get_extra_info("peername")[1]
        headers = {"Host": f"127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin", **self.address.headers, **more}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"{method} {self.address.path}/{what} HTTP/1.1\r\n{head}\r\n".encode() + body)

    async def _ask(self, method: str, what: str, post: object = None) -> Any:
        body = b"" if post is None else json.dumps(post).encode()
        more = {"Content-Type": "application/json", "Content-Length": str(len(body))} if body else {}
        async with self._locked:
            try:
                return await asyncio.wait_for(self._answered(method, what, more, body), _WITHIN)
            except _GONE:
                self.leave()
                raise Fault from None

    async def _answered(self, method: str, what: str, more: dict[str, str], body: bytes) -> Any:
        if self._kept is None:
            self._turn += 1
            self._kept = await asyncio.open_connection("127.0.0.1", self.ports[self._turn % len(self.ports)])
        reader, writer = self._kept
        self._send(writer, method, what, more, body)
        status, headers = await _head(reader)
        answer = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.leave()
        if status != 200:
            raise Fault(float(headers.get("retry-after", _AGAIN)))
        return json.loads(answer)

    def leave(self) -> None:
        """Close the kept connection."""
        if self._kept:
            self._kept[1].close()
            self._kept = None


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    parts = (await reader.readline()).split()
    if len(parts) < 2:
        raise EOFError
    status = int(parts[1])
    headers = {}
    while line := (await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return status, headers


def make_pairs(url: str, keys_file: Path, port: int, many: int) -> list[Pair]:
    """Active tickets with their technicians, who are logged in at the server on this port."""
    now = datetime.now(UTC)
    with closing(Database(url)) as database:
        with database.read() as connection:
            signer = LinkSigner([opened_keys(connection, InstallationSecret(keys_file))[0].secret])
        hashed, pairs = hashed_password(_PASSWORD), []
        technicians: list[tuple[int, dict[str, str]]] = []
        for number in range(many):
            if number % _TICKETS_EACH == 0:
                mail = f"talker{len(technicians)}@example.com"
                who = database.write(
                    lambda connection, mail=mail: add_technician(  # type: ignore[misc]
                        connection, mail, mail, [], hashed, now, Role.TECHNICIAN
                    )
                )
                technicians.append((int(who), _logged_in(port, mail)))
            owner, headers = technicians[-1]
            row = replace(_TICKET, owner_id=owner, applet_id=new_link_id(), session_id=new_link_id(), created_at=now)
            made = database.write(lambda connection, row=row: insert_ticket(connection, row))  # type: ignore[misc]
            token = signer.sign(Link(Purpose.APPLET, made.applet_id, now + timedelta(days=1)))
            customer = Address(f"/applet/{token}", {})
            pairs.append(Pair(made.number, customer, Address(f"/console/tickets/{made.number}", headers)))
    return pairs


_TICKET = Ticket(
    number=0,
    session_id="",
    pin="123456789",
    site="default",
    reference=None,
    state=TicketState.ACTIVE,
    queue_kind=QueueKind.GENERAL,
    department_id=None,
    technician_id=None,
    asked_department=None,
    asked_tech=None,
    reason=Reason.NOTHING_ASKED,
    customer=NOBODY,
    ask_customer_info=False,
    info_mode=InfoMode.ASK,
    language=None,
    applet_id="",
    created_at=datetime.now(UTC),
)


def _logged_in(port: int, mail: str) -> dict[str, str]:
    """The headers of a technician's page: cookie and token."""
    page, cookie = _fetched(port, "GET", "/console/login", {})
    form = urlencode({"csrf_token": _token(page), "email": mail, "password": _PASSWORD})
    sent = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    _, cookie = _fetched(port, "POST", "/console/login", sent, form)
    page, again = _fetched(port, "GET", "/console/", {"Cookie": cookie})
    return {"Cookie": again or cookie, "X-CSRF-Token": _token(page)}


def _fetched(port: int, method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[str, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_WITHIN)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.read().decode(), (answer.headers["Set-Cookie"] or "").partition(";")[0]


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if not found:
        raise RuntimeError("no form in the page")
    return found[1]


async def talk(pages: Collection[Page], lines: int, every: float, settle: float = 0.0) -> None:
    """Each page listens, and when all do says so many lines, one in `every` seconds. `settle` is seconds before
    the first: whoever opens a page is noted, and the others are told."""

    async def speak(number: int, page: Page) -> None:
        await asyncio.sleep(every * number / len(pages))  # not all at once
        for line in range(lines):
            await asyncio.gather(page.say(f"{page.peer}-{line:04}"), asyncio.sleep(every))

    listening = [asyncio.create_task(page.listen()) for page in pages]
    try:
        await asyncio.gather(*(page.opened.wait() for page in pages))
        await asyncio.sleep(settle)
        await asyncio.gather(*(speak(number, page) for number, page in enumerate(pages)))
        await asyncio.sleep(1.0)
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for page in pages:
            with contextlib.suppress(Fault):
                await page.look()
            page.leave()
        await asyncio.sleep(0.1)  # until all connections are closed
