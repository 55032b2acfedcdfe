"""Applets that came as a vendor's answer: kept for all hosts of one database, as long as there is room."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.actions.hand_off import settle
from app.actions.operate import Operator, open_anew
from app.actions.privacy import erase, find_person
from app.core.backend import AppletFile, Opened, Start
from app.core.request import CustomerRequest, RequestState
from app.core.why import Why, WhyCode
from app.factory import create_app
from app.process import vendors
from app.process.running import Running
from app.settings import Settings
from app.store.requests import insert_request, list_requests
from app.store.sites import change_site, load_sites
from app.store.tables import file_chunks
from tests.backends.loopback import Loopback, http, loopback
from tests.captured_log import capture_log
from tests.conftest import StandingClock
from tests.kept_files import keep, kept_content
from tests.page_client import PageClient
from tests.store.rows import request_row
from tests.waiting import until

APPLET = b"MZ" + bytes(range(256)) * 10_000
KEY = "canary-key-0123456789"


@pytest.fixture
def vendor() -> Iterator[Loopback]:
    """A vendor that answers each call with a program."""
    kind = {"Content_Type": "application/x-msdownload", "Content_Disposition": "attachment; filename=Support.exe"}
    with loopback(http(200, APPLET, **kind)) as server:
        yield server


@pytest.fixture
def add_host(app_on_both: Flask, tmp_path: Path, clock: StandingClock) -> Iterator[Callable[..., Flask]]:
    """Add a host with the first one's database and keys, and its own data directory and settings."""
    here: Running = app_on_both.extensions["handbell"]
    hosts: list[Flask] = []

    def add(**settings: object) -> Flask:
        given = {"data_dir": tmp_path / f"other-{len(hosts)}", "keys_file": here.settings.keys_path, **settings}
        shared = {"database_url": here.settings.database, "port": 8000, "log_level": "error"}
        hosts.append(create_app(Settings(**given, **shared), clock, schedule=False))
        return hosts[-1]

    yield add
    for host in hosts:
        host.extensions["handbell"].close()


def submitted_at(app: Flask, vendor: Loopback, state: RequestState, backend: str = "take-control") -> str:
    """Submit a request at this host, which calls the vendor; returns the path of its status page when it is in this
    state."""
    here: Running = app.extensions["handbell"]
    with here.database.read() as connection:
        (site,) = load_sites(connection)
    sealed = here.keys.sealer.seal(KEY)
    site = replace(site, backend=backend, api_domain=vendor.address, sealed_key=sealed)
    here.database.write(lambda connection: change_site(connection, site))
    here.hand_offs.start()
    path = PageClient(app).submit(customer_name="Zoë").location
    assert until(lambda: (only := only_request(here)).state is state and only.attempts == 1)
    here.hand_offs.stop()
    return path


def only_request(here: Running) -> CustomerRequest:
    with here.database.read() as connection:
        (found,) = list_requests(connection)
    return found


def start_of(client: PageClient, path: str) -> str:
    return str(client.get(path).page.select("a[data-start]")[0]["href"])


@pytest.mark.slow
def test_an_applet_that_one_host_got_is_downloaded_from_the_other(
    app_on_both: Flask, add_host: Callable[..., Flask], vendor: Loopback
) -> None:
    path = submitted_at(app_on_both, vendor, RequestState.OPENED)
    there = PageClient(add_host())
    start = start_of(there, path)
    whole = there.get(start)
    assert (whole.status, whole.body) == (200, APPLET)
    assert "Support.exe" in whole.headers["Content-Disposition"]
    part = there.get(start, headers={"Range": "bytes=1048000-1049000"})
    assert (part.status, part.body) == (206, APPLET[1_048_000:1_049_001])
    assert len(vendor.received) == 1, "a second session was opened"


@pytest.mark.slow
def test_an_erasure_at_one_host_reaches_the_applet_that_another_got(
    app_on_both: Flask, add_host: Callable[..., Flask], vendor: Loopback
) -> None:
    path = submitted_at(app_on_both, vendor, RequestState.OPENED)
    here: Running = app_on_both.extensions["handbell"]
    there: Running = add_host().extensions["handbell"]
    client = PageClient(app_on_both)
    start = start_of(client, path)
    assert list(kept_content(there.database).values()) == [APPLET]
    person = find_person(there.database, reference=only_request(here).reference)
    erase(there.database, person, by=None, now=there.clock())
    assert kept_content(here.database) == {}
    assert client.get(start).status == 410
    assert len(vendor.received) == 1


@pytest.mark.slow
def test_without_room_the_customers_browser_fetches_the_applet(
    add_host: Callable[..., Flask], vendor: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = capture_log(monkeypatch, vendors)
    full = add_host(files_max=1024 * 1024)
    path = submitted_at(full, vendor, RequestState.OPENED)
    here: Running = full.extensions["handbell"]
    (line,) = lines
    assert (line["event"], line["log_level"], line["most"]) == ("files_full", "error", "1 MB")
    assert kept_content(here.database) == {}
    client = PageClient(full)
    answer = client.open("GET", start_of(client, path), check=False)
    assert answer.select("form[data-auto-post]")["action"].startswith(vendor.address)
    assert here.desk.sites["default"].unreadable is False, "later customers' applets may have room"


@pytest.mark.slow
def test_without_room_and_without_a_call_for_browsers_the_request_says_why(
    add_host: Callable[..., Flask], vendor: Loopback
) -> None:
    full = add_host(files_max=0)
    submitted_at(full, vendor, RequestState.WAITING, "take-control-rest")
    request = only_request(full.extensions["handbell"])
    assert (request.why, request.maybe_duplicate) == (Why(WhyCode.NO_ROOM), True)


@pytest.mark.slow
def test_an_applet_that_the_database_does_not_take_says_so(here: Running, app: Flask, vendor: Loopback) -> None:
    here.database.write(file_chunks.drop)
    submitted_at(app, vendor, RequestState.WAITING)
    assert only_request(here).why == Why(WhyCode.NOT_WRITTEN)


def test_a_session_opened_anew_takes_the_earlier_applet_away(app_on_both: Flask, vendor: Loopback) -> None:
    submitted_at(app_on_both, vendor, RequestState.OPENED)
    here: Running = app_on_both.extensions["handbell"]
    opened = only_request(here)
    assert not open_anew(here.database, opened.reference, 0, by=Operator(), now=here.clock())
    assert list(kept_content(here.database)) == [opened.applet_file]
    assert open_anew(here.database, opened.reference, 1, by=Operator(), now=here.clock())
    assert kept_content(here.database) == {}


def test_an_applet_that_came_after_its_request_was_erased_is_not_kept(app_on_both: Flask) -> None:
    here: Running = app_on_both.extensions["handbell"]
    row = request_row(state=RequestState.OPENING, lease="ours", created_at=here.clock())
    here.database.write(lambda connection: insert_request(connection, row))
    erase(here.database, find_person(here.database, reference=row.reference), by=None, now=here.clock())
    applet = AppletFile(keep(here.database, b"MZ", here.clock()), "a.exe", "application/x-msdownload", 2)
    opened = Opened(Start.FILE, applet=applet)
    assert not settle(here.database, here.desk.sites["default"], row, opened, now=here.clock()).kept
    assert kept_content(here.database) == {}
