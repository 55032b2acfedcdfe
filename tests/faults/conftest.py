"""Servers for the fault tests: SQLite alone, or PostgreSQL and Redis with two hosts; and one server for all faults."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.hosts import Hosts
from tests.faults.vendor_cases import Seen, every_case
from tests.own_redis import OwnRedis


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make lanes for `--dist loadgroup`. One has all that needs the machine's PostgreSQL, whose 100 connections are not
    enough for two; tests with servers of their own name their lane."""
    for item in items:
        if Path(__file__).parent not in item.path.parents:
            continue
        needs_postgresql = item.get_closest_marker("postgres") is not None
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("postgresql" if needs_postgresql else "sqlite"))
        if needs_postgresql:
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["too many clients"]))


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
