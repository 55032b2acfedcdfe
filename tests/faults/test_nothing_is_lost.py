"""Acknowledged requests are kept: processes are killed and calls fail meanwhile, and every request is settled."""

import logging
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crowd import Crowd, Plan, Visit, Way, crowd
from tests.faults.hosts import Hosts, Kind, running
from tests.faults.kept import check_desk, check_kept, check_sessions, end_leases, rows_of, settle_all
from tests.faults.secret import contents, leaks
from tests.profile import PROFILE
from tests.vendor.remote import RemoteVendor, vendor_process
from tests.vendor.stand_in import KEY
from tests.waiting import until

log = logging.getLogger(__name__)
_FAILING = 0.3
_DESKS_SHARE = 5  # one in this many requests goes to a site with the embedded desk
_LEASE_AND_MORE = 120.0  # seconds


def visits() -> list[Visit]:
    """Visits of customers, some of whom press twice or three times."""
    ways = cycle([Way.ONCE, Way.ONCE, Way.ONCE, Way.AT_ONCE, Way.ALL_HOSTS])
    sites = cycle(["desk", *["default"] * (_DESKS_SHARE - 1)])
    return [
        Visit(str(number), next(sites), way=way, times=1 if way is Way.ONCE else random.randint(2, 3))
        for number, way in zip(range(PROFILE.requests), ways, strict=False)
    ]


def kill_along(hosts: Hosts, customers: Crowd) -> None:
    """`kill -9` spread over the run, for each kind of process in turn, in random order."""
    kinds = cycle(random.sample(list(Kind), len(Kind)))
    for number in range(PROFILE.kills):
        assert customers.wait_for((number + 1) * PROFILE.requests // (PROFILE.kills + 2)), "the crowd went home early"
        kind = next(kinds)
        assert until(lambda kind=kind: hosts.kill(kind), 30.0), f"there was no {kind} to kill"


@pytest.fixture
def vendor() -> Iterator[RemoteVendor]:
    with vendor_process(delay=0.3, failing=_FAILING, seed=random.randrange(1_000_000)) as started:
        yield started


@pytest.mark.slow
def test_who_stood_still_past_the_end_of_a_lease_changes_nothing_afterwards(tmp_path: Path) -> None:
    requests = 5
    with vendor_process(hang=3600) as vendor, running(tmp_path, HANDBELL_PROCESSES="1") as hosts:
        hosts.give_account("default", vendor.address, KEY, rate=200)
        with hosts.database() as database, crowd(Plan(hosts.ports, [Visit(str(n)) for n in range(requests)])) as people:
            vendor.wait_for(lambda: vendor.in_flight == requests, 30.0)
            people.finish()
            (web,) = hosts.web[0].children
            os.kill(web, signal.SIGSTOP)
            try:
                end_leases(database, timedelta())
                vendor.wait_for(lambda: vendor.in_flight == 2 * requests, 30.0)
                vendor.release()
                settle_all(database, 30.0)
                before = rows_of(database)
            finally:
                os.kill(web, signal.SIGCONT)
            assert until(lambda: hosts.logged("lease_lost") == requests, 30.0)
            after = rows_of(database)
        check_kept(after, people)
        assert check_sessions(after, vendor, hosts) == requests
    assert sorted(map(tuple, after)) == sorted(map(tuple, before))
    assert {(row.state, row.lost, row.unsure, row.attempts) for row in after} == {("opened", 1, 1, 2)}


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed_and_calls_fail(
    servers: dict[str, Any], tmp_path: Path, vendor: RemoteVendor
) -> None:
    with running(tmp_path, **servers) as hosts, hosts.database() as database:
        hosts.give_account("default", vendor.address, KEY, rate=200)
        hosts.give_account("desk", vendor.address, KEY, backend="embedded")
        with crowd(Plan(hosts.ports, visits())) as customers:
            kill_along(hosts, customers)
            customers.finish()
        vendor.failing = 0.0
        settle_all(database, _LEASE_AND_MORE, PROFILE.leases_end_after)
        rows = rows_of(database)
        assert len(customers.told) == PROFILE.requests
        assert [answer for answer in customers.refused if answer.status < 500] == []
        check_kept(rows, customers)
        check_desk(rows, database)
        too_many = check_sessions(rows, vendor, hosts)
        assert [row for row in contents(database) if leaks(KEY, row)] == []
    assert hosts.killed.total() == PROFILE.kills
    # A killed process logs nothing; a living one never loses a lease.
    assert hosts.logged("lease_lost") == 0
    assert "Traceback" not in hosts.logs
    assert leaks(KEY, hosts.logs.encode()) == []
    log.info(
        "killed %s; %d answers, %d times none; %s; %d calls failed without a trace, %d workers lost, %d duplicates",
        {kind.value: times for kind, times in hosts.killed.items()},
        len(customers.answers),
        customers.unanswered,
        dict(Counter(row.state for row in rows)),
        len(vendor.ambiguous),
        sum(row.lost for row in rows),
        too_many,
    )
