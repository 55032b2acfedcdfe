"""The second factor: a code counts once, guessing is limited per account, and its owner still gets in."""

import hashlib
import os
import threading
from datetime import timedelta

import pytest
from argon2.low_level import Type, hash_secret_raw

from app.actions import recovery_codes
from app.actions.log_in import PENDING_LIFE, awaited_technician, current_session, log_in, prove
from app.actions.recovery_codes import kept_codes
from app.actions.second_factor import (
    OFFER_LIFE,
    AlreadyOn,
    NotPending,
    Offer,
    Stale,
    WrongCode,
    enter_code,
    forget,
    offer,
    offered,
    renew_recovery_codes,
    set_up,
    turn_off,
)
from app.actions.tries import TooManyTries, WrongLogin
from app.keys.seal import Sealer
from app.store.account import account, recovery_codes_left, replace_recovery_codes
from app.store.audit import acts
from app.store.staff import load_staff, set_technician_disabled
from tests.actions.authenticator import Authenticator
from tests.actions.desk import DeskAtWork
from tests.conftest import PASSWORD, REAL_COST

HOME, ELSEWHERE, ANNA = "192.0.2.7", "198.51.100.9", "anna@example.com"
SEALER = Sealer([os.urandom(32)])


class Phone:
    """Anna's telephone with the app, and her recovery codes."""

    def __init__(self, desk: DeskAtWork) -> None:
        self.desk = desk
        with desk.database.read() as connection:
            self.anna = load_staff(connection).technicians[ANNA].id
        self.offer = offer(SEALER, self.anna, ANNA, now=desk.clock())
        self.app = Authenticator(self.offer.secret)

    def turn_on(self, keep: str = "") -> None:
        proof = prove(self.desk.database, ANNA, PASSWORD, HOME, now=self.desk.clock())
        now = self.desk.clock()
        set_up(self.desk.database, self.offer, proof, self.app.code(now), lambda _: SEALER, SEALER, keep, now=now)

    def begin(self, address: str = HOME) -> str:
        """Log in with the right password; returns the pending session's secret."""
        return log_in(self.desk.database, ANNA, PASSWORD, address, now=self.desk.clock())

    def enter(self, pending: str, code: str, address: str = HOME) -> str:
        return enter_code(self.desk.database, pending, code, address, SEALER, now=self.desk.clock()).secret

    def guess(self, address: str) -> None:
        with pytest.raises(WrongCode):
            self.enter(self.begin(address), self.app.wrong_code(self.desk.clock()), address)

    def who(self, session: str) -> int | None:
        found = current_session(self.desk.database, session, now=self.desk.clock())
        return found.technician_id if found else None

    @property
    def code(self) -> str:
        return self.app.code(self.desk.clock())

    def codes_left(self) -> int:
        with self.desk.database.read() as connection:
            return recovery_codes_left(connection, self.anna)


@pytest.fixture
def phone(desk: DeskAtWork) -> Phone:
    """Anna's telephone; the second factor is on, and its next code is valid."""
    made = Phone(desk)
    made.turn_on()
    desk.clock.advance(seconds=60)
    return made


@pytest.mark.slow
def test_the_password_alone_is_nobody_until_the_code_is_right(phone: Phone, desk: DeskAtWork) -> None:
    pending = phone.begin()
    assert phone.who(pending) is None
    assert awaited_technician(desk.database, pending, now=desk.clock()) == phone.anna
    session = phone.enter(pending, phone.code)
    assert session != pending
    assert phone.who(session) == phone.anna
    assert phone.who(pending) is None
    assert awaited_technician(desk.database, pending, now=desk.clock()) is None
    assert awaited_technician(desk.database, session, now=desk.clock()) is None


