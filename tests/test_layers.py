"""Rules of the code's structure: a pure core, one reader of the environment, declared routes."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.edge.access import Undeclared, Who, declared, open_to
from app.files.resources import resource

APP = Path(__file__).parents[1] / "app"
FROZEN = Path(__file__).with_name("routes.txt")
SOURCES = sorted(APP.rglob("*.py"))
NAMED_AFTER_A_KIND = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def from_tests(tree: ast.Module) -> Iterator[str]:
    """The full names that a module imports from tests: `tests.web.console_client.log_in`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("tests."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tests":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.slow
def test_the_core_imports_only_itself_the_standard_library_and_itsdangerous() -> None:
    core = sorted((APP / "core").rglob("*.py"))
    assert len(core) > 8
    for source in core:
        for name in imported(ast.parse(source.read_text("utf-8"))):
            top = name.partition(".")[0]
            pure = name.startswith("app.core.") or top == "itsdangerous" or top in sys.stdlib_module_names
            assert pure, f"{source.name} imports {name}"
            assert top not in ("os", "socket", "sqlite3", "http", "pathlib", "time", "threading"), (
                f"{source.name}: {name}"
            )


@pytest.mark.slow
def test_only_the_settings_read_the_environment() -> None:
    for source in SOURCES:
        names = {
            node.attr if isinstance(node, ast.Attribute) else node.name
            for node in ast.walk(ast.parse(source.read_text("utf-8")))
            if isinstance(node, ast.Attribute | ast.alias)
        }
        reads = bool(
            names & {"environ", "environb", "getenv", "getenvb"} and "os.environ" in source.read_text("utf-8")
        ) or bool(names & {"getenv", "getenvb"})
        assert reads is (source == APP / "settings.py"), source


def test_no_file_is_named_after_a_kind() -> None:
    everything = [*SOURCES, *Path(__file__).parent.rglob("*.py")]
    assert [
        path for path in everything if path.stem in NAMED_AFTER_A_KIND or path.parent.name in NAMED_AFTER_A_KIND
    ] == []


@pytest.mark.slow
def test_no_test_module_is_imported_for_its_helpers() -> None:
    """Code that two test modules need belongs in a module named after what it does."""
    folder = Path(__file__).parent
    borrowed = [
        f"{source.relative_to(folder)}: {name}"
        for source in sorted(folder.rglob("*.py"))
        for name in from_tests(ast.parse(source.read_text("utf-8")))
        if any(part.startswith("test_") for part in name.split("."))
    ]
    assert borrowed == []


def test_actions_take_the_database_first_and_by_and_now_by_name() -> None:
    """One order of arguments: `(database, what, *, by, now)`."""
    for source in sorted((APP / "actions").glob("*.py")):
        for node in ast.parse(source.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            in_order, by_name = [a.arg for a in node.args.args], [a.arg for a in node.args.kwonlyargs]
            where = f"{source.name}: {node.name}"
            assert "database" not in in_order[1:], f"{where} takes the database first"
            assert not {"by", "now", "who"} & set(in_order), f"{where} takes by and now by name"
            assert [name for name in by_name if name in ("by", "now")] == by_name[
                : len({"by", "now"} & set(by_name))
            ], f"{where} takes by, now and then the rest"


@pytest.mark.slow
def test_only_actions_write_the_audit_log() -> None:
    """A row of the audit log is written in the transaction of the act that it reports."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and source.parent != APP / "actions":
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                assert not names & {"app.store.audit", "app.store.audit.record"}, f"{source} writes the audit log"


def test_every_route_is_for_whom_the_frozen_list_says(app: Flask) -> None:
    found = "".join(f"{route}  {who}\n" for route, who in declared(app).items())
    assert found == FROZEN.read_text("utf-8"), (
        "a route changed: see to it that this is meant, then change tests/routes.txt"
    )


def test_a_route_that_declares_nothing_is_refused() -> None:
    bare = Flask("bare", static_folder=None)

    @bare.get("/declared")
    @open_to(Who.EVERYONE)
    def said() -> str:
        return ""

    assert declared(bare) == {"GET /declared": Who.EVERYONE}
    bare.get("/forgotten")(lambda: "")
    with pytest.raises(Undeclared, match="/forgotten"):
        declared(bare)


def test_templates_and_migrations_are_where_the_program_looks() -> None:
    for name in ("templates", "migrations", "static"):
        assert resource(name).is_dir()


LOADED_WHEN_NEEDED = {"alembic", "apprise", "bs4", "gunicorn", "holidays", "http_ece", "icalendar", "psycopg", "zxcvbn"}


@pytest.mark.slow
def test_packages_that_few_need_are_loaded_only_by_those() -> None:
    """Loading all of them doubles the time of a short command."""
    code = "import sys, app.factory, app.cli.server; print(*{name.partition('.')[0] for name in sys.modules})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert LOADED_WHEN_NEEDED & set(told.stdout.split()) == set()
