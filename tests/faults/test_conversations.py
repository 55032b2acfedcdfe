"""Conversations while web servers and hosts are killed: every acknowledged line comes once, in order, on both sides."""

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from bench.talk import Page, Pair, make_pairs, talk
from tests.faults.hosts import Hosts, Kind, running
from tests.profile import PROFILE
from tests.waiting import until

log = logging.getLogger(__name__)


def kill_meanwhile(hosts: Hosts, over: threading.Event) -> None:
    """`kill -9` a web process, then all processes of a host, and so on."""
    for number in range(PROFILE.talk_kills):
        if over.wait(PROFILE.talk_seconds / (PROFILE.talk_kills + 1)):
            return
        if number % 2:
            hosts.web[-1].kill_all()
        else:
            until(lambda: hosts.kill(Kind.WEB), 5.0)


def check(pair: Pair, customer: Page, technician: Page) -> int:
    """Both were told all that either was acknowledged, once, in order; returns how many lines."""
    told = [line for line in customer.told if line[1]]
    assert told == [line for line in technician.told if line[1]], pair.ticket
    assert [number for number, _ in told] == sorted({number for number, _ in told}), pair.ticket
    bodies = [body for _, body in told]
    for page in (customer, technician):
        own = [body for body in bodies if body in page.pressed]
        assert own == list(page.pressed), "each once, in the order in which they were said"
        assert {body: number for number, body in told if body in page.pressed} == page.acknowledged
    return len(told)


@pytest.mark.slow
def test_no_line_is_lost_or_doubled_while_servers_die(tmp_path: Path, servers: dict[str, Any]) -> None:
    with running(tmp_path, worker=False, HANDBELL_PROCESSES="2", **servers) as hosts:
        keys = Path(hosts.environments[0]["HANDBELL_KEYS_FILE"])
        pairs = make_pairs(hosts.database_url, keys, hosts.ports[0], PROFILE.talking)
        pages = [(Page(hosts.ports, pair.customer), Page(hosts.ports, pair.technician)) for pair in pairs]
        over = threading.Event()
        killer = threading.Thread(target=kill_meanwhile, args=(hosts, over))
        killer.start()
        every = PROFILE.talk_seconds / PROFILE.talk_lines
        asyncio.run(talk([page for both in pages for page in both], PROFILE.talk_lines, every))
        over.set()
        killer.join()
        lines = sum(check(pair, *both) for pair, both in zip(pairs, pages, strict=True))
    assert lines == 2 * PROFILE.talking * PROFILE.talk_lines
    log.info("%s lines of %s pairs, %s kills of web processes", lines, len(pairs), hosts.killed[Kind.WEB])
