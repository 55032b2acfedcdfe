"""Personal data: exported completely, erased without a trace, and erased automatically in time."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.actions.privacy import Person, Pruned, erase, export, find_person, prune
from app.actions.ticket import cancel, open_ticket, save_details
from app.core.backend import Start
from app.core.client import Client
from app.core.customer import NOBODY, Customer
from app.core.new_session import NewSessionRequest
from app.core.request import RequestState
from app.core.staff import Staff
from app.core.ticket import TicketState
from app.store.log_in_tries import add_failure
from app.store.requests import insert_request, newest_link
from app.store.tables import metadata
from app.store.tickets import change_elements
from tests.actions.desk import MONTH, ZOE, DeskAtWork
from tests.kept_files import keep, kept_content
from tests.store.rows import request_row

CANARY = NewSessionRequest(
    department="CANARY-département",
    tech="canary-tech@example.com",
    customer=Customer(
        name="CANARY-Zoë-\N{PILE OF POO}",
        email="canary-mail@example.com",
        number="CANARY-number",
        problem="CANARY-problem " * 60,
    ),
    ask_customer_info=True,
)


def submit_canary(desk: DeskAtWork) -> tuple[str, int]:
    """A request whose details were changed in the applet, so that its ticket has a history too."""
    made = desk.submit(CANARY, ticked=True, client_address="203.0.113.77", idempotency_key="CANARY-key")
    number = made.ticket_number or 0
    changes: dict[str, str | None] = {"customer_name": "CANARY-second-name"}
    desk.database.write(lambda connection: change_elements(connection, number, changes, desk.clock()))
    return made.reference, number


def kept_bytes(desk: DeskAtWork, folder: Path) -> bytes:
    """The whole content of SQLite's files, including its log; for PostgreSQL, all rows."""
    if desk.database.is_sqlite:
        return b"".join(path.read_bytes() for path in folder.iterdir())
    with desk.database.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return repr(rows).encode()


def test_erasing_leaves_nothing_in_the_database(desk: DeskAtWork, tmp_path: Path) -> None:
    canaries = [b"canary", "zoë-\N{PILE OF POO}".encode(), b"203.0.113.77"]

    def seen() -> set[bytes]:
        kept = kept_bytes(desk, tmp_path / "data").lower()
        return {canary for canary in canaries if canary in kept}

    reference, _ = submit_canary(desk)
    made = open_ticket(desk.database, Staff(), "default", CANARY, now=desk.clock())
    save_details(
        desk.database, made.number, NewSessionRequest(customer=Customer(email=CANARY.customer.email)), now=desk.clock()
    )
    assert seen() == set(canaries)
    erase(desk.database, find_person(desk.database, reference=reference), by=None, now=desk.clock())
    erase(desk.database, find_person(desk.database, email="Canary-Mail@example.com"), by=None, now=desk.clock())
    assert seen() == set()


def test_erasing_keeps_states_and_times_and_ends_what_is_open(desk: DeskAtWork) -> None:
    reference, number = submit_canary(desk)
    other = desk.submit()
    desk.clock.advance(hours=1)
    erase(desk.database, find_person(desk.database, reference=reference), by=None, now=desk.clock())
    request, ticket = desk.request(reference), desk.ticket(number)
    for row in (request, ticket):
        assert row.customer == NOBODY
        assert (row.language, row.more, row.verified) == (None, (), ())
        assert row.erased_at == row.ended_at == desk.clock()
    assert (request.department, request.tech, request.client_address, request.idempotency_key) == (None,) * 4
    assert (ticket.asked_department, ticket.asked_tech) == (None, None)
    assert (request.state, ticket.state) == (RequestState.ENDED, TicketState.CANCELLED)
    assert request.created_at == desk.clock() - timedelta(hours=1)
    with desk.database.read() as connection:
        assert newest_link(connection, reference) is None
        assert newest_link(connection, other.reference) is not None
    assert desk.request(other.reference) == other
    assert desk.ticket(other.ticket_number).customer.name == "Zoë"


@pytest.mark.parametrize("by", ["reference", "email", "number"])
def test_a_person_is_found_by_reference_mail_or_number_with_their_tickets(desk: DeskAtWork, by: str) -> None:
    made = desk.submit()
    direct = open_ticket(desk.database, Staff(), "default", ZOE, now=desk.clock())
    desk.submit(NewSessionRequest(customer=Customer(email="other@example.com", number="C-2")))
    wanted = {"reference": made.reference, "email": "ZOE@example.com", "number": "C-1"}[by]
    found = find_person(desk.database, **{by: wanted})
    assert [r.reference for r in found.requests] == [made.reference]
    tickets = {made.ticket_number} if by == "reference" else {made.ticket_number, direct.number}
    assert {t.number for t in found.tickets} == tickets


