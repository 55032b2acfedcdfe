"""On PostgreSQL every host goes by the database's time; on SQLite a jump of the clock is noticed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.process import clock as clocks
from app.process.clock import DatabaseClock, utc_now
from app.store.database import Database
from tests.captured_log import capture_log
from tests.conftest import fill_desk
from tests.pool_at_work import at_work
from tests.waiting import until

SECOND = timedelta(seconds=1)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    return capture_log(monkeypatch, clocks)


def ahead(by: timedelta) -> Callable[[], datetime]:
    return lambda: utc_now() + by


@pytest.mark.parametrize("hours", [-2, 0, 2])
def test_a_host_whose_clock_is_wrong_goes_by_the_databases(database: Database, lines: list[Any], hours: int) -> None:
    wrong = timedelta(hours=hours)
    clock = DatabaseClock(database, ahead(wrong))
    if database.is_sqlite:
        assert abs(clock() - datetime.now(UTC) - wrong) < SECOND
        return
    assert abs(clock() - datetime.now(UTC)) < SECOND
    assert abs(clock.skew - wrong) < SECOND
    assert clock.is_off() is bool(hours)
    assert [line["event"] for line in lines] == ["clock_skewed"] * bool(hours)


def test_a_jump_is_noticed_and_on_postgresql_changes_nothing(database: Database, lines: list[Any]) -> None:
    wrong = [timedelta(0)]
    clock = DatabaseClock(database, lambda: utc_now() + wrong[0])
    assert lines == []
    wrong[0] = timedelta(minutes=-20)
    before = clock()
    clock.look()
    assert abs(clock.skew + timedelta(minutes=20)) < SECOND
    assert [(line["event"], round(line["seconds"])) for line in lines] == [
        ("clock_jumped" if database.is_sqlite else "clock_skewed", -1200)
    ]
    if not database.is_sqlite:
        assert timedelta(0) <= clock() - before < timedelta(minutes=1)


def test_small_corrections_do_not_make_time_step(database: Database) -> None:
    clock = DatabaseClock(database, ahead(timedelta(milliseconds=30)))
    times = []
    for _ in range(50):
        times.append(clock())
        clock.look()
    assert times == sorted(times)


def test_a_host_with_a_clock_that_is_off_hands_nothing_off(database: Database) -> None:
    fill_desk(database, utc_now())
    off: dict[str, Any] = {"now": True}
    with at_work(database, clock_is_off=lambda: off["now"]) as work:
        assert until(lambda: work.pool._clock_is_off)
        made = work.submit()
        assert (made.lease, work.request(made.reference).attempts) == (None, 0)
        off["now"] = False
        assert work.backends["default"].wait_until(lambda told: len(told.asked) == 1)
