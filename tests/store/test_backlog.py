"""The backlog: what waits, and for how long, without reading the whole table."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, text

from app.core.request import RequestState
from app.store import backlog as store
from app.store.backlog import Backlog, load_backlog
from app.store.database import Database
from app.store.requests import insert_request
from tests.store.rows import NOW, request_row


def look(desk: Database) -> Backlog:
    with desk.read() as connection:
        return load_backlog(connection, NOW)


def add(desk: Database, state: RequestState, seconds_ago: float = 0, times: int = 1) -> None:
    created = NOW - timedelta(seconds=seconds_ago)

    def insert(connection: Connection) -> None:
        for _ in range(times):
            insert_request(
                connection, request_row(state=state, created_at=NOW - timedelta(days=1), waiting_since=created)
            )

    desk.write(insert)


def test_an_empty_desk_has_none(desk: Database) -> None:
    assert look(desk) == Backlog(dict.fromkeys(("waiting", "opening", "parked", "suspect"), 0), 0.0)


def test_states_are_counted_and_the_oldest_without_a_session_is_found(desk: Database) -> None:
    add(desk, RequestState.OPENED, 9000, times=4)
    add(desk, RequestState.PARKED, 8000, times=3)
    add(desk, RequestState.SUSPECT, 7000)
    add(desk, RequestState.WAITING, 10, times=2)
    assert look(desk) == Backlog({"waiting": 2, "opening": 0, "parked": 3, "suspect": 1}, 10.0)
    add(desk, RequestState.OPENING, 70.5)
    assert look(desk) == Backlog({"waiting": 2, "opening": 1, "parked": 3, "suspect": 1}, 70.5)


def test_a_clock_that_is_behind_makes_no_negative_age(desk: Database) -> None:
    add(desk, RequestState.WAITING, -5)
    assert look(desk).oldest_seconds == 0


@pytest.mark.slow
def test_counting_ends_at_the_cap(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add(desk, RequestState.PARKED, times=store.MOST_COUNTED + 1)
    assert look(desk).counts[RequestState.PARKED] == store.MOST_COUNTED


def test_nothing_but_an_index_is_read(desk: Database) -> None:
    with desk.read() as connection:
        query = str(store._BACKLOG.compile(connection, compile_kwargs={"literal_binds": True}))
        if not desk.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))  # with so few rows a scan would be faster
        explain = "EXPLAIN QUERY PLAN " if desk.is_sqlite else "EXPLAIN "
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + query.replace("%", "%%")))
        if not desk.is_sqlite:
            connection.execute(text("RESET enable_seqscan"))
    assert plan.count("ix_requests_state_created_at") == 6, plan
    assert "Seq Scan" not in plan
    assert "SCAN requests" not in plan
