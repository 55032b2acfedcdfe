"""An event's whole way with `bell_channel.py`; `test_new_channel.py` runs it in a copy of the project."""

import json
from datetime import timedelta
from pathlib import Path

from app.core.notice import NoticeState
from app.core.request import RequestState
from app.process.running import Running
from app.store.notices import list_notices
from app.store.requests import insert_request
from tests.backends.loopback import Loopback, http, loopback
from tests.cli.command import Handbell
from tests.page_client import PageClient
from tests.store.rows import request_row
from tests.waiting import until
from tests.web.console_client import DORA, log_in
from tests.web.site_forms import save


def test_an_event_goes_its_whole_way_with_the_bell(client: PageClient, here: Running, tmp_path: Path) -> None:
    with loopback(http(200)) as server:
        set_by_the_command(Handbell(tmp_path), server)
        set_in_the_console(client, server)
        rung(here, server)


def set_by_the_command(handbell: Handbell, server: Loopback) -> None:
    assert "Bell address, for bell; empty for none." in " ".join(handbell.says("site", "set", "--help").split())
    assert handbell.says("site", "set", "default", "--bell-url", server.address) == "changed site default: bell_url\n"
    assert handbell.json("site", "show", "default")["bell_url"] == server.address
    assert handbell.says("site", "set", "default", "--bell-url", "")


def set_in_the_console(client: PageClient, server: Loopback) -> None:
    log_in(client, DORA)
    assert save(client, "/backend", "/backend", backend="embedded", bell_url=server.address).status == 303
    page = client.get("/console/sites/default/backend")
    assert "Bell address" in page.text
    assert page.select("#bell_url")["value"] == server.address


def rung(here: Running, server: Loopback) -> None:
    now = here.clock()
    stale, later = now - timedelta(minutes=31), now + timedelta(minutes=9)
    row = request_row(state=RequestState.WAITING, waiting_since=stale, due_at=later, attempts=7)
    here.database.write(lambda connection: insert_request(connection, row))
    here.hand_offs.start()

    def told_and_noted() -> bool:
        with here.database.read() as connection:
            (kept,) = list_notices(connection) or (None,)
        return kept is not None and kept.state is NoticeState.DELIVERED

    assert until(told_and_noted)
    (got,) = server.received
    assert got.headers["bell-id"].startswith("msg_")
    told = json.loads(got.body)
    assert (told["type"], told["data"]["reference"]) == ("request.parked", row.reference)
    assert told["data"]["why"] == "stale"
