"""Password checks: at most ten a second on the whole host, with a share for the owner's network."""

import math
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from flask import Flask

from app.actions import log_in as log_in_action
from app.actions.log_in import log_in
from app.actions.tries import Busy, WrongLogin
from app.process.limits import CHECKS_A_SECOND, Rates, Turns
from app.process.running import Running
from tests.conftest import PASSWORD
from tests.live_server import free_port
from tests.own_redis import OwnRedis

ANNA, HOME = "anna@example.com", "192.0.2.7"


def flood(processes: list[Turns], seconds: float, *, familiar: bool = False) -> tuple[int, float]:
    """The number of turns that four threads per process got by asking continuously, and the seconds this took."""
    began = time.monotonic()

    def ask(turns: Turns) -> int:
        given = 0
        while time.monotonic() < began + seconds:
            given += turns.take(familiar) is None
        return given

    with ThreadPoolExecutor(4 * len(processes)) as pool:
        given = sum(pool.map(ask, [turns for turns in processes for _ in range(4)]))
    return given, time.monotonic() - began


def most(rate: int, seconds: float) -> int:
    """The most turns in `seconds` at `rate` per second."""
    return rate * math.ceil(seconds)


@pytest.mark.parametrize("processes", [1, 2, 3, 8, 16])
def test_without_redis_each_process_keeps_to_its_share(processes: int) -> None:
    given, took = flood([Turns(Rates(""), processes, 2) for _ in range(processes)], 2.2, familiar=True)
    # With more than ten processes, each has one turn per longer period: ten a second on average.
    share, window = max(1, CHECKS_A_SECOND // processes), max(1.0, processes / CHECKS_A_SECOND)
    assert 0 < given <= processes * share * (math.floor(took / window) + 1)


def test_strangers_get_eight_of_ten() -> None:
    turns = Turns(Rates(""), 1, 2)
    given, took = flood([turns], 1.5)
    assert 8 <= given <= most(8, took)
    assert turns.take(familiar=True) is None


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_a_familiar_network_need_not_wait_behind_strangers(processes: int) -> None:
    turns = Turns(Rates(""), processes, 2)
    while turns._seconds_left(familiar=False) is None:
        """Strangers take all that they may have."""
    assert turns._seconds_left(familiar=True) is None


def test_who_finds_no_place_to_wait_is_sent_away_at_once() -> None:
    turns = Turns(Rates(""), 10, 1)
    assert turns.take(familiar=True) is None
    inside = threading.Thread(target=turns.take, args=(True,))
    inside.start()
    while turns._places[True]._value:
        os.sched_yield()
    # The waiting call gets the next turn: this refusal came without waiting.
    assert turns.take(familiar=True) == 1
    inside.join()


@pytest.mark.redis
def test_with_redis_all_processes_share_ten(own_redis: OwnRedis) -> None:
    given, took = flood([Turns(Rates(own_redis.url), 4, 2) for _ in range(4)], 2.5)
    assert 8 <= given <= most(8, took)


def test_a_redis_that_is_away_is_as_none() -> None:
    turns = Turns(Rates(f"redis://127.0.0.1:{free_port()}/0"), 2, 2)
    assert turns.take(familiar=False) is None
    given, took = flood([turns], 1.5)
    assert given <= most(5, took)


class Watched:
    """The real hasher, which counts."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self.checked = 0

    def verify(self, hashed: str, password: bytes) -> bool:
        self.checked += 1
        return self._hasher.verify(hashed, password)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Counts the hashes that the log-in verifies."""
    hasher = Watched(log_in_action._hasher)
    monkeypatch.setattr(log_in_action, "_hasher", hasher)
    return hasher


def outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except WrongLogin:
        return "wrong"
    except Busy:
        return "busy"
    return "in"


def test_a_thousand_wrong_log_ins_leave_room_for_the_owner(app_on_both: Flask, watched: Watched) -> None:
    here: Running = app_on_both.extensions["handbell"]
    now = here.clock()

    def enter(address: str, password: str, email: str = ANNA) -> str:
        return outcome(lambda: log_in(here.database, email, password, address, now=now, turns=here.log_in_turns))

    def guess(number: int) -> str:
        """Each account's own limit of strangers is not reached."""
        return enter(f"2001:db8:{number:x}::1", "wrong-password", f"nobody{number % 100}@example.com")

    assert enter(HOME, PASSWORD) == "in"
    began = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        wrong = [pool.submit(guess, number) for number in range(1000)]
        owner = [enter(HOME, PASSWORD) for _ in range(3)]
        outcomes = [each.result() for each in wrong]
    took = time.monotonic() - began
    assert owner == ["in"] * 3
    assert set(outcomes) <= {"wrong", "busy"}
    assert watched.checked <= 1 + most(CHECKS_A_SECOND, took)
