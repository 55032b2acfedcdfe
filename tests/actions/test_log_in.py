"""Technicians' log-in: wrong tries are limited without locking the true owner out."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, event

from app.actions import log_in as log_in_action
from app.actions import tries
from app.actions.log_in import current_session, hashed_password, log_in, log_out, prove, proven
from app.actions.privacy import prune
from app.actions.tries import Busy, TooManyTries, WrongLogin
from app.store.console_sessions import sessions_of
from app.store.log_in_tries import know_network
from app.store.staff import load_staff, set_password_hash, set_technician_disabled
from tests.actions.desk import DeskAtWork
from tests.conftest import PASSWORD

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"
ANNA = "anna@example.com"


def enter(desk: DeskAtWork, email: str = ANNA, password: str = PASSWORD, address: str = HERE) -> str:
    return log_in(desk.database, email, password, address, now=desk.clock())


def try_wrong(desk: DeskAtWork, times: int, email: str = ANNA, address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(WrongLogin):
            enter(desk, email, "wrong", address)


def test_the_right_password_opens_a_session_of_that_technician(desk: DeskAtWork) -> None:
    with desk.database.read() as connection:
        anna = load_staff(connection).technicians[ANNA].id
    first, second = enter(desk), enter(desk, " ANNA@Example.com ")
    assert first != second
    found = current_session(desk.database, first, now=desk.clock())
    assert found
    assert (found.technician_id, found.confirmed_at) == (anna, desk.clock())
    log_out(desk.database, first)
    assert current_session(desk.database, first, now=desk.clock()) is None
    assert current_session(desk.database, second, now=desk.clock()) is not None
    assert current_session(desk.database, "made up", now=desk.clock()) is None


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


@pytest.mark.slow
def test_unknown_accounts_are_limited_alike(desk: DeskAtWork) -> None:
    try_wrong(desk, 5, "nobody@example.com")
    with pytest.raises(TooManyTries):
        enter(desk, "Nobody@example.com", "wrong")


def test_another_spelling_of_the_account_or_a_neighbour_s_address_is_no_way_around(desk: DeskAtWork) -> None:
    try_wrong(desk, 5, address="2001:db8::1")
    with pytest.raises(TooManyTries):
        enter(desk, " ANNA@EXAMPLE.COM", address="2001:db8::2")


@pytest.mark.slow
def test_one_network_cannot_try_many_accounts(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "MOST_PER_NETWORK", 6)
    for number in range(6):
        try_wrong(desk, 1, f"nobody{number}@example.com")
    with pytest.raises(TooManyTries):
        enter(desk)
    enter(desk, address=ELSEWHERE)


def test_one_48_has_ten_times_the_tries_of_one_network(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "MOST_PER_ACCOUNT", 1)
    for number in range(10):
        try_wrong(desk, 1, address=f"2001:db8:1:{number:x}::1")
    with pytest.raises(TooManyTries):
        enter(desk, address="2001:db8:1:ffff::1")
    enter(desk, "ben@example.com", address="2001:db8:1:ffff::1")
    enter(desk, address="2001:db8:2::1")


@pytest.mark.slow
def test_one_48_cannot_try_many_accounts(desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "MOST_PER_NETWORK", 1)
    for number in range(10):
        try_wrong(desk, 1, f"nobody{number}@example.com", f"2001:db8:1:{number:x}::1")
    with pytest.raises(TooManyTries):
        enter(desk, address="2001:db8:1:ffff::1")
    enter(desk, address="2001:db8:2::1")


@pytest.mark.slow
def test_neighbours_in_its_48_do_not_lock_an_owner_out_of_a_known_network(
    desk: DeskAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tries, "MOST_PER_ACCOUNT", 1)
    enter(desk, address="2001:db8:1:aaaa::1")
    for number in range(10):
        try_wrong(desk, 1, address=f"2001:db8:1:{number:x}::1")
    enter(desk, address="2001:db8:1:aaaa::2")
    try_wrong(desk, 1, address="2001:db8:1:aaaa::3")
    with pytest.raises(TooManyTries):
        enter(desk, address="2001:db8:1:aaaa::1")


def strangers_try(desk: DeskAtWork, email: str = ANNA) -> int:
    """How many wrong passwords are looked at from forty networks, each of which tries once."""
    looked_at = 0
    for number in range(40):
        try:
            enter(desk, email, "wrong", f"203.0.113.{number}")
        except TooManyTries:
            continue
        except WrongLogin:
            looked_at += 1
    return looked_at


@pytest.mark.slow
def test_strangers_try_twenty_passwords_an_hour_on_one_account_and_its_owner_gets_in_from_home(
    desk: DeskAtWork,
) -> None:
    enter(desk, address=HERE)
    assert strangers_try(desk) == 20
    desk.clock.advance(minutes=20)
    with pytest.raises(TooManyTries) as refused:
        enter(desk, address=ELSEWHERE)
    assert refused.value.retry_after == 40 * 60 + 1
    assert current_session(desk.database, enter(desk, address=HERE), now=desk.clock())
    try_wrong(desk, 4, address=HERE)
    enter(desk, address=HERE)
    enter(desk, "ben@example.com", address=ELSEWHERE)
    desk.clock.advance(seconds=refused.value.retry_after)
    enter(desk, address=ELSEWHERE)


@pytest.mark.slow
def test_wrong_passwords_from_home_are_no_strangers(desk: DeskAtWork) -> None:
    enter(desk, address=HERE)
    for _ in range(6):
        try_wrong(desk, 4, address=HERE)
        desk.clock.advance(minutes=5, seconds=1)
    enter(desk, address=ELSEWHERE)


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """What the databases are told meanwhile."""
    told: list[str] = []

    def tell(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told.append(statement)

    event.listen(Engine, "before_cursor_execute", tell)
    try:
        yield told
    finally:
        event.remove(Engine, "before_cursor_execute", tell)


@pytest.mark.slow
def test_known_unknown_and_disabled_accounts_are_guarded_from_strangers_alike(desk: DeskAtWork) -> None:
    enter(desk, address=HERE)
    seen = set()
    for email in (ANNA, "carl@example.com", "nobody@example.com"):
        with statements() as wrong:
            try_wrong(desk, 1, email, ELSEWHERE)
        assert strangers_try(desk, email) == 19
        queue = Queue()
        with statements() as refused, pytest.raises(TooManyTries) as told:
            log_in(desk.database, email, PASSWORD, ELSEWHERE, now=desk.clock(), turns=queue)
        assert queue.asked == [], "it costs no hash"
        seen.add((tuple(wrong), tuple(refused), str(told.value)))
    assert len(seen) == 1


@pytest.mark.slow
def test_strangers_at_the_same_time_are_no_more_than_twenty(desk: DeskAtWork) -> None:
    def guess(number: int) -> bool:
        with contextlib.suppress(TooManyTries):
            try:
                enter(desk, ANNA, "wrong", f"203.0.113.{number}")
            except WrongLogin:
                return True
        return False

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(guess, range(40))) == 20


def test_a_session_ends_after_half_an_hour_idle_or_twelve_hours(desk: DeskAtWork) -> None:
    idle, used = enter(desk), enter(desk)
    for _ in range(24):
        desk.clock.advance(minutes=29)
        assert current_session(desk.database, used, now=desk.clock())
    desk.clock.advance(minutes=24)
    assert current_session(desk.database, idle, now=desk.clock()) is None
    assert current_session(desk.database, used, now=desk.clock()) is None


def test_an_unused_session_is_over_after_thirty_minutes(desk: DeskAtWork) -> None:
    session = enter(desk)
    desk.clock.advance(minutes=30)
    assert current_session(desk.database, session, now=desk.clock()) is None


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


@pytest.mark.slow
def test_a_password_counts_exactly_as_it_was_typed(desk: DeskAtWork) -> None:
    password = f"  Pä ss\N{ZERO WIDTH JOINER}界 {'y' * 1000} "
    hashed = hashed_password(password)
    desk.database.write(lambda connection: set_password_hash(connection, ANNA, hashed))
    decomposed = password.replace("ä", "a\N{COMBINING DIAERESIS}")
    for other in (password.strip(), password.upper(), password[:-2] + " ", decomposed):
        with pytest.raises(WrongLogin):
            enter(desk, password=other)
    assert enter(desk, password=password)


def test_a_password_does_not_age(desk: DeskAtWork) -> None:
    desk.clock.advance(days=3650)
    assert enter(desk)


@pytest.mark.slow
def test_wrong_tries_at_the_same_time_are_no_more_than_five(desk: DeskAtWork) -> None:
    gate, outcomes = threading.Barrier(12), []

    def guess() -> None:
        gate.wait()
        try:
            enter(desk, ANNA, "wrong-password")
        except (WrongLogin, TooManyTries) as outcome:
            outcomes.append(type(outcome))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(WrongLogin), outcomes.count(TooManyTries)) == (5, 7)


def test_a_right_password_is_not_counted_as_a_try(desk: DeskAtWork) -> None:
    try_wrong(desk, 4)
    for _ in range(3):
        enter(desk)
    try_wrong(desk, 1)
    with pytest.raises(TooManyTries):
        enter(desk)


class Queue:
    """Turns that record who asked, and refuse with `wait`."""

    def __init__(self, wait: int | None = None) -> None:
        self.asked: list[bool] = []
        self.wait = wait

    def take(self, familiar: bool) -> int | None:
        self.asked.append(familiar)
        return self.wait


def asks(desk: DeskAtWork, address: str, email: str = ANNA, password: str = PASSWORD) -> bool:
    """Whether this try counts as one from the owner's own network."""
    queue = Queue()
    with contextlib.suppress(WrongLogin):
        log_in(desk.database, email, password, address, now=desk.clock(), turns=queue)
    (asked,) = queue.asked
    return asked


