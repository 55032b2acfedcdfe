"""Rates: counted for all processes in Redis, and in memory when Redis is not there."""

import secrets

import pytest
import redis
from limits import parse

from app.limits import Rates
from app.settings import ci
from tests.live_server import free_port

THREE = parse("3/minute")
REDIS = "redis://127.0.0.1:6379/0"


@pytest.fixture
def redis_url() -> str:
    """The test machine's Redis; each test counts under a name of its own, which ends within a minute."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=3).ping()
    except redis.ConnectionError as error:
        if ci():
            pytest.fail(f"no Redis on 127.0.0.1:6379: {error}")
        pytest.skip(f"no Redis on 127.0.0.1:6379: {error}")
    return REDIS


def refused(processes: list[Rates]) -> list[bool]:
    """Which of six hits by one client, spread over the processes, were one too many."""
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


def test_who_is_refused_is_told_how_long_to_wait() -> None:
    rates = Rates("")
    waits = [rates.retry_after(THREE, "test", "x") for _ in range(4)]
    assert waits[:3] == [None] * 3
    assert waits[3] is not None
    assert 1 <= waits[3] <= 61
