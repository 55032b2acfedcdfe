"""Technicians' log-in: wrong tries are limited without locking the true owner out."""

import pytest

from app.actions import tries
from app.actions.log_in import TooManyTries, WrongLogin, current_technician, hashed_password, log_in, log_out
from app.store.staff import load_staff, set_password_hash
from tests.actions.desk import DeskAtWork
from tests.conftest import PASSWORD

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"
ANNA = "anna@example.com"


def enter(desk: DeskAtWork, email: str = ANNA, password: str = PASSWORD, address: str = HERE) -> str:
    return log_in(desk.database, email, password, address, desk.clock())


def try_wrong(desk: DeskAtWork, times: int, email: str = ANNA, address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(WrongLogin):
            enter(desk, email, "wrong", address)


def test_the_right_password_opens_a_session_of_that_technician(desk: DeskAtWork) -> None:
    with desk.database.read() as connection:
        anna = load_staff(connection).technicians[ANNA].id
    first, second = enter(desk), enter(desk, " ANNA@Example.com ")
    assert first != second
    assert current_technician(desk.database, first, desk.clock()) == anna
    log_out(desk.database, first)
    assert current_technician(desk.database, first, desk.clock()) is None
    assert current_technician(desk.database, second, desk.clock()) == anna
    assert current_technician(desk.database, "made up", desk.clock()) is None


def test_the_session_s_secret_is_not_in_the_database(desk: DeskAtWork) -> None:
    secret = enter(desk)
    with desk.database.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM console_sessions").all()
    assert secret not in row


@pytest.mark.parametrize("email", [ANNA, "nobody@example.com", "carl@example.com", "", "\udcff"])
def test_known_unknown_and_disabled_accounts_are_refused_alike(desk: DeskAtWork, email: str) -> None:
    with pytest.raises(WrongLogin) as refused:
        enter(desk, email, PASSWORD if email != ANNA else "wrong")
    assert str(refused.value) == ""


def test_five_wrong_tries_stop_even_the_right_password_from_that_network(desk: DeskAtWork) -> None:
    try_wrong(desk, 5)
    desk.clock.advance(minutes=1)
    with pytest.raises(TooManyTries) as refused:
        enter(desk)
    assert refused.value.retry_after == 4 * 60 + 1
    enter(desk, address=ELSEWHERE)
    enter(desk, "ben@example.com")
    desk.clock.advance(seconds=refused.value.retry_after)
    enter(desk)


def test_four_wrong_tries_are_forgiven(desk: DeskAtWork) -> None:
    try_wrong(desk, 4)
    enter(desk)


def test_unknown_accounts_are_limited_alike(desk: DeskAtWork) -> None:
    try_wrong(desk, 5, "nobody@example.com")
    with pytest.raises(TooManyTries):
        enter(desk, "Nobody@example.com", "wrong")


def test_another_spelling_of_the_account_or_a_neighbour_s_address_is_no_way_around(desk: DeskAtWork) -> None:
    try_wrong(desk, 5, address="2001:db8::1")
    with pytest.raises(TooManyTries):
        enter(desk, " ANNA@EXAMPLE.COM", address="2001:db8::2")


def test_one_network_cannot_try_many_accounts(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "MOST_PER_NETWORK", 6)
    for number in range(6):
        try_wrong(desk, 1, f"nobody{number}@example.com")
    with pytest.raises(TooManyTries):
        enter(desk)
    enter(desk, address=ELSEWHERE)


def test_a_session_ends_after_half_an_hour_idle_or_twelve_hours(desk: DeskAtWork) -> None:
    idle, used = enter(desk), enter(desk)
    for _ in range(24):
        desk.clock.advance(minutes=29)
        assert current_technician(desk.database, used, desk.clock())
    desk.clock.advance(minutes=24)
    assert current_technician(desk.database, idle, desk.clock()) is None
    assert current_technician(desk.database, used, desk.clock()) is None


def test_an_unused_session_is_over_after_thirty_minutes(desk: DeskAtWork) -> None:
    session = enter(desk)
    desk.clock.advance(minutes=30)
    assert current_technician(desk.database, session, desk.clock()) is None


def test_a_broken_hash_is_a_wrong_log_in(desk: DeskAtWork) -> None:
    desk.database.write(lambda connection: set_password_hash(connection, ANNA, "not a hash"))
    try_wrong(desk, 1)


def test_passwords_are_kept_as_argon2id_with_our_costs() -> None:
    one, two = hashed_password(PASSWORD), hashed_password(PASSWORD)
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != two


@pytest.mark.parametrize("password", ["", "x" * 9, "x" * 1025])
def test_passwords_that_are_too_short_or_too_long_are_refused(password: str) -> None:
    with pytest.raises(ValueError, match="10 to 1024 characters"):
        hashed_password(password)


def test_an_endless_password_is_only_wrong(desk: DeskAtWork) -> None:
    with pytest.raises(WrongLogin):
        enter(desk, password="x" * 1_000_000)
