"""Shared by tests: a clock that stands still, separate databases of both kinds, a checking client."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from pytest_socket import SocketBlockedError  # noqa: F401 - sockets are opened only where a test needs one

from app.actions import recovery_codes
from app.core.role import Role
from app.core.site import Site
from app.core.staff import Department
from app.factory import create_app
from app.process.running import Running
from app.settings import Settings, ci
from app.store import sites as site_store
from app.store import staff as staff_store
from app.store.database import Database
from app.store.migrate import migrate
from tests.kept_compiled import CompiledTemplates, keep_compiled_routes, keep_compiled_statements
from tests.named_tests import add_named_tests
from tests.nu.pages import add_nu_check
from tests.own_redis import OwnRedis
from tests.page_client import PageClient
from tests.postgresql_databases import PostgresqlDatabases
from tests.profile import FULL, PROFILE

PASSWORD = "a-password-for-tests"
REAL_COST = recovery_codes.COST
UID = "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77"


def pytest_configure(config: pytest.Config) -> None:
    recovery_codes.COST = (1, 8, 1)  # ten hashes at the real cost take a quarter of a second
    add_nu_check(config)
    add_named_tests(config)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave modules and tests alone: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what is marked `full` to `make full`."""
    if PROFILE is FULL:
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip("runs in `make full`"))


class StandingClock:
    """A clock that only `advance` moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def _postgresql_is_there() -> str | None:
    """None if PostgreSQL runs, else the reason why it cannot be used."""
    try:
        psycopg.connect("postgresql://postgres@127.0.0.1:5432/test", connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return f"no PostgreSQL on 127.0.0.1:5432: {error}"
    return None


@pytest.fixture(scope="session")
def _postgresql_databases(_postgresql_is_there: str | None) -> Iterator[PostgresqlDatabases]:
    if _postgresql_is_there:
        if ci():
            pytest.fail(_postgresql_is_there)
        pytest.skip(_postgresql_is_there)
    with PostgresqlDatabases() as databases:
        yield databases


@pytest.fixture
def postgresql_url(_postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    """An empty PostgreSQL database for this test only."""
    with _postgresql_databases.empty() as url:
        yield url


@pytest.fixture
def migrated_postgresql_url(_postgresql_databases: PostgresqlDatabases) -> Iterator[str]:
    """A migrated PostgreSQL database for this test only."""
    with _postgresql_databases.migrated() as url:
        yield url


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    if not shutil.which("redis-server"):
        if ci():
            pytest.fail("no redis-server on this machine")
        pytest.skip("no redis-server on this machine")
    server = OwnRedis(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'data' / 'handbell.sqlite3'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def both_urls(request: pytest.FixtureRequest) -> str:
    """Runs the test on SQLite and on PostgreSQL; the PostgreSQL database is migrated already."""
    name = "sqlite_url" if request.param == "sqlite" else "migrated_postgresql_url"
    return str(request.getfixturevalue(name))


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy, as Alembic takes half a second for each."""
    path = tmp_path_factory.mktemp("migrated") / "handbell.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.checkpoint()
    database.close()
    return path


@pytest.fixture
def database(both_urls: str, tmp_path: Path, _migrated_sqlite: Path) -> Iterator[Database]:
    """A migrated, empty database, once for each kind."""
    if both_urls.startswith("sqlite"):
        copy_sqlite(_migrated_sqlite, tmp_path)
    opened = Database(both_urls)
    migrate(opened)
    yield opened
    opened.close()


