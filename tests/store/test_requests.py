"""Customers' requests and the links that start their sessions."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.backend import Start
from app.core.client import Client
from app.core.request import RequestState, may_move
from app.core.why import Why, WhyCode
from app.store import requests as store
from app.store.database import Database
from app.store.requests import StartLink
from app.store.tickets import insert_ticket
from tests.store.rows import NOW, request_row, ticket_row

LATER = NOW + timedelta(minutes=15)


def test_a_request_is_kept_as_it_was(desk: Database) -> None:
    row = request_row(
        department="id_10",
        tech="anna@example.com",
        customer_name="Zoë \N{PILE OF POO}",
        customer_email="z@example.com",
        customer_number="C-1",
        problem_description="line\nline\t\N{RIGHT-TO-LEFT OVERRIDE}x",
        ask_customer_info=True,
        language="pt-BR",
        client_address="2001:db8::1",
        client_network="2001:db8::/64",
        attempts=2,
        why=Why(WhyCode.STATUS, {"status": 418}),
        ticket_number=7,
        session_id="s",
        opened_at=NOW,
        ended_at=LATER,
        erased_at=LATER,
    )
    desk.write(lambda connection: store.insert_request(connection, row))
    with desk.read() as connection:
        assert store.request_by_reference(connection, row.reference) == row
        found, *_ = store.earlier_requests(connection, row.idempotency_key or "", None, 1, NOW)
        assert found == row.reference
        assert store.request_by_status_id(connection, row.status_id) == row


def test_what_is_not_there_is_none(desk: Database) -> None:
    with desk.read() as connection:
        assert store.request_by_reference(connection, "x") is None
        assert store.earlier_requests(connection, "x", None, 1, NOW) == (None, None, False)
        assert store.request_by_status_id(connection, "x") is None
        assert store.start_target(connection, "x") is None
        assert store.newest_link(connection, "x") is None


@pytest.mark.parametrize("same", ["reference", "idempotency_key", "status_id"])
def test_no_two_requests_share_a_name(desk: Database, same: str) -> None:
    first = request_row()
    desk.write(lambda connection: store.insert_request(connection, first))
    second = request_row(**{same: getattr(first, same)})
    with pytest.raises(IntegrityError):
        desk.write(lambda connection: store.insert_request(connection, second))


def test_a_request_of_no_site_is_refused(desk: Database) -> None:
    with pytest.raises(IntegrityError):
        desk.write(lambda connection: store.insert_request(connection, request_row(site="nowhere")))


def test_requests_are_listed_newest_first_by_state_and_site(desk: Database) -> None:
    rows = [request_row(created_at=NOW + timedelta(seconds=n), state=state) for n, state in enumerate(RequestState)]

    def fill(connection):  # type: ignore[no-untyped-def]
        for row in rows:
            store.insert_request(connection, row)

    desk.write(fill)
    with desk.read() as connection:
        assert store.list_requests(connection) == rows[::-1]
        assert store.list_requests(connection, most=2) == rows[:-3:-1]
        for row in rows:
            assert store.list_requests(connection, state=row.state) == [row]
        assert store.list_requests(connection, site="default") == rows[::-1]
        assert store.list_requests(connection, site="other") == []


def test_the_nth_newest_request_of_a_client_is_found_within_its_window(desk: Database) -> None:
    def fill(connection):  # type: ignore[no-untyped-def]
        for minute in range(5):
            row = request_row(client_network="192.0.2.7", created_at=NOW + timedelta(minutes=minute))
            store.insert_request(connection, row)
        store.insert_request(connection, request_row(client_network="192.0.2.8", created_at=LATER))

    desk.write(fill)
    with desk.read() as connection:
        before, client = NOW - timedelta(seconds=1), Client("192.0.2.7")
        assert store.earlier_requests(connection, "-", client, 1, before)[1] == NOW + timedelta(minutes=4)
        assert store.earlier_requests(connection, "-", client, 5, before)[1] == NOW
        assert store.earlier_requests(connection, "-", client, 6, before)[1] is None
        assert store.earlier_requests(connection, "-", client, 5, NOW)[1] is None


def test_an_ipv6_48_has_ten_times_a_client_s_share_of_requests(desk: Database) -> None:
    def fill(connection):  # type: ignore[no-untyped-def]
        for number in range(20):
            came = Client.at(f"2001:db8:1:{number:x}::1")
            at = NOW + timedelta(seconds=number)
            row = request_row(client_network=came.network, client_wide=came.wide, created_at=at)
            store.insert_request(connection, row)

    desk.write(fill)
    newcomer, before = Client.at("2001:db8:1:ffff::1"), NOW - timedelta(seconds=1)
    with desk.read() as connection:
        assert store.earlier_requests(connection, "-", newcomer, 2, before, 1) == (None, NOW, True)
        assert store.earlier_requests(connection, "-", newcomer, 3, before, 2) == (None, None, True)
        assert store.earlier_requests(connection, "-", newcomer, 4, before, 3) == (None, None, False)
        assert store.share_used_up(connection, newcomer, 2, before) == NOW
        assert store.share_used_up(connection, newcomer, 3, before) is None
        assert store.share_used_up(connection, Client.at("2001:db8:1:5::9"), 1, before) == NOW + timedelta(seconds=10)
        assert store.share_used_up(connection, Client.at("2001:db8:2::1"), 1, before) is None
        assert store.earlier_requests(connection, "-", None, 1, before, 1) == (None, None, False)


def test_a_person_s_requests_are_found_by_mail_in_any_case_and_by_number(desk: Database) -> None:
    mine = request_row(customer_email="Zoe@Example.com", customer_number="C-1")
    other = request_row(customer_email="zoe@example.com.au", customer_number="C-11")

    def fill(connection):  # type: ignore[no-untyped-def]
        store.insert_request(connection, mine)
        store.insert_request(connection, other)

    desk.write(fill)
    with desk.read() as connection:
        assert store.requests_of_person(connection, email="zoe@EXAMPLE.com") == [mine]
        assert store.requests_of_person(connection, number="C-1") == [mine]
        assert store.requests_of_person(connection, email="zoe@example.com", number="C-11") == []


@pytest.mark.parametrize("state", RequestState)
def test_a_request_ends_from_every_state_that_may_end(desk: Database, state: RequestState) -> None:
    row = request_row(state=state)

    def fill(connection):  # type: ignore[no-untyped-def]
        store.insert_request(connection, row)
        store.end_request(connection, row.reference, LATER)

    desk.write(fill)
    with desk.read() as connection:
        found = store.request_by_reference(connection, row.reference)
    assert found
    ended = may_move(state, RequestState.ENDED)
    assert (found.state, found.ended_at) == ((RequestState.ENDED, LATER) if ended else (state, None))


def test_the_link_that_lasts_longest_is_the_newest(desk: Database) -> None:
    row = request_row()
    links = [StartLink(f"link-{n}", row.reference, NOW + timedelta(minutes=n)) for n in (1, 3, 2)]

    def fill(connection):  # type: ignore[no-untyped-def]
        store.insert_request(connection, row)
        for link in links:
            store.insert_link(connection, link)

    desk.write(fill)
    with desk.read() as connection:
        assert store.newest_link(connection, row.reference) == links[1]


def test_a_link_leads_to_its_request_and_ticket(desk: Database) -> None:
    def fill(connection):  # type: ignore[no-untyped-def]
        ticket = insert_ticket(connection, ticket_row(created_at=LATER))
        row = request_row(ticket_number=ticket.number, start=Start.DESK)
        store.insert_request(connection, row)
        store.insert_link(connection, StartLink("link", row.reference, LATER))
        return row, ticket

    row, ticket = desk.write(fill)
    with desk.read() as connection:
        target = store.start_target(connection, "link")
    assert target == store.StartTarget(
        reference=row.reference,
        site="default",
        state=RequestState.OPENED,
        status_id=row.status_id,
        requested_at=NOW,
        opens=0,
        start=Start.DESK,
        applet_id=ticket.applet_id,
        ticket_created_at=LATER,
        applet_link=None,
        applet_file=None,
        applet_name=None,
        applet_type=None,
    )


def test_a_link_leads_to_a_vendors_applet(desk: Database) -> None:
    row = request_row(start=Start.LINK, applet_link="https://a.startcontrol.com/x")

    def fill(connection):  # type: ignore[no-untyped-def]
        store.insert_request(connection, row)
        store.insert_link(connection, StartLink("link", row.reference, LATER))

    desk.write(fill)
    with desk.read() as connection:
        target = store.start_target(connection, "link")
    assert target
    assert (target.start, target.applet_link, target.applet_id) == (Start.LINK, row.applet_link, None)


def test_a_link_is_opened_as_often_as_allowed_and_no_oftener_under_twenty_threads(desk: Database) -> None:
    row = request_row()

    def fill(connection):  # type: ignore[no-untyped-def]
        store.insert_request(connection, row)
        store.insert_link(connection, StartLink("link", row.reference, LATER))
        store.insert_link(connection, StartLink("other", row.reference, NOW))

    desk.write(fill)
    start = threading.Barrier(20)

    def open_it(number: int) -> bool:
        start.wait(30)
        moment = NOW + timedelta(seconds=number)
        return desk.write(lambda connection: store.record_opening(connection, "link", 7, moment))

    with ThreadPoolExecutor(20) as pool:
        opened = list(pool.map(open_it, range(20)))
    assert sum(opened) == 7
    with desk.read() as connection:
        assert store.newest_link(connection, row.reference) == StartLink("link", row.reference, LATER, opens=7)
    assert not desk.write(lambda connection: store.record_opening(connection, "link", 7, NOW))
    assert desk.write(lambda connection: store.record_opening(connection, "link", 8, NOW))
    assert desk.write(lambda connection: store.record_opening(connection, "other", 1, NOW))


def test_a_link_that_does_not_exist_cannot_be_opened(desk: Database) -> None:
    assert not desk.write(lambda connection: store.record_opening(connection, "none", 20, NOW))
