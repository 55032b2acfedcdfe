"""The console shows what a vendor's answer was taken for, and nothing that the vendor wrote."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core.request import RequestState
from app.process.running import Running
from app.store.requests import list_requests
from tests.backends.loopback import http, loopback
from tests.page_client import Answer, PageClient
from tests.vendor_account import set_vendor
from tests.waiting import until
from tests.web.console_client import csrf_of, log_in

pytestmark = pytest.mark.slow

BASE = "/console/sites/default"
MARKER = "Zq7Inside"


@pytest.fixture
def dora(app: Flask) -> PageClient:
    client = PageClient(app)
    assert log_in(client, "dora@example.com").status == 303
    return client


@pytest.fixture
def hand_offs(here: Running) -> Iterator[None]:
    here.hand_offs.start()
    yield
    here.hand_offs.stop()


ANSWERS = {
    "text": http(200, f"{MARKER} of a server inside".encode(), Content_Type="text/plain"),
    "page": http(200, f"<title>{MARKER}</title><a href='https://{MARKER}.example.org/'>{MARKER}</a>".encode()),
    "json": http(200, f'{{"password": "{MARKER}", "link": "https://{MARKER}.example.org/"}}'.encode()),
    "error in json": http(200, f'{{"result": "ERROR", "errordetails": {{"message": "{MARKER}"}}}}'.encode()),
    "xml": http(200, f"<?xml version='1.0'?><a><secret>{MARKER}</secret></a>".encode(), Content_Type="text/xml"),
    "file": http(200, f"MZ{MARKER}".encode(), Content_Disposition=f'attachment; filename="{MARKER}.exe"'),
    "redirect": http(302, MARKER.encode(), Location=f"http://{MARKER}.inside.example.org/{MARKER}"),
    "refusal": http(403, MARKER.encode(), WWW_Authenticate=f'Basic realm="{MARKER}"'),
    "failure": http(500, MARKER.encode(), Server=MARKER, X_Powered_By=MARKER, Retry_After=MARKER),
    "other status": http(418, MARKER.encode(), Content_Type=f"text/{MARKER}"),
    "no http": f"{MARKER} {MARKER}\r\n\r\n".encode(),
    "no status": f"HTTP/1.1 {MARKER} {MARKER}\r\n\r\n".encode(),
}


@pytest.mark.usefixtures("hand_offs")
@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("backend", ["take-control", "take-control-rest"])
def test_no_page_of_the_console_shows_what_a_vendor_wrote(
    app: Flask, here: Running, dora: PageClient, kind: str, backend: str
) -> None:
    with loopback(ANSWERS[kind]) as server:
        set_vendor(here, server, backend)
        pages = [check(dora, live="1")]
        assert server.received, "the vendor was asked"
        asked = len(server.received)
        PageClient(app).submit(customer_name="Zoë")
        assert until(lambda: len(server.received) > asked)
        assert until(lambda: settled(here))
        with here.database.read() as connection:
            (request,) = list_requests(connection)
    paths = ("", "/backend")
    pages += [dora.get(f"{BASE}{path}") for path in paths]
    pages += [dora.get("/console/requests"), dora.get(f"/console/requests/{request.reference}")]
    pages += [dora.get("/console/audit"), dora.get("/console/sites"), check(dora)]
    for page in pages:
        assert page.status == 200
        assert MARKER.lower() not in page.text.lower()


def check(client: PageClient, **fields: str) -> Answer:
    return client.post(f"{BASE}/check", {"csrf_token": csrf_of(client.get(f"{BASE}/backend")), **fields})


def settled(here: Running) -> bool:
    """Whether the request's first call is over."""
    with here.database.read() as connection:
        (request,) = list_requests(connection)
    return request.state is RequestState.OPENED or request.why is not None
