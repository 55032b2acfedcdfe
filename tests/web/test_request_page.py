"""The hosted request page: from the form to the applet, and back with everything that was typed."""

import pytest

from app.actions.hours import add_days, remove_days, set_hours
from app.core.hours import SpecialDay
from app.core.hours_rules import DESK
from app.core.hours_text import read_week
from app.process.running import Running
from app.store.requests import list_requests
from app.store.tickets import list_tickets
from tests.conftest import StandingClock
from tests.page_client import PageClient
from tests.web.changed_site import ChangeSite

FILLED = {
    "customer_name": "Zoë",
    "customer_email": "zoe@example.com",
    "customer_number": "C-1",
    "problem_description": "It broke.\r\nTwice.",
}


def tickets(here: Running):  # type: ignore[no-untyped-def]
    with here.database.read() as connection:
        return list_tickets(connection)


def test_a_request_opens_a_ticket_and_leads_to_the_applet(client: PageClient, here: Running) -> None:
    sent = client.submit(**FILLED, department="20")
    assert sent.status == 303
    status = client.get(sent.location)
    reference = status.select(".reference").get_text()
    started = client.get(status.page.select_one("a[data-start]")["href"])  # type: ignore[index]
    assert (started.status, started.body) == (302, b"")
    applet = client.get(started.location)
    (ticket,) = tickets(here)
    assert str(ticket.number) in applet.page.get_text()
    assert ticket.reference == reference
    assert ticket.department_id == 20
    assert ticket.customer.given() == {**FILLED, "problem_description": "It broke.\nTwice."}


def test_the_same_form_sent_twice_is_one_request(client: PageClient, here: Running) -> None:
    token = client.form_token()
    first, second = (client.post("/s/default", {"form_token": token, **FILLED}) for _ in range(2))
    assert first.location == second.location
    assert len(tickets(here)) == 1


def test_the_same_form_changed_is_another_request(client: PageClient, here: Running) -> None:
    token = client.form_token()
    client.post("/s/default", {"form_token": token, **FILLED})
    client.post("/s/default", {"form_token": token, **FILLED, "customer_number": "C-2"})
    assert len(tickets(here)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_name", "n" * 129),
        ("customer_email", "a@" + "b" * 63),
        ("customer_number", "1" * 33),
        ("problem_description", "\N{PILE OF POO}" * 1025),
        ("customer_name", "bell\x07"),
        ("customer_email", "not a mail address"),
    ],
)
def test_a_refused_form_names_the_field_and_keeps_what_was_typed(
    client: PageClient, here: Running, field: str, value: str
) -> None:
    refused = client.submit(**{**FILLED, field: value})
    assert refused.status == 422
    assert refused.select(f"#{field}")["aria-invalid"] == "true"
    assert refused.page.select_one(f'.summary a[href="#{field}"]')
    for name in FILLED:
        shown = refused.select(f"#{name}")
        expected = value.replace("\x07", "") if name == field else FILLED[name].replace("\r\n", "\n")
        assert (shown.get("value") or shown.get_text().removeprefix("\n")) == expected
    assert tickets(here) == []


def test_a_form_that_was_open_for_hours_comes_back_filled_with_a_fresh_token(
    client: PageClient, clock: StandingClock, here: Running
) -> None:
    old = client.form_token()
    clock.advance(hours=3)
    late = client.post("/s/default", {"form_token": old, **FILLED})
    assert late.status == 400
    assert late.select("#customer_name")["value"] == "Zoë"
    fresh = late.select("input[name=form_token]")["value"]
    assert client.post("/s/default", {"form_token": fresh, **FILLED}).status == 303
    assert len(tickets(here)) == 1


def test_a_token_of_another_site_or_of_nobody_is_not_taken(client: PageClient, here: Running) -> None:
    for token in ("", "forged", client.form_token() + "x" * 600):
        assert client.post("/s/default", {"form_token": token, **FILLED}).status == 400
    assert tickets(here) == []


@pytest.mark.slow
def test_the_61st_request_in_ten_minutes_has_to_wait(client: PageClient, clock: StandingClock, here: Running) -> None:
    token = client.form_token()
    for number in range(60):
        assert client.post("/s/default", {"form_token": token, "customer_number": str(number)}).status == 303
    refused = client.post("/s/default", {"form_token": token, "customer_number": "60", "customer_name": "Zoë"})
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 601
    assert refused.select("#customer_name")["value"] == "Zoë"
    assert "+1 555 0100" in refused.page.get_text()
    clock.advance(minutes=11)
    assert client.submit(customer_number="61").status == 303
    with here.database.read() as connection:
        assert len(list_requests(connection)) == 61


@pytest.mark.slow
def test_another_client_is_not_held_up(client: PageClient, here: Running) -> None:
    token = client.form_token()
    for number in range(61):
        client.post("/s/default", {"form_token": token, "customer_number": str(number)})
    flask_app = client._client.application
    other = PageClient(flask_app, address="192.0.2.8")
    assert other.submit(**FILLED).status == 303


