"""Callers through proxies: a steady load of request forms and of programs' calls, by clients that try again and others.

    with calling(proxies, host) as callers:
        with callers.during("kill -9"):
            callers.more(5)     # until each client had five more answers

Each one comes from its own address, and `number` is the customer's number in the rows.
"""

import asyncio
import contextlib
import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from tests.proxies import Proxy
from tests.waiting import until

_EVERY = 0.25  # seconds between two requests of one client
_TRIES = 100
_TRY_AGAIN_AFTER = 0.3  # seconds
_ANSWER_WITHIN = 30.0
_READS_FOR = 2.5  # a form sent within two seconds is kept as suspect
_PATIENCE = 60.0
_NO_ANSWER = (OSError, EOFError, ValueError, IndexError, TimeoutError)
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class What(StrEnum):
    """What is sent. A form may be repeated; a repeated call opens a second ticket."""

    FORM = "form"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Client:
    """One client, which sends requests of one kind through one proxy."""

    proxy: Proxy
    what: What
    tries_again: bool

    @property
    def name(self) -> str:
        return f"{self.what}, {'tries again' if self.tries_again else 'tries once'}"

    @property
    def account(self) -> str:
        """The account key of its calls: one for each proxy, as an account has a rate."""
        return f"uid-of-{self.proxy.name}"


@dataclass(slots=True)
class Sent:
    """One request. `answers` has the status of each try, 0 without an answer; `seconds` is the longest try."""

    number: str
    client: Client
    drill: str
    answers: list[int] = field(default_factory=list)
    seconds: float = 0.0
    is_acknowledged: bool = False
    is_over: bool = False

    @property
    def failed_tries(self) -> int:
        return len(self.answers) - self.is_acknowledged


class Callers:
    """The clients, as seen by the test."""

    def __init__(self, proxies: Sequence[Proxy], host: str) -> None:
        self.clients = [
            Client(proxy, what, tries_again) for proxy in proxies for what in What for tries_again in (True, False)
        ]
        self.sent: list[Sent] = []
        self._host = host
        self._tokens = {proxy.port: self._form_token(proxy) for proxy in proxies}
        self._numbers = itertools.count(1)
        self._drill = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="callers")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    @contextmanager
    def during(self, drill: str) -> Iterator[None]:
        """Requests sent in this block belong to this drill; it ends when all of them are over."""
        self._drill = drill
        self.more(2)
        yield
        self.more(2)
        self._drill = ""
        assert until(lambda: not self.pending(drill), _PATIENCE), self.pending(drill)

    def pending(self, drill: str) -> list[Sent]:
        """Requests of this drill that are not over."""
        return [one for one in list(self.sent) if one.drill == drill and not one.is_over]

    def more(self, times: int) -> None:
        """Wait until each client has begun and ended so many more requests."""
        begun = len(self.sent)

        def enough() -> bool:
            over = [one.client for one in self.sent[begun:] if one.is_over]
            return all(over.count(client) >= times for client in self.clients)

        assert until(enough, _PATIENCE + times * _EVERY)

    def notice(self, times: int) -> None:
        """Wait until each client that tries once has had so many more failed answers."""
        begun = len(self.sent)
        once = [client for client in self.clients if not client.tries_again]

        def noticed() -> bool:
            failed = [one.client for one in self.sent[begun:] if one.answers and not one.is_acknowledged]
            return all(failed.count(client) >= times for client in once)

        assert until(noticed, _PATIENCE)

    def _form_token(self, proxy: Proxy) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=_ANSWER_WITHIN)
        with contextlib.closing(connection):
            connection.request("GET", "/s/default", headers={"Host": self._host})
            page = connection.getresponse().read().decode()
        found = _TOKEN.search(page)
        assert found, page
        return found[1]

    async def _run(self) -> None:
        await asyncio.sleep(_READS_FOR)
        await asyncio.gather(*map(self._keep_sending, self.clients))

    async def _keep_sending(self, client: Client) -> None:
        under_way = set()
        while not self._stopping.is_set():
            one = Sent(str(next(self._numbers)), client, self._drill)
            self.sent.append(one)
            task = asyncio.create_task(self._send(one))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(_EVERY)
        await asyncio.gather(*under_way)

    async def _send(self, one: Sent) -> None:
        message = self._form(one) if one.client.what is What.FORM else self._call(one)
        for _ in range(_TRIES if one.client.tries_again else 1):
            began = time.monotonic()
            try:
                status = await asyncio.wait_for(_exchange(one, message), _ANSWER_WITHIN)
            except _NO_ANSWER:
                status = 0
            one.seconds = max(one.seconds, time.monotonic() - began)
            one.answers.append(status)
            one.is_acknowledged = status == (303 if one.client.what is What.FORM else 200)
            if one.is_acknowledged:
                break
            await asyncio.sleep(_TRY_AGAIN_AFTER)
        one.is_over = True

    def _form(self, one: Sent) -> bytes:
        token = self._tokens[one.client.proxy.port]
        body = {"form_token": token, "customer_number": one.number, "problem_description": f"Case {one.number}"}
        return self._message(
            "POST", "/s/default", urlencode(body), **{"Content-Type": "application/x-www-form-urlencoded"}
        )

    def _call(self, one: Sent) -> bytes:
        """A call in one of the flavours: a GET, as good as any to proxies that repeat, or a POST."""
        if int(one.number) % 2:
            asked = urlencode({"uid": one.client.account, "customer_number": one.number})
            return self._message("GET", f"/integration/integration_api.php?{asked}", Accept="application/json")
        body = json.dumps({"customer_number": one.number})
        key = {"INTEGRATION-KEY": one.client.account}
        return self._message("POST", "/rest/session", body, **key, **{"Content-Type": "application/json"})

    def _message(self, method: str, path: str, body: str = "", **headers: str) -> bytes:
        headers |= {"Host": self._host, "Connection": "close", "User-Agent": "Callers/1.0"}
        headers |= {"Content-Length": str(len(body))} if body else {}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", body]
        return "\r\n".join(lines).encode("ascii")


async def _exchange(one: Sent, message: bytes) -> int:
    """One try on its own connection, from the address of this request; returns the status of a whole answer."""
    number = int(one.number)
    address = f"127.{10 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    port = one.client.proxy.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        writer.write(message)
        return _status(await reader.read())
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _status(answer: bytes) -> int:
    head, blank, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if not blank or (length and len(body) < int(length[1])):
        raise EOFError
    return int(head.split()[1])


@contextmanager
def calling(proxies: Sequence[Proxy], host: str) -> Iterator[Callers]:
    """Callers at work until the block ends. `host` is the name that Handbell answers to."""
    callers = Callers(proxies, host)
    callers.start()
    try:
        yield callers
    finally:
        callers.stop()


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as text, with columns of equal width."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