def test_a_network_that_somebody_has_logged_in_from_is_theirs_for_ninety_days(desk: DeskAtWork) -> None:
    assert not asks(desk, HERE, password="wrong")
    assert not asks(desk, HERE)
    assert asks(desk, HERE)
    assert not asks(desk, ELSEWHERE, password="wrong")
    assert not asks(desk, HERE, "ben@example.com", "wrong")
    desk.clock.advance(days=89)
    assert asks(desk, HERE)
    desk.clock.advance(days=89)
    assert asks(desk, HERE)
    desk.clock.advance(days=90)
    assert not asks(desk, HERE, password="wrong")


def test_known_networks_are_pruned(desk: DeskAtWork, tmp_path: Path) -> None:
    def known() -> int:
        prune(desk.database, timedelta(days=30), now=desk.clock())
        with desk.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM known_networks").scalar_one())

    enter(desk)
    desk.clock.advance(days=90)
    assert known() == 1
    desk.clock.advance(seconds=1)
    assert known() == 0


def test_an_account_s_known_networks_are_the_latest_fifty(desk: DeskAtWork) -> None:
    def know(connection: Connection) -> None:
        for number in range(60):
            know_network(connection, "anna", f"192.0.2.{number}", desk.clock() + timedelta(seconds=number))
        know_network(connection, "ben", "192.0.2.1", desk.clock())

    desk.database.write(know)
    with desk.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT network FROM known_networks WHERE account_hash = 'anna'").scalars()
        assert set(rows) == {f"192.0.2.{number}" for number in range(10, 60)}


