"""The hand-off pool: every due request is opened or parked, as many at once as allowed, and no submit waits long."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

import app.process.pool
from app.actions.hand_off import Settled, release, settle
from app.actions.submit import Submission, submit
from app.core.backend import Opened, Refused, Start, Unavailable
from app.core.breaker import BreakerState
from app.core.customer import Customer
from app.core.links import new_link_id
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest, RequestState
from app.core.why import Why, WhyCode
from app.process.pool import KEPT_FREE, OWN_SHARE, THREADS
from app.store.commits import OutcomeUnknown
from app.store.database import Database
from app.store.hand_offs import claim_due
from app.store.requests import list_requests, newest_link
from tests.captured_log import capture_log
from tests.conftest import fill_desk
from tests.pool_at_work import WITHIN, PoolAtWork, at_work
from tests.store.rows import NOW
from tests.waiting import until

FORBIDDEN = Why(WhyCode.BAD_KEY, {"status": 403})
AWAY = Why(WhyCode.UNREACHABLE, {"host": "vendor.example"})
SILENT = Why(WhyCode.NO_ANSWER, {"host": "vendor.example"})


@pytest.fixture
def filled(database: Database) -> Database:
    fill_desk(database, NOW)
    return database


def becomes(work: PoolAtWork, reference: str, state: RequestState) -> bool:
    return until(lambda: work.request(reference).state is state)


def refuse(asked: NewSessionRequest) -> Opened:
    raise Refused(FORBIDDEN)


def be_away(asked: NewSessionRequest) -> Opened:
    raise Unavailable(AWAY)


def say_nothing(asked: NewSessionRequest) -> Opened:
    raise Unavailable(SILENT, maybe_sent=True)


def test_a_submit_is_opened_before_it_returns_where_that_takes_a_moment(filled: Database) -> None:
    with at_work(filled) as work:
        recorded = work.submit(customer_name="Zoë", problem_description="x")
        opened = work.request(recorded.reference)
        (asked,) = work.backends["default"].asked
        assert work.backends["default"].browsers[0].user_agent == "Test/1.0"
    assert (opened.state, opened.start, opened.attempts) == (RequestState.OPENED, Start.LINK, 1)
    assert (opened.session_id, opened.vendor_ticket) == ("s-1", "T-1")
    assert asked == NewSessionRequest(customer=Customer(name="Zoë", problem="x"), ask_customer_info=True)
    with filled.read() as connection:
        assert newest_link(connection, opened.reference) is not None


def test_nobody_waits_longer_than_a_second_and_for_a_slow_vendor_nobody_waits(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.free.clear()
        recorded = work.submit()
        assert work.request(recorded.reference).state is RequestState.OPENING
        assert work.pool._loads["default"].slow
        began = time.monotonic()
        others = [work.submit() for _ in range(5)]
        assert time.monotonic() - began < WITHIN  # it returned, though the vendor still hangs
        assert vendor.wait_until(lambda v: v.in_flight == 6)
        vendor.free.set()
        assert all(becomes(work, one.reference, RequestState.OPENED) for one in (recorded, *others))


def test_what_another_process_left_is_swept_up(filled: Database) -> None:
    with at_work(filled, start=False) as work:
        left = work.submit()
        assert (left.state, left.lease) == (RequestState.WAITING, None)
        work.pool.start()
        assert becomes(work, left.reference, RequestState.OPENED)


def test_what_a_dead_worker_held_is_opened_with_a_mark(filled: Database) -> None:
    with at_work(filled, start=False) as work:
        left = work.submit(problem_description="x" * 1024)
        now = work.clock()
        filled.write(lambda c: claim_due(c, "default", 1, "dead", now - timedelta(seconds=1), now))
        work.pool.start()
        assert becomes(work, left.reference, RequestState.OPENED)
        opened = work.request(left.reference)
        (asked,) = work.backends["default"].asked
    mark = f" [REF {left.reference} retry]"
    assert asked.customer.problem == "x" * (1024 - len(mark)) + mark
    assert (opened.unsure, opened.lost, opened.attempts, opened.maybe_duplicate) == (1, 1, 2, True)
    assert opened.customer.problem == "x" * 1024


def test_the_mark_does_not_keep_a_customer_who_sent_nothing_from_being_asked(filled: Database) -> None:
    with at_work(filled, start=False) as work:
        work.change_site(ask_customer_info="never")
        left = work.submit(department="10")
        now = work.clock()
        filled.write(lambda c: claim_due(c, "default", 1, "dead", now - timedelta(seconds=1), now))
        work.pool.start()
        assert becomes(work, left.reference, RequestState.OPENED)
        (asked,) = work.backends["default"].asked
    assert asked.customer.problem == f"[REF {left.reference} retry]"
    assert asked.ask_customer_info is True


def test_a_refusal_is_parked_and_a_person_sets_it_going_again(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.answer = refuse
        recorded = work.submit()
        parked = work.request(recorded.reference)
        assert (parked.state, parked.why) == (RequestState.PARKED, FORBIDDEN)
        vendor.answer = lambda asked: Opened(Start.LINK, link="https://a.startcontrol.com/x")
        assert release(filled, recorded.reference, now=work.clock())
        work.pool.wake()
        assert becomes(work, recorded.reference, RequestState.OPENED)
        assert work.request(recorded.reference).attempts == 2


def test_a_vendor_that_is_away_is_asked_again(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.answer = be_away
        recorded = work.submit()
        waiting = work.request(recorded.reference)
        assert (waiting.state, waiting.why, waiting.unsure) == (
            RequestState.WAITING,
            AWAY,
            0,
        )
        assert waiting.due_at
        assert timedelta(seconds=2) < waiting.due_at - waiting.created_at < timedelta(seconds=9)
        vendor.answer = lambda asked: Opened(Start.LINK, link="https://a.startcontrol.com/x")
        work.ahead = timedelta(seconds=10)
        work.pool.wake()
        assert becomes(work, recorded.reference, RequestState.OPENED)
        assert "retry" not in str(vendor.asked[-1].customer.problem)


def test_an_answer_that_stays_out_is_asked_for_once_more_and_then_parked(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.answer = say_nothing
        recorded = work.submit()
        first = work.request(recorded.reference)
        assert (first.state, first.unsure) == (RequestState.WAITING, 1)
        work.ahead = timedelta(seconds=50)
        work.pool.wake()
        assert becomes(work, recorded.reference, RequestState.PARKED)
        second = work.request(recorded.reference)
        assert (second.unsure, second.attempts) == (2, 2)
        assert [f"[REF {recorded.reference} retry]" in str(a.customer.problem) for a in vendor.asked] == [
            False,
            True,
        ]


def test_what_waited_for_half_an_hour_is_parked_without_another_call(filled: Database) -> None:
    with at_work(filled, start=False) as work:
        stale = work.submit()
        work.ahead = timedelta(minutes=31)
        work.pool.start()
        assert becomes(work, stale.reference, RequestState.PARKED)
        assert work.backends["default"].asked == []


def test_one_site_alone_has_nearly_all_threads_and_beside_others_its_share(filled: Database) -> None:
    with at_work(filled, "second") as work:
        first, second = work.backends["default"], work.backends["second"]
        first.free.clear()
        second.free.clear()
        for _ in range(THREADS + 4):
            work.submit()
        assert first.wait_until(lambda v: v.in_flight == THREADS - KEPT_FREE)
        for _ in range(KEPT_FREE + 2):
            work.submit("second")
        assert second.wait_until(lambda v: v.in_flight == KEPT_FREE)
        first.free.set()
        assert second.wait_until(lambda v: v.in_flight == KEPT_FREE + 2)
        second.free.set()
        assert until(lambda: work.states()[RequestState.OPENED] == THREADS + 4 + KEPT_FREE + 2)
    assert first.most_in_flight == THREADS - KEPT_FREE


def test_a_site_beside_which_others_wait_keeps_to_its_share(filled: Database) -> None:
    with at_work(filled, "second", start=False) as work:
        for _ in range(OWN_SHARE + 8):
            work.submit()
            work.submit("second")
        for backend in work.backends.values():
            backend.free.clear()
        work.pool.start()
        assert all(b.wait_until(lambda v: v.in_flight == OWN_SHARE) for b in work.backends.values())
        for backend in work.backends.values():
            backend.free.set()
        assert until(lambda: work.states()[RequestState.OPENED] == 2 * (OWN_SHARE + 8))


def test_five_failures_keep_calls_away_and_one_probe_finds_the_vendor_back(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.answer = be_away
        for _ in range(5):
            work.submit()
        assert until(lambda: work.pool.breaker_states() == {"default": BreakerState.OPEN})
        calls = len(vendor.asked)
        left = [work.submit() for _ in range(10)]
        assert {one.state for one in left} == {RequestState.WAITING}
        assert len(vendor.asked) == calls == 5
        vendor.answer = lambda asked: Opened(Start.LINK, link="https://a.startcontrol.com/x")
        monkeypatch.setattr(work.pool._loads["default"].breaker, "_until", 0.0)
        work.ahead = timedelta(seconds=10)
        work.pool.wake()
        assert until(lambda: work.states() == {RequestState.OPENED: 15})
        assert work.pool.breaker_states() == {"default": BreakerState.CLOSED}


def test_a_vendors_wish_for_a_pause_is_granted(filled: Database) -> None:
    def ask_for_a_pause(asked: NewSessionRequest) -> Opened:
        raise Unavailable(Why(WhyCode.TOO_MANY, {"status": 429}), retry_after=120)

    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.answer = ask_for_a_pause
        first = work.request(work.submit().reference)
        assert first.due_at
        assert first.due_at - first.created_at >= timedelta(seconds=119)
        assert work.submit().state is RequestState.WAITING
        assert len(vendor.asked) == 1


def test_a_wish_for_a_longer_pause_is_granted_for_a_quarter_of_an_hour(filled: Database) -> None:
    def ask_for_a_day(asked: NewSessionRequest) -> Opened:
        raise Unavailable(Why(WhyCode.TOO_MANY, {"status": 429}), retry_after=24 * 3600)

    with at_work(filled) as work:
        work.backends["default"].answer = ask_for_a_day
        first = work.request(work.submit().reference)
        assert first.due_at
        assert timedelta(minutes=15) <= first.due_at - first.created_at < timedelta(minutes=16)


def test_calls_stay_within_the_sites_rate(filled: Database) -> None:
    budget = threading.Semaphore(7)
    with at_work(filled, within_rate=lambda site: budget.acquire(blocking=False)) as work:
        for _ in range(20):
            work.submit()
        assert until(lambda: work.states()[RequestState.OPENED] == 7)
        assert len(work.backends["default"].asked) == 7
        budget.release(13)
        assert until(lambda: work.states()[RequestState.OPENED] == 20)


def test_the_same_submission_again_begins_no_second_call(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.free.clear()
        submission = Submission(
            work.site(),
            NewSessionRequest(customer=Customer(name="Zoë")),
            False,
            "page",
            new_link_id(),
            "192.0.2.7",
            1000,
        )
        staff = work.configured().staff
        answers = [work.pool.take_in(submission, staff) for _ in range(5)]
        assert len({answer.reference for answer in answers}) == 1
        assert vendor.in_flight == len(vendor.asked) == 1
        vendor.free.set()
        assert becomes(work, answers[0].reference, RequestState.OPENED)
        assert work.pool.take_in(submission, staff).state is RequestState.OPENED
        assert len(vendor.asked) == 1


def test_stopping_lets_the_calls_in_flight_end_and_claims_nothing_more(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.free.clear()
        under_way = work.submit()
        stopping = threading.Thread(target=work.pool.stop)
        stopping.start()
        assert until(work.pool._stopping.is_set)
        late = work.submit()
        assert late.state is RequestState.WAITING
        vendor.free.set()
        stopping.join(WITHIN)
        assert work.request(under_way.reference).state is RequestState.OPENED
        assert work.request(late.reference).state is RequestState.WAITING


def test_a_site_that_went_back_to_the_embedded_desk_opens_what_waited_there(filled: Database) -> None:
    with at_work(filled, start=False) as work:
        left = work.submit(department="20")
        work.change_site(backend="embedded")
        work.pool.start()
        assert becomes(work, left.reference, RequestState.OPENED)
        opened = work.request(left.reference)
        assert (opened.start, opened.ticket_number is not None) == (Start.DESK, True)
        assert work.backends["default"].asked == []


def test_an_answer_that_nobody_can_read_sends_this_and_later_customers_to_the_browser(filled: Database) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.answer = lambda asked: Opened(Start.BROWSER)
        first = work.request(work.submit().reference)
        assert (first.state, first.start) == (RequestState.OPENED, Start.BROWSER)
        assert work.site().unreadable
        second = work.submit()
        assert (second.state, second.start) == (RequestState.OPENED, Start.BROWSER)
        assert len(vendor.asked) == 1


def test_an_outcome_is_recorded_however_often_the_database_fails(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_work(filled) as work:
        vendor = work.backends["default"]
        vendor.free.clear()
        recorded = work.submit()
        true_write = filled.write
        failures = iter([TimeoutError(), TimeoutError(), None])

        def write(job: Callable[[Connection], object]) -> object:
            if threading.current_thread().name.startswith("hand-off_") and (fault := next(failures, None)):
                raise fault
            return true_write(job)

        monkeypatch.setattr(filled, "write", write)
        vendor.free.set()
        assert becomes(work, recorded.reference, RequestState.OPENED)
        assert len(vendor.asked) == 1


def test_a_submit_whose_outcome_is_unknown_gives_its_request_back(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = submit

    def not_confirmed(*arguments: Any, **named: Any) -> CustomerRequest:
        real(*arguments, **named)
        raise OutcomeUnknown

    monkeypatch.setattr(app.process.pool, "submit", not_confirmed)
    with at_work(filled) as work:
        with pytest.raises(OutcomeUnknown):
            work.submit()
        assert until(lambda: work.states() == {RequestState.OPENED: 1})
        with filled.read() as connection:
            (opened,) = list_requests(connection)
    assert (opened.attempts, opened.unsure, opened.lost) == (1, 0, 0)
    assert len(work.backends["default"].asked) == 1


def test_an_outcome_that_was_recorded_without_a_confirmation_is_kept(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = settle, iter([True])

    def not_confirmed(*arguments: Any, **named: Any) -> Settled:
        settled = real(*arguments, **named)
        if next(times, False):
            raise OutcomeUnknown
        return settled

    monkeypatch.setattr(app.process.pool, "settle", not_confirmed)
    lines = capture_log(monkeypatch, app.process.pool)
    with at_work(filled) as work:
        work.submit()
        assert until(lambda: [line for line in lines if line["event"] == "session_opened"])
        assert work.states() == {RequestState.OPENED: 1}
    assert "lease_lost" not in {line["event"] for line in lines}
