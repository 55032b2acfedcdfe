"""A request is one request under one reference, in whatever way and however often it is sent."""

import logging
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.faults.crowd import Plan, Visit, Way, crowd
from tests.faults.hosts import running
from tests.faults.kept import check_kept, check_sessions, rows_of, settle_all
from tests.profile import PROFILE
from tests.vendor.remote import RemoteVendor, vendor_process
from tests.vendor.stand_in import KEY

log = logging.getLogger(__name__)


@pytest.fixture
def vendor() -> Iterator[RemoteVendor]:
    with vendor_process(delay=0.1) as started:
        yield started


def visits() -> list[Visit]:
    """Every way with every number of times, repeatedly."""
    several = cycle((way, times) for times in range(1, 6) for way in Way if way is not Way.ONCE)
    return [
        Visit(str(n), way=way, times=times) for n, (way, times) in zip(range(PROFILE.doubled), several, strict=False)
    ]


@pytest.mark.slow
def test_a_request_that_is_sent_again_is_the_same_request(
    servers: dict[str, Any], tmp_path: Path, vendor: RemoteVendor
) -> None:
    with running(tmp_path, **{**servers, "hosts": 2}) as hosts, hosts.database() as database:
        hosts.give_account("default", vendor.address, KEY, rate=500)
        sent = visits()
        with crowd(Plan(hosts.ports, sent)) as customers:
            customers.finish()
        settle_all(database, 60.0)
        rows = rows_of(database)
        assert len(rows) == PROFILE.doubled
        check_kept(rows, customers)
        assert check_sessions(rows, vendor, hosts) == 0
    assert (customers.refused, customers.unanswered) == ([], 0)
    answers = Counter(answer.number for answer in customers.answers)
    assert answers == {visit.number: visit.times for visit in sent}
    log.info("%d requests, sent %d times, by two hosts", len(rows), answers.total())
