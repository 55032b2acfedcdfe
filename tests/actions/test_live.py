"""Conversations on both databases: who writes what, once and in order, and what a move of the ticket does to it."""

import json
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from app.actions import work as actions
from app.actions.live import answer, forget_old_signals, post
from app.actions.live_move import move, offer_move, offered_move
from app.actions.privacy import erase, export, find_person, prune
from app.actions.ticket import cancel
from app.actions.work import Meanwhile
from app.core.live import (
    CUSTOMER_SPEAKS,
    LONGEST_LINE,
    Kind,
    NotTaken,
    Post,
    Refusal,
    Screen,
    Side,
    Signal,
    TooMany,
    read_post,
)
from app.core.live_pages import Place
from app.core.poke import Poke
from app.core.request import RequestState
from app.core.standing import GENERAL
from app.core.text import without_control
from app.core.ticket import Outcome, TicketState
from app.store.live import add_signal, forget_signals
from app.store.tables import metadata
from app.store.tickets import is_left, ticket_by_applet_id, ticket_history
from tests.actions.desk import MONTH, DeskAtWork
from tests.actions.talk import ANNA, AT_ANNAS, AT_BENS, AT_SVENS, BEN, SVEN, Talk
from tests.at_once import at_once
from tests.hostile_texts import HOSTILE


@pytest.fixture
def talk(desk: DeskAtWork) -> Talk:
    return Talk(desk)


def test_a_line_is_kept_once_for_its_key_and_in_order(talk: Talk) -> None:
    first = talk.post(CUSTOMER_SPEAKS, "say", "Hello", "a")
    talk.claim()
    second = talk.post(AT_ANNAS, "say", "Good morning", "a")
    assert talk.post(CUSTOMER_SPEAKS, "say", "Hello", "a") == first
    assert talk.post(AT_ANNAS, "say", "Good morning", "a") == second
    assert first
    assert second
    assert first < second
    assert talk.lines() == [("customer", "say", "Hello"), ("1", "mark", "claimed"), ("1", "say", "Good morning")]
    assert [line.body for line in talk.look(after=first).lines] == ["claimed", "Good morning"]


def test_a_line_sent_again_after_the_end_is_still_acknowledged(talk: Talk) -> None:
    line = talk.post(CUSTOMER_SPEAKS, "say", "Hello", "a")
    cancel(talk.desk.database, talk.number, now=talk.desk.clock())
    assert talk.post(CUSTOMER_SPEAKS, "say", "Hello", "a") == line
    assert talk.refused(CUSTOMER_SPEAKS, "say", "More") == Refusal.NOT_NOW


def test_only_its_people_write(talk: Talk) -> None:
    assert talk.refused(AT_ANNAS, "say", "Not mine yet") == Refusal.NOT_YOURS
    talk.claim()
    assert talk.refused(AT_BENS, "say", "Not mine") == Refusal.NOT_YOURS
    assert talk.refused(AT_SVENS, "say", "Not joined") == Refusal.NOT_YOURS
    assert talk.refused(CUSTOMER_SPEAKS, "hello") == Refusal.NOT_YOURS
    assert talk.refused(AT_BENS, "hello") == Refusal.NOT_YOURS
    assert talk.signals() == []


def test_a_supervisor_joins_and_leaves_by_name(talk: Talk) -> None:
    talk.claim()
    talk.post(AT_SVENS, "mark", "joined")
    talk.post(AT_SVENS, "say", "I am here, too")
    talk.post(AT_SVENS, "mark", "left")
    assert talk.refused(AT_SVENS, "say", "Not any more") == Refusal.NOT_YOURS
    assert talk.lines()[1:] == [("4", "mark", "joined"), ("4", "say", "I am here, too"), ("4", "mark", "left")]


