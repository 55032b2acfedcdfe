"""Background work: due work is done, and it stops when told to."""

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.actions.finish_erasure import finish_erasure
from app.core.call_back import DUE_BEFORE, SPAN, CallBack, Way
from app.core.desk_options import DeskOptions
from app.core.site import Site
from app.core.ticket import TicketState
from app.keys.seal import Sealer
from app.process import schedule as worker
from app.process.schedule import Schedule, remove_old_applets
from app.settings import Settings
from app.store.call_backs import save_call_back
from app.store.database import Database
from app.store.desk import save_desk_options
from app.store.erasures import mark_erasure, outstanding_since
from app.store.migrate import migrate
from app.store.sites import change_site, load_sites
from app.store.tickets import insert_ticket, list_tickets, ticket_history
from tests.conftest import StandingClock, fill_desk
from tests.long_reader import long_reader
from tests.store.rows import ticket_row
from tests.waiting import until

KEYS = Sealer([bytes(range(32))])


def test_all_that_is_due_is_done(database: Database, clock: StandingClock, tmp_path: Path) -> None:
    fill_desk(database, clock())
    schedule = Schedule(database, Settings(data_dir=tmp_path, retention_days=2), clock, KEYS)
    database.write(lambda c: insert_ticket(c, ticket_row(customer_name="Zoë", created_at=clock())))
    assert schedule.run_once().tickets_expired == 0
    clock.advance(days=7, seconds=1)
    assert schedule.run_once().tickets_expired == 1
    clock.advance(days=2, seconds=1)
    assert schedule.run_once().tickets_erased == 1
    with database.read() as connection:
        (ticket,) = list_tickets(connection)
    assert (ticket.state, ticket.customer.name) == (TicketState.EXPIRED, None)


def test_the_desk_s_option_says_how_long_data_is_kept(database: Database, clock: StandingClock, tmp_path: Path) -> None:
    fill_desk(database, clock())
    schedule = Schedule(database, Settings(data_dir=tmp_path, retention_days=30), clock, KEYS)
    ended = ticket_row(customer_name="Zoë", created_at=clock(), state=TicketState.CLOSED, ended_at=clock())
    database.write(lambda connection: insert_ticket(connection, ended))
    clock.advance(days=2)
    assert schedule.run_once().tickets_erased == 0
    database.write(lambda connection: save_desk_options(connection, DeskOptions(retention_days=1)))
    assert schedule.run_once().tickets_erased == 1


