"""Suspect requests: kept, and handed off once their sender has shown to be a person, or an operator releases them."""

import re
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from flask import Flask

from app.actions.hand_off import open_without_call, release
from app.core.request import CustomerRequest, RequestState
from app.core.site import Site
from app.core.why import Why, WhyCode
from app.process.limits import ClientLimits
from app.process.running import Running
from app.store.hand_offs import claim_due
from app.store.requests import list_requests
from tests.api.calls import tickets
from tests.api.embedding import ORIGIN, ZOE, Widget, solution
from tests.conftest import StandingClock
from tests.page_client import HOST, Answer, PageClient

ChangeSite = Callable[..., Site]
LISTED = {"Origin": ORIGIN}


@pytest.fixture(autouse=True)
def _listed(change_site: ChangeSite) -> None:
    change_site(origins=(ORIGIN,))


def newest(here: Running) -> CustomerRequest:
    with here.database.read() as connection:
        return list_requests(connection, most=1)[0]


def assert_suspect(app: Flask, here: Running, why: WhyCode) -> None:
    row = newest(here)
    assert row.state is RequestState.SUSPECT
    assert row.why == Why(why)
    assert (row.due_at, row.lease, row.ticket_number) == (None, None, None)
    assert row.reference not in {ticket.reference for ticket in tickets(app)}


def assert_asks_for_a_person(status: Answer, *, by_itself: bool) -> None:
    assert status.select("main")["data-state"] == "held"
    assert status.select("form button").get_text() == "I am a person"
    assert status.select("form").has_attr("data-auto") is by_itself
    assert [tag.name for tag in status.select("#answer").parents].count("noscript") == 1
    assert "suspect" not in status.text


def sum_asked(status: Answer) -> int:
    return sum(map(int, re.findall(r"\d+", status.select("label[for=answer]").get_text())))


def aged_token(client: PageClient, clock: StandingClock, seconds: float) -> str:
    token = str(client.get("/s/default").select("input[name=form_token]")["value"])
    clock.advance(seconds=seconds)
    return token


def test_who_fills_in_what_nobody_sees(app: Flask, client: PageClient, here: Running) -> None:
    sent = client.submit(**ZOE, website="https://spam.example")
    assert sent.status == 303
    assert_suspect(app, here, WhyCode.TRAP)
    assert_asks_for_a_person(client.get(sent.location), by_itself=False)
    widget = Widget(client)
    told = widget.send(**ZOE, website="x")
    assert (told.status, told.json["state"], told.json["start_url"]) == (202, "held", None)
    assert_suspect(app, here, WhyCode.TRAP)
    sent = client.post("/s/default/submit", {**ZOE, "website": "x"}, headers=LISTED)
    assert sent.status == 303
    assert_suspect(app, here, WhyCode.TRAP)


@pytest.mark.parametrize(("seconds", "suspect"), [(0, True), (1, True), (2, False), (60, False)])
def test_who_is_quicker_than_a_person(
    app: Flask, client: PageClient, here: Running, clock: StandingClock, seconds: float, suspect: bool
) -> None:
    widget = Widget(client)
    assert widget.send(form_token=widget.token(age=seconds), **ZOE).status == (202 if suspect else 201)
    assert (newest(here).state is RequestState.SUSPECT) is suspect
    if suspect:
        assert_suspect(app, here, WhyCode.TOO_FAST)


def test_who_presses_at_once_on_our_own_page_is_a_person_in_a_hurry(client: PageClient, here: Running) -> None:
    assert client.submit().status == 303
    assert newest(here).state is RequestState.OPENED


@pytest.mark.parametrize(("sent", "age", "status"), [({**ZOE, "customer_email": "x"}, 5, 422), (ZOE, 3 * 3600, 400)])
def test_who_is_asked_to_press_again_may_do_so_at_once(
    client: PageClient, here: Running, clock: StandingClock, sent: dict[str, str], age: float, status: int
) -> None:
    refused = client.post("/s/default", {**sent, "form_token": aged_token(client, clock, age)})
    assert refused.status == status
    token = refused.select("input[name=form_token]")["value"]
    assert client.post("/s/default", {**ZOE, "form_token": token}).status == 303
    assert newest(here).state is RequestState.OPENED


