"""A browser with an open request: the same form again is the same request, and another text is asked about."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.core.request import RequestState
from app.core.site import Site
from app.process.running import Running
from app.store.live import all_lines
from app.store.requests import list_requests
from tests.api.calls import tickets
from tests.page_client import Answer, PageClient

ChangeSite = Callable[..., Site]
ZOE = {"customer_name": "Zoë", "problem_description": "It is broken"}
OTHER = {"customer_name": "Zoë", "problem_description": "It smokes, too"}


@pytest.fixture
def client(app: Flask) -> PageClient:
    return PageClient(app, remembers=True)


def count(here: Running) -> int:
    with here.database.read() as connection:
        return len(list_requests(connection, most=9))


def press(client: PageClient, page: Answer, choice: str) -> Answer:
    """Send the page's form by the button with this value."""
    hidden = {str(field["name"]): str(field["value"]) for field in page.page.select("form input[type=hidden]")}
    return client.post(str(page.select("form")["action"]), {**hidden, "open_request": choice})


def test_the_same_again_in_a_new_form_is_the_same_request(client: PageClient, here: Running) -> None:
    first = client.submit(**ZOE)
    assert client.submit(**ZOE).location == first.location
    assert count(here) == 1


def test_another_text_is_asked_about_and_can_be_added(app: Flask, client: PageClient, here: Running) -> None:
    first = client.submit(**ZOE)
    page = client.submit(**OTHER, customer_number="C-1")
    assert page.status == 200
    assert page.select("h1").get_text() == "You have an open request"
    assert page.select(".reference").get_text() == client.get(first.location).select(".reference").get_text()
    for _ in range(2):  # the same press again adds nothing more
        assert press(client, page, "add").location == first.location
    assert count(here) == 1
    (ticket,) = tickets(app)
    with here.database.read() as connection:
        said = [line.body for line in all_lines(connection, ticket.number)]
    assert said == ["It smokes, too\nCustomer number: C-1"]


def test_or_is_something_new(client: PageClient, here: Running) -> None:
    first = client.submit(**ZOE)
    page = client.submit(**OTHER, Room="4", check_details="1")
    second = press(client, page, "new")
    assert (second.status, second.location != first.location) == (303, True)
    assert press(client, page, "new").location == second.location
    assert count(here) == 2
    with here.database.read() as connection:
        newest = list_requests(connection, most=1)[0]
    assert (newest.more, newest.customer.problem) == ((("Room", "4"),), "It smokes, too")


@pytest.mark.slow
def test_after_the_end_nothing_is_asked(app: Flask, client: PageClient, here: Running) -> None:
    first = client.submit(**ZOE)
    applet = client.get(str(client.get(first.location).page.select("a[data-start]")[0]["href"])).location
    client.post(applet, {"action": "cancel"})
    assert client.submit(**OTHER).status == 303
    assert client.submit(**ZOE).status in (200, 303)
    assert count(here) >= 2


def test_a_vendors_session_takes_no_addition(client: PageClient, here: Running, change_site: ChangeSite) -> None:
    change_site(backend="take-control-browser", api_domain="https://api.example.com")
    client.submit(**ZOE)
    page = client.submit(**OTHER)
    assert not page.page.select("button[value=add]")
    assert press(client, page, "new").status == 303
    assert count(here) == 2


def test_each_site_and_each_browser_has_its_own(app: Flask, client: PageClient, here: Running) -> None:
    client.submit(**ZOE)
    assert PageClient(app, remembers=True).submit(**OTHER).status == 303
    assert client.get("/").headers.get("Vary") == "Accept-Encoding, Accept-Language"
    assert count(here) == 2


@pytest.mark.slow
def test_the_cookie_is_for_that_form_alone(client: PageClient) -> None:
    (cookie,) = client.submit(**ZOE).headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("handbell-request=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/s/default", "Max-Age=3600"} <= set(attributes)


def test_a_suspect_is_no_second_request_either(client: PageClient, here: Running) -> None:
    first = client.submit(**ZOE, website="x")
    assert client.submit(**ZOE, website="x").location == first.location
    with here.database.read() as connection:
        assert [row.state for row in list_requests(connection, most=9)] == [RequestState.SUSPECT]
