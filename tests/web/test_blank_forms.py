"""A form that says neither what is wrong nor who asks: refused with a sentence at a field, in every flavour."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.core.site import Site
from app.process.running import Running
from app.store.requests import list_requests
from tests.api.calls import FORM_PATH, REST_PATH, tickets
from tests.api.embedding import ORIGIN, Widget
from tests.conftest import UID
from tests.page_client import PageClient

ChangeSite = Callable[..., Site]
SENTENCE = "Please tell us what is wrong, or at least who you are, so that we can help you."
LISTED = {"Origin": ORIGIN}
BLANK = {"customer_name": " ", "problem_description": "\n\t", "department": "10", "Room": "4"}


@pytest.fixture(autouse=True)
def _strict(change_site: ChangeSite) -> None:
    change_site(origins=(ORIGIN,), allow_empty=False)


def recorded(here: Running) -> int:
    with here.database.read() as connection:
        return len(list_requests(connection, most=9))


def test_on_the_hosted_page(client: PageClient, here: Running) -> None:
    refused = client.submit(**BLANK)
    assert refused.status == 422
    assert refused.select("#problem_description-problem").get_text() == SENTENCE
    assert refused.select("select option[selected]")["value"] == "10"
    assert recorded(here) == 0
    assert client.submit(customer_number="4").status == 303


def test_on_a_page_of_the_sites(client: PageClient, here: Running) -> None:
    refused = client.post("/s/default/submit", BLANK, headers=LISTED)
    assert refused.status == 422
    assert SENTENCE in refused.select(".summary").get_text()
    assert refused.select("input[name=Room]")["value"] == "4"
    assert recorded(here) == 0


@pytest.mark.slow
def test_in_the_widget(client: PageClient, here: Running) -> None:
    told = Widget(client).send(**BLANK, language="de")
    assert (told.status, list(told.json["error"]["fields"])) == (422, ["problem_description"])
    assert told.json["error"]["fields"]["problem_description"].startswith("Bitte")
    assert recorded(here) == 0


def test_at_the_first_field_that_is_shown(client: PageClient, change_site: ChangeSite) -> None:
    change_site(fields=("customer_number", "customer_phone"))
    assert client.submit().select("#customer_number-problem").get_text() == SENTENCE


def test_a_required_field_alone_is_asked_for(client: PageClient, change_site: ChangeSite) -> None:
    change_site(required=("customer_name",))
    refused = client.submit()
    assert [tag["id"] for tag in refused.page.select("p.problem")] == ["customer_name-problem"]


def test_a_phone_is_enough(client: PageClient) -> None:
    assert client.submit(customer_phone="+1 555 0100").status == 303


def test_where_the_site_allows_it(client: PageClient, change_site: ChangeSite) -> None:
    change_site(allow_empty=True)
    assert client.submit().status == 303


def test_the_vendors_api_stays_as_it_is(app: Flask, client: PageClient) -> None:
    assert client.post(FORM_PATH, {"uid": UID}).status == 302
    rest = client.post(REST_PATH, json={}, headers={"INTEGRATION-KEY": UID})
    assert rest.json["result"] == "SUCCESS"
    assert len(tickets(app)) == 2
