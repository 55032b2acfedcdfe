"""What tests share: a clock that stands still, databases of their own on both kinds of server, a checking client."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import psycopg
import pytest
from flask import Flask
from pytest_socket import SocketBlockedError  # noqa: F401 - sockets are opened only where a test needs one

from app.actions.log_in import hashed_password
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
from tests.own_redis import OwnRedis
from tests.page_client import PageClient

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432"
PASSWORD = "a-password-for-tests"
UID = "0d1f4c2e-6a3b-4d0e-9f57-2b8f6f0c1a77"


class StandingClock:
    """A time that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


class PostgresqlAdmin:
    """Makes databases, and drops them beside the tests: that takes PostgreSQL up to a second each."""

    def __enter__(self) -> Self:
        self._connection = psycopg.connect("postgresql://postgres@127.0.0.1:5432/test", autocommit=True)
        self._dropper = ThreadPoolExecutor(1)
        self._drops: list[Future[None]] = []
        return self

    def __exit__(self, *_error: object) -> None:
        self._dropper.shutdown()
        self._connection.close()
        for drop in self._drops:
            drop.result()

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A database's name; it is gone when the session ends."""
        name = f"handbell_test_{secrets.token_hex(6)}"
        self._connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield name
        self._drops.append(self._dropper.submit(self._drop, name))

    @staticmethod
    def _drop(name: str) -> None:
        with psycopg.connect("postgresql://postgres@127.0.0.1:5432/test", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def _postgresql_is_there() -> str | None:
    """None, or why there is none."""
    try:
        psycopg.connect("postgresql://postgres@127.0.0.1:5432/test", connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return f"no PostgreSQL on 127.0.0.1:5432: {error}"
    return None


@pytest.fixture(scope="session")
def _postgresql_admin(_postgresql_is_there: str | None) -> Iterator["PostgresqlAdmin"]:
    if _postgresql_is_there:
        if ci():
            pytest.fail(_postgresql_is_there)
        pytest.skip(_postgresql_is_there)
    with PostgresqlAdmin() as admin:
        yield admin


@pytest.fixture
def postgresql_url(_postgresql_admin: "PostgresqlAdmin") -> Iterator[str]:
    """An empty PostgreSQL database of this test's own."""
    with _postgresql_admin.database() as name:
        yield f"{POSTGRESQL}/{name}"


@pytest.fixture(scope="session")
def _postgresql_template(_postgresql_admin: "PostgresqlAdmin") -> Iterator[str]:
    """A migrated database to be copied: Alembic takes half a second for each."""
    with _postgresql_admin.database() as name:
        database = Database(f"{POSTGRESQL}/{name}")
        migrate(database)
        database.close()
        yield name


@pytest.fixture
def migrated_postgresql_url(_postgresql_admin: "PostgresqlAdmin", _postgresql_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    with _postgresql_admin.database(_postgresql_template) as name:
        yield f"{POSTGRESQL}/{name}"


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
    """Runs the test on SQLite and on PostgreSQL, whose schema is there already."""
    name = "sqlite_url" if request.param == "sqlite" else "migrated_postgresql_url"
    return str(request.getfixturevalue(name))


@pytest.fixture
def database(both_urls: str) -> Iterator[Database]:
    """A migrated, empty database, once of each kind."""
    opened = Database(both_urls)
    migrate(opened)
    yield opened
    opened.close()


def fill_desk(database: Database, now: datetime) -> None:
    """The site `default` (key UID), departments 10, 20 and 30 (disabled), anna in 10, ben in 20, carl disabled;
    sven is a supervisor, dora an administrator, both in no department."""

    def fill(connection):  # type: ignore[no-untyped-def]
        for department in (Department(10, "Computers"), Department(20, "Billing"), Department(30, "Closed", True)):
            staff_store.add_department(connection, department)
        password = hashed_password(PASSWORD)
        staff_store.add_technician(connection, "anna@example.com", "Anna A", [10], password, now)
        staff_store.add_technician(connection, "ben@example.com", "Ben B", [20], password, now)
        staff_store.add_technician(connection, "carl@example.com", "Carl C", [10], password, now)
        staff_store.set_technician_disabled(connection, "carl@example.com", True)
        staff_store.add_technician(connection, "sven@example.com", "Sven S", [], password, now, Role.SUPERVISOR)
        staff_store.add_technician(connection, "dora@example.com", "Dora D", [], password, now, Role.ADMINISTRATOR)
        site = Site(slug="default", name="Example Help", uid=UID, offer_departments=(10, 20), phone="+1 555 0100")
        site_store.add_site(connection, site, now)

    database.write(fill)


@pytest.fixture(scope="session")
def _filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file with a filled desk, to be copied: hashing passwords for every test would take minutes."""
    path = tmp_path_factory.mktemp("filled") / "handbell.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    fill_desk(database, StandingClock()())
    database.checkpoint()
    database.close()
    return path


def _app(url: str, tmp_path: Path, clock: StandingClock, filled: Path) -> Iterator[Flask]:
    if url.startswith("sqlite"):
        (tmp_path / "data").mkdir(exist_ok=True)
        shutil.copyfile(filled, tmp_path / "data" / "handbell.sqlite3")
    settings = Settings(data_dir=tmp_path / "data", database_url=url, port=8000, log_level="error")
    app = create_app(settings, clock, schedule=False)
    running: Running = app.extensions["handbell"]
    if not url.startswith("sqlite"):
        fill_desk(running.database, clock())
    yield app
    running.close()


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, clock: StandingClock, _filled_sqlite: Path) -> Iterator[Flask]:
    """The application on SQLite with a filled desk."""
    yield from _app(sqlite_url, tmp_path, clock, _filled_sqlite)


@pytest.fixture
def app_on_both(both_urls: str, tmp_path: Path, clock: StandingClock, _filled_sqlite: Path) -> Iterator[Flask]:
    """The application with a filled desk, once on each kind of database."""
    yield from _app(both_urls, tmp_path, clock, _filled_sqlite)


@pytest.fixture
def here(app: Flask) -> Running:
    """What the application shares."""
    running: Running = app.extensions["handbell"]
    return running


@pytest.fixture
def client(app: Flask) -> PageClient:
    """Checks every page it gets."""
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
