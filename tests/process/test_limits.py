"""Rates: always counted in memory, and in Redis for all processes; losing Redis resets no client."""

import secrets
import threading
import time

import pytest
import redis
from limits import parse

from app.core.client import WIDER
from app.process import limits
from app.process.limits import Rates, site_rate
from app.settings import ci
from tests.live_server import free_port
from tests.own_redis import OwnRedis

THREE = parse("3/minute")
REDIS = "redis://127.0.0.1:6379/0"


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """The test machine's Redis, or none; each test counts under its own name, which expires within a minute."""
    if getattr(request, "param", REDIS) == "":
        return ""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except redis.ConnectionError as error:
        if ci():
            pytest.fail(f"no Redis on 127.0.0.1:6379: {error}")
        pytest.skip(f"no Redis on 127.0.0.1:6379: {error}")
    return REDIS


@pytest.fixture
def patient_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask Redis again at once after a failure."""
    monkeypatch.setattr(limits, "_REDIS_PAUSE", 0.0)


def refused(processes: list[Rates]) -> list[bool]:
    """Which of six hits by one client, spread over the processes, were refused."""
    who = secrets.token_hex(8)
    return [processes[hit % len(processes)].retry_after(THREE, "test", who) is not None for hit in range(6)]


@pytest.mark.redis
def test_two_processes_share_one_count_in_redis(redis_url: str) -> None:
    assert refused([Rates(redis_url), Rates(redis_url)]) == [False] * 3 + [True] * 3


def test_without_redis_each_process_counts_for_itself() -> None:
    assert refused([Rates("")]) == [False] * 3 + [True] * 3
    assert refused([Rates(""), Rates("")]) == [False] * 6


def test_when_redis_is_away_memory_counts_and_nobody_gets_past_for_free() -> None:
    assert refused([Rates(f"redis://127.0.0.1:{free_port()}/0")]) == [False] * 3 + [True] * 3


def hits(rates: Rates, who: str, times: int) -> list[bool]:
    """Which of `times` hits of one client were refused."""
    return [rates.retry_after(THREE, "test", who) is not None for _ in range(times)]


@pytest.mark.parametrize("redis_url", ["", pytest.param(REDIS, marks=pytest.mark.redis)], indirect=True)
def test_an_ipv6_48_has_ten_times_the_amount_of_one_client(redis_url: str) -> None:
    one, who = Rates(redis_url), secrets.token_hex(8)
    processes = (one, Rates(redis_url) if redis_url else one)

    def passes(number: int, address: str) -> bool:
        return processes[number % 2].client_retry_after(THREE, address, "test", who) is None

    assert [passes(number, f"2001:db8:1:1::{number}") for number in range(6)] == [True] * 3 + [False] * 3
    others = [passes(number, f"2001:db8:1:{number:x}::1") for number in range(16, 46)]
    assert others == [True] * 27 + [False] * 3, "hits that were refused count for nothing"
    assert passes(0, "2001:db8:2::1")
    assert [passes(number, "192.0.2.7") for number in range(4)] == [True] * 3 + [False]


@pytest.mark.redis
def test_killed_in_the_middle_of_a_window_nobody_gets_a_fresh_start(own_redis: OwnRedis) -> None:
    rates = Rates(own_redis.url)
    assert hits(rates, "x", 2) == [False, False]
    own_redis.kill()
    assert hits(rates, "x", 3) == [False, True, True]


@pytest.mark.redis
def test_flushed_in_the_middle_of_a_window_nobody_gets_a_fresh_start(own_redis: OwnRedis) -> None:
    rates = Rates(own_redis.url)
    assert hits(rates, "x", 2) == [False, False]
    own_redis.flush()
    assert hits(rates, "x", 3) == [False, True, True]


@pytest.mark.redis
def test_flushed_after_a_refusal_the_refusal_stands(own_redis: OwnRedis) -> None:
    first, second = Rates(own_redis.url), Rates(own_redis.url)
    assert hits(first, "x", 3) == [False] * 3
    assert hits(second, "x", 1) == [True]
    own_redis.flush()
    assert hits(second, "x", 1) == [True]
    assert own_redis.keys() == 0, "what is known to be over is not asked about again"


@pytest.mark.redis
@pytest.mark.usefixtures("patient_redis")
def test_a_redis_that_comes_back_empty_is_used_again_and_gives_nobody_a_fresh_start(own_redis: OwnRedis) -> None:
    rates = Rates(own_redis.url)
    assert hits(rates, "x", 2) == [False, False]
    own_redis.kill()
    assert hits(rates, "x", 1) == [False]
    own_redis.start()
    assert hits(rates, "x", 2) == [True, True]
    assert refused([rates, Rates(own_redis.url)]) == [False] * 3 + [True] * 3
    assert own_redis.keys() > 0


@pytest.mark.redis
def test_many_threads_at_once_pass_no_more_than_the_limit_while_redis_dies(own_redis: OwnRedis) -> None:
    rates = Rates(own_redis.url)
    together, dead = threading.Barrier(8), threading.Event()
    passed: list[None] = []

    def client(number: int) -> None:
        together.wait()
        for hit in range(40):
            if number == 0 and hit == 3:
                own_redis.kill()
                dead.set()
            if rates.retry_after(parse("100/minute"), "test", "x") is None:
                passed.append(None)
        dead.wait()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < len(passed) <= 100


def test_a_window_that_is_over_is_over_whoever_closed_it() -> None:
    windows = limits._Windows()
    assert [windows.hit("x", 1, 60) is None for _ in range(3)] == [True, False, False]
    windows.close("x", 1, -1)
    assert windows.left("x", 1) is None
    assert windows.hit("x", 1, 60) is None


@pytest.mark.redis
def test_who_counts_alone_knows_it(own_redis: OwnRedis, patient_redis: None) -> None:
    assert Rates("").alone
    rates = Rates(own_redis.url)
    assert rates.retry_after(THREE, "test", "x") is None
    assert not rates.alone
    own_redis.kill()
    rates.retry_after(THREE, "test", "x")
    assert rates.alone
    own_redis.start()
    rates.retry_after(THREE, "test", "x")
    assert not rates.alone


def test_windows_that_are_over_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = limits._Windows()
    for number in range(50):
        windows.close(str(number), 1, -1)
    windows.close("x", 1, 60)
    monkeypatch.setattr(windows, "_sweep_at", time.monotonic())
    windows.hit("y", 1, 60)
    assert sorted(windows._windows) == ["x", "y"]


def test_a_full_ipv6_48_begins_no_windows_for_its_other_clients() -> None:
    """The owner of a /48 has 65,536 clients; each window takes memory until it ends."""
    rates = Rates("")
    for number in range(100):
        rates.client_retry_after(THREE, f"2001:db8:0:{number:x}::1", "test")
    assert len(rates._seen._windows) == 1 + 3 * WIDER


def test_a_site_s_rate_is_for_one_second() -> None:
    rates, rate = Rates(""), site_rate(2)
    assert (rate.amount, rate.get_expiry()) == (2, 1)
    assert site_rate(2) is rate
    assert [rates.retry_after(rate, "site", "x") for _ in range(3)][2] == 1
    assert rates.retry_after(rate, "site", "y") is None
    with pytest.raises(ValueError, match="at least 1"):
        site_rate(0)


def test_who_is_refused_is_told_how_long_to_wait() -> None:
    rates = Rates("")
    waits = [rates.retry_after(THREE, "test", "x") for _ in range(4)]
    assert waits[:3] == [None] * 3
    assert waits[3] is not None
    assert 1 <= waits[3] <= 61
