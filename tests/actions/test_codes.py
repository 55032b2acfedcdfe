"""Session codes on both databases: found by PIN, used once, revoked, and at most five wrong tries."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from app.actions import codes
from app.actions.codes import (
    MOST_UNUSED,
    MOST_WRONG_EVERYWHERE,
    CheckWanted,
    TooManyCodes,
    TooManyWrong,
    code_of_pin,
    come_back,
    revoke,
    session_of,
    start_code,
    wants_check,
    way_back,
)
from app.actions.privacy import erase, find_person, prune
from app.actions.submit import CodeOver, Once
from app.core.new_session import NewSessionRequest
from app.core.request import CustomerRequest
from app.core.session_code import SessionCode
from app.store.codes import code_by_id, codes_of
from app.store.requests import end_request
from app.store.staff import load_staff
from tests.actions.desk import MONTH, DeskAtWork

ADDRESS, HOUR = "192.0.2.7", timedelta(hours=1)


def anna(desk: DeskAtWork) -> int:
    with desk.database.read() as connection:
        return load_staff(connection).technicians["anna@example.com"].id


def start(desk: DeskAtWork, life: timedelta = HOUR) -> SessionCode:
    return start_code(desk.database, "default", life, by=anna(desk), now=desk.clock())


def enter(
    desk: DeskAtWork, pin: str, address: str = ADDRESS, form: str = "form", check: Once | None = None
) -> SessionCode | None:
    return code_of_pin(desk.database, pin, address, lambda code: f"pin:{code.id}:{form}", check, now=desk.clock())


def use(desk: DeskAtWork, code: SessionCode) -> CustomerRequest:
    asked = NewSessionRequest(tech="anna@example.com")
    return desk.submit(asked, source="pin", idempotency_key=f"pin:{code.id}:form", code=code.id)


def wrong_pin(*codes: SessionCode) -> str:
    return next(pin for pin in ("111111111", "222222222") if pin not in {code.pin for code in codes})


def test_a_pin_leads_to_its_code_until_its_time_is_up(desk: DeskAtWork) -> None:
    code, other = start(desk), start(desk)
    assert code.pin != other.pin
    assert enter(desk, code.pin) == code
    desk.clock.advance(hours=1, microseconds=-1)
    assert enter(desk, code.pin) == code
    desk.clock.advance(microseconds=1)
    assert enter(desk, code.pin) is None


def test_a_code_is_used_once_and_then_leads_only_the_same_form_to_its_session(desk: DeskAtWork) -> None:
    code = start(desk)
    made = use(desk, code)
    assert use(desk, code) == made, "the same press once more"
    found = enter(desk, code.pin)
    assert found == replace(code, reference=made.reference, used_by=f"pin:{code.id}:form")
    assert enter(desk, code.pin, form="another") is None
    assert session_of(desk.database, found) == made
    with pytest.raises(CodeOver):
        desk.submit(NewSessionRequest(), idempotency_key="another", code=code.id)
    assert [request.reference for request in desk.requests()] == [made.reference]
    assert [ticket.number for ticket in desk.tickets()] == [made.ticket_number]
    desk.database.write(lambda connection: end_request(connection, made.reference, desk.clock()))
    assert enter(desk, code.pin) is None


@pytest.mark.slow
def test_the_technician_lets_a_customer_back_in_by_a_new_code(desk: DeskAtWork) -> None:
    code = start(desk)
    assert way_back(desk.database, code.id, anna(desk), now=desk.clock()) is None, "there is no session yet"
    made = use(desk, code)
    assert way_back(desk.database, code.id, anna(desk) + 1, now=desk.clock()) is None, "somebody else's"
    again = way_back(desk.database, code.id, anna(desk), now=desk.clock())
    assert again
    assert (again.leads_to, again.reference, again.pin != code.pin) == (made.reference, None, True)
    assert enter(desk, code.pin, form="b") is None, "the old one stays spent"
    desk.clock.advance(minutes=10, microseconds=-1)
    assert enter(desk, again.pin, form="b") == again
    late = way_back(desk.database, code.id, anna(desk), now=desk.clock() - timedelta(minutes=10))
    assert late
    assert enter(desk, late.pin, form="b") is None, "it leads to a customer's text, and for ten minutes only"
    for _press in range(2):
        assert come_back(desk.database, again, f"pin:{again.id}:b", now=desk.clock()) == made
    assert come_back(desk.database, again, f"pin:{again.id}:c", now=desk.clock()) is None
    assert enter(desk, again.pin, form="c") is None
    assert len(desk.tickets()) == len(desk.requests()) == 1
    third = way_back(desk.database, again.id, anna(desk), now=desk.clock())
    assert third
    desk.database.write(lambda connection: end_request(connection, made.reference, desk.clock()))
    assert enter(desk, third.pin) is None
    assert come_back(desk.database, third, "x", now=desk.clock()) is None
    assert way_back(desk.database, code.id, anna(desk), now=desk.clock()) is None


@pytest.mark.slow
def test_wrong_pins_from_everywhere_ask_everybody_for_a_check(desk: DeskAtWork) -> None:
    code = start(desk)
    for n in range(MOST_WRONG_EVERYWHERE):
        assert not wants_check(desk.database, now=desk.clock())
        assert enter(desk, wrong_pin(code), f"198.51.{n // 4}.{n % 4 + 1}") is None
    assert wants_check(desk.database, now=desk.clock())
    with pytest.raises(CheckWanted):
        enter(desk, code.pin, "203.0.113.5")
    once = Once("check", "solved", desk.clock() + HOUR)
    assert enter(desk, code.pin, "203.0.113.5", check=once) == code, "nobody is locked out"
    with pytest.raises(CheckWanted):
        enter(desk, code.pin, "203.0.113.6", check=once)
    desk.clock.advance(minutes=10, seconds=1)
    assert not wants_check(desk.database, now=desk.clock())
    assert enter(desk, code.pin, "203.0.113.5") == code


def test_of_many_at_once_one_opens_the_session(desk: DeskAtWork) -> None:
    code = start(desk)
    with ThreadPoolExecutor(8) as threads:
        made = {request.reference for request in threads.map(lambda _n: use(desk, code), range(16))}
    assert len(made) == len(desk.tickets()) == len(desk.requests()) == 1


def test_a_code_that_was_taken_back_opens_nothing(desk: DeskAtWork) -> None:
    code = start(desk)
    assert not revoke(desk.database, code.id, by=anna(desk) + 1, now=desk.clock()), "somebody else's"
    assert revoke(desk.database, code.id, by=anna(desk), now=desk.clock())
    assert not revoke(desk.database, code.id, by=anna(desk), now=desk.clock())
    assert enter(desk, code.pin) is None
    with pytest.raises(CodeOver):
        use(desk, code)
    assert desk.requests() == desk.tickets() == []


def test_a_used_code_cannot_be_taken_back(desk: DeskAtWork) -> None:
    code = start(desk)
    use(desk, code)
    assert not revoke(desk.database, code.id, by=anna(desk), now=desk.clock())


def test_after_five_wrong_pins_the_right_one_is_refused_too_for_ten_minutes(desk: DeskAtWork) -> None:
    code = start(desk)
    for _ in range(5):
        assert enter(desk, wrong_pin(code)) is None
    for pin in (wrong_pin(code), code.pin):
        with pytest.raises(TooManyWrong) as refused:
            enter(desk, pin)
        assert refused.value.retry_after == 600
    assert enter(desk, code.pin, "192.0.2.8") == code
    desk.clock.advance(minutes=10)
    assert enter(desk, code.pin) == code


def test_the_five_tries_are_of_a_whole_ipv6_network(desk: DeskAtWork) -> None:
    code = start(desk)
    for n in range(5):
        assert enter(desk, wrong_pin(code), f"2001:db8:1:2:{n}::7") is None
    with pytest.raises(TooManyWrong):
        enter(desk, code.pin, "2001:db8:1:2:ffff::1")
    assert enter(desk, code.pin, "2001:db8:1:3::1") == code


@pytest.mark.slow
def test_whoever_has_thousands_of_ipv6_networks_has_fifty_tries(desk: DeskAtWork) -> None:
    code = start(desk)
    for n in range(50):
        assert enter(desk, wrong_pin(code), f"2001:db8:1:{n:x}::7") is None
    for pin in (wrong_pin(code), code.pin):
        with pytest.raises(TooManyWrong) as refused:
            enter(desk, pin, "2001:db8:1:ffff::1")
        assert refused.value.retry_after == 600
    assert enter(desk, code.pin, "2001:db8:2::1") == code
    desk.clock.advance(minutes=10)
    assert enter(desk, code.pin, "2001:db8:1:ffff::1") == code


@pytest.mark.slow
def test_guesses_side_by_side_from_many_ipv6_networks_are_fifty(desk: DeskAtWork) -> None:
    def guess(n: int) -> bool:
        try:
            return enter(desk, str(100_000_000 + n), f"2001:db8:1:{n:x}::1") is None
        except TooManyWrong:
            return False

    start(desk)
    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(guess, range(300))) == 50


@pytest.mark.slow
def test_a_thousand_guesses_side_by_side_are_five(desk: DeskAtWork) -> None:
    code = start(desk)

    def guess(n: int) -> bool:
        try:
            return enter(desk, str(100_000_000 + n)) is None
        except TooManyWrong:
            return False

    with ThreadPoolExecutor(12) as threads:
        tried = sum(threads.map(guess, range(1000)))
    assert tried == 5
    with pytest.raises(TooManyWrong):
        enter(desk, code.pin)


def test_wrong_pins_are_kept_ten_minutes_and_are_no_wrong_log_ins(desk: DeskAtWork) -> None:
    enter(desk, "111111111")

    def kept() -> int:
        prune(desk.database, MONTH, now=desk.clock())
        with desk.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM failed_logins").scalar_one())

    desk.clock.advance(minutes=10)
    assert kept() == 2, "one of the network, one of all together"
    desk.clock.advance(seconds=1)
    assert kept() == 0


def test_two_codes_never_have_one_pin(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = iter(["123456789", "123456789", "987654321"])
    monkeypatch.setattr(codes, "new_pin", lambda: next(pins))
    assert [start(desk).pin, start(desk).pin] == ["123456789", "987654321"]


@pytest.mark.slow
def test_a_technician_has_so_many_unused_codes_and_no_more(desk: DeskAtWork) -> None:
    made = [start(desk) for _ in range(MOST_UNUSED)]
    with pytest.raises(TooManyCodes):
        start(desk)
    revoke(desk.database, made[0].id, by=anna(desk), now=desk.clock())
    use(desk, start(desk))
    start(desk)


def test_a_technician_sees_their_own_live_codes_with_their_tickets(desk: DeskAtWork) -> None:
    first = start(desk)
    desk.clock.advance(minutes=1)
    gone, used, over = start(desk), start(desk), start(desk)
    revoke(desk.database, gone.id, by=anna(desk), now=desk.clock())
    made, ended = use(desk, used), use(desk, over)
    desk.database.write(lambda connection: end_request(connection, ended.reference, desk.clock()))

    def listed(technician: int) -> list[tuple[str, int | None]]:
        with desk.database.read() as connection:
            return [(code.id, number) for code, number in codes_of(connection, technician, desk.clock())]

    assert listed(anna(desk)) == [(used.id, made.ticket_number), (first.id, None)]
    assert listed(anna(desk) + 1) == []
    desk.clock.advance(minutes=59)
    assert listed(anna(desk)) == [(used.id, made.ticket_number)]


def test_an_erased_session_s_code_leads_nowhere_and_opens_nothing_new(desk: DeskAtWork) -> None:
    code = start(desk)
    made = use(desk, code)
    erase(desk.database, find_person(desk.database, reference=made.reference), by=None, now=desk.clock())
    with desk.database.read() as connection:
        kept = code_by_id(connection, code.id)
    assert kept == replace(code, revoked_at=desk.clock())
    assert enter(desk, code.pin) is None
    with pytest.raises(CodeOver):
        use(desk, code)


def test_codes_are_forgotten_with_the_data_that_came_of_them(desk: DeskAtWork) -> None:
    code = start(desk)

    def kept() -> bool:
        prune(desk.database, MONTH, now=desk.clock())
        with desk.database.read() as connection:
            return code_by_id(connection, code.id) is not None

    desk.clock.advance(days=30, hours=1)
    assert kept()
    desk.clock.advance(seconds=1)
    assert not kept()
