"""Servers for the fault tests: SQLite alone, or PostgreSQL and Redis with two hosts; and one server for all faults."""

import logging
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.hosts import Hosts
from tests.faults.vendor_cases import Seen, every_case
from tests.own_postgresql import OwnPostgresql, own_postgresql
from tests.own_redis import OwnRedis

for _talkative in ("alembic", "mail.log"):  # their lines would hide the figures of `make faults`
    logging.getLogger(_talkative).setLevel(logging.WARNING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of `every_vendor` in one process, as it takes half a minute (`--dist loadgroup`)."""
    for item in items:
        if "every_vendor" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("every_vendor"))


@pytest.fixture(scope="package")
def roomy_postgresql() -> Iterator[OwnPostgresql]:
    """A server for many hosts: the machine's own has 100 connections, which those of two tests at once may exceed."""
    with own_postgresql(max_connections="500") as server:
        yield server


@pytest.fixture
def postgresql_url(roomy_postgresql: OwnPostgresql) -> str:
    """An empty PostgreSQL database for this test only."""
    name = f"test_{secrets.token_hex(8)}"
    roomy_postgresql.execute(f"CREATE DATABASE {name}")
    return roomy_postgresql.url_of(name)


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
