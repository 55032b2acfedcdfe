"""A person whose call of the form flavour is refused gets a form that goes on, filled in, in their language."""

from collections.abc import Callable

import pytest
from flask import Flask

import app.api.new_session as new_session_calls
from app.core.site import Site
from app.store.commits import OutcomeUnknown
from tests.api.calls import BROWSER, FORM_PATH, JSON, tickets
from tests.conftest import UID
from tests.page_client import Answer, PageClient

FORM_TYPE = "application/x-www-form-urlencoded"
GERMAN = {**BROWSER, "Accept-Language": "de"}
TYPED = {"uid": UID, "Customer_Name": "Zoë <b>", "customer_email": "z@example.com", "problem_description": "It broke."}


def kept(answer: Answer) -> tuple[str, str]:
    """The name and problem in the form that an answer holds, which is the request page's, in German."""
    assert answer.is_page
    assert answer.select("html")["lang"] == "de"
    assert answer.page.find("form", action="/s/default")
    name = answer.select("input[name=customer_name]")["value"]
    return str(name), answer.select("textarea[name=problem_description]").get_text().strip()


def sent_on(client: PageClient, answer: Answer) -> int:
    """The status after pressing the form's button with a short name."""
    token = answer.select("input[name=form_token]")["value"]
    return client.post("/s/default", {"form_token": token, "customer_name": "Zoë", "problem_description": "x"}).status


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_limit_passed_is_told_at_its_field_and_the_form_goes_on(app: Flask, method: str) -> None:
    client = PageClient(app)
    typed = {**TYPED, "customer_number": "7" * 33}
    sent = {"query_string": typed} if method == "GET" else {"data": typed}
    answer = client.open(method, FORM_PATH, headers=GERMAN, **sent)
    assert answer.status == 400
    assert kept(answer) == ("Zoë <b>", "It broke.")
    assert "33 Zeichen" in answer.select("#customer_number-problem").get_text()
    assert "at most 32" in answer.page.get_text(), "the page's maker reads the parameter's name and limit"
    assert not tickets(app)
    assert (sent_on(client, answer), len(tickets(app))) == (303, 1)


@pytest.mark.parametrize("uid", [None, "", "of-another-account"])
def test_a_page_with_a_wrong_key_leads_to_the_default_site_s_form(app: Flask, uid: str | None) -> None:
    client = PageClient(app)
    typed = {**{name: value for name, value in TYPED.items() if name != "uid"}, **({} if uid is None else {"uid": uid})}
    answer = client.post(FORM_PATH, typed, headers=GERMAN)
    assert answer.status == (403 if uid else 400)
    assert kept(answer) == ("Zoë <b>", "It broke.")
    assert (sent_on(client, answer), len(tickets(app))) == (303, 1)


def test_a_wrong_key_without_a_default_site_is_a_page_in_the_caller_s_language(
    app: Flask, change_site: Callable[..., Site]
) -> None:
    change_site(disabled=True)
    answer = PageClient(app).post(FORM_PATH, TYPED, headers=GERMAN)
    assert (answer.status, answer.select("html")["lang"]) == (403, "de")
    assert "403: this uid is not known here" in answer.page.get_text()


def test_text_in_no_encoding_keeps_what_could_be_read(app: Flask) -> None:
    body = f"uid={UID}&customer_name=Zo%C3%AB <b>&problem_description=It broke.%81&x=%FF".encode()
    answer = PageClient(app).post(FORM_PATH, body, content_type=FORM_TYPE, headers=GERMAN)
    assert answer.status == 400
    assert kept(answer) == ("Zoë <b>", "It broke.")


def test_a_technician_s_name_that_is_too_long_is_left_out(app: Flask) -> None:
    answer = PageClient(app).post(FORM_PATH, {**TYPED, "tech": "t" * 300}, headers=GERMAN)
    assert answer.status == 400
    assert kept(answer) == ("Zoë <b>", "It broke.")


def test_a_database_that_does_not_confirm_keeps_what_was_typed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OutcomeUnknown("not confirmed")

    monkeypatch.setattr(new_session_calls, "open_ticket", fail)
    answer = PageClient(app).post(FORM_PATH, TYPED, headers=GERMAN)
    assert (answer.status, answer.headers.getlist("Retry-After")) == (503, ["5"])
    assert kept(answer) == ("Zoë <b>", "It broke.")


def test_a_program_reads_the_envelope(app: Flask) -> None:
    answer = PageClient(app).post(FORM_PATH, {**TYPED, "customer_number": "7" * 33}, headers=JSON)
    assert (answer.status, answer.json["result"]) == (400, "ERROR")
    assert answer.json["errorDetails"]["errorMsg"] == "customer_number has 33 characters; at most 32 are allowed"
