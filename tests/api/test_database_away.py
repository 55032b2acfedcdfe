"""While the database fails, the New Session API says whether a session may have been opened, in the reader's form."""

import pytest

import app.api.new_session
from app.store.commits import OutcomeUnknown
from tests.api.calls import FORM_PATH
from tests.conftest import UID
from tests.page_client import PageClient


@pytest.fixture
def _not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OutcomeUnknown("not confirmed")

    monkeypatch.setattr(app.api.new_session, "open_ticket", fail)


@pytest.mark.usefixtures("_not_confirmed")
def test_a_program_is_told_that_a_session_may_have_been_opened(client: PageClient) -> None:
    answer = client.post("/rest/session", json={}, headers={"INTEGRATION-KEY": UID})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "a session may have been opened" in answer.json["errorDetails"]["errorMsg"]


@pytest.mark.usefixtures("_not_confirmed")
def test_a_customer_who_followed_a_link_reads_it_in_their_language(client: PageClient) -> None:
    answer = client.get(f"{FORM_PATH}?uid={UID}", headers={"Accept-Language": "de"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.select("html")["lang"] == "de"
    assert "Bitte rufen Sie uns an" in answer.page.get_text()
    assert answer.page.find("form", action="/s/default")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/rest/sessions", "/rest/", "/rest/session/x"])
def test_rest_refuses_unknown_addresses_in_json(client: PageClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status, answer.json["result"], answer.json["errorDetails"]["errorCode"]) == (404, "ERROR", 404)


def test_rest_refuses_a_foreign_host_in_json(client: PageClient) -> None:
    answer = client.post("/rest/session", json={}, headers={"Host": "other.example.com"})
    assert (answer.status, answer.json["errorDetails"]["errorCode"]) == (400, 400)


def test_rest_fails_in_json(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(app.api.new_session, "open_ticket", fail)
    answer = client.post("/rest/session", json={}, headers={"INTEGRATION-KEY": UID})
    assert (answer.status, answer.json["errorDetails"]["errorCode"]) == (500, 500)


def test_the_form_flavour_fails_in_json_where_json_is_asked_for(client: PageClient) -> None:
    answer = client.get("/integration/nothing.php", headers={"Accept": "application/json"})
    assert (answer.status, answer.json["result"]) == (404, "ERROR")
