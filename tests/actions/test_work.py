"""Actions of technicians on a ticket, on both databases, also concurrently."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from app.actions import work as actions
from app.actions.privacy import erase, export, find_person, prune
from app.actions.ticket import TicketOver, cancel, open_ticket, save_details
from app.actions.work import Meanwhile, Work
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest, RequestState
from app.core.routing import QueueKind
from app.core.standing import GENERAL, Queue, Standing
from app.core.ticket import Outcome, Ticket, TicketEvent, TicketState
from app.store.requests import end_request, insert_request, reopen_request
from app.store.staff import load_staff
from app.store.tickets import ticket_history
from tests.actions.desk import ZOE, DeskAtWork
from tests.store.rows import request_row

ANNA, BEN = 1, 2
BILLING = Queue(QueueKind.DEPARTMENT, 20)


def asked(desk: DeskAtWork) -> Ticket:
    with desk.database.read() as connection:
        staff = load_staff(connection)
    return open_ticket(desk.database, staff, "default", NewSessionRequest(department="10"), now=desk.clock())


def at(desk: DeskAtWork, number: int, who: int = ANNA) -> Work:
    """The work of a technician on the ticket in its current state."""
    return Work(number, Standing.of(desk.ticket(number)), by=who, now=desk.clock())


def history(desk: DeskAtWork, number: int) -> list[tuple[str, str, dict[str, list[str | None]]]]:
    with desk.database.read() as connection:
        return [(event.who, event.what, event.detail) for event in ticket_history(connection, number)]


def at_once(many: int, job: Callable[[int], object]) -> list[object]:
    """Run `job(n)` in threads that start together; returns what each returned or raised."""
    barrier = threading.Barrier(many)
    came: list[object] = [None] * many

    def run(n: int) -> None:
        barrier.wait()
        try:
            came[n] = job(n)
        except Meanwhile as meanwhile:
            came[n] = meanwhile

    threads = [threading.Thread(target=run, args=(n,)) for n in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.mark.slow
def test_of_twenty_who_claim_at_once_one_gets_it(desk: DeskAtWork) -> None:
    for _ in range(5):
        number = asked(desk).number
        seen = Standing.of(desk.ticket(number))
        came = at_once(
            20,
            lambda n, number=number, seen=seen: actions.claim(
                desk.database, Work(number, seen, by=n + 1, now=desk.clock())
            ),
        )
        winners = [n + 1 for n, what in enumerate(came) if what is None]
        assert len(winners) == 1
        ticket = desk.ticket(number)
        assert (ticket.state, ticket.owner_id, ticket.claimed_at) == (TicketState.ACTIVE, winners[0], desk.clock())
        assert history(desk, number) == [(str(winners[0]), "claimed", {"owner": [None, str(winners[0])]})]


def test_of_those_who_take_over_at_once_one_gets_it_and_the_first_claim_counts(desk: DeskAtWork) -> None:
    number = asked(desk).number
    actions.claim(desk.database, at(desk, number, BEN))
    first = desk.clock()
    desk.clock.advance(minutes=1)
    seen = Standing.of(desk.ticket(number))
    came = at_once(8, lambda n: actions.claim(desk.database, Work(number, seen, by=n + 10, now=desk.clock())))
    (winner,) = [n + 10 for n, what in enumerate(came) if what is None]
    assert (desk.ticket(number).owner_id, desk.ticket(number).claimed_at) == (winner, first)
    assert history(desk, number)[-1] == (str(winner), "taken_over", {"owner": [str(BEN), str(winner)]})


def test_a_claim_pressed_twice_at_once_is_one(desk: DeskAtWork) -> None:
    number = asked(desk).number
    work = at(desk, number)
    assert at_once(4, lambda _n: actions.claim(desk.database, work)) == [None] * 4
    assert len(history(desk, number)) == 1


def test_claim_against_the_customer_s_cancel_ends_in_one_of_both(desk: DeskAtWork) -> None:
    for _ in range(5):
        number = asked(desk).number
        work = at(desk, number)
        jobs = (
            lambda work=work: actions.claim(desk.database, work),
            lambda number=number: cancel(desk.database, number, now=desk.clock()),
        )
        came = at_once(2, lambda n, jobs=jobs: jobs[n]())
        assert desk.ticket(number).state is TicketState.CANCELLED, "a claimed ticket can be cancelled too"
        claimed = [what for _who, what, _detail in history(desk, number)]
        assert claimed == (["claimed", "cancelled"] if came[0] is None else ["cancelled"])


def test_a_ticket_goes_from_hand_to_hand(desk: DeskAtWork) -> None:
    number = asked(desk).number
    actions.claim(desk.database, at(desk, number))
    actions.release(desk.database, at(desk, number))
    ticket = desk.ticket(number)
    assert (ticket.state, ticket.department_id, ticket.owner_id) == (TicketState.WAITING, 10, None)
    actions.transfer(desk.database, at(desk, number), BILLING)
    assert desk.ticket(number).department_id == 20
    actions.transfer(desk.database, at(desk, number), Queue(QueueKind.TECHNICIAN, BEN))
    ticket = desk.ticket(number)
    assert (ticket.queue_kind, ticket.department_id, ticket.technician_id) == (QueueKind.TECHNICIAN, None, BEN)
    actions.claim(desk.database, at(desk, number, BEN))
    actions.transfer(desk.database, at(desk, number, BEN), GENERAL)
    ticket = desk.ticket(number)
    assert (ticket.queue_kind, ticket.technician_id, ticket.owner_id) == (QueueKind.GENERAL, None, None)
    assert [(what, detail) for _who, what, detail in history(desk, number)] == [
        ("claimed", {"owner": [None, "1"]}),
        ("released", {"owner": ["1", None]}),
        ("transferred", {"queue": ["d-10", "d-20"]}),
        ("transferred", {"queue": ["d-20", "t-2"]}),
        ("claimed", {"owner": [None, "2"]}),
        ("transferred", {"queue": ["t-2", "general"]}),
    ]


def every_move(desk: DeskAtWork) -> dict[str, Callable[[Work], None]]:
    database = desk.database
    return {
        "claim": lambda work: actions.claim(database, work),
        "release": lambda work: actions.release(database, work),
        "transfer": lambda work: actions.transfer(database, work, BILLING),
        "close": lambda work: actions.close(database, work, Outcome.SOLVED, actions.note(work, "lost?", "f")),
        "reopen": lambda work: actions.reopen(database, work),
    }


def test_every_move_of_a_page_that_is_out_of_date_changes_nothing(desk: DeskAtWork) -> None:
    number = asked(desk).number
    waited = at(desk, number)
    actions.claim(desk.database, at(desk, number, BEN))
    before, told = desk.ticket(number), history(desk, number)
    stale = (waited, replace(waited, seen=replace(waited.seen, state=TicketState.CLOSED)))
    foreign = at(desk, number, ANNA)
    for name, move in every_move(desk).items():
        for work in stale if name == "claim" else (*stale, foreign):
            with pytest.raises(Meanwhile):
                move(work)
    assert (desk.ticket(number), history(desk, number)) == (before, told)


@pytest.mark.parametrize("move", ["release", "transfer", "close", "reopen"])
def test_a_move_pressed_twice_is_one(desk: DeskAtWork, move: str) -> None:
    number = asked(desk).number
    actions.claim(desk.database, at(desk, number))
    if move == "reopen":
        actions.close(desk.database, at(desk, number), Outcome.NO_ANSWER)
    work, act = at(desk, number), every_move(desk)[move]
    before = len(history(desk, number))
    assert at_once(3, lambda _n: act(work)) == [None] * 3
    assert len(history(desk, number)) == before + (2 if move == "close" else 1)


def made(desk: DeskAtWork) -> tuple[CustomerRequest, int]:
    request = desk.submit()
    assert request.ticket_number
    return request, request.ticket_number


def test_closing_ends_the_customer_s_request_and_reopening_brings_it_back(desk: DeskAtWork) -> None:
    request, number = made(desk)
    actions.claim(desk.database, at(desk, number, BEN))
    work = at(desk, number, BEN)
    actions.close(desk.database, work, Outcome.NOT_SOLVED, actions.note(work, "New disk needed.", "f"))
    ticket = desk.ticket(number)
    assert (ticket.state, ticket.outcome, ticket.ended_at) == (TicketState.CLOSED, "not_solved", desk.clock())
    assert desk.request(request.reference).state is RequestState.ENDED
    actions.reopen(desk.database, at(desk, number, ANNA))
    ticket, again = desk.ticket(number), desk.request(request.reference)
    assert (ticket.state, ticket.owner_id, ticket.outcome, ticket.ended_at) == (TicketState.ACTIVE, ANNA, None, None)
    assert (again.state, again.ended_at) == (RequestState.OPENED, None)
    assert [what for _who, what, _detail in history(desk, number)] == ["claimed", "note", "closed", "reopened"]


def test_what_the_customer_cancelled_or_what_is_erased_stays_over(desk: DeskAtWork) -> None:
    cancelled = asked(desk).number
    cancel(desk.database, cancelled, now=desk.clock())
    request, erased = made(desk)
    actions.close(desk.database, at(desk, erased), Outcome.SOLVED)
    erase(desk.database, find_person(desk.database, reference=request.reference), by=None, now=desk.clock())
    for number in (cancelled, erased):
        with pytest.raises(Meanwhile):
            actions.reopen(desk.database, at(desk, number))
    with pytest.raises(Meanwhile):
        actions.add_note(desk.database, erased, actions.note(at(desk, erased), "Zoë called", "f"))
    assert history(desk, erased) == []
    assert desk.request(request.reference).state is RequestState.ENDED


def test_a_note_sent_twice_is_kept_once_and_the_next_one_too(desk: DeskAtWork) -> None:
    number = asked(desk).number
    written = actions.note(at(desk, number), "Called back.", "form-1")
    at_once(6, lambda _n: actions.add_note(desk.database, number, written))
    for note in (
        actions.note(at(desk, number), "Called back.", "form-2"),
        actions.note(at(desk, number), "Called again.", "form-2"),
        actions.note(at(desk, number, BEN), "Called back.", "form-1"),
    ):
        actions.add_note(desk.database, number, note)
    texts = [(who, detail["text"][1]) for who, _what, detail in history(desk, number)]
    assert texts == [("1", "Called back."), ("1", "Called back."), ("1", "Called again."), ("2", "Called back.")]


def test_notes_are_exported_and_erased_with_the_ticket(desk: DeskAtWork) -> None:
    request, number = made(desk)
    actions.add_note(desk.database, number, actions.note(at(desk, number), "Zoë moved to Bonn.", "f"))
    person = find_person(desk.database, reference=request.reference)
    (told,) = export(desk.database, person)["tickets"]
    assert told["history"][0]["detail"]["text"] == [None, "Zoë moved to Bonn."]
    erase(desk.database, person, by=None, now=desk.clock())
    assert history(desk, number) == []


@pytest.mark.slow
def test_notes_and_an_erasure_at_once_leave_nothing(desk: DeskAtWork) -> None:
    for _ in range(5):
        request, number = made(desk)
        person = find_person(desk.database, reference=request.reference)
        written = [actions.note(at(desk, number), "Zoë", f"form-{n}") for n in range(4)]

        def job(n: int, number: int = number, written: list[TicketEvent] = written, person=person) -> None:  # type: ignore[no-untyped-def]
            if n == 4:
                erase(desk.database, person, by=None, now=desk.clock())
            else:
                actions.add_note(desk.database, number, written[n])

        at_once(5, job)
        assert history(desk, number) == []


def test_what_somebody_has_touched_lately_does_not_expire(desk: DeskAtWork) -> None:
    forgotten, handled = asked(desk).number, asked(desk).number
    desk.clock.advance(days=6)
    actions.claim(desk.database, at(desk, handled))
    actions.release(desk.database, at(desk, handled))
    desk.clock.advance(days=2)
    prune(desk.database, timedelta(days=30), now=desk.clock())
    assert desk.ticket(forgotten).state is TicketState.EXPIRED
    assert desk.ticket(handled).state is TicketState.WAITING
    desk.clock.advance(days=6)
    prune(desk.database, timedelta(days=30), now=desk.clock())
    assert desk.ticket(handled).state is TicketState.EXPIRED
    actions.reopen(desk.database, at(desk, forgotten))
    assert desk.ticket(forgotten).state is TicketState.ACTIVE


def test_a_request_that_a_vendor_had_is_never_opened_by_a_ticket(desk: DeskAtWork) -> None:
    row = request_row(backend="take-control", start=None)
    desk.database.write(lambda connection: insert_request(connection, row))
    desk.database.write(lambda connection: end_request(connection, row.reference, desk.clock()))
    desk.database.write(lambda connection: reopen_request(connection, row.reference))
    assert desk.request(row.reference).state is RequestState.ENDED


def test_details_may_not_change_under_a_closed_ticket(desk: DeskAtWork) -> None:
    _request, number = made(desk)
    actions.close(desk.database, at(desk, number), Outcome.SOLVED)
    with pytest.raises(TicketOver):
        save_details(desk.database, number, ZOE, now=desk.clock())
