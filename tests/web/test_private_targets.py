"""Where customers come over https, an administrator cannot make the server call inside."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from app.core.request import RequestState
from app.core.targets import Targets
from app.core.webhook import new_secret
from app.core.why import Why, WhyCode
from app.keys.seal import Sealer
from app.process.running import Running
from app.settings import Settings
from app.store.notices import add_notices, list_notices
from app.store.requests import list_requests
from app.store.sites import change_site
from tests.actions.outbox import parked
from tests.backends.loopback import http, loopback
from tests.page_client import Answer, PageClient
from tests.vendor_account import set_vendor
from tests.waiting import until
from tests.web.console_client import csrf_of, log_in
from tests.webhook_receiver import receiving

DORA = "dora@example.com"
BASE = "/console/sites/default"
SAID = "is not a public address"


@pytest.fixture
def over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests/test_settings.py shows to hold where the public address is https."""
    monkeypatch.setattr(Settings, "targets", Targets(only_public=True))


@pytest.fixture
def here(app_on_both: Flask) -> Running:
    running: Running = app_on_both.extensions["handbell"]
    return running


@pytest.fixture
def dora(app_on_both: Flask) -> PageClient:
    client = PageClient(app_on_both)
    assert log_in(client, DORA).status == 303
    return client


@pytest.fixture
def hand_offs(here: Running) -> Iterator[None]:
    here.hand_offs.start()
    yield
    here.hand_offs.stop()


def check(client: PageClient, **fields: str) -> Answer:
    return client.post(f"{BASE}/check", {"csrf_token": csrf_of(client.get(f"{BASE}/backend")), **fields})


def becomes(here: Running, state: RequestState) -> bool:
    def is_so() -> bool:
        with here.database.read() as connection:
            return [row.state for row in list_requests(connection)] == [state]

    return until(is_so)


@pytest.mark.slow
@pytest.mark.usefixtures("over_https", "hand_offs")
def test_a_request_for_a_vendor_inside_is_parked_with_its_reason(
    app_on_both: Flask, here: Running, dora: PageClient
) -> None:
    with loopback(http(200)) as server:
        set_vendor(here, server)
        customer = PageClient(app_on_both)
        path = customer.submit(customer_name="Zoë").location
        assert becomes(here, RequestState.PARKED)
        assert server.connections == 0
    with here.database.read() as connection:
        (request,) = list_requests(connection)
    assert request.why == Why(WhyCode.NOT_PUBLIC, {"host": "127.0.0.1"})
    assert f"127.0.0.1 {SAID}" in dora.get(f"/console/requests/{request.reference}").text
    page = customer.get(path)
    assert page.select("main")["data-state"] == "parked"
    assert "127.0.0.1 is" not in page.text


@pytest.mark.usefixtures("over_https")
@pytest.mark.parametrize("live", [{}, {"live": "1"}])
def test_a_test_of_the_site_says_so_and_calls_nobody(here: Running, dora: PageClient, live: dict[str, str]) -> None:
    with loopback(http(200)) as server:
        set_vendor(here, server)
        page = check(dora, **live)
        assert f"127.0.0.1 {SAID}" in page.text
        assert page.select(".tag[role=status]").get_text() == "Failed"
        assert server.connections == 0


@pytest.mark.slow
@pytest.mark.usefixtures("over_https")
def test_the_form_refuses_an_address_inside(here: Running, dora: PageClient) -> None:
    form = dora.get(f"{BASE}/backend").select('form[action$="/webhook"]')
    fields = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")}
    refused = dora.post(f"{BASE}/webhook", {**fields, "webhook": "https://169.254.169.254/latest"})
    assert f"169.254.169.254 {SAID}" in refused.text
    assert here.desk.sites["default"].webhook is None


@pytest.mark.usefixtures("over_https")
def test_a_webhook_inside_is_not_told(here: Running) -> None:
    with receiving() as receiver:
        sealed = Sealer(here.keys._secrets).seal(new_secret())
        site = replace(here.desk.sites["default"], webhook=receiver.address, sealed_webhook_secret=sealed)
        here.database.write(lambda connection: change_site(connection, site))
        added = [parked("default", 7, here.clock())]
        here.database.write(lambda connection: add_notices(connection, added))
        here._tell()
        here.telling.stop()
        assert receiver.got == []
    with here.database.read() as connection:
        (kept,) = list_notices(connection)
        assert kept.attempts == 1, "it was tried"
        assert "not public" in (kept.why or "")