def test_taking_over_ends_the_session_and_everything_of_it(talk: Talk) -> None:
    talk.claim()
    talk.post(CUSTOMER_SPEAKS, "screen", "shared:monitor")
    talk.post(AT_ANNAS, "hello")
    talk.post(AT_SVENS, "mark", "joined")
    talk.claim(BEN)
    assert talk.lines()[-2:] == [("2", "end", "taken_over"), ("2", "mark", "claimed")]
    assert talk.signals() == []
    view = talk.look(AT_BENS)
    assert (view.session.screen, view.session.joined) == (Screen.OFF, ())
    assert talk.refused(AT_ANNAS, "hello") == Refusal.NOT_YOURS
    assert talk.refused(AT_SVENS, "say", "Gone") == Refusal.NOT_YOURS


def test_every_other_move_ends_it_too(talk: Talk) -> None:
    database = talk.desk.database
    talk.claim()
    actions.release(database, talk.work())
    talk.claim()
    actions.transfer(database, talk.work(), GENERAL)
    talk.claim()
    actions.close(database, talk.work(), Outcome.SOLVED)
    actions.reopen(database, talk.work())
    cancel(database, talk.number, now=talk.desk.clock())
    ends = [("1", "released"), ("1", "passed_on"), ("1", "closed"), ("customer", "cancelled")]
    assert [(who, body) for who, kind, body in talk.lines() if kind == "end"] == ends
    assert [body for _who, kind, body in talk.lines() if kind == "mark"] == ["claimed"] * 4


def test_claiming_again_or_passing_on_what_waits_adds_no_line(talk: Talk) -> None:
    actions.transfer(talk.desk.database, talk.work(), GENERAL)
    assert talk.lines() == []
    talk.claim()
    talk.claim()
    assert talk.lines() == [("1", "mark", "claimed")]


def test_an_active_ticket_ended_by_its_customer_is_closed_without_an_outcome(desk: DeskAtWork) -> None:
    request = desk.submit()
    talk = Talk(desk)
    talk.number = request.ticket_number or 0
    talk.claim(BEN)
    end = talk.post(CUSTOMER_SPEAKS, "end", key="e")
    assert talk.post(CUSTOMER_SPEAKS, "end", key="e") == end
    ticket = desk.ticket(talk.number)
    assert (ticket.state, ticket.outcome, ticket.ended_at) == (TicketState.CLOSED, None, desk.clock())
    assert desk.request(request.reference).state is RequestState.ENDED
    assert talk.lines()[-1] == ("customer", "end", "customer")
    with desk.database.read() as connection:
        event = ticket_history(connection, talk.number)[-1]
    assert (event.who, event.what) == ("customer", "ended")
    actions.reopen(desk.database, talk.work(BEN))
    assert desk.request(request.reference).state is RequestState.OPENED
    talk.post(CUSTOMER_SPEAKS, "say", "One more thing")


def test_a_waiting_ticket_ended_by_its_customer_is_cancelled(talk: Talk) -> None:
    talk.post(CUSTOMER_SPEAKS, "end")
    assert talk.desk.ticket(talk.number).state is TicketState.CANCELLED
    assert talk.lines() == [("customer", "end", "cancelled")]


def test_signals_reach_the_other_sides_page_alone_and_for_a_minute(talk: Talk) -> None:
    talk.claim()
    offer = talk.post(CUSTOMER_SPEAKS, "offer", "v=0", sender="c1")
    database, now = talk.desk.database, talk.desk.clock
    post(database, talk.number, AT_ANNAS, Post(Kind.ANSWER, "v=0", "", "t1", "c1"), now=now())
    assert [s.kind for s in talk.look(AT_ANNAS, peer="t1", signals=0).signals] == ["offer"]
    assert [s.kind for s in talk.look(peer="c1", signals=0).signals] == ["answer"]
    assert [s.kind for s in talk.look(peer="c2", signals=0).signals] == []
    assert talk.look(AT_BENS, peer="t2", signals=0).signals == []
    just_loaded = talk.look(AT_ANNAS, peer="t1")
    assert (list(just_loaded.signals), just_loaded.signal) == ([], (offer or 0) + 1)
    assert talk.look(AT_ANNAS, peer="t1", signals=offer).signals == []
    talk.desk.clock.advance(seconds=60)
    assert talk.look(AT_ANNAS, peer="t1", signals=0).signals == []
    talk.post(AT_ANNAS, "hello")
    assert talk.signals() == ["hello"]
    assert database.write(lambda connection: forget_signals(connection, now())) == 1


