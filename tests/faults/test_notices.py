"""Notices while receivers fail in every way and the processes that deliver them are killed: none is lost, each arrives
once or is marked as perhaps sent twice, and a receiver that hangs delays nobody else."""

import logging
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope, Session

from app.actions import notices as settings
from app.channels.place import closed
from app.core.notice import Event, NoticeState
from app.core.notice_rule import USUAL, Place, Rule, Whom
from app.store.database import Database
from app.store.migrate import migrate
from app.store.notice_book import add_place
from app.store.notices import Listed, list_notices
from app.store.tickets import keep_ticket
from tests.actions.outbox import SEALER, SECRET
from tests.conftest import fill_desk
from tests.faults.teller import EPOCH
from tests.live_server import free_port
from tests.profile import PROFILE
from tests.store.rows import ticket_row
from tests.waiting import until
from tests.webhook_receiver import receiving

log = logging.getLogger(__name__)
FAILURES = ("none", "refuses", "loses", "hangs")
SPEED = 200.0
HANGS_FOR = 1.0  # seconds, longer than anybody waits


class Arrivals:
    """What arrived, by the notice's id. Its first try fails in one of four ways; a receiver that loses the connection
    or hangs has had it all the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tries: Counter[str] = Counter()
        self.arrived: Counter[str] = Counter()
        self.over = threading.Event()

    def fate(self, its_id: str) -> str:
        """How this try ends; whatever has arrived is counted."""
        with self._lock:
            self._tries[its_id] += 1
            fate = FAILURES[sum(its_id.encode()) % len(FAILURES)] if self._tries[its_id] == 1 else "none"
            self.arrived[its_id] += fate != "refuses"
        return fate


@contextmanager
def webhooks(arrivals: Arrivals) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.close_connection = True
            fate = arrivals.fate(self.headers["webhook-id"])
            if fate == "hangs":
                arrivals.over.wait(HANGS_FOR)
            if fate in ("loses", "hangs"):
                return
            self.send_response(500 if fate == "refuses" else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

        def handle_error(self, *_: Any) -> None:
            """Ignore processes that are killed."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        arrivals.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def mails(arrivals: Arrivals) -> Iterator[str]:
    class Handler:
        async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
            content = (envelope.content or b"").decode()  # type: ignore[union-attr]
            its_id = content.partition("Message-ID: <")[2].partition("@")[0]
            fate = arrivals.fate(its_id)
            if fate in ("loses", "hangs"):
                await server.loop.run_in_executor(None, arrivals.over.wait, HANGS_FOR)
            return "451 later" if fate == "refuses" else "250 OK"

    port = free_port()
    server = Controller(Handler(), hostname="127.0.0.1", port=port, server_hostname="127.0.0.1")
    server.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        server.stop()


class Tellers:
    """Processes that deliver."""

    def __init__(self, url: str, smtp: str) -> None:
        self._arguments = [sys.executable, "-m", "tests.faults.teller", url, smtp, str(SPEED), str(time.time())]
        self._running = [self._start(), self._start()]
        self.killed = 0

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._arguments, cwd=Path(__file__).parents[2])

    def kill(self) -> None:
        """`kill -9` one of them, and start another."""
        process = self._running.pop(random.randrange(len(self._running)))
        process.kill()
        process.wait()
        self.killed += 1
        self._running.append(self._start())

    def end(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()


def everything(database: Database) -> list[Listed]:
    with database.read() as connection:
        return list_notices(connection, most=100_000)


def prepare(database: Database, good: str, hanging: str) -> int:
    """Tell a webhook that fails now and then, one that always hangs, whose id is returned, and Dora by mail."""
    fill_desk(database, EPOCH)
    for usual in USUAL:
        settings.remove_rule(database, None, usual.mark, by=1, now=EPOCH)

    def add(name: str, address: str) -> int:
        sealed = closed(SEALER.seal, address, secret=SECRET)
        place = Place(id=0, name=name, kind="hook", shown=name, sealed=sealed)
        return database.write(lambda connection: add_place(connection, place, EPOCH))

    told, dead = add("good", good), add("hanging", hanging)
    for to, by in ((f"place:{told}", "hook"), (f"place:{dead}", "hook"), (Whom.ADMINISTRATORS.value, "mail")):
        rule = Rule(event=Event.REQUESTED, to=to, by=by)
        settings.add_rule(database, None, rule, by=1, now=EPOCH)
    return dead


@pytest.mark.slow
def test_each_notice_arrives_once_or_is_marked_while_processes_are_killed(both_urls: str) -> None:
    database = Database(both_urls)
    migrate(database)
    arrivals = Arrivals()
    with receiving("hang") as hanging, webhooks(arrivals) as address, mails(arrivals) as smtp:
        dead = prepare(database, address, hanging.address)
        tellers = Tellers(both_urls, smtp)
        try:
            for _number in range(PROFILE.noticed):
                database.write(lambda connection: keep_ticket(connection, ticket_row(created_at=EPOCH)))

            def delivered() -> int:
                return sum(one.state is NoticeState.DELIVERED for one in everything(database))

            total = _expected(database, dead)
            for kill in range(PROFILE.notice_kills):
                assert until(lambda kill=kill: delivered() >= total * kill // (PROFILE.notice_kills + 1), 240.0)
                tellers.kill()
            assert until(lambda: delivered() == total, 240.0)
        finally:
            tellers.end()
        told = [one for one in everything(database) if one.receiver != f"place:{dead}"]
    database.close()
    assert len(told) == 2 * PROFILE.noticed
    assert {one.state for one in told} == {NoticeState.DELIVERED}
    assert {one.id for one in told} == set(arrivals.arrived), "none is lost, none was made up"
    twice = {its_id for its_id, many in arrivals.arrived.items() if many > 1}
    marked = {one.id for one in told if one.perhaps_twice}
    assert twice <= marked
    assert len(marked) < len(told), "not everything is in doubt"
    log.info("%s notices, %s kills, %s arrived twice, %s marked", len(told), tellers.killed, len(twice), len(marked))


def _expected(database: Database, dead: int) -> int:
    """How many notices there are for others than the one that hangs, once all of them are made."""
    assert until(lambda: len(everything(database)) == PROFILE.noticed * 3, 120.0)
    return sum(one.receiver != f"place:{dead}" for one in everything(database))
