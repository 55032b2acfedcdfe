"""PostgreSQL stops, dies and fails over under load: nothing acknowledged is lost, and writes go on when it is back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.database import Database
from tests.faults.callers import Callers
from tests.faults.scene import Scene, scene
from tests.own_postgresql import OwnPostgresql, own_postgresql
from tests.profile import PROFILE

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
_STOPPED, _DIED, _ALONE, _FAILED_OVER = "stopped", "died", "standby away", "failed over"


@pytest.fixture
def servers() -> Iterator[tuple[OwnPostgresql, OwnPostgresql]]:
    """A primary and its synchronous standby."""
    with own_postgresql(max_connections="100") as first, first.standby() as second:
        first.set(synchronous_standby_names="standby")
        yield first, second


def away(callers: Callers, drill: str, server: OwnPostgresql, *, crash: bool) -> None:
    """The server is away for a while."""
    with callers.during(drill):
        server.stop("immediate" if crash else "fast")
        callers.notice(PROFILE.database_away)
        server.start()


def test_nothing_is_lost_when_postgresql_stops_dies_and_fails_over(
    tmp_path: Path, servers: tuple[OwnPostgresql, OwnPostgresql]
) -> None:
    first, second = servers
    url = f"postgresql+psycopg://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/handbell"
    with scene(tmp_path, url) as here, here.calls() as callers:
        away(callers, _STOPPED, first, crash=False)
        away(callers, _DIED, first, crash=True)
        with callers.during(_ALONE):
            second.stop()
            callers.notice(PROFILE.database_away)
            second.start()
        numbers = highest(here)
        with callers.during(_FAILED_OVER):
            first.stop("immediate")
            callers.notice(PROFILE.database_away)
            second.execute("ALTER SYSTEM RESET synchronous_standby_names")
            second.promote()
        callers.more(2)
        callers.stop()
        here.outcomes(callers, _STOPPED, _DIED, _ALONE, _FAILED_OVER)
        assert highest(here) > numbers + 10_000
        assert here.hosts.logged("database_moved") == 1
        assert "Traceback" not in here.hosts.logs


def highest(here: Scene) -> int:
    """The highest ticket number."""
    with here.hosts.database() as database:
        return number(database)


def number(database: Database) -> int:
    return int(database.glance("SELECT max(number) FROM tickets")[0])
