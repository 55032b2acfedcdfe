"""A vendor that hangs delays no page and no answer, and its requests are opened soon after it is back."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sqlalchemy import Row

from app.core.request import RequestState
from tests.faults.call_rate import most_within
from tests.faults.crowd import Crowd, Plan, Visit, crowd
from tests.faults.hosts import Hosts, running
from tests.faults.kept import check_kept, hurry, rows_of
from tests.profile import PROFILE
from tests.vendor.remote import RemoteVendor, vendor_process
from tests.vendor.stand_in import KEY
from tests.waiting import until

log = logging.getLogger(__name__)
RATE = 20  # calls a second
PAGE_EVERY = 0.02  # seconds
LATE = 10  # customers who come when the vendor is back
BACK_WITHIN = 60.0
TOGETHER = 1.0  # seconds; requests that are claimed together are opened in any order
FOREVER = 3600.0


def visits() -> list[Visit]:
    """Customers who come while the vendor hangs, and some who come when it is back; all follow their status page."""
    every = 0.9 * PROFILE.hang / PROFILE.clients
    during = [Visit(f"during-{n}", after=n * every, looks=True) for n in range(PROFILE.clients)]
    late = [Visit(f"late-{n}", after=PROFILE.hang + 1 + n * 0.05, looks=True) for n in range(LATE)]
    return [*during, *late]


def all_opened(hosts: Hosts) -> bool:
    with hosts.database() as database:
        if PROFILE.hurries:
            hurry(database)
        states = [row.state for row in rows_of(database)]
    return len(states) == PROFILE.clients + LATE and set(states) == {RequestState.OPENED}


@pytest.fixture
def vendor() -> Iterator[RemoteVendor]:
    with vendor_process(delay=0.05) as started:
        yield started


def acknowledged(customers: Crowd) -> int:
    """Number of acknowledged requests made while the vendor hangs."""
    return sum(number.startswith("during") for number in list(customers.told))


def opened_after(rows: list[Row[Any]], back: float) -> tuple[list[float], list[float]]:
    """Seconds from the vendor's return to the session: for late requests, and for those that were waiting when they
    came."""
    late = [row for row in rows if row.customer_number.startswith("late")]
    came = max(row.created_at for row in late)
    others = [row for row in rows if row not in late and row.opened_at > came] or late
    return [r.opened_at.timestamp() - back for r in late], [r.opened_at.timestamp() - back for r in others]


@pytest.mark.slow
def test_a_vendor_that_hangs_slows_nobody_down_and_everybody_is_opened_when_it_is_back(
    servers: dict[str, Any], tmp_path: Path, vendor: RemoteVendor
) -> None:
    """The vendor answers no call until it is released, so earlier answers did not wait for it.

    How long these answers take is measured by `make bench`.
    """
    with running(tmp_path, **servers) as hosts:
        hosts.give_account("default", vendor.address, KEY, rate=RATE)
        vendor.hang = FOREVER
        pages = int(PROFILE.hang / PAGE_EVERY)
        with crowd(Plan(hosts.ports, visits(), at_once=200, pages=pages, page_every=PAGE_EVERY)) as customers:
            assert until(lambda: acknowledged(customers) == PROFILE.clients, 4 * PROFILE.hang)
            assert until(lambda: len(customers.page_seconds) == pages, 4 * PROFILE.hang)
            back = time.time()
            vendor.release()
            opened = until(lambda: all_opened(hosts), BACK_WITHIN, every=0.5)
            customers.finish()
        with hosts.database() as database:
            rows = rows_of(database)
    assert opened, [(row.customer_number, row.state, row.why) for row in rows if row.state != "opened"]
    check_kept(rows, customers)
    assert {told.states[-1] for told in customers.told.values()} == {"ready"}  # the pages noticed it by themselves
    assert (customers.refused, customers.unanswered) == ([], 0)  # each request was acknowledged at the first press
    late, others = opened_after(rows, back)
    burst = most_within(1.0, [at for at in vendor.call_times if at > back])
    log.info("slowest submit %.0f ms", max(answer.seconds for answer in customers.answers) * 1000)
    log.info("late ones opened %.1f s after the return, those who waited then %.1f s", median(late), median(others))
    log.info("all opened %.1f s after the return", max(row.opened_at.timestamp() for row in rows) - back)
    assert median(late) <= max(others) + TOGETHER  # in order of arrival they would come after all the others
    assert burst <= 2 * RATE  # two windows of the rate may meet
