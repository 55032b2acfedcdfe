"""The audit log is append-only, on both databases."""

from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.store.audit import COMMAND_LINE, Act, acts, kinds_of_acts, record
from app.store.database import Database
from tests.at_once import at_once

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def logged(database: Database) -> Database:
    def fill(connection):  # type: ignore[no-untyped-def]
        for n in range(6):
            act = ("site.changed", "desk.changed", "key.rotated")[n % 3]
            record(connection, act, f"thing {n}", {"n": n}, by=7 if n % 2 else None, now=NOW)

    database.write(fill)
    return database


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 8",
        "UPDATE audit SET about = 'x' WHERE id = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "TRUNCATE audit",
    ],
)
def test_no_row_is_changed_or_taken_out(logged: Database, statement: str) -> None:
    with logged.read() as connection:
        before = acts(connection)
    with pytest.raises(DBAPIError) as refused:
        logged.write(lambda connection: connection.execute(text(statement)))
    if not (logged.is_sqlite and "TRUNCATE" in statement):  # which SQLite does not know
        assert "the audit log only grows" in str(refused.value)
    with logged.read() as connection:
        assert acts(connection) == before


def test_acts_are_found_by_person_and_kind_the_newest_first(logged: Database) -> None:
    with logged.read() as connection:

        def about(**chosen: object) -> list[str]:
            return [act.about.removeprefix("thing ") for act in acts(connection, **chosen)]  # type: ignore[arg-type]

        assert about() == ["5", "4", "3", "2", "1", "0"]
        assert about(most=2, before=acts(connection)[1].id) == ["3", "2"]
        assert about(who=7) == ["5", "3", "1"]
        assert about(who=COMMAND_LINE) == ["4", "2", "0"]
        assert about(act="site.changed", who=7) == ["3"]
        assert acts(connection)[0] == Act(NOW, 7, "key.rotated", "thing 5", {"n": 5}, acts(connection)[0].id)
        assert kinds_of_acts(connection) == ["desk.changed", "key.rotated", "site.changed"]


def test_an_empty_log_has_no_kinds(database: Database) -> None:
    with database.read() as connection:
        assert kinds_of_acts(connection) == []


def test_an_act_is_heard_of_once_it_is_on_disk_and_one_that_is_undone_never_is(database: Database) -> None:
    heard: list[tuple[str, bool]] = []

    def hear(act: Act) -> None:
        with database.read() as connection:
            heard.append((act.about, act.about in [row.about for row in acts(connection)]))

    def fill(about: str, fails: bool = False) -> None:
        def change(connection: Connection) -> None:
            record(connection, "site.changed", about, by=None, now=NOW)
            if fails:
                raise ValueError(about)

        database.write(change)

    database.listen(hear)
    fill("first")
    with pytest.raises(ValueError, match="undone"):
        fill("undone", fails=True)
    fill("second")
    assert heard == [("first", True), ("second", True)]


def test_acts_of_many_at_once_are_heard_of_once_each_when_one_among_them_fails(database: Database) -> None:
    """On SQLite they share a transaction, which is done again without the one that failed."""
    heard: list[str] = []
    database.listen(lambda act: heard.append(act.about))

    def change(n: int) -> None:
        def job(connection: Connection) -> None:
            record(connection, "site.changed", str(n), by=None, now=NOW)
            if n % 5 == 0:
                raise ValueError

        database.write(job)

    at_once(*(partial(change, n) for n in range(20)))
    with database.read() as connection:
        written = [row.about for row in acts(connection)]
    assert sorted(heard) == sorted(written) == sorted(str(n) for n in range(20) if n % 5)