@cache
def _hashed_cheaply(password: str) -> str:
    """A hash that costs almost nothing to verify, as a hash contains its own cost; Handbell's costs 40 ms per
    log-in."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


def fill_desk(database: Database, now: datetime) -> None:
    """Add the site `default` (key UID), departments 10, 20 and 30 (disabled), anna in 10, ben in 20, carl disabled;
    sven is a supervisor, dora an administrator, both without a department."""

    def fill(connection):  # type: ignore[no-untyped-def]
        for department in (Department(10, "Computers"), Department(20, "Billing"), Department(30, "Closed", True)):
            staff_store.add_department(connection, department)
        password = _hashed_cheaply(PASSWORD)
        staff_store.add_technician(connection, "anna@example.com", "Anna A", [10], password, now)
        staff_store.add_technician(connection, "ben@example.com", "Ben B", [20], password, now)
        staff_store.add_technician(connection, "carl@example.com", "Carl C", [10], password, now)
        staff_store.set_technician_disabled(connection, "carl@example.com", True)
        staff_store.add_technician(connection, "sven@example.com", "Sven S", [], password, now, Role.SUPERVISOR)
        staff_store.add_technician(connection, "dora@example.com", "Dora D", [], password, now, Role.ADMINISTRATOR)
        site = Site(
            slug="default",
            name="Example Help",
            uid=UID,
            offer_departments=(10, 20),
            phone="+1 555 0100",
            allow_empty=True,  # most tests are not about what is typed
        )
        site_store.add_site(connection, site, now)

    database.write(fill)


@pytest.fixture(scope="session")
def _begun_sqlite(tmp_path_factory: pytest.TempPathFactory, _filled_sqlite: Path) -> Path:
    """A data folder in which an application has begun on a filled desk, as its first keys take a fifth of what an
    application takes."""
    folder = tmp_path_factory.mktemp("begun")
    copy_sqlite(_filled_sqlite, folder)
    data = folder / "data"
    app = create_app(_settings_of(data, f"sqlite:///{data / 'handbell.sqlite3'}"), StandingClock(), schedule=False)
    running: Running = app.extensions["handbell"]
    running.database.checkpoint()
    running.close()
    return data


@pytest.fixture(scope="session")
def _filled_sqlite(tmp_path_factory: pytest.TempPathFactory, _migrated_sqlite: Path) -> Path:
    """A migrated SQLite file with a filled desk, to copy."""
    path = tmp_path_factory.mktemp("filled") / "handbell.sqlite3"
    shutil.copyfile(_migrated_sqlite, path)
    database = Database(f"sqlite:///{path}")
    fill_desk(database, StandingClock()())
    database.checkpoint()
    database.close()
    return path


def copy_sqlite(template: Path, folder: Path) -> None:
    """Copy the file to the path of `sqlite_url`."""
    (folder / "data").mkdir(exist_ok=True)
    shutil.copyfile(template, folder / "data" / "handbell.sqlite3")


@cache
def _settings() -> Settings:
    """Those of the tests' applications, as to read them anew takes a sixth of what an application takes."""
    return Settings(port=8000, log_level="error")


def _settings_of(data_dir: Path, url: str) -> Settings:
    return _settings().model_copy(update={"data_dir": data_dir, "database_url": url})


_COMPILED = CompiledTemplates()
keep_compiled_routes()
keep_compiled_statements()


def _app(url: str, tmp_path: Path, clock: StandingClock, begun: Path) -> Iterator[Flask]:
    data = tmp_path / "data"
    if url.startswith("sqlite"):
        data.mkdir(exist_ok=True)
        for name in ("handbell.sqlite3", "keys"):
            shutil.copy(begun / name, data / name)  # with its mode: keys are for their owner alone
    settings = _settings_of(data, url)
    app = create_app(settings, clock, schedule=False)
    app.jinja_env.bytecode_cache = _COMPILED
    running: Running = app.extensions["handbell"]
    if not url.startswith("sqlite"):
        fill_desk(running.database, clock())
    yield app
    running.close()


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, clock: StandingClock, _begun_sqlite: Path) -> Iterator[Flask]:
    """The application on SQLite with a filled desk."""
    yield from _app(sqlite_url, tmp_path, clock, _begun_sqlite)


@pytest.fixture
def app_on_both(both_urls: str, tmp_path: Path, clock: StandingClock, _begun_sqlite: Path) -> Iterator[Flask]:
    """The application with a filled desk, once for each kind of database."""
    yield from _app(both_urls, tmp_path, clock, _begun_sqlite)


@pytest.fixture
def here(app: Flask) -> Running:
    """The shared objects of the application."""
    running: Running = app.extensions["handbell"]
    return running


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A client that checks every page it gets."""
    return PageClient(app)


@pytest.fixture
def change_site(here: Running) -> Callable[..., Site]:
    """Change options of the site `default`."""

    def change(**options: object) -> Site:
        from dataclasses import replace

        changed = replace(here.desk.sites["default"], **options)  # type: ignore[arg-type]
        here.database.write(lambda connection: site_store.change_site(connection, changed))
        return changed

    return change


os.environ.pop("HANDBELL_DATA_DIR", None)
# No test calls a server certified by the system's authorities, and reading them takes an application 40 ms.
os.environ.setdefault("SSL_CERT_FILE", os.devnull)
