"""Queues as lanes of indexes: their content, page by page, and that no query sorts or scans."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import Connection, event, insert, update

from app.core.customer import NAMES
from app.core.role import Role
from app.core.routing import QueueKind
from app.core.staff import Staff, Technician
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.core.who_sees import may_see
from app.store import queues
from app.store.database import Database
from app.store.sites import bump_generation
from app.store.tables import tickets as table
from app.store.tickets import add_event, insert_ticket
from tests.store.rows import NOW, ticket_row

SINCE = NOW - timedelta(minutes=10)
LONG_AGO = SINCE - timedelta(seconds=1)
ANNA = Technician(1, "anna@example.com", "Anna A", frozenset({10, 20}))
BEN = Technician(2, "ben@example.com", "Ben B", frozenset({20}), away=True)
CARL = Technician(3, "carl@example.com", "Carl C", frozenset({30}), disabled=True)
SVEN = Technician(4, "sven@example.com", "Sven S", role=Role.SUPERVISOR)
STAFF = Staff(technicians={t.email: t for t in (ANNA, BEN, CARL, SVEN)})
WAITING = (TicketState.WAITING,)


def keep(desk: Database, *rows: Ticket) -> list[Ticket]:
    return desk.write(lambda connection: [insert_ticket(connection, row) for row in rows])


def to_department(number: int, **given: object) -> Ticket:
    return ticket_row(queue_kind=QueueKind.DEPARTMENT, department_id=number, **given)


def to_technician(number: int, **given: object) -> Ticket:
    return ticket_row(queue_kind=QueueKind.TECHNICIAN, technician_id=number, **given)


def listed(
    connection: Connection,
    queue: queues.Queue,
    states: Iterable[TicketState] = WAITING,
    before: int | None = None,
    most: int = 50,
) -> list[int]:
    return [t.number for t in queues.page_of(connection, queue, tuple(states), before=before, most=most)]


def test_each_queue_holds_its_own(desk: Database) -> None:
    mine, owned, tens, thirties, bens, carls, general, late = (
        t.number
        for t in keep(
            desk,
            to_technician(1),
            to_department(30, owner_id=1, state=TicketState.ACTIVE),
            to_department(10),
            to_department(30),
            to_technician(2),
            to_technician(3),
            ticket_row(),
            to_department(30, created_at=LONG_AGO),
        )
    )
    with desk.read() as connection:
        assert listed(connection, queues.mine(ANNA)) == [mine]
        assert listed(connection, queues.mine(ANNA), [TicketState.ACTIVE]) == [owned]
        assert listed(connection, queues.of_departments(ANNA, STAFF)) == [bens, tens]
        assert listed(connection, queues.of_departments(SVEN, STAFF)) == []
        assert listed(connection, queues.general(SINCE)) == [late, general]
        assert listed(connection, queues.everything()) == [late, general, carls, bens, thirties, tens, mine]
        assert listed(connection, (queues.of_department(30),)) == [late, thirties]


def test_what_i_may_take_is_what_waits_and_i_may_see_the_longest_first(desk: Database) -> None:
    routes = [to_technician(1), to_department(30), to_department(10), to_technician(2), to_technician(3), ticket_row()]
    late = [to_department(30, created_at=LONG_AGO), to_technician(3, created_at=LONG_AGO)]
    taken = [ticket_row(state=TicketState.ACTIVE, owner_id=1), to_technician(1, state=TicketState.CLOSED)]
    kept = keep(desk, *late, *routes, *taken)
    with desk.read() as connection:
        for viewer in (ANNA, BEN, SVEN):
            queue = queues.for_viewer(viewer, STAFF, SINCE)
            found = queues.oldest_of(connection, queue, TicketState.WAITING, after=None, most=50)
            waiting = [t for t in kept if t.state is TicketState.WAITING]
            assert [t.number for t in found] == [t.number for t in waiting if may_see(viewer, t, STAFF, SINCE)]
            third = queues.oldest_of(connection, queue, TicketState.WAITING, after=found[1].number, most=1)
            assert third == found[2:3]
        mine = queues.oldest_of(connection, queues.sessions_of(ANNA), TicketState.ACTIVE, after=None, most=50)
    assert [t.number for t in mine] == [kept[-2].number]


def test_whoever_waits_long_is_in_the_general_queue_until_somebody_has_them(desk: Database) -> None:
    numbers = [t.number for t in keep(desk, to_technician(2, created_at=LONG_AGO), to_technician(2))]
    with desk.read() as connection:
        assert listed(connection, queues.general(SINCE)) == numbers[:1]
        assert listed(connection, queues.general(LONG_AGO)) == []
    active = update(table).where(table.c.number == numbers[0]).values(state=TicketState.ACTIVE)
    desk.write(lambda connection: connection.execute(active))
    with desk.read() as connection:
        assert listed(connection, queues.general(SINCE), TicketState) == []


def test_a_queue_of_several_lanes_goes_on_page_by_page(desk: Database) -> None:
    kept = keep(desk, *(to_department(10 + 10 * (n % 2)) for n in range(5)), *(to_technician(2) for _ in range(4)))
    numbers = sorted((t.number for t in kept), reverse=True)
    with desk.read() as connection:
        queue = queues.of_departments(ANNA, STAFF)
        assert listed(connection, queue, most=4) == numbers[:4]
        assert listed(connection, queue, most=4, before=numbers[3]) == numbers[4:8]
        assert listed(connection, queue, most=4, before=numbers[7]) == numbers[8:]


def test_a_ticket_that_is_in_two_lanes_is_there_once(desk: Database) -> None:
    (both,) = keep(desk, to_technician(1, owner_id=1))
    with desk.read() as connection:
        assert listed(connection, queues.mine(ANNA)) == [both.number]
        assert queues.count_waiting(connection, {"mine": queues.mine(ANNA)}) == {"mine": 1}


@pytest.mark.slow
def test_more_colleagues_away_than_one_statement_takes(desk: Database) -> None:
    gone = [Technician(n, f"{n}@example.com", "Gone", frozenset({10}), disabled=True) for n in range(100, 1000)]
    staff = Staff(technicians={t.email: t for t in (ANNA, *gone)})
    kept = keep(desk, *(to_technician(n) for n in (100, 600, 999)))
    with desk.read() as connection:
        assert listed(connection, queues.of_departments(ANNA, staff)) == [t.number for t in reversed(kept)]


def test_who_waits_is_counted_up_to_a_hundred(desk: Database) -> None:
    keep(desk, *(ticket_row() for _ in range(103)), *(to_department(10) for _ in range(3)), to_technician(1))
    with desk.read() as connection:
        counts = queues.count_waiting(
            connection,
            {
                "mine": queues.mine(ANNA),
                "departments": queues.of_departments(ANNA, STAFF),
                "general": queues.general(SINCE),
                "nothing": (),
            },
        )
    assert counts == {"mine": 1, "departments": 3, "general": 100, "nothing": 0}


def test_the_condition_on_rows_is_the_rule_of_who_sees(desk: Database) -> None:
    chance = random.Random(5)
    routes = [(QueueKind.GENERAL, None, None)]
    routes += [(QueueKind.DEPARTMENT, number, None) for number in (10, 20, 30)]
    routes += [(QueueKind.TECHNICIAN, None, number) for number in (1, 2, 3, 4)]
    kinds = product(routes, TicketState, (None, 1, 2), (NOW, LONG_AGO))
    rows = [
        ticket_row(
            queue_kind=kind, department_id=department, technician_id=to, state=state, owner_id=owner, created_at=at
        )
        for (kind, department, to), state, owner, at in chance.sample(list(kinds), 150)
    ]
    kept = keep(desk, *rows)
    for viewer in STAFF.technicians.values():
        visible = queues.visible_to(viewer, STAFF, SINCE)
        with desk.read() as connection:
            found = set(connection.execute(table.select().where(visible)).scalars())
        assert found == {t.number for t in kept if may_see(viewer, t, STAFF, SINCE)}, viewer


def look_for(desk: Database, wanted: str, viewer: Technician = SVEN, **page: int) -> list[int]:
    with desk.read() as connection:
        visible = queues.visible_to(viewer, STAFF, SINCE)
        found = queues.search(connection, wanted, visible, before=page.get("before"), most=page.get("most", 50))
    return [t.number for t in found.tickets]


@pytest.mark.slow
def test_a_search_finds_by_everything_that_a_caller_can_say(desk: Database) -> None:
    (known, other) = (
        t.number
        for t in keep(
            desk,
            ticket_row(
                reference="7K3M-Q2XH",
                customer_name="Zoë Quill",
                customer_email="Zoe@Example.com",
                customer_number="C-4711",
                problem_description="The printer says\nPC LOAD LETTER, 100% of the time",
                state=TicketState.CLOSED,
            ),
            ticket_row(customer_name="Other", problem_description="100 of a_b"),
        )
    )
    for wanted in ("7K3M-Q2XH", "7k3m q2xh", str(known), "zoe@example.com", "C-4711", "quill", "ZOË", "load letter"):
        assert look_for(desk, wanted) == [known], wanted
    assert look_for(desk, "100%") == [known]
    assert look_for(desk, "a_b") == [other]
    for wanted in ("_", "%"):
        assert look_for(desk, wanted) == ([other] if wanted == "_" else [known])
    for wanted in ("nobody", "\\", "/", "'", "7K3M", "9" * 40, "9" * 18, "' OR 1=1 --"):
        assert look_for(desk, wanted) == [], wanted


@pytest.mark.slow
def test_a_search_finds_nothing_that_the_viewer_may_not_see(desk: Database) -> None:
    hidden, seen = keep(
        desk,
        to_department(30, customer_name="Quill", customer_email="q@example.com", reference="7K3M-Q2XH"),
        to_department(10, customer_name="Quill", customer_email="q@example.com"),
    )
    for wanted in ("quill", "q@example.com", "7K3M-Q2XH", str(hidden.number)):
        assert hidden.number not in look_for(desk, wanted, ANNA)
        assert hidden.number in look_for(desk, wanted, SVEN)
    assert look_for(desk, "quill", ANNA) == [seen.number]


def test_a_search_reads_the_texts_of_the_newest_and_goes_on_from_there(
    desk: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "SEARCHED_AT_ONCE", 4)
    numbers = [
        t.number for t in keep(desk, *(ticket_row(customer_name="Quill", customer_number="C-1") for _ in range(10)))
    ]
    (exact, *_rest) = keep(desk, *(ticket_row() for _ in range(3)))
    with desk.read() as connection:
        visible = queues.visible_to(SVEN, STAFF, SINCE)
        seen: list[int] = []
        before: int | None = None
        while True:
            found = queues.search(connection, "quill", visible, before=before, most=2)
            seen += [t.number for t in found.tickets]
            before = found.before
            if before is None:
                break
        assert seen == numbers[::-1]
        first = queues.search(connection, "quill", visible, before=None, most=50)
        assert (first.read_from, first.before) == (exact.number - 1, exact.number - 1)
        by_number = queues.search(connection, "C-1", visible, before=None, most=50)
        assert [t.number for t in by_number.tickets] == numbers[::-1], "however old"


def test_a_page_of_exact_finds_does_not_pass_over_texts_that_were_not_read(
    desk: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "SEARCHED_AT_ONCE", 2)
    exact = [t.number for t in keep(desk, *(ticket_row(customer_number="77") for _ in range(3)))]
    (said,) = keep(desk, ticket_row(problem_description="it is 77"))
    keep(desk, *(ticket_row() for _ in range(3)))
    seen: set[int] = set()
    before: int | None = None
    with desk.read() as connection:
        for _ in range(10):
            visible = queues.visible_to(SVEN, STAFF, SINCE)
            found = queues.search(connection, "77", visible, before=before, most=2)
            seen |= {t.number for t in found.tickets}
            before = found.before
            if before is None:
                break
    assert before is None
    assert seen == {*exact, said.number}


def test_what_is_newest_differs_after_every_change_and_only_then(desk: Database) -> None:
    seen = [queues.newest(desk, SINCE)]
    assert queues.newest(desk, SINCE) == seen[0]
    (ticket,) = keep(desk, ticket_row(created_at=SINCE))
    seen.append(queues.newest(desk, SINCE))
    desk.write(lambda connection: add_event(connection, ticket.number, TicketEvent(NOW, "x", "claimed", {})))
    seen.append(queues.newest(desk, SINCE))
    desk.write(bump_generation)
    seen.append(queues.newest(desk, SINCE))
    seen.append(queues.newest(desk, SINCE + timedelta(microseconds=1)))
    assert len(set(seen)) == 5
    assert queues.newest(desk, NOW) == seen[-1], "whoever waits long already is nothing new"


def test_a_ticket_that_is_stored_after_one_with_a_higher_number_is_noticed(desk: Database) -> None:
    """PostgreSQL assigns numbers before transactions end."""
    kept = keep(desk, *(ticket_row() for _ in range(20)))
    late = kept[-3]
    desk.write(lambda connection: connection.execute(table.delete().where(table.c.number == late.number)))
    before = queues.newest(desk, SINCE)
    own = {column.name for column in table.columns} - set(NAMES)
    values = {name: getattr(late, name) for name in own} | late.customer.values()
    desk.write(lambda connection: connection.execute(insert(table).values(**values)))
    assert queues.newest(desk, SINCE) > before


def plans(desk: Database, ask) -> list[str]:  # type: ignore[no-untyped-def]
    """SQLite's query plans for the statements of `ask`."""
    said: list[str] = []

    def explain(connection, cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        steps = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        said.append("\n".join(row[3] for row in steps))

    with desk.read() as connection:
        event.listen(connection, "before_cursor_execute", explain)
        ask(connection)
    return said


@pytest.mark.slow
def test_sqlite_reads_every_lane_from_the_end_of_an_index(desk: Database) -> None:
    if not desk.is_sqlite:
        pytest.skip("of SQLite's planner")
    keep(desk, to_department(10))
    every = {
        "for me": queues.for_viewer(ANNA, STAFF, datetime.max.replace(tzinfo=NOW.tzinfo)),
        "mine": queues.mine(ANNA),
        "departments": queues.of_departments(ANNA, STAFF),
        "general": queues.general(datetime.max.replace(tzinfo=NOW.tzinfo)),
        "all": queues.everything(),
    }
    for queue in every.values():
        for states in (WAITING, tuple(TicketState)):
            plan = plans(desk, lambda c, q=queue, s=states: queues.page_of(c, q, s, before=200_000, most=51))[0]
            assert "SCAN tickets" not in plan, plan
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan, plan
            assert "USING COVERING INDEX" in plan or "USING INDEX" in plan
        first = plans(desk, lambda c, q=queue: queues.oldest_of(c, q, TicketState.WAITING, after=100_000, most=51))[0]
        assert "SCAN tickets" not in first, first
        assert "USE TEMP B-TREE FOR ORDER BY" not in first, first
    (counted,) = plans(desk, lambda connection: queues.count_waiting(connection, every))
    assert "SCAN tickets" not in counted
    assert "USE TEMP B-TREE FOR ORDER BY" not in counted
    visible = queues.visible_to(ANNA, STAFF, SINCE)
    found = plans(desk, lambda connection: queues.search(connection, "q@example.com", visible, before=None, most=50))
    lanes = next(plan for plan in found if "UNION" in plan)
    for index in ("(reference=?)", "(customer_number=? AND rowid<?)", "ix_tickets_email (<expr>=? AND rowid<?)"):
        assert index in lanes, lanes
    assert "SCAN tickets" not in "".join(found)