def test_nobody_is_found_by_what_is_not_there(desk: DeskAtWork) -> None:
    desk.submit(NewSessionRequest(customer=Customer(problem="x")))
    for by in ("reference", "email", "number"):
        assert find_person(desk.database, **{by: "nothing"}) == Person([], [])


def test_a_person_is_found_with_everything_by_the_mail_they_corrected_in_the_applet(desk: DeskAtWork) -> None:
    asked = NewSessionRequest(customer=Customer(email="zeo@example.com", name="Zoë"), ask_customer_info=True)
    made = desk.submit(asked)
    save_details(desk.database, made.ticket_number or 0, ZOE, now=desk.clock())
    found = find_person(desk.database, email="zoe@example.com")
    assert [t.number for t in found.tickets] == [made.ticket_number]
    assert [r.reference for r in found.requests] == [made.reference]


def test_the_export_has_everything_but_what_opens_doors(desk: DeskAtWork) -> None:
    asked = NewSessionRequest(customer=Customer(name="Zoë", email="zoe@example.com"), ask_customer_info=True)
    made = desk.submit(asked)
    ticket = desk.ticket(made.ticket_number)
    save_details(desk.database, ticket.number, ZOE, now=desk.clock())
    with desk.database.read() as connection:
        link = newest_link(connection, made.reference)
    assert link
    exported = export(desk.database, find_person(desk.database, reference=made.reference))
    text = json.dumps(exported, ensure_ascii=False)
    for secret in (made.status_id, made.idempotency_key, ticket.applet_id, ticket.pin, link.id):
        assert secret
        assert secret not in text
    (request,), (told,) = exported["requests"], exported["tickets"]
    assert request["reference"] == told["reference"] == made.reference
    assert (request["customer_name"], request["client_address"]) == ("Zoë", "192.0.2.7")
    assert {name: told[name] for name in ZOE.elements} == ZOE.elements
    assert told["history"][0]["detail"]["customer_number"] == [None, "C-1"]
    assert request["created_at"] == "2026-03-01T12:00:00+00:00"


def test_data_is_erased_thirty_days_after_the_end(desk: DeskAtWork) -> None:
    made = desk.submit()
    cancel(desk.database, made.ticket_number or 0, now=desk.clock())
    desk.clock.advance(days=30)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 0, 0, finished=True)
    assert desk.request(made.reference).customer.name == "Zoë"
    desk.clock.advance(seconds=1)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 1, 1, finished=True)
    assert desk.request(made.reference).customer.name is None
    assert desk.ticket(made.ticket_number).customer.problem is None
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 0, 0, finished=True)


def test_a_shorter_retention_erases_sooner(desk: DeskAtWork) -> None:
    made = desk.submit()
    cancel(desk.database, made.ticket_number or 0, now=desk.clock())
    desk.clock.advance(days=1, seconds=1)
    assert prune(desk.database, timedelta(days=1), now=desk.clock()) == Pruned(0, 1, 1, finished=True)


def test_data_is_kept_ninety_days_at_the_most_even_while_somebody_works_on_it(desk: DeskAtWork) -> None:
    made = desk.submit()
    desk.database.write(lambda c: c.exec_driver_sql("UPDATE tickets SET state = 'active'"))
    desk.clock.advance(days=90)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 0, 0, finished=True)
    desk.clock.advance(seconds=1)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 1, 1, finished=True)
    assert desk.request(made.reference).customer.name is None
    assert desk.ticket(made.ticket_number).customer.name is None
    assert not desk.ticket(made.ticket_number).is_open


def test_a_ticket_that_nobody_took_expires_after_seven_days_with_its_request(desk: DeskAtWork) -> None:
    made = desk.submit()
    desk.clock.advance(days=7)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 0, 0, finished=True)
    desk.clock.advance(seconds=1)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(1, 0, 0, finished=True)
    request, ticket = desk.request(made.reference), desk.ticket(made.ticket_number)
    assert (ticket.state, request.state) == (TicketState.EXPIRED, RequestState.ENDED)
    assert ticket.ended_at == request.ended_at == desk.clock()
    assert request.customer.name == "Zoë"


def test_a_ticket_that_somebody_has_does_not_expire(desk: DeskAtWork) -> None:
    desk.submit()
    desk.database.write(lambda c: c.exec_driver_sql("UPDATE tickets SET state = 'active'"))
    desk.clock.advance(days=8)
    assert prune(desk.database, MONTH, now=desk.clock()) == Pruned(0, 0, 0, finished=True)