def test_files_of_an_earlier_version_are_removed_at_the_start(
    sqlite_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data", database_url=sqlite_url)
    folder = settings.data_dir / "vendor-applets"
    folder.mkdir(parents=True)
    for name in ("9f2c", "77ab.part"):
        (folder / name).write_bytes(b"MZ")
    database = Database(sqlite_url)
    migrate(database)
    schedule = Schedule(database, settings, clock, KEYS)
    schedule.start()
    assert until(lambda: not folder.exists())
    schedule.stop()
    database.close()


def test_a_link_in_place_of_that_folder_is_emptied_and_left(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "9f2c").write_bytes(b"MZ")
    (tmp_path / "vendor-applets").symlink_to(shared)
    remove_old_applets(tmp_path / "vendor-applets")
    assert list(shared.iterdir()) == []
    remove_old_applets(tmp_path / "never-there")


def test_an_erasure_of_any_process_is_finished_once_nobody_reads(
    sqlite_url: str, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_ERASURES_EVERY", 0.01)
    database, another = Database(sqlite_url), Database(sqlite_url)
    migrate(database)
    schedule = Schedule(database, Settings(data_dir=tmp_path), clock, KEYS)
    with long_reader(another):
        another.write(lambda connection: mark_erasure(connection, clock()))
        schedule.start()
        assert not finish_erasure(another)

    def finished() -> bool:
        with another.read() as connection:
            return outstanding_since(connection) is None

    assert until(finished)
    schedule.stop()
    database.close()
    another.close()


def test_a_call_back_is_told_of_when_its_time_comes(
    database: Database, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_desk(database, clock())
    number = database.write(lambda connection: insert_ticket(connection, ticket_row(created_at=clock()))).number
    begins = clock() + timedelta(hours=1)
    promise = CallBack(
        ticket=number,
        begins_at=begins,
        ends_at=begins + SPAN,
        way=Way.PHONE,
        to="+49 30 123456",
        made_at=clock(),
        next_at=begins - DUE_BEFORE,
    )
    database.write(lambda connection: save_call_back(connection, promise))
    monkeypatch.setattr(worker, "_ERASURES_EVERY", 0.01)

    def told() -> list[str]:
        with database.read() as connection:
            return [event.what for event in ticket_history(connection, number)]

    schedule = Schedule(database, Settings(data_dir=tmp_path), clock, KEYS)
    schedule.start()
    clock.now = begins - DUE_BEFORE
    assert until(lambda: told() == ["call_back_due"])
    clock.now = begins + SPAN
    assert until(lambda: told() == ["call_back_due", "call_back_late"])
    schedule.stop()
    assert told() == ["call_back_due", "call_back_late"]


def test_it_ends_when_told_to(sqlite_url: str, clock: StandingClock, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    schedule = Schedule(database, Settings(data_dir=tmp_path), clock, KEYS)
    schedule.start()
    assert schedule._thread.is_alive()
    schedule.stop()
    assert not schedule._thread.is_alive()
    database.close()


class Log:
    """Records log entries for operators, as (level, event, values)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def keep(self, _logger: object, level: str, values: MutableMapping[str, Any]) -> str:
        if level != "debug":
            self.lines.append((level, values.pop("event"), dict(values)))
        raise structlog.DropEvent


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Log:
    kept = Log()
    everything = structlog.make_filtering_bound_logger(0)
    logger = structlog.wrap_logger(structlog.PrintLogger(), processors=[kept.keep], wrapper_class=everything)
    monkeypatch.setattr(worker, "log", logger)
    return kept


def set_up_account(database: Database, clock: StandingClock, **options: Any) -> None:
    """Give the site `default` a key at the vendor, sealed with KEYS."""
    fill_desk(database, clock())
    account = {"backend": "take-control", "api_domain": "https://api.us0.swi-rc.com", "sealed_key": KEYS.seal("k")}
    change(database, **{**account, **options})


def change(database: Database, **options: Any) -> None:
    changed = replace(the_site(database), **options)
    database.write(lambda connection: change_site(connection, changed))


def the_site(database: Database) -> Site:
    with database.read() as connection:
        return load_sites(connection)[0]


def test_the_end_of_a_key_is_logged_once_a_day(
    database: Database, clock: StandingClock, tmp_path: Path, logged: Log
) -> None:
    set_up_account(database, clock, key_made="2025-04-01")
    schedule = Schedule(database, Settings(data_dir=tmp_path), clock, KEYS)
    for hours in (0, 11, 1, 23, 1):
        clock.advance(hours=hours)
        schedule.run_once()
    clock.advance(days=40)
    schedule.run_once()
    assert logged.lines == [
        ("warning", "vendor_key_ends", {"site": "default", "days": days}) for days in (30, 29, -11)
    ]  # fmt: skip
    change(database, sealed_key=None)
    clock.advance(days=1)
    schedule.run_once()
    assert len(logged.lines) == 3


def test_a_lost_secret_is_logged_and_the_rest_is_done(
    database: Database, clock: StandingClock, tmp_path: Path, logged: Log
) -> None:
    set_up_account(database, clock)
    database.write(lambda c: insert_ticket(c, ticket_row(customer_name="Zoë", created_at=clock())))
    clock.advance(days=7, seconds=1)
    schedule = Schedule(database, Settings(data_dir=tmp_path), clock, Sealer([b"other" * 7]))
    assert schedule.run_once().tickets_expired == 1
    schedule.run_once()
    assert logged.lines == [
        ("error", "secret_lost", {"site": "default", "secret": "vendor_key", "error": "see: handbell check"})
    ]
