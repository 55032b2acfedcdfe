"""Handbell as it runs in production: `handbell serve` on one or more hosts and `handbell worker`, over one database.

A supervisor restarts every process that ends, as systemd's Restart=always does; `kill` is `kill -9`.
"""

import contextlib
import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from app.core.site import Site
from app.store.database import Database
from app.store.sites import add_site, change_site, load_sites
from tests.forked import Forked
from tests.in_process import run_in_process
from tests.keys_in_use import sealer_at
from tests.live_server import clean_environment, free_port, printed_log_in

_START_WITHIN = 60.0  # seconds, on a machine that is busy with other tests
_END_WITHIN = 45.0


class Kind(StrEnum):
    """The process to kill."""

    MASTER = "gunicorn master"
    WEB = "gunicorn worker"
    HAND_OFF = "hand-off worker"


class Service:
    """One process with its children, restarted whenever it ends."""

    def __init__(self, name: str, command: str, environment: dict[str, str], folder: Path) -> None:
        self.name = name
        self.log_file = folder / f"{name}.log"
        self.environment = environment
        self.said: list[str] = []
        self._command = command
        self._folder = folder
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._gone = threading.Event()
        self._may_run = threading.Event()
        self._may_run.set()
        self._process: Forked | None = None
        self._keeper = threading.Thread(target=self._keep, name=name)
        self._keeper.start()

    @property
    def pid(self) -> int | None:
        """The main process's id, while it runs."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def children(self) -> list[int]:
        if (pid := self.pid) is None:
            return []
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:  # it has just ended
            return []

    @property
    def starts(self) -> int:
        """How often it was ready after a start."""
        return self.said.count("ready\n")

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    def wait_until_ready(self) -> None:
        assert self._ready.wait(_START_WITHIN), f"{self.name} never was ready:\n{self.log_file.read_text('utf-8')}"

    def leave(self) -> None:
        """Send SIGTERM; unless it rests or is to end, it is started again."""
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGTERM)

    def wait_until_gone(self) -> None:
        """Wait for the last of the processes that run now."""
        assert self._gone.wait(_END_WITHIN), f"{self.name} did not end within {_END_WITHIN} s"

    @contextmanager
    def resting(self) -> Iterator[None]:
        """In this block it is not started again."""
        self._may_run.clear()
        try:
            yield
        finally:
            self._may_run.set()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """In this block none of its processes runs: SIGSTOP, then SIGCONT."""
        stopped = [pid for pid in (self.pid, *self.children) if pid]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def kill_all(self) -> None:
        """`kill -9` all of its processes at once."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def ask_to_end(self) -> None:
        """Send SIGTERM, for good."""
        self._stopping.set()
        self.leave()

    def wait_for_end(self) -> None:
        """Wait for the last of its processes."""
        self._keeper.join(_END_WITHIN)
        if stuck := self._keeper.is_alive():
            self.kill_all()
            self._keeper.join()
        assert not stuck, f"{self.name} did not end within {_END_WITHIN} s"

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._gone.clear()
            self._run()
            self._ready.clear()
            self._gone.set()
            self._may_run.wait()
            self._stopping.wait(0.1)

    def _run(self) -> None:
        self._process = process = Forked(self._command, self.environment, self._folder, self.log_file)
        if self._stopping.is_set():  # just now
            os.kill(process.pid, signal.SIGTERM)
        # Ends with the last process that holds the pipe: until then, orphans of a killed master hold the port.
        for line in process.stdout:
            self.said.append(line)
            if line == "ready\n":
                self._ready.set()
        process.wait()
        process.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a host; the headers' names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(slots=True)