@pytest.mark.slow
def test_over_six_in_ten_minutes_without_a_check(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    for number in range(7):
        assert client.submit(customer_number=str(number)).status == 303
    assert_suspect(app, here, WhyCode.NO_CHECK)
    assert len(tickets(app)) == 6
    # Sending the same form again is still the same request.
    clock.advance(minutes=11)
    client.submit(customer_number="8")
    assert newest(here).state is RequestState.OPENED


@pytest.mark.slow
def test_a_solved_check_counts_once(app: Flask, client: PageClient, here: Running) -> None:
    for number in range(6):
        client.submit(customer_number=str(number))
    check = client.get("/s/default/check").json["check"]
    answer = solution(check)
    assert client.submit(customer_number="7", check=answer).status == 303
    assert newest(here).state is RequestState.OPENED
    client.submit(customer_number="8", check=answer)
    assert_suspect(app, here, WhyCode.CHECK_USED)
    Widget(client).send(customer_number="9", check=answer)
    assert_suspect(app, here, WhyCode.CHECK_USED)
    fresh = solution(client.get("/s/default/check").json["check"])
    client.post("/s/default/submit", {"customer_number": "10", "check": fresh}, headers={"Origin": f"http://{HOST}"})
    assert newest(here).state is RequestState.OPENED


@pytest.mark.slow
def test_a_check_that_was_not_needed_is_not_used_up(client: PageClient, here: Running) -> None:
    challenge = here.keys.puzzles.new_check("default", here.clock())
    answer = solution({"challenge": challenge})
    for number in range(6):
        client.submit(customer_number=str(number), check=answer)
    client.submit(customer_number="7", check=answer)
    assert newest(here).state is RequestState.OPENED


@pytest.mark.slow
def test_no_check_is_asked_for_before(client: PageClient) -> None:
    for number in range(6):
        assert client.get("/s/default/check").json == {"check": None}
        client.submit(customer_number=str(number))
    assert client.get("/s/default/check").json["check"]["script"].endswith("/altcha.js")
    assert client.get("/s/nobody/check").status == 404


@pytest.mark.slow
def test_trusted_networks_have_ten_times_as_many(app: Flask, here: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "client_limits", ClientLimits((ip_network("192.0.2.0/24"),)))
    client = PageClient(app)
    token = client.form_token()
    for number in range(61):
        client.post("/s/default", {"form_token": token, "customer_number": str(number)})
    assert len(tickets(app)) == 60
    assert_suspect(app, here, WhyCode.NO_CHECK)


def test_released_at_the_embedded_desk_it_is_a_ticket_with_all_that_it_brought(
    app: Flask, client: PageClient, here: Running
) -> None:
    sent = client.post("/s/default/submit", {**ZOE, "Room": "4", "website": "x"}, headers=LISTED)
    reference = newest(here).reference
    assert release(here.database, reference, now=here.clock())
    now = here.clock()
    (claimed,) = here.database.write(lambda c: claim_due(c, "default", 1, "lease", now, now))
    settled = open_without_call(here.database, here.desk.staff, here.desk.sites["default"], claimed, now=now)
    assert settled
    assert settled.kept
    (ticket,) = tickets(app)
    assert (ticket.reference, ticket.more, ticket.customer.given()) == (reference, (("Room", "4"),), ZOE)
    assert newest(here).why is None
    assert client.get(sent.location).select("main")["data-state"] == "ready"


def test_a_vendor_is_not_called_for_a_suspect(
    app: Flask, client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    change_site(backend="take-control", api_domain="https://api.example.com")
    client.submit(**ZOE, website="x")
    assert_suspect(app, here, WhyCode.TRAP)
    client.submit(**ZOE)
    assert newest(here).state is RequestState.WAITING
    assert newest(here).user_agent is not None


def sent_too_often(client: PageClient) -> str:
    """Send seven requests; returns the status page of the last."""
    return [client.submit(customer_number=str(number)).location for number in range(7)][-1]


@pytest.mark.slow
def test_a_check_solved_on_the_status_page_lets_it_go_on(client: PageClient, here: Running) -> None:
    path = sent_too_often(client)
    assert_asks_for_a_person(client.get(path), by_itself=True)
    answer = solution(client.get(f"{path}/check").json["check"])
    assert client.post(path, {"check": answer}).status == 303
    assert newest(here).state is RequestState.WAITING
    assert newest(here).due_at == here.clock()
    assert client.get(path).select("main")["data-state"] == "waiting"
    assert client.get(f"{path}/check").json == {"check": None}
    # The same press again changes nothing.
    assert client.post(path, {"check": answer}).status == 303


@pytest.mark.slow
def test_a_check_counts_once_on_the_status_page_too(client: PageClient, here: Running) -> None:
    path = sent_too_often(client)
    answer = solution(client.get(f"{path}/check").json["check"])
    assert client.post(path, {"check": answer}).status == 303
    another = client.submit(customer_number="8").location
    assert client.post(another, {"check": answer}).status == 422
    assert newest(here).state is RequestState.SUSPECT


def test_the_right_answer_lets_it_go_on_without_script(client: PageClient, here: Running) -> None:
    path = client.submit(**ZOE, website="x").location
    right = sum_asked(client.get(path))
    for typed, words in ((str(right + 1), "That is not right."), (" ", "Please answer the question.")):
        again = client.post(path, {"answer": typed})
        assert again.status == 422
        assert again.select("#answer-problem").get_text().startswith(words)
        assert not again.page.select("noscript #answer")
    assert newest(here).state is RequestState.SUSPECT
    assert client.post(path, {"answer": f" {right} "}).status == 303
    assert newest(here).state is RequestState.WAITING


def test_answers_can_be_guessed_ten_times_and_no_more(client: PageClient, here: Running) -> None:
    path = client.submit(**ZOE, website="x").location
    right = sum_asked(client.get(path))
    assert [client.post(path, {"answer": "1"}).status for _ in range(10)] == [422] * 10
    assert client.post(path, {"answer": str(right)}).status == 429
    assert newest(here).state is RequestState.SUSPECT


def test_each_request_has_a_question_of_its_own(client: PageClient, here: Running) -> None:
    questions = {here.keys.puzzles.question(f"request {number}") for number in range(64)}
    assert len(questions) > 20
    assert all(question.is_answered_by(str(question.first + question.second)) for question in questions)
    assert not here.keys.puzzles.is_answered("request 1", "4²")