def test_a_conversation_takes_thirty_lines_a_minute_of_each_side(talk: Talk) -> None:
    talk.claim()
    for nth in range(30):
        talk.post(CUSTOMER_SPEAKS, "say", "x", f"n{nth}")
    with pytest.raises(TooMany) as many:
        talk.post(CUSTOMER_SPEAKS, "say", "x")
    assert many.value.retry_after == 60
    assert talk.post(CUSTOMER_SPEAKS, "say", "x", "n29")  # sent again: it is there
    talk.post(AT_ANNAS, "say", "x")
    talk.desk.clock.advance(seconds=60)
    talk.post(CUSTOMER_SPEAKS, "say", "x")


def test_what_stops_something_is_never_too_many(talk: Talk) -> None:
    talk.claim()
    for nth in range(15):
        talk.post(CUSTOMER_SPEAKS, "screen", "shared:window")
        talk.post(CUSTOMER_SPEAKS, "screen", "stopped")
        if nth == 13:
            talk.post(CUSTOMER_SPEAKS, "say", "x")
    with pytest.raises(TooMany):
        talk.post(CUSTOMER_SPEAKS, "screen", "shared:window")
    talk.post(CUSTOMER_SPEAKS, "end")


@pytest.mark.slow
def test_a_conversation_takes_120_signals_a_minute_of_each_side(talk: Talk) -> None:
    talk.claim()
    ice = Signal(0, talk.desk.clock(), Side.CUSTOMER, "c1", None, Kind.ICE, "{}")
    talk.desk.database.write(lambda connection: [add_signal(connection, talk.number, ice) for _ in range(119)])
    talk.post(CUSTOMER_SPEAKS, "ice", "{}")
    with pytest.raises(TooMany):
        talk.post(CUSTOMER_SPEAKS, "ice", "{}")
    talk.post(AT_ANNAS, "ice", "{}")


def test_reading_typing_and_unread_lines(talk: Talk) -> None:
    talk.claim()
    talk.post(CUSTOMER_SPEAKS, "typing")
    assert talk.look(AT_ANNAS).session.is_typing(Side.CUSTOMER, talk.desk.clock())
    line = talk.post(CUSTOMER_SPEAKS, "say", "Hello")
    view = talk.look(AT_ANNAS)
    assert not view.session.is_typing(Side.CUSTOMER, talk.desk.clock())
    assert view.unread == 1
    talk.post(AT_ANNAS, "read", "999999")
    view = talk.look(AT_ANNAS)
    assert (view.unread, view.session.technician_read) == (0, line)
    talk.post(AT_ANNAS, "read", "1")
    assert talk.look().session.technician_read == line
    talk.post(CUSTOMER_SPEAKS, "say", "Hello?")
    assert talk.look(AT_ANNAS).unread == 1


@pytest.mark.slow
def test_pages_are_here_hidden_and_gone(talk: Talk) -> None:
    talk.claim()
    clock = talk.desk.clock
    talk.post(CUSTOMER_SPEAKS, "shown", sender="c1")
    assert talk.look(AT_ANNAS).other.here is Place.PAGE
    assert not talk.look(peer="c1").wants_beat
    assert talk.look(peer="c2").wants_beat
    talk.post(CUSTOMER_SPEAKS, "hidden", sender="c1")
    assert talk.look(AT_ANNAS).other.here is Place.HIDDEN
    clock.advance(seconds=10)
    talk.post(CUSTOMER_SPEAKS, "bye", sender="c1")
    assert (talk.look(AT_ANNAS).other.here, talk.look(AT_ANNAS).other.since) == (Place.GONE, clock())
    talk.post(CUSTOMER_SPEAKS, "hidden", sender="c1")
    assert talk.look(AT_ANNAS).other.here is Place.GONE, "a page that closes is hidden first, and that came late"
    talk.post(AT_ANNAS, "shown", sender="t1")
    assert talk.look().other.here is Place.PAGE
    clock.advance(seconds=45)
    assert (talk.look().other.here, talk.look().other.since) == (Place.GONE, clock() - timedelta(seconds=45))


