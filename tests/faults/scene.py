"""Hosts behind HAProxy with callers and a vendor, over a database that a test may let fail.

with scene(tmp_path, [server.url]) as here, here.calls() as callers:
    with callers.during("stopped"):
        …
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.callers import Callers, calling
from tests.faults.hosts import Hosts, Service, running
from tests.faults.kept import check_sessions, rows_of
from tests.faults.outcomes import Outcome, outcomes
from tests.live_server import free_port
from tests.proxies import Proxy, haproxy, program
from tests.vendor.remote import RemoteVendor, vendor_process
from tests.vendor.stand_in import KEY
from tests.waiting import until

_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Hosts, the proxy in front of them, and a vendor behind them."""

    hosts: Hosts
    proxy: Proxy
    vendor: RemoteVendor

    def calls(self) -> AbstractContextManager[Callers]:
        """Callers at work."""
        return calling([self.proxy], self.hosts.environments[0]["HANDBELL_PUBLIC_URL"].removeprefix("http://"))

    def is_served_by(self, service: Service) -> bool:
        """Wait until the proxy sends requests to this host."""
        port = self.hosts.ports[self.hosts.web.index(service)]
        before = self.proxy.served(port)
        return until(lambda: self.proxy.served(port) > before + 2, _WITHIN, every=0.1)

    def restart(self, service: Service) -> None:
        """Restart a host as an upgrade does; returns when it is served by again."""
        starts = service.starts
        service.leave()
        assert until(lambda: service.starts > starts, _WITHIN), service.log_file.read_text("utf-8")
        assert self.is_served_by(service)

    def outcomes(self, callers: Callers, *drills: str) -> list[Outcome]:
        """What became of the requests of these drills. None is lost, doubled, or has a second session."""
        told = outcomes(callers, drills, self.hosts, self.vendor)
        assert [one.row for one in told if one.lost or one.doubled or one.second] == []
        assert [one.row for one in told if one.failed and one.client.tries_again] == []
        with self.hosts.database() as database:
            check_sessions(rows_of(database), self.vendor, self.hosts)
        return told


@contextmanager
def scene(folder: Path, database_url: str, each: Sequence[Mapping[str, str]] = (), hosts: int = 2) -> Iterator[Scene]:
    """Hosts at work until the block ends. `each` has further settings of each."""
    program("haproxy")
    address = f"http://127.0.0.1:{free_port()}"
    with (
        vendor_process(delay=0.2) as vendor,
        running(
            folder, database_url=database_url, hosts=hosts, worker=False, each=each, HANDBELL_PUBLIC_URL=address
        ) as started,
        haproxy(folder, started.ports) as proxy,
    ):
        started.give_account("default", vendor.address, KEY, rate=200)
        started.give_account(proxy.name, vendor.address, KEY, backend="embedded")
        yield Scene(started, proxy, vendor)
