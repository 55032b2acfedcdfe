"""A request's whole way with `pager_backend.py`; `test_new_backend.py` runs it in a copy of the project."""

import json
from pathlib import Path

from app.core.request import RequestState
from app.process.running import Running
from app.store.requests import list_requests
from tests.backends.loopback import Loopback, http, loopback
from tests.cli.command import Handbell
from tests.page_client import PageClient
from tests.waiting import until
from tests.web.console_client import DORA, log_in
from tests.web.site_forms import problems, save

LINK = "https://pager.example/talk/1"
ANSWER = http(200, json.dumps({"link": LINK}).encode(), Content_Type="application/json")


def test_a_request_goes_its_whole_way_with_the_pager(client: PageClient, here: Running, tmp_path: Path) -> None:
    handbell = Handbell(tmp_path)
    with loopback(ANSWER) as server:
        set_by_the_command(handbell, server)
        set_in_the_console(client, server)
        checked(handbell, server)
        handed_off(client, here, server)


def set_by_the_command(handbell: Handbell, server: Loopback) -> None:
    choose = ("site", "set", "default", "--backend", "pager")
    assert handbell.fails(*choose) == "handbell: --backend pager needs --pager-url"
    assert handbell.fails(*choose, "--pager-url", "http://a.example").startswith("handbell: --pager-url must be https")
    assert handbell.says(*choose, "--pager-url", server.address) == "changed site default: backend, pager_url\n"
    shown = handbell.json("site", "show", "default")
    assert (shown["backend"], shown["pager_url"]) == ("pager", server.address)
    assert handbell.says("site", "set", "default", "--backend", "embedded", "--pager-url", "")


def set_in_the_console(client: PageClient, server: Loopback) -> None:
    log_in(client, DORA)
    assert "Please fill this in." in problems(save(client, "/backend", "/backend", backend="pager"))
    wrong = save(client, "/backend", "/backend", backend="pager", pager_url="http://a.example")
    assert (wrong.status, wrong.select("#pager_url")["value"]) == (422, "http://a.example")
    assert "Pager address" in wrong.text
    assert save(client, "/backend", "/backend", backend="pager", pager_url=server.address).status == 303
    page = client.get("/console/sites/default/backend")
    assert page.select("#backend option[selected]").get_text() == "A pager"
    assert page.select("#pager_url")["value"] == server.address


def checked(handbell: Handbell, server: Loopback) -> None:
    assert "site       default: good, pager\n" in handbell.says("check")
    told = handbell.says("check", "--live")
    assert "live       default: good, pager\n" in told
    assert "understood   a link to the applet, on pager.example\n" in told
    assert json.loads(server.received[-1].body)["from"] == "Handbell check"


def handed_off(client: PageClient, here: Running, server: Loopback) -> None:
    here.hand_offs.start()
    path = client.submit(customer_name="Zoë", problem_description="It broke.").location

    def opened() -> bool:
        with here.database.read() as connection:
            (request,) = list_requests(connection)
        return request.state is RequestState.OPENED

    assert until(opened)
    assert json.loads(server.received[-1].body) == {"from": "Zoë", "text": "It broke."}
    assert client.get(str(client.get(path).page.select("a[data-start]")[0]["href"])).location == LINK
