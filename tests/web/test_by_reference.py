"""The way back by a reference and a detail: with the PIN's limits, and without telling which of the two was wrong."""

import pytest
from flask import Flask

from app.process.running import Running
from app.store.requests import list_requests
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.customer_client import enter

ZOE = {"customer_name": "Zoë", "customer_email": "Zoe@example.com", "customer_number": "C-7", "customer_phone": "+1 5"}
WRONG = "We found no such request of the last day. Please look at both again."


def ask(client: PageClient, reference: str, contact: str) -> Answer:
    token = client.get("/reference").select("input[name=form_token]")["value"]
    return client.post("/reference", {"form_token": token, "reference": reference, "contact": contact})


@pytest.fixture
def reference(client: PageClient, here: Running) -> str:
    client.submit(**ZOE)
    with here.database.read() as connection:
        return list_requests(connection, most=1)[0].reference


@pytest.mark.parametrize("contact", ["zoe@example.com ", "c-7", "+1 5"])
def test_each_detail_leads_back(client: PageClient, reference: str, contact: str) -> None:
    found = ask(client, reference.lower().replace("-", " "), contact)
    assert found.status == 303
    assert client.get(found.location).select(".reference").get_text() == reference


def test_what_is_wrong_is_not_told(client: PageClient, reference: str) -> None:
    pages = [ask(client, reference, "ben@example.com"), ask(client, "7K3M-Q2XH", "zoe@example.com")]
    pages.append(ask(client, reference, "Zoë"))
    assert [page.status for page in pages] == [422] * 3
    assert {page.select(".summary").get_text().strip() for page in pages} == {WRONG}


@pytest.mark.slow
def test_it_shares_the_limit_of_pins(client: PageClient, reference: str, clock: StandingClock) -> None:
    for _ in range(3):
        assert ask(client, reference, "x").status == 422
    for _ in range(2):
        assert enter(client, "123456789").status == 422
    refused = ask(client, reference, "zoe@example.com")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "600")
    clock.advance(minutes=10, seconds=1)
    assert ask(client, reference, "zoe@example.com").status == 303


@pytest.mark.slow
def test_a_request_without_details_and_an_old_one_are_not_found(
    client: PageClient, here: Running, reference: str, clock: StandingClock
) -> None:
    clock.advance(hours=23)
    assert ask(client, reference, "zoe@example.com").status == 422
    client.submit(problem_description="It is broken")
    with here.database.read() as connection:
        newest = list_requests(connection, most=1)[0].reference
    assert ask(client, newest, "None").status == 422


def test_both_are_needed_and_another_site_cannot_try(client: PageClient, reference: str) -> None:
    assert "Please fill in both." in ask(client, reference, " ").text
    foreign = client.post("/reference", {"reference": reference}, headers={"Origin": "https://evil.example"})
    assert foreign.status == 403


def test_the_pages_lead_there(app: Flask, client: PageClient) -> None:
    for path in ("/", "/pin"):
        assert client.get(path).select('a[href="/reference"]').get_text() == "I have a reference"
