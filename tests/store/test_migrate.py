"""The schema: brought up to date once, by the first process, and never backwards."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from app.files.resources import resource
from app.store.database import Database, DatabaseUnusable
from app.store.installation import compatible_from, set_compatible_from
from app.store.migrate import HEAD, alembic_config, migrate, oldest_compatible
from app.store.sites import load_generation
from app.store.tables import metadata

_TAKES_AWAY = r"op\.(?:drop|alter|rename|batch)\w*|DROP|RENAME|SET NOT NULL"
MIGRATE = """
import sys
from app.store.database import Database
from app.store.migrate import migrate
print("here", flush=True)
sys.stdin.readline()
database = Database(sys.argv[1])
migrate(database)
database.close()
"""


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


# SQLAlchemy cannot read an index on an expression from SQLite; PostgreSQL's are compared.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_schema_is_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == HEAD
        assert load_generation(connection) == 1


def test_head_is_the_newest_migration(database: Database) -> None:
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    files = sorted(path.name for path in (resource("migrations") / "versions").glob("[0-9]*.py"))
    assert scripts.get_heads() == [HEAD]
    assert re.match(r"\d+", files[-1])[0] == HEAD  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_two_processes_at_once_make_one_schema(kind: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE, url], stdin=-1, stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert ends == [("", 0), ("", 0)]
    database = Database(url)
    with database.read() as connection:
        assert load_generation(connection) == 1
    database.close()


def test_a_newer_schema_is_refused_and_left_alone(database: Database) -> None:
    def of_tomorrow(connection) -> None:  # type: ignore[no-untyped-def]
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        set_compatible_from(connection, "9999")

    database.write(of_tomorrow)
    again = Database(url_of(database))
    with pytest.raises(DatabaseUnusable, match=r"newer Handbell \(schema 9999\)"):
        migrate(again)
    with again.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "9999"
        assert inspect(connection).has_table("requests")
    again.close()


@pytest.mark.slow
def test_sqlite_files_belong_to_their_owner_alone(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    migrate(database)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "data").iterdir()}
    database.close()
    assert "handbell.sqlite3" in modes
    assert set(modes.values()) == {"0o600"}


def test_migrations_that_older_programs_may_run_on_only_add(database: Database) -> None:
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    for migration in scripts.walk_revisions():
        oldest = oldest_compatible(migration.module)
        assert oldest <= migration.revision
        if oldest < migration.revision:
            source = Path(migration.path).read_text("utf-8")
            assert re.findall(r"op\.(?:drop|alter|rename|batch)\w*|DROP|RENAME|SET NOT NULL", source) == [], (
                migration.path
            )


def test_the_mark_is_the_newest_of_all_migrations(database: Database) -> None:
    with database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
        found = compatible_from(connection)
    assert found == max(oldest_compatible(migration.module) for migration in scripts.walk_revisions())
