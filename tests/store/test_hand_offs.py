"""The queue of hand-offs: who gets a request, who may record its outcome, and what happens to abandoned requests."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.backend import AppletFile, Opened, Start
from app.core.request import CustomerRequest, RequestState
from app.core.retry import Parking
from app.core.site import Site
from app.core.why import Why, WhyCode
from app.store import hand_offs as store
from app.store.database import Database
from app.store.migrate import migrate
from app.store.requests import insert_request, request_by_reference
from app.store.sites import add_site
from tests.store.rows import NOW, request_row

AWAY, NO = Why(WhyCode.UNREACHABLE, {"host": "vendor.example"}), Why(WhyCode.STATUS, {"status": 418})
LATER = NOW + timedelta(seconds=30)
LINK = Opened(Start.LINK, session_id="s", ticket_number="T-7", link="https://a.startcontrol.com/x")


@pytest.fixture
def queue(database: Database) -> Database:
    database.write(lambda c: add_site(c, Site(slug="default", name="A", uid="u"), NOW))
    database.write(lambda c: add_site(c, Site(slug="other", name="B", uid="v"), NOW))
    return database


def waiting(queue: Database, **given: Any) -> CustomerRequest:
    row = request_row(**{"state": RequestState.WAITING, "due_at": NOW, "waiting_since": NOW, **given})
    queue.write(lambda c: insert_request(c, row))
    return row


def claim(queue: Database, most: int = 10, lease: str = "mine", at: datetime = NOW) -> list[CustomerRequest]:
    return queue.write(lambda c: store.claim_due(c, "default", most, lease, at + timedelta(seconds=30), at))


def now_of(queue: Database, row: CustomerRequest) -> CustomerRequest:
    with queue.read() as connection:
        found = request_by_reference(connection, row.reference)
    assert found
    return found


def test_a_claimed_request_is_the_claimers_until_the_lease_ends(queue: Database) -> None:
    row = waiting(queue)
    (claimed,) = claim(queue)
    assert claimed == now_of(queue, row)
    assert (claimed.state, claimed.lease, claimed.due_at, claimed.attempts) == (RequestState.OPENING, "mine", LATER, 1)
    assert claim(queue, lease="theirs") == []


def test_only_due_requests_of_the_site_are_claimed(queue: Database) -> None:
    waiting(queue, due_at=LATER)
    waiting(queue, site="other")
    waiting(queue, state=RequestState.PARKED, due_at=None)
    waiting(queue, state=RequestState.OPENED, due_at=None)
    assert claim(queue) == []
    with queue.read() as connection:
        assert store.due_by_site(connection, NOW) == {"other": 1}
        assert store.due_by_site(connection, LATER) == {"other": 1, "default": 1}


def test_the_newest_come_first_and_those_that_may_have_a_session_last(queue: Database) -> None:
    old = waiting(queue, created_at=NOW - timedelta(minutes=5))
    unsure = waiting(queue, unsure=1)
    new = waiting(queue, created_at=NOW - timedelta(seconds=1))
    assert [claim(queue, 1)[0].reference for _ in range(3)] == [new.reference, old.reference, unsure.reference]


def test_of_many_at_once_each_gets_other_requests(queue: Database) -> None:
    rows = {waiting(queue).reference for _ in range(40)}
    start = threading.Barrier(8)

    def take(number: int) -> list[CustomerRequest]:
        start.wait(30)
        return claim(queue, 5, f"lease-{number}")

    with ThreadPoolExecutor(8) as threads:
        taken = [request.reference for batch in threads.map(take, range(8)) for request in batch]
    taken += [request.reference for request in claim(queue, 40)]
    assert sorted(taken) == sorted(rows)


def test_what_came_of_it_is_told_by_the_lease_holder_alone(queue: Database) -> None:
    row = waiting(queue)
    claim(queue)
    assert not queue.write(lambda c: store.record_opened(c, row.reference, "theirs", LINK, LATER))
    assert not queue.write(lambda c: store.record_failure(c, row.reference, "theirs", NO, unsure=False, due_at=None))
    assert now_of(queue, row).state is RequestState.OPENING
    assert queue.write(lambda c: store.record_opened(c, row.reference, "mine", LINK, LATER))
    opened = now_of(queue, row)
    assert (opened.state, opened.lease, opened.due_at) == (RequestState.OPENED, None, None)
    assert (opened.start, opened.applet_link, opened.vendor_ticket) == (Start.LINK, LINK.link, "T-7")
    assert (opened.session_id, opened.ticket_number, opened.opened_at) == ("s", None, LATER)
    assert not queue.write(lambda c: store.record_opened(c, row.reference, "mine", LINK, LATER))


def test_an_applet_that_came_as_a_file_is_remembered(queue: Database) -> None:
    row = waiting(queue)
    claim(queue)
    applet = Opened(Start.FILE, applet=AppletFile("f1", "support.exe", "application/x-msdownload", 5))
    queue.write(lambda c: store.record_opened(c, row.reference, "mine", applet, LATER))
    opened = now_of(queue, row)
    assert (opened.start, opened.applet_file, opened.applet_name) == (Start.FILE, "f1", "support.exe")
    assert opened.applet_type == "application/x-msdownload"


def test_a_failure_is_due_again_or_parked(queue: Database) -> None:
    row = waiting(queue)
    claim(queue)
    queue.write(lambda c: store.record_failure(c, row.reference, "mine", AWAY, unsure=True, due_at=NOW))
    again = now_of(queue, row)
    assert (again.state, again.due_at, again.lease) == (RequestState.WAITING, NOW, None)
    assert (again.why, again.unsure, again.maybe_duplicate) == (AWAY, 1, True)
    (claimed,) = claim(queue, lease="second")
    assert claimed.attempts == 2
    queue.write(lambda c: store.record_failure(c, row.reference, "second", NO, unsure=False, due_at=None))
    parked = now_of(queue, row)
    assert (parked.state, parked.due_at, parked.why) == (RequestState.PARKED, None, NO)


def test_what_dead_workers_left_is_due_again_and_parked_the_third_time(queue: Database) -> None:
    row = waiting(queue)
    at = NOW
    for time in (1, 2):
        assert len(claim(queue, lease=f"dead-{time}", at=at)) == 1
        assert queue.write(lambda c, at=at: store.take_back_lost(c, at)) == (0, [])
        at += timedelta(seconds=30)
        assert queue.write(lambda c, at=at: store.take_back_lost(c, at)) == (1, [])
        left = now_of(queue, row)
        assert (left.state, left.lost, left.unsure, left.lease, left.due_at) == (
            RequestState.WAITING,
            time,
            time,
            None,
            at,
        )
    claim(queue, lease="dead-3", at=at)
    again, (parked,) = queue.write(lambda c: store.take_back_lost(c, at + timedelta(seconds=30)))
    assert (again, parked.reference, parked.reason, parked.maybe_duplicate) == (0, row.reference, Parking.LOST, True)
    assert now_of(queue, row).state is RequestState.PARKED


def test_a_lease_that_is_extended_is_not_taken_back(queue: Database) -> None:
    row = waiting(queue)
    claim(queue)
    queue.write(lambda c: store.extend_leases(c, ["mine"], LATER + timedelta(seconds=30)))
    assert queue.write(lambda c: store.take_back_lost(c, LATER)) == (0, [])
    assert now_of(queue, row).lease == "mine"


def test_a_call_that_was_never_made_leaves_no_trace(queue: Database) -> None:
    row = waiting(queue)
    claim(queue)
    queue.write(lambda c: store.give_back(c, row.reference, "theirs", NOW))
    assert now_of(queue, row).state is RequestState.OPENING
    queue.write(lambda c: store.give_back(c, row.reference, "mine", NOW))
    assert now_of(queue, row) == row


@pytest.mark.parametrize("state", [RequestState.PARKED, RequestState.SUSPECT])
def test_a_person_sets_a_parked_or_suspect_request_going(queue: Database, state: RequestState) -> None:
    row = waiting(queue, state=state, due_at=None, lost=2)
    assert queue.write(lambda c: store.release(c, row.reference, LATER))
    again = now_of(queue, row)
    assert (again.state, again.due_at, again.waiting_since, again.lost) == (RequestState.WAITING, LATER, LATER, 0)


@pytest.mark.parametrize("state", sorted(set(RequestState) - {RequestState.PARKED, RequestState.SUSPECT}))
def test_no_other_request_is_set_going(queue: Database, state: RequestState) -> None:
    row = waiting(queue, state=state)
    assert not queue.write(lambda c: store.release(c, row.reference, LATER))
    assert now_of(queue, row) == row


def test_what_waited_too_long_is_found_unless_it_is_under_way(queue: Database) -> None:
    stale = waiting(queue, waiting_since=NOW - timedelta(minutes=31), unsure=1)
    waiting(queue, waiting_since=NOW - timedelta(minutes=29))
    waiting(queue, waiting_since=NOW - timedelta(minutes=31), state=RequestState.OPENING, lease="x")
    with queue.read() as connection:
        assert store.anything_left(connection, NOW, NOW - timedelta(minutes=30))
        assert not store.anything_left(connection, NOW - timedelta(seconds=1), NOW - timedelta(minutes=32))
        assert store.stale_requests(connection, NOW - timedelta(minutes=30)) == [stale.reference]
    parked = queue.write(lambda c: store.park(c, stale.reference, NO))
    assert parked == store.Parked(stale.reference, "default", Parking.STALE, NO, 0, True)
    assert queue.write(lambda c: store.park(c, stale.reference, AWAY)) is None


@pytest.mark.slow
def test_looking_for_work_reads_what_waits_and_nothing_else(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    migrate(database)
    values = {"now": NOW, "which_site": "default", "most": 5, "lease_end": NOW, "new_lease": "x"}
    with database.read() as connection:
        for statement in (store._DUE, store._CLAIM):
            compiled = statement.compile(connection)
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {compiled}", tuple(compiled.construct_params(values).values())
            )
            assert "SEARCH requests USING INDEX ix_requests_state_created_at (state=?)" in str(plan.all())
    database.close()
