"""The desk's options in the console."""

import pytest
from flask import Flask

from app.core.desk_options import DeskOptions
from app.process.running import Running
from app.store.audit import acts
from tests.page_client import Answer, PageClient
from tests.web.console_client import DORA, csrf_of, log_in

DESK = "/console/desk"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


def post(client: PageClient, **fields: str) -> Answer:
    return client.post(DESK, {"csrf_token": csrf_of(client.get(DESK)), **fields})


@pytest.mark.slow
def test_the_options_are_shown_changed_and_audited(dora: PageClient, here: Running) -> None:
    page = dora.get(DESK)
    assert (page.select("#long_wait")["value"], page.select("#retention_days")["value"]) == ("10", "")
    assert "which is 30." in page.select("#retention_days-hint").get_text()
    assert post(dora, long_wait=" 15 ", retention_days="7").status == 303
    assert here.desk.options == DeskOptions(long_wait=15, retention_days=7)
    assert dora.get(DESK).select("#retention_days")["value"] == "7"
    assert post(dora, long_wait="15", retention_days="7").status == 303, "the same again is no change"
    assert post(dora, long_wait="15", retention_days="").status == 303
    assert here.desk.options == DeskOptions(long_wait=15, retention_days=None)
    with here.database.read() as connection:
        found = acts(connection)
    assert [(act.act, act.detail) for act in found] == [
        ("desk.changed", {"retention_days": [7, None]}),
        ("desk.changed", {"long_wait": [10, 15], "retention_days": [None, 7]}),
    ]
    assert {act.who for act in found} == {here.desk.staff.technicians[DORA].id}


@pytest.mark.slow
def test_call_backs_are_switched_by_their_box_alone(dora: PageClient, here: Running) -> None:
    assert dora.get(DESK).page.select("#call_backs[checked]")
    shown = {"long_wait": "10", "retention_days": "", "call_backs_shown": "1"}
    post(dora, **shown)
    assert not here.desk.options.call_backs
    assert not dora.get(DESK).page.select("#call_backs[checked]")
    post(dora, long_wait="10", retention_days="")
    assert not here.desk.options.call_backs, "a page without the box says nothing of it"
    post(dora, **shown, call_backs="1")
    assert here.desk.options.call_backs


@pytest.mark.slow
@pytest.mark.parametrize(
    "long_wait", ["", "0", "-1", "1441", "1.5", "x", "9" * 400, "\N{ARABIC-INDIC DIGIT ONE}", "1e3"]
)
def test_a_wait_that_cannot_be_comes_back(dora: PageClient, here: Running, long_wait: str) -> None:
    answer = post(dora, long_wait=long_wait, retention_days="91")
    assert answer.status == 422
    assert answer.select("#long_wait")["value"] == long_wait
    assert answer.select("#long_wait")["aria-invalid"] == "true"
    assert answer.select("#retention_days")["value"] == "91"
    said = [(a["href"], a.get_text()) for a in answer.page.select(".summary a")]
    assert said == [
        ("#long_wait", "Long wait, in minutes: A number from 1 to 1440, please."),
        ("#retention_days", "Personal data is kept for, in days: A number from 1 to 90, please."),
    ]
    assert here.desk.options == DeskOptions()


@pytest.mark.slow
def test_only_administrators_see_and_change_them(app: Flask, here: Running) -> None:
    for email in ("anna@example.com", "sven@example.com"):
        other = PageClient(app)
        log_in(other, email)
        token = csrf_of(other.get("/console/"))
        assert other.get(DESK).status == 403
        assert other.post(DESK, {"csrf_token": token, "long_wait": "1", "retention_days": "1"}).status == 403
    assert here.desk.options == DeskOptions()