@pytest.mark.parametrize("both_urls", ["sqlite"], indirect=True)  # on PostgreSQL by LISTEN: tests/store/test_pokes.py
def test_the_pages_of_a_ticket_and_its_people_are_told(talk: Talk) -> None:
    heard: list[object] = []
    talk.desk.database.listen(heard.append)
    talk.claim()
    talk.post(AT_SVENS, "mark", "joined")
    talk.post(CUSTOMER_SPEAKS, "say", "Hello")
    talk.post(CUSTOMER_SPEAKS, "typing")
    talk.claim(BEN)
    assert heard == [
        Poke(talk.number, (ANNA,)),
        Poke(talk.number, (ANNA,)),
        Poke(talk.number, (ANNA, SVEN)),
        Poke(talk.number),
        Poke(talk.number, (ANNA, SVEN)),
        Poke(talk.number, (BEN,)),
    ]


def test_hostile_texts_are_kept_as_they_are_but_for_control_characters(talk: Talk) -> None:
    texts = [text for text in HOSTILE if len(text) < LONGEST_LINE / 20]
    assert len(texts) > 450
    together = ["\n".join(texts[start : start + 20]) for start in range(0, len(texts), 20)]
    for text in together:
        sent = read_post({"kind": "say", "body": text, "key": f"n{len(talk.lines())}"})
        post(talk.desk.database, talk.number, CUSTOMER_SPEAKS, sent, now=talk.desk.clock())
    said = [body for _who, _kind, body in talk.lines()]
    assert said == [without_control(text).strip("\n") for text in together]


def test_an_erased_ticket_takes_nothing(talk: Talk) -> None:
    request = talk.desk.submit()
    talk.number = request.ticket_number or 0
    talk.claim(BEN)
    person = find_person(talk.desk.database, reference=request.reference)
    erase(talk.desk.database, person, by=None, now=talk.desk.clock())
    assert talk.refused(CUSTOMER_SPEAKS, "say", "Hello") == Refusal.NOT_NOW


def test_no_signal_outlives_its_minute(talk: Talk) -> None:
    talk.claim()
    talk.post(CUSTOMER_SPEAKS, "ice", "{}")
    database, clock = talk.desk.database, talk.desk.clock
    clock.advance(seconds=59)
    forget_old_signals(database, now=clock())
    assert talk.signals() == ["ice"]
    clock.advance(seconds=1)
    forget_old_signals(database, now=clock())
    assert talk.signals() == []
    forget_old_signals(database, now=clock())


def test_the_answer_is_kept_after_the_end_and_the_last_one_counts(talk: Talk) -> None:
    database, clock = talk.desk.database, talk.desk.clock
    talk.claim()
    with pytest.raises(NotTaken):
        answer(database, talk.number, True, "", now=clock())
    talk.post(CUSTOMER_SPEAKS, "end")
    answer(database, talk.number, False, "Not yet.", now=clock())
    clock.advance(seconds=5)
    answer(database, talk.number, True, " Now it works. ", now=clock())
    answer(database, talk.number, True, "Now it works.", now=clock())
    session = talk.look().session
    assert (session.helped, session.helped_said, session.answered_at) == (True, "Now it works.", clock())
    with database.read() as connection:
        answers = [event for event in ticket_history(connection, talk.number) if event.what == "answered"]
    assert [(event.who, event.detail["helped"]) for event in answers] == [("customer", [None, "yes"])]