def test_without_a_turn_nothing_is_checked_or_counted(desk: DeskAtWork) -> None:
    for email, password in ((ANNA, PASSWORD), (ANNA, "wrong"), ("nobody@example.com", "wrong")):
        with pytest.raises(Busy) as refused:
            log_in(desk.database, email, password, HERE, now=desk.clock(), turns=Queue(3))
        assert refused.value.retry_after == 3
    with desk.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM failed_logins").scalar_one() == 0


def test_a_network_with_too_many_wrong_tries_costs_no_turn(desk: DeskAtWork) -> None:
    try_wrong(desk, 5)
    queue = Queue()
    with pytest.raises(TooManyTries):
        log_in(desk.database, ANNA, PASSWORD, HERE, now=desk.clock(), turns=queue)
    assert queue.asked == []


class Watched:
    """The real hasher; records the cost of each hash it verified."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self.costs: list[str] = []

    def verify(self, hashed: str, password: bytes) -> bool:
        self.costs.append(hashed.rsplit("$", 2)[0])
        return self._hasher.verify(hashed, password)


@pytest.mark.slow
@pytest.mark.parametrize("email", [ANNA, "carl@example.com", "nobody@example.com", "x" * 5000, "a\0b@example.com", ""])
def test_whoever_it_is_one_hash_and_one_write_are_made(
    desk: DeskAtWork, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for known in (ANNA, "carl@example.com"):
        costly = partial(set_password_hash, email=known, password_hash=hashed_password(PASSWORD))
        desk.database.write(costly)
    watched, writes = Watched(log_in_action._hasher), []
    monkeypatch.setattr(log_in_action, "_hasher", watched)
    write = desk.database.write

    def counted(job: Callable[[Connection], object]) -> object:
        writes.append(job)
        return write(job)

    monkeypatch.setattr(desk.database, "write", counted)
    with pytest.raises(WrongLogin):
        enter(desk, email, "wrong-password")
    assert watched.costs == ["$argon2id$v=19$m=19456,t=2,p=1"]
    assert len(writes) == 1


def test_a_password_that_changes_while_it_is_checked_opens_nothing(desk: DeskAtWork) -> None:
    proof = prove(desk.database, ANNA, PASSWORD, HERE, now=desk.clock())
    desk.database.write(lambda connection: set_password_hash(connection, ANNA, hashed_password("another-password")))
    assert desk.database.write(lambda connection: proven(connection, proof)) is None


def test_somebody_who_is_disabled_while_the_password_is_checked_does_not_get_in(desk: DeskAtWork) -> None:
    proof = prove(desk.database, ANNA, PASSWORD, HERE, now=desk.clock())
    desk.database.write(lambda connection: set_technician_disabled(connection, ANNA, True))
    assert desk.database.write(lambda connection: proven(connection, proof)) is None


def test_where_a_session_was_begun_is_kept_with_it(desk: DeskAtWork) -> None:
    log_in(desk.database, ANNA, PASSWORD, HERE, now=desk.clock(), user_agent="Firefox/145")
    with desk.database.read() as connection:
        anna = load_staff(connection).technicians[ANNA].id
        (session,) = sessions_of(connection, anna)
    assert (session.address, session.user_agent, session.pending) == (HERE, "Firefox/145", False)


@pytest.mark.parametrize("password", ["Password2026", ANNA, "anna quill"])
def test_common_passwords_and_one_s_own_name_are_refused(password: str) -> None:
    with pytest.raises(ValueError, match="choose another one"):
        hashed_password(password, ANNA, "Anna Quill")