def test_idempotency_keys_are_kept_a_day_and_addresses_a_week(desk: DeskAtWork) -> None:
    made = desk.submit(client_address="2001:db8:1:2::3")

    def kept() -> tuple[bool, bool, bool]:
        prune(desk.database, MONTH, now=desk.clock())
        found = desk.request(made.reference)
        networks = found.client_network or found.client_wide
        return found.idempotency_key is not None, found.client_address is not None, networks is not None

    desk.clock.advance(hours=24)
    assert kept() == (True, True, True)
    desk.clock.advance(seconds=1)
    assert kept() == (False, True, True)
    desk.clock.advance(days=6)
    desk.clock.advance(seconds=-1)
    assert kept() == (False, True, True)
    desk.clock.advance(seconds=1)
    assert kept() == (False, False, False)


def test_wrong_log_ins_are_forgotten_when_they_count_no_more(desk: DeskAtWork) -> None:
    desk.database.write(lambda c: add_failure(c, "account", Client.at("192.0.2.7"), desk.clock()))

    def failures() -> int:
        prune(desk.database, MONTH, now=desk.clock())
        with desk.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM failed_logins").scalar_one())

    desk.clock.advance(minutes=60)
    assert failures() == 1
    desk.clock.advance(seconds=1)
    assert failures() == 0


@pytest.mark.slow
def test_more_than_one_batch_is_pruned_at_once(desk: DeskAtWork) -> None:
    def copies(connection):  # type: ignore[no-untyped-def]
        for _ in range(501):
            insert_request(connection, request_row(customer_name="x", created_at=desk.clock() - timedelta(days=91)))

    desk.database.write(copies)
    assert prune(desk.database, MONTH, now=desk.clock()).requests_erased == 501


def vendor_request(desk: DeskAtWork, content: bytes) -> str:
    """A request opened by a vendor, with an applet that came as a file."""
    row = request_row(
        start=Start.FILE,
        opened_at=desk.clock(),
        created_at=desk.clock(),
        applet_file=keep(desk.database, content, desk.clock()),
        applet_name="support.exe",
        customer_email="canary@example.com",
        user_agent="canary-agent",
        accept_language="de",
    )
    desk.database.write(lambda connection: insert_request(connection, row))
    return row.reference


def test_a_vendors_session_is_over_after_a_day_and_its_applet_gone(desk: DeskAtWork) -> None:
    reference = vendor_request(desk, b"MZ")
    embedded = desk.submit().reference
    desk.clock.advance(hours=24)
    prune(desk.database, MONTH, now=desk.clock())
    assert desk.request(reference).state is RequestState.OPENED
    assert list(kept_content(desk.database).values()) == [b"MZ"]
    desk.clock.advance(seconds=1)
    prune(desk.database, MONTH, now=desk.clock())
    ended = desk.request(reference)
    assert (ended.state, ended.ended_at, ended.applet_file, ended.applet_name) == (
        RequestState.ENDED,
        desk.clock(),
        None,
        None,
    )
    assert kept_content(desk.database) == {}
    assert desk.request(embedded).state is RequestState.OPENED


def test_erasing_takes_the_applet_and_what_the_browser_said_with_it(desk: DeskAtWork, tmp_path: Path) -> None:
    reference = vendor_request(desk, b"MZ canary " * 200_000)
    vendor_request(desk, b"MZ two")
    erase(desk.database, find_person(desk.database, reference=reference), by=None, now=desk.clock())
    erased = desk.request(reference)
    assert (erased.user_agent, erased.accept_language, erased.applet_file, erased.state) == (
        None,
        None,
        None,
        RequestState.ENDED,
    )
    assert list(kept_content(desk.database).values()) == [b"MZ two"]
    assert b"MZ canary" not in kept_bytes(desk, tmp_path / "data")
    assert b"canary" in kept_bytes(desk, tmp_path / "data")
    erase(desk.database, find_person(desk.database, email="canary@example.com"), by=None, now=desk.clock())
    assert b"canary" not in kept_bytes(desk, tmp_path / "data")


def test_an_erased_request_is_handed_off_no_more(desk: DeskAtWork) -> None:
    row = request_row(state=RequestState.WAITING, due_at=desk.clock(), waiting_since=desk.clock())
    desk.database.write(lambda connection: insert_request(connection, row))
    erase(desk.database, find_person(desk.database, reference=row.reference), by=None, now=desk.clock())
    assert (desk.request(row.reference).state, desk.request(row.reference).due_at) == (RequestState.ENDED, None)


@pytest.mark.parametrize("state", [RequestState.PARKED, RequestState.SUSPECT])
def test_what_nobody_set_going_again_ends_after_a_week(desk: DeskAtWork, state: RequestState) -> None:
    row = request_row(state=state, created_at=desk.clock())
    desk.database.write(lambda connection: insert_request(connection, row))
    desk.clock.advance(days=7)
    prune(desk.database, MONTH, now=desk.clock())
    assert desk.request(row.reference).state is state
    desk.clock.advance(seconds=1)
    prune(desk.database, MONTH, now=desk.clock())
    assert (desk.request(row.reference).state, desk.request(row.reference).ended_at) == (
        RequestState.ENDED,
        desk.clock(),
    )