def test_the_technician_says_how_it_went_after_the_customer_ended_it(talk: Talk) -> None:
    database = talk.desk.database
    talk.claim()
    talk.post(CUSTOMER_SPEAKS, "end")
    ended = talk.desk.ticket(talk.number).ended_at
    talk.desk.clock.advance(minutes=5)
    work = talk.work()
    actions.close(database, work, Outcome.SOLVED, actions.note(work, "Cable", "f"))
    actions.close(database, work, Outcome.SOLVED)  # pressed twice
    with pytest.raises(Meanwhile):
        actions.close(database, talk.work(), Outcome.NOT_SOLVED)
    ticket = talk.desk.ticket(talk.number)
    assert (ticket.state, ticket.outcome, ticket.ended_at) == (TicketState.CLOSED, "solved", ended)
    with database.read() as connection:
        history = [event.what for event in ticket_history(connection, talk.number)]
    assert history == ["claimed", "ended", "note", "closed"]
    assert [kind for _who, kind, _body in talk.lines()] == ["mark", "end"]


def test_everything_of_a_conversation_is_exported_and_erased(desk: DeskAtWork) -> None:
    request = desk.submit()
    talk = Talk(desk)
    talk.number = request.ticket_number or 0
    talk.claim(BEN)
    talk.post(CUSTOMER_SPEAKS, "shown", sender="c1")
    talk.post(CUSTOMER_SPEAKS, "facts", '{"system": "Windows 11"}')
    talk.post(CUSTOMER_SPEAKS, "say", "My password is hunter2")
    talk.post(CUSTOMER_SPEAKS, "offer", "v=0 192.0.2.7", sender="c1")
    code = offer_move(desk.database, desk.ticket(talk.number), now=desk.clock())
    person = find_person(desk.database, reference=request.reference)
    (ticket,) = export(desk.database, person)["tickets"]
    told = ticket["conversation"]
    assert (told["facts"], [line["body"] for line in told["lines"]]) == (
        {"system": "Windows 11"},
        ["claimed", "My password is hunter2"],
    )
    assert [signal["body"] for signal in told["signals"]] == ["v=0 192.0.2.7"]
    assert [page["who"] for page in told["pages"]] == ["customer"]
    assert json.loads(json.dumps(told))["lines"] == told["lines"]
    move(desk.database, code, "form", now=desk.clock())
    offer_move(desk.database, desk.ticket(talk.number), now=desk.clock())
    erase(desk.database, person, by=None, now=desk.clock())
    assert rows_about(desk, talk.number) == {}


def test_a_conversation_goes_with_its_ticket_at_the_end_of_its_retention(talk: Talk) -> None:
    talk.claim()
    talk.post(CUSTOMER_SPEAKS, "say", "Hello")
    talk.post(CUSTOMER_SPEAKS, "end")
    talk.desk.clock.advance(days=29)
    prune(talk.desk.database, MONTH, now=talk.desk.clock())
    assert set(rows_about(talk.desk, talk.number)) == {"live_lines", "live_sessions"}
    talk.desk.clock.advance(days=2)
    prune(talk.desk.database, MONTH, now=talk.desk.clock())
    assert rows_about(talk.desk, talk.number) == {}


def rows_about(desk: DeskAtWork, number: int) -> dict[str, int]:
    """How many rows each table has that point at this ticket by a column `ticket`; tables without any are left out, and
    so are the outboxes, whose rows hold nothing of a customer and go when they are told."""
    with desk.database.read() as connection:
        pointing = [table for table in metadata.sorted_tables if "ticket" in table.c]
        tables = [table for table in pointing if table.name not in ("happenings", "notices")]
        assert len(tables) == 8
        found = {
            table.name: len(connection.execute(select(table).where(table.c.ticket == number)).all()) for table in tables
        }
    return {name: many for name, many in found.items() if many}


