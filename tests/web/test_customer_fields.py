"""Each field of `Customer` is exported, erased, shown in the console and described in the OpenAPI document."""

import json
from dataclasses import fields

import pytest
from sqlalchemy import select

from app.actions.privacy import erase, export, find_person
from app.core.customer import FIELDS, Customer
from app.core.new_session import NewSessionRequest
from app.process.running import Running
from app.store.tables import metadata, requests, tickets
from tests.actions.desk import DeskAtWork
from tests.conftest import StandingClock
from tests.page_client import PageClient
from tests.web.console_client import DORA, log_in

CANARIES = {each.name: f"canary-{each.attribute}@example.com" for each in FIELDS}
BODIES = {
    "/api/v1/sites/{site}/requests": "application/json",
    "/s/{site}": "application/x-www-form-urlencoded",
    "/s/{site}/submit": "application/x-www-form-urlencoded",
}


@pytest.fixture
def reference(here: Running, clock: StandingClock) -> str:
    """A request with every detail, and its ticket."""
    asked = NewSessionRequest(customer=Customer.of(CANARIES))
    return DeskAtWork(here.database, clock).submit(asked).reference


def test_the_list_has_every_field_of_the_value() -> None:
    assert [each.attribute for each in FIELDS] == [each.name for each in fields(Customer)]


def test_both_tables_have_a_column_of_each_field() -> None:
    for table in (requests, tickets):
        assert set(CANARIES) <= set(table.columns.keys())


def test_each_field_is_exported(here: Running, reference: str) -> None:
    exported = export(here.database, find_person(here.database, reference=reference))
    for row in (*exported["requests"], *exported["tickets"]):
        assert {name: row.get(name) for name in CANARIES} == CANARIES
    assert (len(exported["requests"]), len(exported["tickets"])) == (1, 1)


def test_no_field_is_left_after_erasing(here: Running, clock: StandingClock, reference: str) -> None:
    def left() -> set[str]:
        with here.database.read() as connection:
            rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
        return {name for name, text in CANARIES.items() if text in repr(rows)}

    assert left() == set(CANARIES)
    erase(here.database, find_person(here.database, reference=reference), by=None, now=clock())
    assert left() == set()


@pytest.mark.slow
def test_each_field_is_on_the_consoles_pages(here: Running, client: PageClient, reference: str) -> None:
    (ticket,) = find_person(here.database, reference=reference).tickets
    log_in(client, DORA)
    for path in (f"/console/requests/{reference}", f"/console/tickets/{ticket.number}", "/console/requests.csv"):
        text = client.get(path).text
        assert {name for name, value in CANARIES.items() if value not in text} == set(), path


def test_each_field_is_in_the_export_for_programs(client: PageClient, reference: str) -> None:
    log_in(client, DORA)
    (row,) = json.loads(client.get("/console/requests.json").text)["requests"]
    assert {name: row.get(name) for name in CANARIES} == CANARIES


@pytest.mark.parametrize("path", BODIES)
def test_each_field_is_described_with_its_limit(client: PageClient, path: str) -> None:
    described = client.get("/api/openapi.json").json["paths"][path]["post"]["requestBody"]["content"]
    properties = described[BODIES[path]]["schema"]["properties"]
    for each in FIELDS:
        assert f'"maxLength": {each.limit}' in json.dumps(properties[each.name])
