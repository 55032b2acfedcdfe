"""A customer's entry by a session code, by PIN or link, and what strangers get."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.actions.codes import MOST_WRONG_EVERYWHERE, revoke, start_code, way_back
from app.actions.ticket import cancel
from app.core.customer_info import InfoMode
from app.core.links import Purpose
from app.core.routing import QueueKind, Reason
from app.core.session_code import SessionCode, shown_pin
from app.core.site import Site
from app.core.ticket import Ticket
from app.process.running import Running
from app.store.requests import list_requests
from app.store.staff import set_technician_disabled
from app.store.tickets import list_tickets
from tests.api.embedding import solution
from tests.conftest import StandingClock
from tests.page_client import HOST, Answer, PageClient
from tests.web.customer_client import enter

ChangeSite = Callable[..., Site]
DOES_NOT_WORK = "This PIN does not work. Please look at it again, or ask your technician for a new one."


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


def start(here: Running, site: str = "default", **life: float) -> SessionCode:
    technician = here.desk.staff.technicians["anna@example.com"].id
    return start_code(here.database, site, timedelta(**(life or {"hours": 12})), by=technician, now=here.clock())


def link(here: Running, code: SessionCode) -> str:
    return f"/pin/{here.links.token(Purpose.CODE, code.id, code.expires_at, code.site)}"


def tickets(here: Running) -> list[Ticket]:
    with here.database.read() as connection:
        return list_tickets(connection)


def sentence(answer: Answer) -> str:
    return str(answer.select(".summary").get_text(strip=True))


def test_a_pin_brings_its_customer_into_the_technician_s_queue(client: PageClient, here: Running) -> None:
    code = start(here)
    answer = enter(client, shown_pin(code.pin))
    assert answer.status == 303
    assert answer.location.startswith("/r/")
    assert "Set-Cookie" not in answer.headers
    (ticket,) = tickets(here)
    technician = here.desk.staff.technicians["anna@example.com"]
    assert (ticket.queue_kind, ticket.technician_id) == (QueueKind.TECHNICIAN, technician.id)
    assert (ticket.reason, ticket.asked_tech, ticket.asked_department) == (Reason.TECHNICIAN, technician.email, None)
    assert ticket.info_mode is InfoMode.ASK, "nothing is known of the customer, and the site asks then"
    with here.database.read() as connection:
        (request,) = list_requests(connection)
    assert (request.source, request.site) == ("pin", "default")
    assert str(ticket.reference) in client.get(answer.location).page.get_text()


def test_a_used_pin_leads_nobody_anywhere(app: Flask, client: PageClient, here: Running) -> None:
    code = start(here)
    sent = {"form_token": str(client.get("/pin").select("input[name=form_token]")["value"]), "pin": code.pin}
    first = client.post("/pin", sent)
    assert client.post("/pin", sent).location == first.location, "a second press of the same form"
    for other in (client, PageClient(app, address="192.0.2.99")):
        answer = enter(other, code.pin)
        assert (answer.status, answer.location) == (422, "")
        assert sentence(answer).startswith("This PIN does not work.")
        for method in ("GET", "POST"):
            assert other.open(method, link(here, code)).status == 410
    assert len(tickets(here)) == 1


def test_a_code_that_lets_back_in_leads_to_the_same_request_once(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    code = start(here)
    first = enter(client, code.pin)
    again = way_back(here.database, code.id, code.technician_id, now=clock())
    assert again
    back = enter(PageClient(app, address="192.0.2.99"), again.pin)
    assert back.location.split(".")[0] == first.location.split(".")[0]
    assert (
        client.get(back.location).select(".reference").get_text()
        == client.get(first.location).select(".reference").get_text()
    )
    assert enter(client, again.pin).status == 422
    assert len(tickets(here)) == 1


@pytest.mark.slow
def test_wrong_pins_from_everywhere_want_a_check_that_the_page_s_script_solves(
    app: Flask, client: PageClient, here: Running
) -> None:
    code = start(here)
    assert client.get("/pin/check").json == {"check": None}
    for n in range(MOST_WRONG_EVERYWHERE):
        enter(PageClient(app, address=f"198.51.{n // 4}.{n % 4 + 1}"), "111111111")
    asked = client.get("/pin/check").json["check"]
    refused = enter(client, code.pin)
    assert (refused.status, refused.select("#pin")["value"]) == (429, code.pin)
    filled = {
        "form_token": str(client.get("/pin").select("input[name=form_token]")["value"]),
        "pin": code.pin,
        "check": solution(asked),
    }
    assert client.post("/pin", filled).status == 303


def test_no_wrong_pin_says_what_is_wrong_with_it(client: PageClient, here: Running, clock: StandingClock) -> None:
    expired, revoked, over, unknown = start(here, hours=1), start(here), start(here), "111111111"
    enter(client, over.pin)
    cancel(here.database, tickets(here)[0].number, now=clock())
    revoke(here.database, revoked.id, by=revoked.technician_id, now=clock())
    clock.advance(hours=1)
    said = [enter(client, pin) for pin in (unknown, expired.pin, revoked.pin, over.pin)]
    assert {(answer.status, sentence(answer)) for answer in said} == {(422, DOES_NOT_WORK)}
    assert {answer.select("#pin")["value"] for answer in said} == {unknown, expired.pin, revoked.pin, over.pin}
    assert said[0].select("#pin")["aria-describedby"].split()[0] == "pin-problem"
    assert len(tickets(here)) == 1


@pytest.mark.slow
def test_five_wrong_tries_then_the_right_pin_waits_too_with_another_way(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    code = start(here)
    for _ in range(5):
        assert enter(client, "111111111").status == 422
    for pin in ("111111111", code.pin):
        late = enter(client, pin)
        assert (late.status, late.headers["Retry-After"]) == (429, "600")
        assert sentence(late) == "Too many wrong PINs came from your network. Please try again in 10 minutes."
        assert late.select("footer a[href^=tel]").get_text() == "+1 555 0100"
    assert tickets(here) == []
    assert enter(PageClient(app, address="192.0.2.8"), code.pin).status == 303
    clock.advance(minutes=10)
    assert enter(client, start(here).pin).status == 303


def test_a_pin_stays_in_its_field_while_the_database_does_not_answer(
    client: PageClient, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = start(here).pin

    def fail(*_arguments: object, **_named: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as broken:
        broken.setattr("app.web.pin.code_of_pin", fail)
        answer = enter(client, pin)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.select("#pin")["value"] == pin
    assert enter(client, pin).status == 303


@pytest.mark.slow
def test_what_is_no_pin_is_no_try(client: PageClient, here: Running) -> None:
    for typed in (
        "",
        "12345678",
        "<script>alert(1)</script>",
        "x" * 5000,
        "\u202e" * 70,
        "'; DROP TABLE tickets; --",
    ) * 2:
        answer = enter(client, typed)
        assert (answer.status, sentence(answer)) == (422, "A PIN has 9 digits. Please look at it again.")
        assert answer.select("#pin")["value"] == typed[:64]
    assert enter(client, start(here).pin).status == 303


@pytest.mark.slow
def test_a_form_that_is_not_ours_or_too_old_comes_back_and_is_no_try(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    code = start(here)
    page = client.get("/pin")
    old = page.select("input[name=form_token]")["value"]
    foreign = here.links.form_token("default", "https://www.example.com")
    for token in ("", "x", foreign, here.links.form_token("another"), *["y"] * 5):
        again = client.post("/pin", {"form_token": token, "pin": code.pin})
        assert (again.status, again.select("#pin")["value"]) == (400, code.pin)
    assert client.post("/pin", {"pin": code.pin}).status == 400
    clock.advance(hours=2, minutes=2)
    late = client.post("/pin", {"form_token": old, "pin": code.pin})
    assert late.status == 400
    assert "open for a long time" in sentence(late)
    fresh = late.select("input[name=form_token]")["value"]
    assert client.post("/pin", {"form_token": fresh, "pin": code.pin}).status == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{HOST}.evil.example"},
        {"Origin": f"https://{HOST}"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_page_can_neither_try_pins_nor_press_the_button(
    client: PageClient, here: Running, headers: dict[str, str]
) -> None:
    code = start(here)
    for _ in range(6):
        assert enter(client, "111111111", headers).status == 403
    assert client.post(link(here, code), headers=headers).status == 403
    assert tickets(here) == []
    assert enter(client, code.pin, {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}).status == 303


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"pin=%ff", "application/x-www-form-urlencoded", 400),
        (b"pin=1", "application/json", 415),
        (b"pin=%00", "application/x-www-form-urlencoded", 400),
        (b"x=1&" * 101, "application/x-www-form-urlencoded", 413),
        (b"pin=" + b"1" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_broken_body_is_refused(client: PageClient, body: bytes, kind: str, status: int) -> None:
    assert client.post("/pin", body, content_type=kind).status == status


def test_the_link_does_the_same_with_one_press(client: PageClient, here: Running) -> None:
    code = start(here)
    path = link(here, code)
    for method in ("HEAD", "GET"):
        assert client.open(method, path).headers["X-Robots-Tag"] == "noindex, nofollow"
    looked = client.get(path)
    assert looked.status == 200
    assert tickets(here) == [], "who only looks at a link uses nothing up"
    assert "Your technician: Anna A" in looked.page.get_text()
    action = str(looked.select("main form")["action"])
    assert action.startswith(f"{path}?form=")
    pressed = client.post(action)
    assert pressed.location.startswith("/r/")
    assert client.post(action).location == pressed.location, "a second press"
    assert client.post(path).status == 410
    assert len(tickets(here)) == 1


def test_a_link_that_is_over_taken_back_or_forged_opens_nothing(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    late, revoked = start(here, hours=1), start(here)
    revoke(here.database, revoked.id, by=revoked.technician_id, now=clock())
    status = here.links.status_token(late.id, clock())
    unknown = here.links.token(Purpose.CODE, "0" * 22, late.expires_at)
    clock.advance(hours=1)
    for path, expected in (
        (link(here, late), 410),
        (link(here, revoked), 410),
        (f"/pin/{unknown}", 410),
        (f"/pin/{status}", 404),
        (f"/pin/{late.id}", 404),
        (f"/pin/{late.pin}", 404),
        (f"/pin/{'x' * 600}", 404),
    ):
        for method in ("GET", "POST"):
            assert client.open(method, path).status == expected, path
    clock.advance(minutes=2)
    assert client.post(link(here, late)).status == 410
    assert tickets(here) == []


@pytest.mark.slow
def test_a_link_is_no_try_and_waits_for_nobody_s_tries(client: PageClient, here: Running) -> None:
    code = start(here)
    for _ in range(6):
        enter(client, "111111111")
    assert client.post(link(here, code)).status == 303


def test_the_code_of_a_disabled_technician_still_brings_its_customer_to_somebody(
    client: PageClient, here: Running
) -> None:
    code = start(here)
    here.database.write(lambda connection: set_technician_disabled(connection, "anna@example.com", True))
    page = client.get(link(here, code))
    assert "Anna" not in page.page.get_text()
    assert enter(client, code.pin).status == 303
    (ticket,) = tickets(here)
    assert (ticket.queue_kind, ticket.reason) == (QueueKind.GENERAL, Reason.TECHNICIAN_WRONG)


def test_a_site_s_fixed_department_does_not_take_the_customer_away(
    client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    change_site(department="20")
    assert enter(client, start(here).pin).status == 303
    assert tickets(here)[0].reason is Reason.TECHNICIAN_OVER_DEPARTMENT


@pytest.mark.parametrize("change", [{"disabled": True}, {"backend": "take-control", "api_domain": "https://a.example"}])
def test_a_site_that_is_off_or_at_a_vendor_takes_no_codes(
    client: PageClient, here: Running, change_site: ChangeSite, change: dict[str, object]
) -> None:
    code = start(here)
    change_site(**change)
    assert client.get("/pin").status == 200
    assert enter(client, code.pin).status == 422
    assert client.post(link(here, code)).status == 410
    assert tickets(here) == []


@pytest.mark.slow
def test_many_sessions_from_one_office_are_no_suspects(client: PageClient, here: Running) -> None:
    for _ in range(8):
        assert enter(client, start(here).pin).status == 303
    assert len(tickets(here)) == 8


@pytest.mark.slow
def test_more_requests_than_a_network_may_make_wait(client: PageClient, here: Running) -> None:
    for _ in range(60):
        client.submit(problem_description="x")
    code = start(here)
    for answer in (enter(client, code.pin), client.post(link(here, code))):
        assert (answer.status, answer.headers["Retry-After"]) == (429, "601")
    assert enter(PageClient(client._client.application, address="192.0.2.50"), code.pin).status == 303


def test_the_request_page_leads_there_where_sessions_open_at_our_desk(
    client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    assert client.get("/").page.find("a", string="I have a PIN from a technician")["href"] == "/pin"  # type: ignore[index]
    change_site(backend="take-control", api_domain="https://a.example", sealed_key="x")
    assert client.get("/").page.find("a", string="I have a PIN from a technician") is None