@pytest.mark.slow
def test_moved_to_another_device_the_page_before_is_over(talk: Talk) -> None:
    database, clock = talk.desk.database, talk.desk.clock
    talk.claim()
    talk.post(CUSTOMER_SPEAKS, "shown", sender="phone")
    talk.post(CUSTOMER_SPEAKS, "screen", "shared:camera")
    talk.post(CUSTOMER_SPEAKS, "ice", "{}", sender="phone")
    before = talk.desk.ticket(talk.number)
    code = offer_move(database, before, now=clock())
    assert offered_move(database, before, now=clock()) == code
    moved = move(database, code, "form", now=clock())
    assert moved
    assert moved == replace(before, applet_id=moved.applet_id)
    assert moved.applet_id != before.applet_id
    assert move(database, code, "form", now=clock()) == moved  # pressed twice
    assert move(database, code, "another form", now=clock()) is None
    assert offered_move(database, moved, now=clock()) is None
    with database.read() as connection:
        assert ticket_by_applet_id(connection, before.applet_id) is None
        assert is_left(connection, before.applet_id)
        assert not is_left(connection, moved.applet_id)
    assert talk.lines()[-1] == ("customer", "mark", "here_on_computer")
    assert talk.signals() == []
    view = talk.look(AT_ANNAS)
    assert (view.session.screen, view.other.here) == (Screen.OFF, Place.GONE)


@pytest.mark.slow
def test_a_code_lasts_ten_minutes_and_one_is_good_at_a_time(talk: Talk) -> None:
    database, clock = talk.desk.database, talk.desk.clock
    ticket = talk.desk.ticket(talk.number)
    first = offer_move(database, ticket, now=clock())
    clock.advance(minutes=1)
    second = offer_move(database, ticket, now=clock())
    assert offered_move(database, ticket, now=clock()) == second
    assert move(database, first, "form", now=clock()) is None
    clock.advance(minutes=10)
    assert move(database, second, "form", now=clock()) is None
    for _ in range(9):
        offer_move(database, ticket, now=clock())
    third = offer_move(database, ticket, now=clock())
    with pytest.raises(TooMany) as many:
        offer_move(database, ticket, now=clock())
    assert many.value.retry_after == 600
    cancel(database, talk.number, now=clock())
    assert move(database, third, "form", now=clock()) is None
    clock.advance(minutes=10)
    with pytest.raises(NotTaken):
        offer_move(database, ticket, now=clock())


def test_of_two_devices_at_once_one_has_the_page(talk: Talk) -> None:
    database, now = talk.desk.database, talk.desk.clock()
    code = offer_move(database, talk.desk.ticket(talk.number), now=now)
    came: list[object] = []
    at_once(*(partial(lambda n: came.append(move(database, code, f"form {n}", now=now)), n) for n in range(4)))
    assert sorted(ticket is None for ticket in came) == [False, True, True, True]
    assert talk.lines() == [("customer", "mark", "here_on_computer")]


def test_lines_of_many_threads_are_seen_once_and_in_order(talk: Talk) -> None:
    talk.claim()
    start = talk.look().lines[-1].id
    seen: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.extend(line.id for line in talk.look(after=seen[-1] if seen else start).lines)

    def write(nth: int) -> None:
        for line in range(6):
            talk.post(CUSTOMER_SPEAKS if nth % 2 else AT_ANNAS, "say", "x", f"{nth}-{line}")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        at_once(*(partial(write, n) for n in range(8)))
    finally:
        done.set()
        reader.join()
    kept = [line.id for line in talk.look(after=start).lines]
    assert len(kept) == 48
    assert seen + [line.id for line in talk.look(after=seen[-1] if seen else start).lines] == kept


def test_a_note_is_no_line_and_a_line_no_note(talk: Talk) -> None:
    database = talk.desk.database
    talk.claim()
    talk.post(AT_ANNAS, "say", "For the customer")
    actions.add_note(database, talk.number, actions.note(talk.work(), "For colleagues", "f"))
    talk.post(CUSTOMER_SPEAKS, "say", "For the technician")
    assert "For colleagues" not in [body for _who, _kind, body in talk.lines()]
    with database.read() as connection:
        history = repr(ticket_history(connection, talk.number))
    assert "For colleagues" in history
    assert "For the customer" not in history
    assert "For the technician" not in history
