"""What operators do with hand-offs: each action moves a request once, with a line in the audit log if it did."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.actions.hand_off import open_without_call
from app.actions.operate import Operator, dismiss_suspects, open_anew, park, release_suspects, retry
from app.actions.privacy import erase, find_person, prune
from app.actions.ticket import cancel
from app.core.backend import Start
from app.core.request import RequestState
from app.core.ticket import TicketState
from app.core.why import Why, WhyCode
from app.store.audit import acts
from app.store.hand_offs import claim_due
from app.store.requests import insert_request
from app.store.staff import load_staff
from app.store.tickets import MOST_EARLIER, ticket_history
from tests.actions.desk import DeskAtWork
from tests.store.rows import request_row

SVEN = Operator(4, "Sven S")


def put(desk: DeskAtWork, **given: Any) -> str:
    row = request_row(created_at=desk.clock(), **given)
    desk.database.write(lambda connection: insert_request(connection, row))
    return row.reference


def audited(desk: DeskAtWork) -> list[tuple[int | None, str, str]]:
    with desk.database.read() as connection:
        return [(act.who, act.act, act.about) for act in acts(connection)][::-1]


def opened_by_the_pool(desk: DeskAtWork) -> None:
    """Open the requests due at the embedded desk, as the hand-off pool does."""
    now = desk.clock()
    with desk.database.read() as connection:
        staff = load_staff(connection)
    for request in desk.database.write(
        lambda c: claim_due(c, "default", 10, "lease", now + timedelta(seconds=30), now)
    ):
        settled = open_without_call(desk.database, staff, desk.site, request, now=now)
        assert settled
        assert settled.kept


def at_once(times: int, work: Callable[[], int]) -> list[int]:
    """The results of `work` in threads that start together."""
    barrier = threading.Barrier(times)
    results: list[int] = []

    def run() -> None:
        barrier.wait(10)
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.parametrize("state", RequestState)
def test_each_act_works_from_the_states_that_it_is_for(desk: DeskAtWork, state: RequestState) -> None:
    works: dict[Any, set[RequestState]] = {
        retry: {RequestState.PARKED, RequestState.SUSPECT, RequestState.WAITING},
        park: {RequestState.WAITING},
        lambda d, r, by, now: release_suspects(d, [r], by=by, now=now) == 1: {RequestState.SUSPECT},
        lambda d, r, by, now: dismiss_suspects(d, [r], by=by, now=now) == 1: {RequestState.SUSPECT},
        lambda d, r, by, now: open_anew(d, r, 0, by=by, now=now): {RequestState.OPENED, RequestState.ENDED},
    }
    for act, states in works.items():
        before = len(audited(desk))
        reference = put(desk, state=state, why=Why(WhyCode.STALE))
        row = desk.request(reference)
        assert act(desk.database, reference, by=SVEN, now=desk.clock()) is (state in states)
        assert (desk.request(reference) == row) is (state not in states)
        assert len(audited(desk)) == before + (state in states)


def test_what_is_parked_says_by_whom_and_starts_again(desk: DeskAtWork) -> None:
    later = desk.clock() + timedelta(minutes=5)
    reference = put(desk, state=RequestState.WAITING, due_at=later, waiting_since=desk.clock())
    assert park(desk.database, reference, by=SVEN, now=desk.clock())
    parked = desk.request(reference)
    by_sven = Why(WhyCode.PARKED_BY, {"name": "Sven S"})
    assert (parked.state, parked.due_at, parked.why) == (RequestState.PARKED, None, by_sven)
    assert retry(desk.database, reference, by=Operator(), now=desk.clock())
    assert desk.request(reference).due_at == desk.clock()
    about = f"request {reference}"
    assert audited(desk) == [(4, "request.parked", about), (None, "request.retried", about)]


def test_who_waits_for_the_next_try_is_tried_at_once(desk: DeskAtWork) -> None:
    since, later = desk.clock() - timedelta(minutes=9), desk.clock() + timedelta(minutes=5)
    reference = put(desk, state=RequestState.WAITING, due_at=later, waiting_since=since, attempts=4)
    assert retry(desk.database, reference, by=SVEN, now=desk.clock())
    hurried = desk.request(reference)
    assert (hurried.due_at, hurried.waiting_since, hurried.attempts) == (desk.clock(), since, 4)


def test_of_several_suspects_those_that_still_are_move(desk: DeskAtWork) -> None:
    suspects = [put(desk, state=RequestState.SUSPECT) for _ in range(3)]
    other = put(desk, state=RequestState.PARKED)
    assert release_suspects(desk.database, [*suspects[:2], other, "0000-0000"], by=SVEN, now=desk.clock()) == 2
    assert dismiss_suspects(desk.database, suspects, by=SVEN, now=desk.clock()) == 1
    states = [desk.request(reference).state for reference in (*suspects, other)]
    assert states == [RequestState.WAITING, RequestState.WAITING, RequestState.ENDED, RequestState.PARKED]
    assert {act for _who, act, _about in audited(desk)} == {"request.released", "request.dismissed"}
    assert len(audited(desk)) == 3


def test_of_ten_who_release_or_dismiss_at_once_one_does(desk: DeskAtWork) -> None:
    for act in (release_suspects, dismiss_suspects):
        reference = put(desk, state=RequestState.SUSPECT)
        before = len(audited(desk))
        done = at_once(
            10, lambda act=act, reference=reference: act(desk.database, [reference], by=SVEN, now=desk.clock())
        )
        assert sorted(done) == [0] * 9 + [1]
        assert len(audited(desk)) == before + 1


def test_a_released_suspect_gets_its_ticket(desk: DeskAtWork) -> None:
    suspect = desk.submit(suspicion=WhyCode.TOO_FAST)
    assert desk.tickets() == []
    release_suspects(desk.database, [suspect.reference], by=SVEN, now=desk.clock())
    opened_by_the_pool(desk)
    (ticket,) = desk.tickets()
    assert (ticket.reference, ticket.customer.name) == (suspect.reference, "Zoë")
    assert desk.request(suspect.reference).state is RequestState.OPENED


def test_opened_anew_at_the_desk_it_is_another_ticket_and_the_one_before_is_closed(desk: DeskAtWork) -> None:
    request = desk.submit()
    first = desk.ticket(request.ticket_number)
    assert open_anew(desk.database, request.reference, 1, by=SVEN, now=desk.clock())
    waiting = desk.request(request.reference)
    assert (waiting.state, waiting.ticket_number, waiting.opened_at) == (RequestState.WAITING, None, None)
    opened_by_the_pool(desk)
    again = desk.request(request.reference)
    second = desk.ticket(again.ticket_number)
    assert again.state is RequestState.OPENED
    assert not again.maybe_duplicate
    assert second.number != first.number
    assert second.customer.values() == first.customer.values()
    closed = desk.ticket(first.number)
    assert (closed.state, closed.reference) == (TicketState.CLOSED, f"{request.reference}/1")
    with desk.database.read() as connection:
        (event,) = ticket_history(connection, first.number)
    assert (event.who, event.what) == ("Sven S", "opened_anew")
    # Later changes of the first ticket do not affect the request.
    cancel(desk.database, first.number, now=desk.clock())
    assert desk.request(request.reference).state is RequestState.OPENED


def test_a_request_that_ended_at_the_desk_is_opened_anew(desk: DeskAtWork) -> None:
    request = desk.submit()
    cancel(desk.database, request.ticket_number or 0, now=desk.clock())
    assert desk.request(request.reference).state is RequestState.ENDED
    assert open_anew(desk.database, request.reference, 1, by=SVEN, now=desk.clock())
    opened_by_the_pool(desk)
    assert desk.request(request.reference).ended_at is None
    assert [ticket.state for ticket in desk.tickets()] == [TicketState.WAITING, TicketState.CANCELLED]


def test_a_vendor_s_session_may_still_be_there(desk: DeskAtWork) -> None:
    reference = put(
        desk,
        state=RequestState.OPENED,
        backend="take-control",
        attempts=1,
        start=Start.LINK,
        applet_link="https://applets.startcontrol.com/1",
        vendor_ticket="T-1",
        session_id="s-1",
        opened_at=desk.clock(),
    )
    assert open_anew(desk.database, reference, 1, by=SVEN, now=desk.clock())
    row = desk.request(reference)
    assert (row.state, row.due_at, row.waiting_since) == (RequestState.WAITING, desk.clock(), desk.clock())
    assert (row.applet_link, row.vendor_ticket, row.session_id, row.start) == (None, None, None, None)
    assert row.maybe_duplicate


def test_what_never_had_a_session_is_no_duplicate(desk: DeskAtWork) -> None:
    reference = put(desk, state=RequestState.SUSPECT, backend="take-control")
    dismiss_suspects(desk.database, [reference], by=SVEN, now=desk.clock())
    assert open_anew(desk.database, reference, 0, by=SVEN, now=desk.clock())
    assert not desk.request(reference).maybe_duplicate


def test_pressed_twice_or_by_two_it_is_opened_anew_once(desk: DeskAtWork) -> None:
    request = desk.submit()
    done = at_once(6, lambda: open_anew(desk.database, request.reference, 1, by=SVEN, now=desk.clock()))
    assert sorted(done) == [False] * 5 + [True]
    opened_by_the_pool(desk)
    assert not open_anew(desk.database, request.reference, 1, by=SVEN, now=desk.clock()), "the page was from before"
    assert len(desk.tickets()) == 2


def test_what_was_erased_is_never_sent_again(desk: DeskAtWork, tmp_path: Path) -> None:
    request = desk.submit()
    erase(desk.database, find_person(desk.database, reference=request.reference), by=None, now=desk.clock())
    assert not open_anew(desk.database, request.reference, 1, by=SVEN, now=desk.clock())
    assert desk.request(request.reference).state is RequestState.ENDED


def test_erasing_a_request_erases_the_tickets_that_it_had_before(desk: DeskAtWork, tmp_path: Path) -> None:
    request = desk.submit()
    for attempts in (1, 2):
        assert open_anew(desk.database, request.reference, attempts, by=SVEN, now=desk.clock())
        opened_by_the_pool(desk)
    person = find_person(desk.database, reference=request.reference)
    assert len(person.tickets) == 3
    erase(desk.database, person, by=None, now=desk.clock())
    assert [ticket.customer.name for ticket in desk.tickets()] == [None] * 3


@pytest.mark.slow
def test_it_is_not_opened_anew_for_ever(desk: DeskAtWork) -> None:
    request = desk.submit()
    for attempts in range(1, MOST_EARLIER + 1):
        assert open_anew(desk.database, request.reference, attempts, by=SVEN, now=desk.clock())
        opened_by_the_pool(desk)
    assert not open_anew(desk.database, request.reference, MOST_EARLIER + 1, by=SVEN, now=desk.clock())
    assert desk.request(request.reference).state is RequestState.OPENED


def test_what_is_opened_anew_is_kept_as_long_as_any(desk: DeskAtWork, tmp_path: Path) -> None:
    reference = put(desk, state=RequestState.ENDED, backend="take-control", ended_at=desk.clock())
    desk.clock.advance(days=20)
    assert open_anew(desk.database, reference, 0, by=SVEN, now=desk.clock())
    desk.clock.advance(days=11)
    prune(desk.database, timedelta(days=30), now=desk.clock())
    assert desk.request(reference).erased_at is None
