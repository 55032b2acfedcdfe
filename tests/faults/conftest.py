"""Servers for the fault tests: SQLite alone, or PostgreSQL and Redis with two hosts; and one server for all faults."""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from tests.faults.hosts import Hosts
from tests.faults.vendor_cases import Seen, every_case
from tests.own_redis import OwnRedis


@pytest.fixture
def postgresql_url(postgresql_url: str) -> Iterator[str]:
    """An empty PostgreSQL database for this test only, which runs alone there: the machine's server has 100
    connections, and several hosts in each of two tests at once want more."""
    with Path(gettempdir(), "handbell-tests-postgresql.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield postgresql_url


@pytest.fixture(scope="package")
def every_vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hosts, Seen]]:
    """All cases, submitted at once, with the observed state of each."""
    with every_case(tmp_path_factory.mktemp("vendors")) as started:
        yield started


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.redis])])
def servers(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Arguments for `running`: one host and SQLite, or two hosts with PostgreSQL and Redis."""
    if request.param == "sqlite":
        return {}
    own: OwnRedis = request.getfixturevalue("own_redis")
    return {"database_url": request.getfixturevalue("postgresql_url"), "hosts": 2, "HANDBELL_REDIS_URL": own.url}