def test_html_in_a_text_is_only_text(client: PageClient) -> None:
    hostile = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    refused = client.submit(customer_name=hostile, problem_description=hostile, customer_email="x")
    assert not refused.page.select("script:not([src]), img")
    assert refused.select("#customer_name")["value"] == hostile


def test_an_unknown_site_is_not_found(client: PageClient) -> None:
    assert client.get("/s/nobody").status == 404


def test_a_site_that_is_switched_off_says_so_with_its_contact(client: PageClient, change_site) -> None:  # type: ignore[no-untyped-def]
    change_site(disabled=True, phone="+1 555 0100")
    for answer in (client.get("/"), client.post("/s/default", FILLED), client.post("/s/default/submit", FILLED)):
        assert answer.status == 410
        assert answer.select("h1").get_text() == "This support page is switched off"
        assert "+1 555 0100" in answer.text


def test_a_closed_desk_says_when_it_opens_and_takes_requests(client: PageClient, here: Running) -> None:
    set_hours(here.database, DESK, "Europe/Berlin", read_week("mo 09:00-17:00"), by=None, now=here.clock())
    page = client.get("/")
    assert "We are closed now." in page.text
    assert page.select("time[data-local]")["datetime"] == "2026-03-02T08:00:00Z"
    assert page.select("time[data-local]").get_text() == "Monday, March 2, 2026, 09:00 (Europe/Berlin)"
    assert client.submit(problem_description="It broke").status == 303


def test_a_holiday_closes_the_desk_in_the_same_minute(client: PageClient, here: Running) -> None:
    set_hours(here.database, DESK, "Europe/Istanbul", read_week("mo-su 00:00-24:00"), by=None, now=here.clock())
    assert "We are closed now." not in client.get("/").text
    days = {here.clock().date(): SpecialDay("Inventory")}
    add_days(here.database, DESK, days, by=None, now=here.clock())
    assert "We are closed now." in client.get("/").text
    remove_days(here.database, DESK, days, by=None, now=here.clock())
    assert "We are closed now." not in client.get("/").text


def test_the_page_changes_with_the_minute_in_which_it_opens(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    set_hours(here.database, DESK, "UTC", read_week("su 12:01-13:00"), by=None, now=here.clock())
    clock.advance(seconds=59)
    assert "We are closed now." in client.get("/").text
    clock.advance(seconds=1)
    assert "We are closed now." not in client.get("/").text


def test_gzip_and_plain_are_the_same_page(client: PageClient) -> None:
    import gzip
    import re

    plain = client.get("/").text
    zipped = client._client.get("/", headers={"Host": "127.0.0.1:8000", "Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"

    def without_token(page: str) -> str:
        return re.sub(r'name="form_token" value="[^"]+"', "", page)

    assert without_token(gzip.decompress(zipped.data).decode()) == without_token(plain)


def test_a_host_that_is_not_ours_is_refused(client: PageClient) -> None:
    for host in ("evil.example", "good:80@evil", "", "127.0.0.1:8000.evil.example"):
        assert client.get("/", headers={"Host": host}).status == 400
    assert client.get("/", headers={"Host": "LOCALHOST:8000"}).status == 200


@pytest.mark.slow
def test_the_problem_comes_first_and_every_field_says_whether_it_is_needed(
    client: PageClient, change_site: ChangeSite
) -> None:
    change_site(required=("customer_name",))
    form = client.get("/").page.select_one("form")
    names = [control["name"] for control in form.select(".field :is(input, textarea, select)")]  # type: ignore[union-attr]
    assert names[:2] == ["problem_description", "customer_name"]
    said = {label["for"]: label.small.get_text() for label in form.select(".field label")}  # type: ignore[union-attr]
    assert {said.pop("customer_name"), *said.values()} == {"(required)", "(optional)"}
    refused = client.submit(customer_name="", problem_description="x" * 1025)
    links = [link["href"] for link in refused.page.select(".summary a")]
    assert links == ["#problem_description", "#customer_name"]


def test_a_form_without_needed_fields_marks_none_and_counts_near_the_limit_only(client: PageClient) -> None:
    page = client.get("/").page
    assert not page.select("label small")
    assert all(count.has_attr("hidden") for count in page.select(".count"))


def test_the_line_from_asked_to_helped_shows_where_one_is(client: PageClient) -> None:
    status = client.get(client.submit(**FILLED).location)
    assert [step.get("class") for step in status.page.select(".way li")] == [["done"], ["now"], None]
    applet = client.get(client.get(str(status.page.select("a[data-start]")[0]["href"])).location)
    assert [step.get("class") for step in applet.page.select(".way li")] == [["done"], ["done"], ["now"]]


def test_a_broken_link_leads_to_the_form_and_back_by_reference(client: PageClient) -> None:
    ways = [link["href"] for link in client.get("/r/broken").page.select("main a")]
    assert ways == ["/", "/reference"]