class Hosts:
    """Hosts under test. `ports` are those of the web servers, one for each host."""

    folder: Path
    database_url: str
    environments: list[dict[str, str]]
    web: list[Service] = field(default_factory=list)
    hand_off: list[Service] = field(default_factory=list)
    killed: Counter[Kind] = field(default_factory=Counter)

    @property
    def ports(self) -> list[int]:
        return [int(environment["PORT"]) for environment in self.environments]

    @property
    def services(self) -> list[Service]:
        return [*self.web, *self.hand_off]

    @property
    def logs(self) -> str:
        """All that the processes have written to standard error."""
        return "".join(service.log_file.read_text("utf-8") for service in self.services)

    @property
    def first_log_in(self) -> tuple[str, str]:
        """The first technician's mail and password as printed, after marking the password as chosen."""
        return printed_log_in(self.web[0].said, self.database_url)

    def logged(self, event: str) -> int:
        """How often this event was logged."""
        return self.logs.count(f'"event": "{event}"')

    def kill(self, kind: Kind) -> bool:
        """`kill -9` a random running process of this kind; False when there is none at the moment."""
        services = [one for one in (self.hand_off if kind is Kind.HAND_OFF else self.web) if one.is_ready]
        found = [pid for one in services for pid in (one.children if kind is Kind.WEB else [one.pid]) if pid]
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(random.choice(found), signal.SIGKILL)
            self.killed[kind] += 1
            return True
        return False

    def ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None, port: int = 0
    ) -> Answer:
        """Make one call to the first host, or to the host on this port."""
        connection = HTTPConnection("127.0.0.1", port or self.ports[0], timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def run_json(self, *arguments: str) -> Any:
        """What `handbell <arguments> --json` prints."""
        done = run_in_process([*arguments, "--json"], self.environments[0], self.folder)
        assert done.returncode == 0, f"handbell {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The hosts' database, opened as by one more process."""
        database = Database(self.database_url)
        try:
            yield database
        finally:
            database.close()

    def give_account(self, key: str, api_domain: str, vendors_key: str, **options: Any) -> None:
        """Give a new or existing site an account at a vendor."""
        sealer = sealer_at(self.database_url, Path(self.environments[0]["HANDBELL_KEYS_FILE"]))
        account = {"api_domain": api_domain, "sealed_key": sealer.seal(vendors_key), "key_ending": "test"}
        with self.database() as database:
            with database.read() as connection:
                known = {site.slug: site for site in load_sites(connection)}
            fresh = Site(slug=key, name=key, uid=f"uid-of-{key}")
            site = replace(known.get(key, fresh), **{"backend": "take-control", **account, **options})
            if key in known:
                database.write(lambda connection: change_site(connection, site))
            else:
                database.write(lambda connection: add_site(connection, site, datetime.now(UTC)))


@contextmanager
def running(
    folder: Path,
    *,
    database_url: str = "",
    hosts: int = 1,
    worker: bool = True,
    each: Sequence[Mapping[str, str]] = (),
    **settings: str,
) -> Iterator[Hosts]:
    """Run hosts and a hand-off worker until the block ends. Without an address their database is SQLite.

    `each` has further settings of each host.
    """
    folder.mkdir(parents=True, exist_ok=True)
    database_url = database_url or f"sqlite:///{folder / 'host-0' / 'handbell.sqlite3'}"
    environments = [
        clean_environment(
            folder / f"host-{number}",
            PORT=str(free_port()),
            HANDBELL_DATABASE_URL=database_url,
            HANDBELL_KEYS_FILE=str(folder / "keys"),
            HANDBELL_TRUSTED_PROXIES="127.0.0.1/32",
            HANDBELL_METRICS_NETWORKS="127.0.0.1/32",
            **settings,
        )
        | dict(each[number] if number < len(each) else {})
        for number in range(hosts)
    ]
    started = Hosts(folder, database_url, environments)
    try:
        for number, environment in enumerate(environments):
            started.web.append(Service(f"web-{number}", "serve", environment, folder))
        if worker:
            started.web[0].wait_until_ready()
            started.hand_off.append(Service("hand-offs", "worker", environments[0], folder))
        for service in started.services:
            service.wait_until_ready()
        yield started
    finally:
        with contextlib.ExitStack() as ends:
            for service in started.services:
                ends.callback(service.wait_for_end)
                service.ask_to_end()
