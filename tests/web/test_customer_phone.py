"""The customer's phone: asked for where a site shows it, accepted in every way, and never shown by the applet."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from app.actions.hand_off import asked_of
from app.core.customer import ELEMENTS, NAMES, Customer
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.text import Invalid
from app.process.running import Running
from app.store.requests import list_requests
from tests.api.calls import call, newest
from tests.api.embedding import ORIGIN, Widget
from tests.conftest import UID, StandingClock
from tests.page_client import PageClient
from tests.store.rows import request_row
from tests.web.console_client import DORA, log_in

ChangeSite = Callable[..., Site]
PHONE = "+49 30 1234-56"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def asking_site(change_site: ChangeSite) -> Site:
    return change_site(fields=NAMES, origins=(ORIGIN,))


def test_it_is_hidden_unless_chosen(client: PageClient, change_site: ChangeSite) -> None:
    assert not client.get("/").page.select("#customer_phone")
    change_site(fields=NAMES)
    (field,) = client.get("/").page.select("#customer_phone")
    assert (field["autocomplete"], field["inputmode"], field["data-limit"]) == ("tel", "tel", "32")
    assert client.get("/").select("label[for=customer_phone]").get_text() == "Phone"


@pytest.mark.slow
def test_it_is_kept_with_request_and_ticket_and_finds_them(
    app: Flask, client: PageClient, here: Running, asking_site: Site
) -> None:
    assert client.submit(customer_name="Zoë", customer_phone=f" {PHONE} ").status == 303
    with here.database.read() as connection:
        (kept,) = list_requests(connection)
    assert (kept.customer.phone or "").strip() == PHONE
    client.submit(customer_name="Zoë", customer_phone=PHONE)
    number = newest(app).number
    assert newest(app).customer.phone == PHONE
    dora = PageClient(app)
    log_in(dora, DORA)
    for found in (dora.get("/console/", query_string={"q": PHONE}), dora.get(f"/console/tickets/{number}")):
        assert str(number) in found.text
    assert PHONE in dora.get(f"/console/tickets/{number}").page.get_text()
    assert kept.reference not in dora.get("/console/requests", query_string={"q": "+49 30"}).text
    assert (newest(app).reference or "-") in dora.get("/console/requests", query_string={"q": PHONE}).text


def test_a_site_may_require_it(client: PageClient, asking_site: Site, change_site: ChangeSite) -> None:
    change_site(fields=NAMES, required=("customer_phone",))
    refused = client.submit(customer_name="Zoë", customer_phone=" ")
    assert refused.status == 422
    assert refused.page.select("#customer_phone-problem")
    too_long = client.submit(customer_phone="1" * 33)
    assert (too_long.status, too_long.select("#customer_phone")["value"]) == (422, "1" * 33)


def test_plain_forms_and_json_bring_it(app: Flask, client: PageClient, here: Running, asking_site: Site) -> None:
    posted = client.post("/s/default/submit", {"Customer_Phone": PHONE}, headers={"Origin": ORIGIN})
    assert (posted.status, newest(app).customer, newest(app).more) == (303, Customer(phone=PHONE), ())
    widget = Widget(client)
    assert widget.send(customer_phone=4930123).status == 201
    assert newest(app).customer == Customer(phone="4930123")
    refused = widget.send(customer_phone="1" * 33)
    assert (refused.status, list(refused.json["error"]["fields"])) == (422, ["customer_phone"])


def test_the_widget_is_told_how_to_show_it(client: PageClient, asking_site: Site) -> None:
    told = Widget(client).site_info().json["fields"]
    assert [field["name"] for field in told] == list(NAMES)
    (phone,) = (field for field in told if "label" in field)
    assert phone == {
        "name": "customer_phone",
        "required": False,
        "limit": 32,
        "label": "Phone",
        "input": {"id": "phone", "dir": "auto", "type": "tel", "autocomplete": "tel"},
    }
    german = client.get("/api/v1/sites/default?lang=de", headers={"Origin": ORIGIN}).json["fields"]
    assert [field["label"] for field in german if "label" in field] == ["Telefon"]


@pytest.mark.slow
@pytest.mark.parametrize("ask", ["", "1"])
@pytest.mark.parametrize("name", ["", "Zoë"])
def test_the_applet_never_shows_it(
    app: Flask, client: PageClient, here: Running, asking_site: Site, change_site: ChangeSite, ask: str, name: str
) -> None:
    change_site(fields=NAMES, ask_customer_info="always" if ask else "never")
    client.submit(customer_name=name, customer_phone=PHONE)
    ticket = newest(app)
    path = here.links.applet_path(ticket.applet_id, ticket.created_at)
    for address in (path, f"{path}?edit", f"{path}/state"):
        answer = client.get(address)
        assert PHONE not in answer.text
        assert "1234-56" not in answer.text
        assert "customer_phone" not in answer.text
    if name == "" or ask:
        saved = client.post(path, {"action": "save", "customer_name": "Zoë Q", "customer_phone": "1"})
        assert saved.status == 303
        assert newest(app).customer == Customer(name="Zoë Q", phone=PHONE), "what it does not show it does not change"


@pytest.mark.parametrize("flavour", ["form", "rest"])
def test_it_is_no_parameter_of_the_new_session_api(app: Flask, client: PageClient, flavour: str) -> None:
    call(client, flavour, customer_name="Zoë", customer_phone=PHONE)
    assert newest(app).customer == Customer(name="Zoë")
    asked = NewSessionRequest(customer=Customer(name="Z", phone=PHONE))
    assert "customer_phone" not in {name for name, _value in asked.form_pairs(UID)} | asked.to_rest().keys()
    assert set(asked.elements) <= set(ELEMENTS)


@pytest.mark.parametrize("written", [0, 5, 1006, 1007, 1024])
def test_a_vendor_reads_it_on_a_line_of_its_own_at_the_end(here: Running, written: int) -> None:
    vendor = replace(
        here.desk.sites["default"], backend="take-control", api_domain="https://api.example.com", sealed_key="x"
    )
    request = request_row(problem_description="x" * written or None, customer_phone=PHONE)
    said = asked_of(request, vendor).customer.problem or ""
    assert len(said) <= 1024
    above, _, last = said.rpartition("\n")
    assert last == f"Phone: {PHONE}"
    room = 1024 - len(last) - 2
    assert above == ("x" * min(written, room) + "\n" if written else "")
    assert asked_of(request, here.desk.sites["default"]).customer.problem == request.customer.problem


def test_too_long_a_phone_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        NewSessionRequest(customer=Customer(phone="1" * 33))
    assert [problem.field for problem in refused.value.problems] == ["customer_phone"]


def test_only_typed_at_a_vendor_the_applet_still_asks(here: Running, clock: StandingClock) -> None:
    vendor = replace(here.desk.sites["default"], backend="take-control", api_domain="https://api.example.com")
    assert asked_of(request_row(customer_phone=PHONE), vendor).ask_customer_info is True
