"""Two hosts behind HAProxy and nginx, as deploy/ configures them: hosts die, restart, drain and stand still.

Both proxies stand in front of the same hosts, each with its own callers.
"""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.callers import Callers, What, calling
from tests.faults.hosts import Hosts, Service, running
from tests.faults.kept import check_sessions, rows_of
from tests.faults.outcomes import Outcome, outcomes
from tests.live_server import free_port
from tests.own_redis import OwnRedis
from tests.profile import PROFILE
from tests.proxies import Proxy, haproxy, nginx, program
from tests.vendor.remote import RemoteVendor, vendor_process
from tests.vendor.stand_in import KEY
from tests.waiting import until

_BACK_WITHIN = 60.0
_ANSWERED_WITHIN = 30.0  # while a host stands still
_QUIET = ""  # between the drills
_KILL, _RESTART, _DRAIN, _FREEZE = "kill -9", "rolling restart", "drain", "stands still"
_DRILLS = (_QUIET, _KILL, _RESTART, _DRAIN, _FREEZE)


@dataclass(frozen=True, slots=True)
class Scene:
    """Hosts, the proxies in front of them, and a vendor behind them."""

    hosts: Hosts
    proxies: list[Proxy]
    vendor: RemoteVendor

    def serves_again(self, service: Service) -> None:
        """Wait until each proxy sends requests to this host."""
        port = self.hosts.ports[self.hosts.web.index(service)]
        before = [proxy.served(port) for proxy in self.proxies]

        def all_do() -> bool:
            return all(proxy.served(port) > n + 2 for proxy, n in zip(self.proxies, before, strict=True))

        assert until(all_do, _BACK_WITHIN, every=0.1), service.log_file.read_text("utf-8")


@pytest.fixture
def scene(tmp_path: Path, postgresql_url: str, own_redis: OwnRedis) -> Iterator[Scene]:
    for name in ("haproxy", "nginx"):
        program(name)
    address = f"http://127.0.0.1:{free_port()}"
    settings = {"HANDBELL_REDIS_URL": own_redis.url, "HANDBELL_PUBLIC_URL": address}
    with ExitStack() as stack:
        vendor = stack.enter_context(vendor_process(delay=0.3))
        hosts = stack.enter_context(running(tmp_path, database_url=postgresql_url, hosts=2, worker=False, **settings))
        proxies = [stack.enter_context(start(tmp_path, hosts.ports)) for start in (haproxy, nginx)]
        hosts.give_account("default", vendor.address, KEY, rate=200)
        for proxy in proxies:
            hosts.give_account(proxy.name, vendor.address, KEY, backend="embedded")
        yield Scene(hosts, proxies, vendor)


def kill(scene: Scene) -> None:
    """`kill -9` of a whole host, of a web process and of a master, in turn, each once the one before serves again."""
    for number in range(PROFILE.host_kills):
        service = random.choice(scene.hosts.web)
        starts = service.starts
        match number % 3:
            case 0:
                service.kill_all()
            case 1:
                os.kill(random.choice(service.children), signal.SIGKILL)
            case _:
                assert service.pid
                os.kill(service.pid, signal.SIGKILL)
        if number % 3 != 1:
            assert until(lambda service=service, starts=starts: service.starts > starts, _BACK_WITHIN)
        scene.serves_again(service)


def restart(scene: Scene) -> None:
    for service in scene.hosts.web[-PROFILE.restarts :]:
        starts = service.starts
        service.leave()
        assert until(lambda service=service, starts=starts: service.starts > starts, _BACK_WITHIN)
        scene.serves_again(service)


def drain(scene: Scene, callers: Callers) -> None:
    """A host goes, and is not there for a while."""
    service = scene.hosts.web[0]
    with service.resting():
        service.leave()
        service.wait_until_gone()
        callers.more(4)
    scene.serves_again(service)


def stand_still(scene: Scene, callers: Callers) -> None:
    """A host stands still; all that were sent since are answered before it goes on."""
    with scene.hosts.web[1].standing_still():
        callers.more(PROFILE.frozen)
        held = callers.pending(_FREEZE)
        assert until(lambda: all(one.is_over for one in held), _ANSWERED_WITHIN), held


def must_not_fail(outcome: Outcome) -> bool:
    """A program's call that was under way on a host that died or stands still cannot be saved by a proxy."""
    unsafe = outcome.drill in (_KILL, _FREEZE) and outcome.client.what is What.CALL
    return outcome.client.tries_again or not unsafe


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.postgres
def test_proxies_turn_to_another_host_when_one_dies_restarts_drains_or_stands_still(scene: Scene) -> None:
    with calling(scene.proxies, scene.hosts.environments[0]["HANDBELL_PUBLIC_URL"].removeprefix("http://")) as callers:
        with callers.during(_KILL):
            kill(scene)
        with callers.during(_RESTART):
            restart(scene)
        with callers.during(_DRAIN):
            drain(scene, callers)
        with callers.during(_FREEZE):
            stand_still(scene, callers)
    told = outcomes(callers, _DRILLS, scene.hosts, scene.vendor)
    with scene.hosts.database() as database:
        check_sessions(rows_of(database), scene.vendor, scene.hosts)
    assert [one.row for one in told if one.lost or one.doubled] == []
    assert [one.row for one in told if one.failed and must_not_fail(one)] == []
    assert [one.row for one in told if one.second and one.drill not in (_KILL, _FREEZE)] == []
