"""The database is away: pages are as they were last seen, nothing typed is lost, and writes go on when it is back."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import make_url, text

from app.factory import create_app
from app.log import OnceAMinute
from app.process import database_faults
from app.process.running import Running
from app.settings import Settings
from app.store.commits import DatabaseAway
from app.store.database import Database
from app.store.sites import change_site, load_sites
from tests.api.embedding import ORIGIN, Widget
from tests.captured_log import capture_log
from tests.conftest import UID, StandingClock, fill_desk
from tests.live_server import LiveServer, serving
from tests.page_client import PageClient
from tests.relay import Relay, relay
from tests.waiting import until
from tests.web.console_client import DORA, log_in

pytestmark = pytest.mark.postgres
TYPED = {"customer_name": "Zoë", "problem_description": "It broke. <b>Twice</b>."}


@pytest.fixture
def wire(migrated_postgresql_url: str) -> Iterator[Relay]:
    """What stands between Handbell and PostgreSQL."""
    with relay(make_url(migrated_postgresql_url).port or 5432) as joined:
        yield joined


@pytest.fixture
def url(migrated_postgresql_url: str, wire: Relay) -> str:
    return make_url(migrated_postgresql_url).set(port=wire.port).render_as_string(hide_password=False)


@pytest.fixture
def app(url: str, tmp_path: Path, clock: StandingClock) -> Iterator[Flask]:
    settings = Settings(data_dir=tmp_path / "data", database_url=url, port=8000, log_level="error")
    app = create_app(settings, clock, schedule=False)
    running: Running = app.extensions["handbell"]
    fill_desk(running.database, clock())
    set_default(running.database, origins=(ORIGIN,))
    yield app
    running.close()


@pytest.fixture
def here(app: Flask) -> Running:
    running: Running = app.extensions["handbell"]
    return running


def set_default(database: Database, **options: Any) -> None:
    with database.read() as connection:
        site = replace(load_sites(connection)[0], **options)
    database.write(lambda connection: change_site(connection, site))


def test_what_only_shows_is_there_and_health_says_the_truth(client: PageClient, wire: Relay) -> None:
    shown = client.get("/").select("form[action='/s/default']")
    wire.cut()
    assert client.get("/").select("form[action='/s/default']").find("textarea") == shown.find("textarea")
    assert client.get("/widget.js").status == 200
    assert Widget(client).site_info().status == 200
    assert (client.get("/healthz").status, client.get("/readyz").status) == (200, 503)


def test_a_form_comes_back_with_its_text_the_contact_and_a_time(client: PageClient, wire: Relay) -> None:
    token = client.form_token()
    wire.cut()
    answer = client.post("/s/default", {"form_token": token, **TYPED})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.select("textarea[name=problem_description]").get_text().strip() == TYPED["problem_description"]
    assert answer.select("input[name=customer_name]")["value"] == "Zoë"
    assert "+1 555 0100" in answer.page.get_text()


def test_every_other_way_to_ask_says_it_in_its_own_form(client: PageClient, wire: Relay) -> None:
    widget = Widget(client)
    token = widget.token()
    wire.cut()
    intranet = client.post("/s/default/submit", TYPED, headers={"Origin": ORIGIN})
    assert (intranet.status, intranet.headers["Retry-After"]) == (503, "5")
    assert "It broke." in intranet.text
    sent = widget.send(form_token=token, **TYPED)
    assert (sent.status, sent.headers["Retry-After"], sent.json["error"]["status"]) == (503, "5", 503)
    assert sent.headers["Access-Control-Allow-Origin"] == ORIGIN
    rest = client.post("/rest/session", json=TYPED, headers={"INTEGRATION-KEY": UID})
    assert (rest.status, rest.headers["Retry-After"]) == (503, "5")
    assert rest.json["errorDetails"]["errorCode"] == 503
    form = client.post("/integration/integration.php", {"uid": UID, **TYPED}, headers={"Accept": "application/json"})
    assert (form.status, form.json["result"]) == (503, "ERROR")


def test_pages_that_need_it_are_calm(client: PageClient, wire: Relay) -> None:
    status = client.submit(**TYPED).location
    log_in(client, DORA)
    wire.cut()
    for path in (status, "/console/", "/console/team"):
        answer = client.get(path)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5"), path
        assert answer.select("h1"), path


def test_writes_go_on_once_it_is_back(client: PageClient, here: Running, wire: Relay) -> None:
    token = client.form_token()
    wire.cut()
    assert client.post("/s/default", {"form_token": token, **TYPED}).status == 503
    wire.join()
    assert until(lambda: client.post("/s/default", {"form_token": token, **TYPED}).status == 303)
    set_default(here.database, phone="+1 555 0199")
    assert "+1 555 0199" in client.get("/").text


def test_a_connection_that_ended_while_idle_is_not_used(client: PageClient, wire: Relay) -> None:
    token = client.form_token()
    wire.cut()
    wire.join()
    assert client.post("/s/default", {"form_token": token, **TYPED}).status == 303


def test_a_page_that_loses_its_connection_is_made_again(
    client: PageClient, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = client.submit(**TYPED).location
    lost = iter([True])
    real = here.links.read

    def losing(*arguments: object) -> object:
        if next(lost, False):
            with here.database.read() as connection:
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(here.links, "read", losing)
    assert client.get(status).status == 200
    assert next(lost, None) is None


def test_while_it_is_away_nobody_waits_for_it(url: str, wire: Relay) -> None:
    database = Database(url)
    wire.cut()
    with pytest.raises(Exception, match="refused"):
        database.generation()
    with pytest.raises(DatabaseAway), database.read():
        pass
    database.close()


def test_one_line_a_minute_tells_of_it(client: PageClient, wire: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, now = capture_log(monkeypatch, database_faults), 1000.0
    monkeypatch.setattr(database_faults, "_noted", OnceAMinute(lambda: now))
    client.get("/")
    wire.cut()
    for _ in range(30):
        client.get("/")
        client.post("/s/default/submit", TYPED)
    told = {"event": "database_fault", "error": "OperationalError", "during": "configuration", "faults": 1}
    assert lines == [{**told, "log_level": "error"}]
    now += 60.0
    client.get("/")
    assert lines[1]["faults"] > 60


@pytest.mark.slow
def test_a_server_says_it_once_in_each_process_and_in_json(tmp_path: Path, postgresql_url: str) -> None:
    with relay(make_url(postgresql_url).port or 5432) as wire:
        url = make_url(postgresql_url).set(port=wire.port).render_as_string(hide_password=False)
        with serving(tmp_path, HANDBELL_DATABASE_URL=url, HANDBELL_PROCESSES="2") as server:
            call = f"{server.base_url}/integration/integration.php?uid={server.uid()}"
            wire.cut()
            for _ in range(30):
                with urllib.request.urlopen(f"{server.base_url}/") as page:
                    assert page.status == 200
                with pytest.raises(urllib.error.HTTPError, match="503"):
                    urllib.request.urlopen(call)
            lines = [json.loads(line) for line in server.log.splitlines()]
    assert 1 <= [line["event"] for line in lines].count("database_fault") <= 2
    assert "library" not in {line["event"] for line in lines}


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


@pytest.mark.slow
def test_a_process_that_starts_meanwhile_waits_for_it_and_its_host_stays_up(
    tmp_path: Path, postgresql_url: str
) -> None:
    with relay(make_url(postgresql_url).port or 5432) as wire:
        url = make_url(postgresql_url).set(port=wire.port).render_as_string(hide_password=False)
        with serving(tmp_path, HANDBELL_DATABASE_URL=url, HANDBELL_PROCESSES="2") as server:
            get_pages(server, 30)  # both processes listen before they are loaded, and answer then
            before = children(server.pid)
            wire.cut()
            os.kill(before[0], signal.SIGKILL)
            assert until(lambda: server.log.count('"during": "start"') == 1)
            get_pages(server, 10)  # none gets into the one that waits
            wire.join()
            (left,) = set(children(server.pid)) & set(before)
            (new,) = set(children(server.pid)) - {left}
            assert until(lambda: listens(new, server.port))
            os.kill(left, signal.SIGKILL)
            assert until(lambda: not Path(f"/proc/{left}").exists())
            with urllib.request.urlopen(f"{server.base_url}/readyz") as ready:
                assert ready.status == 200


def get_pages(server: LiveServer, number: int) -> None:
    """Get the request page this often, each time on a connection of its own, which the system gives to any process."""
    for _ in range(number):
        with urllib.request.urlopen(f"{server.base_url}/") as page:
            assert page.status == 200


def listens(pid: int, port: int) -> bool:
    """Whether this process has a socket that listens on this port."""
    files = {str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" and f"socket:[{row[9]}]" in files for row in rows)
