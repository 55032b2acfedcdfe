"""The audit log is append-only, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.store.audit import COMMAND_LINE, Act, acts, kinds_of_acts, record
from app.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def logged(database: Database) -> Database:
    def fill(connection):  # type: ignore[no-untyped-def]
        for n in range(6):
            act = ("site.changed", "desk.changed", "key.rotated")[n % 3]
            record(connection, act, f"thing {n}", {"n": n}, by=7 if n % 2 else None, now=NOW)

    database.write(fill)
    return database


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
