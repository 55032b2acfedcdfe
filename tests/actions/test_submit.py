"""A submission is on disk with its session before the answer, once even when it is sent repeatedly."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.actions import submit
from app.actions.hand_off import asked_of
from app.actions.start_link import ensure_start_link
from app.actions.submit import IdentitySpent, Once, OtherContent, TooMany, check_rate, needs_check
from app.core.customer import Customer
from app.core.customer_info import AskPolicy, InfoMode
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest, RequestState
from app.core.routing import QueueKind, Reason
from app.core.why import Why, WhyCode
from app.store.requests import newest_link, record_opening
from tests.actions.desk import ZOE, DeskAtWork


def test_a_submission_is_a_request_with_a_ticket_and_a_link(desk: DeskAtWork) -> None:
    made = desk.submit()
    assert desk.requests() == [made]
    assert (made.state, made.attempts, made.client_network) == (RequestState.OPENED, 1, "192.0.2.7")
    (ticket,) = desk.tickets()
    assert (ticket.number, ticket.session_id, ticket.reference) == (made.ticket_number, made.session_id, made.reference)
    assert (ticket.queue_kind, ticket.department_id, ticket.reason) == (QueueKind.DEPARTMENT, 20, Reason.DEPARTMENT)
    assert ticket.customer.values() == ZOE.customer.values()
    with desk.database.read() as connection:
        link = newest_link(connection, made.reference)
    assert link
    assert (link.opens, link.expires_at) == (0, desk.clock() + timedelta(minutes=15))


def test_the_same_key_again_is_the_same_request(desk: DeskAtWork) -> None:
    submission = desk.submission()
    first = desk.hand_in(submission)
    desk.clock.advance(minutes=5)
    assert desk.hand_in(submission) == first
    assert len(desk.requests()) == len(desk.tickets()) == 1


def test_another_key_is_another_request(desk: DeskAtWork) -> None:
    assert desk.submit().reference != desk.submit().reference
    assert len(desk.tickets()) == 2


def test_a_reference_that_is_taken_is_not_used(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = desk.submit().reference
    drawn = iter([taken, "0000-0000"])
    monkeypatch.setattr(submit, "new_reference", lambda: next(drawn))
    assert desk.submit().reference == "0000-0000"
    assert len(desk.requests()) == len(desk.tickets()) == 2


@pytest.mark.slow
def test_twenty_at_once_with_one_key_are_one_request(desk: DeskAtWork) -> None:
    submission = desk.submission()
    start = threading.Barrier(20)

    def press(_: int) -> CustomerRequest:
        start.wait(30)
        return desk.hand_in(submission)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(press, range(20)))
    (only,) = desk.requests()
    assert answers == [only] * 20
    assert [t.number for t in desk.tickets()] == [only.ticket_number]


def test_one_client_has_its_share_and_is_told_how_long_to_wait(desk: DeskAtWork) -> None:
    for _ in range(3):
        desk.submit(most=3)
        desk.clock.advance(minutes=1)
    with pytest.raises(TooMany) as refused:
        desk.submit(most=3)
    assert refused.value.retry_after == 7 * 60 + 1
    assert len(desk.requests()) == len(desk.tickets()) == 3
    desk.submit(most=3, client_address="192.0.2.8")
    desk.clock.advance(seconds=refused.value.retry_after)
    desk.submit(most=3)


def test_who_has_had_their_share_may_still_repeat_an_old_submission(desk: DeskAtWork) -> None:
    submission = desk.submission(most=1)
    first = desk.hand_in(submission)
    assert desk.hand_in(submission) == first
    with pytest.raises(TooMany):
        desk.submit(most=1)


def test_neighbours_in_one_ipv6_network_share_their_share(desk: DeskAtWork) -> None:
    desk.submit(most=1, client_address="2001:db8::1")
    with pytest.raises(TooMany):
        desk.submit(most=1, client_address="2001:db8::2")


def test_whoever_has_thousands_of_ipv6_networks_has_ten_shares(desk: DeskAtWork) -> None:
    def from_the_48(number: int) -> str:
        return f"2001:db8:1:{number:x}::1"

    for number in range(10):
        made = desk.submit(most=1, client_address=from_the_48(number))
        assert made.client_wide == "2001:db8:1::/48"
        desk.clock.advance(seconds=6)
    with pytest.raises(TooMany) as refused:
        desk.submit(most=1, client_address=from_the_48(10))
    assert refused.value.retry_after == 9 * 60 + 1
    with pytest.raises(TooMany):
        check_rate(desk.database, from_the_48(11), 1, now=desk.clock())
    assert len(desk.requests()) == 10
    desk.submit(most=1, client_address="2001:db8:2::1")
    desk.clock.advance(seconds=refused.value.retry_after)
    desk.submit(most=1, client_address=from_the_48(10))


def test_a_48_is_asked_for_a_check_after_ten_times_as_many(desk: DeskAtWork) -> None:
    for number in range(20):
        address = f"2001:db8:1:{number:x}::1"
        assert not needs_check(desk.database, address, 2, now=desk.clock())
        assert desk.submit(unchecked=2, client_address=address).state is RequestState.OPENED
    assert needs_check(desk.database, "2001:db8:1:ffff::1", 2, now=desk.clock())
    suspect = desk.submit(unchecked=2, client_address="2001:db8:1:ffff::1")
    assert (suspect.state, suspect.why) == (RequestState.SUSPECT, Why(WhyCode.NO_CHECK))
    assert not needs_check(desk.database, "2001:db8:2::1", 2, now=desk.clock())


def test_the_sites_own_routing_is_used_when_the_customer_chose_none(desk: DeskAtWork) -> None:
    site = replace(desk.site, department="id_10", technician="ben@example.com")
    made = desk.submit(NewSessionRequest(customer=Customer(problem="x")), site=site)
    assert (made.department, made.tech) == ("id_10", "ben@example.com")
    assert desk.ticket(made.ticket_number).reason is Reason.TECHNICIAN_OVER_DEPARTMENT
    assert desk.submit(NewSessionRequest(department="20"), site=site).department == "20"


@pytest.mark.parametrize(
    ("policy", "ticked", "asks"),
    [
        (AskPolicy.NEVER, True, False),
        (AskPolicy.ALWAYS, False, True),
        (AskPolicy.INCOMPLETE, True, False),
        (AskPolicy.CUSTOMER, True, True),
        (AskPolicy.CUSTOMER, False, False),
    ],
)
def test_the_sites_policy_decides_about_the_flag(desk: DeskAtWork, policy: AskPolicy, ticked: bool, asks: bool) -> None:
    made = desk.submit(site=replace(desk.site, ask_customer_info=policy), ticked=ticked)
    ticket = desk.ticket(made.ticket_number)
    assert made.ask_customer_info is ticket.ask_customer_info is asks
    assert ticket.info_mode is (InfoMode.EDITABLE if asks else InfoMode.HIDDEN)


def test_a_link_that_can_still_be_opened_is_kept_and_otherwise_made_anew(desk: DeskAtWork) -> None:
    reference = desk.submit().reference
    first = ensure_start_link(desk.database, reference, now=desk.clock())
    assert ensure_start_link(desk.database, reference, now=desk.clock()) == first
    desk.clock.advance(minutes=14)
    second = ensure_start_link(desk.database, reference, now=desk.clock())
    assert second.id != first.id
    assert second.expires_at == desk.clock() + timedelta(minutes=15)
    desk.database.write(lambda connection: record_opening(connection, second.id, 20, desk.clock()))
    desk.clock.advance(seconds=1)
    assert ensure_start_link(desk.database, reference, now=desk.clock()).id not in (first.id, second.id)


def once(desk: DeskAtWork, which: str = "id-1") -> Once:
    return Once("test", which, desk.clock() + timedelta(minutes=5))


def test_a_suspect_is_kept_without_a_ticket_or_a_link(desk: DeskAtWork) -> None:
    made = desk.submit(suspicion=WhyCode.TRAP)
    assert desk.requests() == [made]
    assert (made.state, made.why, made.due_at) == (RequestState.SUSPECT, Why(WhyCode.TRAP), None)
    assert desk.tickets() == []
    with desk.database.read() as connection:
        assert newest_link(connection, made.reference) is None


def test_over_the_number_without_a_check_it_is_suspect_and_a_check_counts_once(desk: DeskAtWork) -> None:
    states = [desk.submit(unchecked=2).state for _ in range(3)]
    assert states == [RequestState.OPENED, RequestState.OPENED, RequestState.SUSPECT]
    assert desk.submit(unchecked=2, check=once(desk)).state is RequestState.OPENED
    assert desk.submit(unchecked=2, check=once(desk)).state is RequestState.SUSPECT
    assert desk.submit(unchecked=2, check=once(desk, "id-2")).state is RequestState.OPENED
    desk.clock.advance(minutes=11)
    assert desk.submit(unchecked=2).state is RequestState.OPENED


def test_an_identity_counts_once_and_the_same_request_again_is_none(desk: DeskAtWork) -> None:
    submission = desk.submission(identity=once(desk), verified=("customer_name",))
    made = desk.hand_in(submission)
    assert desk.hand_in(submission) == made
    assert desk.tickets()[0].verified == made.verified == ("customer_name",)
    with pytest.raises(IdentitySpent):
        desk.submit(identity=once(desk))
    assert len(desk.requests()) == len(desk.tickets()) == 1


@pytest.mark.slow
def test_of_twenty_at_once_with_one_identity_one_is_taken(desk: DeskAtWork) -> None:
    start = threading.Barrier(20)
    spent = once(desk)

    def press(number: int) -> str:
        start.wait(30)
        try:
            return desk.submit(identity=spent, client_address=f"192.0.2.{number}").reference
        except IdentitySpent:
            return ""

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(press, range(20)))
    (only,) = desk.requests()
    assert sorted(answers) == sorted(["", *[""] * 18, only.reference])


def test_the_same_key_with_another_content_is_refused(desk: DeskAtWork) -> None:
    submission = desk.submission(body_hash="a")
    made = desk.hand_in(submission)
    assert desk.hand_in(submission) == made
    with pytest.raises(OtherContent):
        desk.hand_in(replace(submission, body_hash="b"))


def test_what_was_recorded_under_an_earlier_key_lately_is_the_same(desk: DeskAtWork) -> None:
    made = desk.hand_in(desk.submission(idempotency_key="window 1"))
    again = desk.submission(idempotency_key="window 2", earlier_key="window 1")
    desk.clock.advance(seconds=14)
    assert desk.hand_in(again) == made
    desk.clock.advance(seconds=1)
    assert desk.hand_in(again) != made


def test_a_servers_requests_are_no_networks(desk: DeskAtWork) -> None:
    made = desk.submit(most=None)
    assert (made.client_address, made.client_network) == ("192.0.2.7", None)
    assert desk.submit(most=1).state is RequestState.OPENED


def test_what_else_a_form_brought_is_in_the_ticket_and_below_the_description_for_a_vendor(desk: DeskAtWork) -> None:
    made = desk.submit(more=(("Room", "4.11"),))
    assert desk.tickets()[0].more == (("Room", "4.11"),)
    assert asked_of(made, desk.site).customer.problem == "It broke."
    vendor = replace(desk.site, backend="take-control")
    asked = asked_of(made, vendor)
    assert (asked.customer.problem, asked.ask_customer_info) == ("It broke.\n\nRoom: 4.11", False)
    retried = asked_of(replace(made, unsure=1), vendor).customer.problem
    assert retried == f"It broke.\n\nRoom: 4.11 [REF {made.reference} retry]"
    # A customer who gave no details must still be asked for them.
    nothing = desk.submit(NewSessionRequest(), more=(("Room", "4.11"),))
    asked = asked_of(nothing, vendor)
    assert (asked.customer.problem, asked.ask_customer_info) == ("Room: 4.11", True)