def test_without_a_second_factor_log_in_is_one_step(desk: DeskAtWork) -> None:
    session = log_in(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
    assert current_session(desk.database, session, now=desk.clock()) is not None
    assert awaited_technician(desk.database, session, now=desk.clock()) is None
    with pytest.raises(NotPending):
        enter_code(desk.database, session, "000000", HOME, SEALER, now=desk.clock())


@pytest.mark.slow
@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_a_step_off(phone: Phone, desk: DeskAtWork, steps: int) -> None:
    assert phone.who(phone.enter(phone.begin(), phone.app.code(desk.clock(), steps=steps)))


@pytest.mark.slow
@pytest.mark.parametrize("steps", [-2, 2])
def test_a_clock_may_not_be_two_steps_off(phone: Phone, desk: DeskAtWork, steps: int) -> None:
    with pytest.raises(WrongCode):
        phone.enter(phone.begin(), phone.app.code(desk.clock(), steps=steps))


@pytest.mark.slow
def test_a_code_counts_once_and_ends_those_before_it(phone: Phone, desk: DeskAtWork) -> None:
    before, now = phone.app.code(desk.clock(), steps=-1), phone.code
    phone.enter(phone.begin(), now)
    for used in (now, before):
        with pytest.raises(WrongCode):
            phone.enter(phone.begin(), used)
    desk.clock.advance(seconds=30)
    phone.enter(phone.begin(), phone.code)


@pytest.mark.slow
def test_the_code_of_the_set_up_is_used(desk: DeskAtWork) -> None:
    phone = Phone(desk)
    phone.turn_on()
    with pytest.raises(WrongCode):
        phone.enter(phone.begin(), phone.code)


@pytest.mark.slow
@pytest.mark.parametrize("spelled", ["{0} {1}", " {0}{1}\n", "{0}-{1}"])
def test_a_code_may_be_grouped(phone: Phone, spelled: str) -> None:
    assert phone.enter(phone.begin(), spelled.format(phone.code[:3], phone.code[3:]))


@pytest.mark.slow
def test_figures_of_any_script_are_figures(phone: Phone) -> None:
    assert phone.enter(phone.begin(), phone.code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")))


@pytest.mark.slow
@pytest.mark.parametrize("code", ["", "0", "x" * 5000, "\0", "\udcff", "12345", "1234567", "²³¹²³¹", "a" * 16])
def test_what_is_no_code_is_only_wrong(phone: Phone, code: str) -> None:
    with pytest.raises(WrongCode):
        phone.enter(phone.begin(), code)


@pytest.mark.slow
def test_a_pending_session_is_over_after_ten_minutes_and_with_its_owner(phone: Phone, desk: DeskAtWork) -> None:
    late, disabled = phone.begin(), phone.begin()
    desk.clock.advance(seconds=PENDING_LIFE.total_seconds())
    with pytest.raises(NotPending):
        phone.enter(late, phone.code)
    disabled = phone.begin()
    desk.database.write(lambda connection: set_technician_disabled(connection, ANNA, True))
    with pytest.raises(NotPending):
        phone.enter(disabled, phone.code)
    with pytest.raises(NotPending):
        phone.enter("made up", phone.code)


@pytest.mark.slow
def test_each_recovery_code_counts_once_in_any_spelling(phone: Phone) -> None:
    first, second, *_others = phone.offer.codes
    assert phone.who(phone.enter(phone.begin(), first)) == phone.anna
    with pytest.raises(WrongCode):
        phone.enter(phone.begin(), first)
    assert phone.enter(phone.begin(), second.upper().replace("-", " "))
    assert phone.codes_left() == 8


@pytest.mark.slow
def test_recovery_codes_are_somebody_s_own_and_not_kept_as_they_are(phone: Phone, desk: DeskAtWork) -> None:
    with desk.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM recovery_codes").all()
        sealed = connection.exec_driver_sql("SELECT sealed_totp FROM technicians").scalars().all()
    kept = repr(rows) + repr(sealed)
    assert len(rows) == 10
    assert len(set(phone.offer.codes)) == 10
    for code in (*phone.offer.codes, phone.offer.secret):
        assert code not in kept
        assert code.replace("-", "") not in kept


@pytest.mark.slow
def test_recovery_codes_are_kept_under_a_slow_salted_hash(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_codes, "COST", REAL_COST)
    _name, salt, raw = zip(*(row.split(":") for row in kept_codes(phone.offer.codes)), strict=True)
    assert set(_name) == {"argon2id"}
    assert (len(set(salt)), len(set(raw))) == (1, 10)
    letters = phone.offer.codes[0].replace("-", "")
    again = hash_secret_raw(letters.encode(), bytes.fromhex(salt[0]), 2, 19456, 1, 32, Type.ID)
    assert again.hex() in raw
    assert kept_codes(phone.offer.codes)[0].split(":")[1] != salt[0]


def test_what_is_kept_of_recovery_codes_are_their_hashes(phone: Phone, desk: DeskAtWork) -> None:
    with desk.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT code_hash FROM recovery_codes").scalars().all()
    salt = bytes.fromhex(kept[0].split(":")[1])
    assert set(kept) == {recovery_codes._slow_hash(code.replace("-", ""), salt) for code in phone.offer.codes}


@pytest.mark.slow
def test_codes_that_an_older_version_kept_stay_good(phone: Phone, desk: DeskAtWork) -> None:
    plain = hashlib.sha256(f"{phone.anna} abcdefghijklmnop".encode()).hexdigest()
    desk.database.write(lambda connection: replace_recovery_codes(connection, phone.anna, [plain]))
    assert phone.who(phone.enter(phone.begin(), "abcd-efgh-ijkl-mnop")) == phone.anna
    with pytest.raises(WrongCode):
        phone.enter(phone.begin(), "abcd-efgh-ijkl-mnop")


@pytest.mark.slow
def test_one_code_at_the_same_time_lets_one_in(phone: Phone) -> None:
    pending = [phone.begin() for _ in range(6)]
    code, entered, gate = phone.code, [], threading.Barrier(6)

    def enter(session: str) -> None:
        gate.wait()
        try:
            entered.append(phone.enter(session, code))
        except (WrongCode, TooManyTries):
            return

    threads = [threading.Thread(target=enter, args=(session,)) for session in pending]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 1


@pytest.mark.slow
def test_five_wrong_codes_have_to_wait_even_with_a_right_one(phone: Phone, desk: DeskAtWork) -> None:
    for _ in range(5):
        phone.guess(HOME)
    pending = phone.begin()
    for code in (phone.code, phone.offer.codes[0]):
        with pytest.raises(TooManyTries) as refused:
            phone.enter(pending, code)
        assert 0 < refused.value.retry_after <= 301
    desk.clock.advance(minutes=5, seconds=1)
    assert phone.enter(phone.begin(), phone.code)


@pytest.mark.slow
def test_wrong_codes_at_the_same_time_are_no_more_than_five(phone: Phone, desk: DeskAtWork) -> None:
    pending, wrong = [phone.begin() for _ in range(12)], phone.app.wrong_code(desk.clock())
    gate, outcomes = threading.Barrier(12), []

    def guess(session: str) -> None:
        gate.wait()
        try:
            phone.enter(session, wrong)
        except (WrongCode, TooManyTries) as outcome:
            outcomes.append(type(outcome))

    threads = [threading.Thread(target=guess, args=(session,)) for session in pending]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(WrongCode), outcomes.count(TooManyTries)) == (5, 7)


@pytest.mark.slow
def test_strangers_with_the_password_guess_ten_codes_an_hour_and_the_owner_still_gets_in(
    phone: Phone, desk: DeskAtWork
) -> None:
    phone.enter(phone.begin(), phone.code)  # from home, which is a known network from now on
    desk.clock.advance(seconds=30)
    for number in range(10):
        phone.guess(f"203.0.113.{number}")
    with pytest.raises(TooManyTries) as refused:
        phone.enter(phone.begin("203.0.113.99"), phone.code, "203.0.113.99")
    assert refused.value.retry_after <= 3601
    assert phone.who(phone.enter(phone.begin(ELSEWHERE), phone.offer.codes[0], ELSEWHERE)) == phone.anna
    assert phone.who(phone.enter(phone.begin(HOME), phone.code)) == phone.anna
    desk.clock.advance(minutes=60, seconds=1)
    assert phone.enter(phone.begin("203.0.113.99"), phone.code, "203.0.113.99")


@pytest.mark.slow
def test_the_owner_is_told_of_wrong_codes_from_elsewhere(phone: Phone, desk: DeskAtWork) -> None:
    phone.guess(HOME)
    phone.guess(ELSEWHERE)
    phone.guess(ELSEWHERE)
    entered = enter_code(desk.database, phone.begin(), phone.code, HOME, SEALER, now=desk.clock())
    assert entered.wrong_elsewhere == 2


@pytest.mark.slow
def test_turning_it_on_needs_the_password_and_a_code_of_the_new_app(desk: DeskAtWork) -> None:
    phone, now = Phone(desk), desk.clock()
    kept = log_in(desk.database, ANNA, PASSWORD, HOME, now=now)
    other = log_in(desk.database, ANNA, PASSWORD, HOME, now=now)
    proof = prove(desk.database, ANNA, PASSWORD, HOME, now=now)
    with pytest.raises(WrongCode):
        set_up(desk.database, phone.offer, proof, phone.app.wrong_code(now), lambda _: SEALER, SEALER, kept, now=now)
    assert phone.who(phone.begin()) == phone.anna
    phone.turn_on(keep=kept)
    assert phone.who(kept) == phone.anna
    assert phone.who(other) is None
    assert phone.codes_left() == 10


@pytest.mark.slow
def test_sent_twice_it_is_turned_on_once(desk: DeskAtWork) -> None:
    phone = Phone(desk)
    phone.turn_on()
    phone.turn_on()
    with desk.database.read() as connection:
        assert len(acts(connection, act="second_factor.set_up")) == 1
    another = Phone(desk)
    with pytest.raises(AlreadyOn):
        another.turn_on()
    desk.clock.advance(seconds=30)
    assert phone.enter(phone.begin(), phone.code)


def test_an_offer_is_for_one_person_and_half_an_hour(desk: DeskAtWork) -> None:
    phone, now = Phone(desk), desk.clock()
    made = phone.offer

    def brought_back(sealed: str, who: int, later: timedelta = timedelta()) -> Offer:
        return offered(SEALER, sealed, who, ANNA, now=now + later)

    assert brought_back(made.sealed, phone.anna, OFFER_LIFE) == made
    for sealed, who, later in (
        (made.sealed, phone.anna + 1, timedelta()),
        (made.sealed, phone.anna, OFFER_LIFE + timedelta(seconds=1)),
        (made.sealed[:-4], phone.anna, timedelta()),
        (SEALER.seal("[]"), phone.anna, timedelta()),
        (SEALER.seal("x"), phone.anna, timedelta()),
        ("é", phone.anna, timedelta()),
        ("", phone.anna, timedelta()),
    ):
        with pytest.raises(Stale):
            brought_back(sealed, who, later)
    for secret in (made.secret, *made.codes):
        assert secret not in made.sealed


@pytest.mark.slow
def test_it_is_turned_off_with_password_and_code(phone: Phone, desk: DeskAtWork) -> None:
    def off(code: str) -> None:
        proof = prove(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
        turn_off(desk.database, proof, code, HOME, SEALER, now=desk.clock())

    with pytest.raises(WrongCode):
        off(phone.app.wrong_code(desk.clock()))
    off(phone.code)
    assert phone.who(phone.begin()) == phone.anna
    assert phone.codes_left() == 0
    with pytest.raises(WrongCode):
        off(phone.code)


@pytest.mark.slow
def test_new_recovery_codes_replace_the_old_ones(phone: Phone, desk: DeskAtWork) -> None:
    proof = prove(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
    fresh = renew_recovery_codes(desk.database, proof, phone.offer.codes[0], HOME, SEALER, now=desk.clock())
    assert len(set(fresh)) == 10
    with pytest.raises(WrongCode):
        phone.enter(phone.begin(), phone.offer.codes[1])
    assert phone.enter(phone.begin(), fresh[0])


@pytest.mark.slow
def test_wrong_codes_beside_the_right_password_are_limited_on_the_account_page_too(
    phone: Phone, desk: DeskAtWork
) -> None:
    def off(code: str) -> None:
        proof = prove(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
        turn_off(desk.database, proof, code, HOME, SEALER, now=desk.clock())

    for _ in range(5):
        with pytest.raises(WrongCode):
            off(phone.app.wrong_code(desk.clock()))
    with pytest.raises(TooManyTries):
        off(phone.code)


@pytest.mark.slow
def test_an_administrator_makes_somebody_forget_it(phone: Phone, desk: DeskAtWork) -> None:
    assert desk.database.write(lambda connection: forget(connection, phone.anna))
    assert not desk.database.write(lambda connection: forget(connection, phone.anna))
    assert phone.who(phone.begin()) == phone.anna
    assert phone.codes_left() == 0


@pytest.mark.slow
def test_a_factor_that_no_key_opens_still_lets_a_recovery_code_in(phone: Phone, desk: DeskAtWork) -> None:
    lost = Sealer([os.urandom(32)])
    with pytest.raises(WrongCode):
        enter_code(desk.database, phone.begin(), phone.code, HOME, lost, now=desk.clock())
    entered = enter_code(desk.database, phone.begin(), phone.offer.codes[0], HOME, lost, now=desk.clock())
    assert phone.who(entered.secret) == phone.anna


@pytest.mark.slow
def test_every_act_is_in_the_audit_log_without_a_secret(phone: Phone, desk: DeskAtWork) -> None:
    proof = prove(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
    fresh = renew_recovery_codes(desk.database, proof, phone.offer.codes[0], HOME, SEALER, now=desk.clock())
    proof = prove(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
    turn_off(desk.database, proof, fresh[0], HOME, SEALER, now=desk.clock())
    with desk.database.read() as connection:
        found = acts(connection)
        assert account(connection, phone.anna).sealed_totp is None  # type: ignore[union-attr]
    assert [(act.act, act.who, act.about) for act in found] == [
        ("second_factor.turned_off", phone.anna, ANNA),
        ("recovery_codes.renewed", phone.anna, ANNA),
        ("second_factor.set_up", phone.anna, ANNA),
    ]
    assert not any(act.detail for act in found)


@pytest.mark.slow
def test_a_new_password_meanwhile_makes_a_proof_worthless(phone: Phone, desk: DeskAtWork) -> None:
    from app.store.staff import set_password_hash

    proof = prove(desk.database, ANNA, PASSWORD, HOME, now=desk.clock())
    desk.database.write(lambda connection: set_password_hash(connection, ANNA, "another"))
    with pytest.raises(WrongLogin):
        turn_off(desk.database, proof, phone.code, HOME, SEALER, now=desk.clock())
