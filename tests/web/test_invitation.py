"""The page of an invitation: the holder of the link chooses a password, once."""

import pytest
from flask import Flask

from app.actions.invitations import invite
from app.process.running import Running
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import Answer, PageClient
from tests.web.account_owner import Owner
from tests.web.console_client import ANNA, BEN, csrf_of, is_in, log_in

CHOSEN = "lamp-river-forty"


@pytest.fixture
def link(here: Running) -> str:
    """The path of an invitation for Anna."""
    return link_for(here)


def link_for(here: Running, email: str = ANNA) -> str:
    number = here.desk.staff.technicians[email].id
    return f"/console/invitation/{invite(here.database, number, by=None, now=here.clock())}"


def choose(client: PageClient, link: str, password: str = CHOSEN, again: str | None = None) -> Answer:
    fields = {"csrf_token": csrf_of(client.get(link)), "password": password}
    return client.post(link, {**fields, "again": password if again is None else again})


@pytest.mark.slow
def test_a_link_shows_whom_it_is_for_and_leads_to_the_log_in(client: PageClient, link: str) -> None:
    page = client.get(link)
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.select("#email")["value"] == ANNA
    assert "Anna A" in page.text
    answer = choose(client, link)
    assert (answer.status, answer.location) == (303, "/console/login")
    assert "Your password is set." in client.get("/console/login").select(".notice").get_text()
    assert not client.get("/console/login").page.select(".notice")
    assert not is_in(client), "a link is no log-in"
    assert log_in(client, ANNA, CHOSEN).status == 303


@pytest.mark.slow
def test_looking_uses_nothing_up(app: Flask, client: PageClient, link: str) -> None:
    for method in ("GET", "HEAD"):
        for headers in ({}, {"Sec-Purpose": "prefetch"}):
            for _ in range(5):
                assert PageClient(app).open(method, link, headers=headers).status == 200
    assert choose(client, link).status == 303


@pytest.mark.slow
def test_a_used_link_says_so_calmly(app: Flask, client: PageClient, link: str) -> None:
    form = {"csrf_token": csrf_of(client.get(link)), "password": CHOSEN, "again": CHOSEN}
    assert client.post(link, form).status == 303
    for answer in (client.post(link, form), client.get(link), PageClient(app).get(link)):
        assert answer.status == 410
        assert answer.select("h1").get_text() == "This link has expired"
        assert answer.select("main a")["href"] == "/console/login"
        assert ANNA not in answer.text
    assert log_in(client, ANNA, CHOSEN).status == 303


def test_a_late_link_is_over(client: PageClient, link: str, clock: StandingClock) -> None:
    token = csrf_of(client.get(link))
    clock.advance(hours=24)
    assert client.get(link).status == 410
    assert client.post(link, {"csrf_token": token, "password": CHOSEN, "again": CHOSEN}).status == 410


@pytest.mark.slow
@pytest.mark.parametrize("secret", ["x", "A" * 43, "%00", "%ff" * 8, "é", "x" * 5000, "..%2f..", "' OR 1=1 --"])
def test_a_made_up_link_is_not_found(client: PageClient, link: str, secret: str) -> None:
    for method in ("GET", "POST"):
        answer = client.open(method, f"/console/invitation/{secret}")
        assert answer.status == 404
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.slow
def test_who_looks_for_links_is_slowed_down_and_who_has_one_is_not(app: Flask, client: PageClient, link: str) -> None:
    statuses = [client.get(f"/console/invitation/{n}").status for n in range(32)]
    assert statuses == [404] * 30 + [429] * 2
    assert 0 < int(client.get("/console/invitation/x").headers["Retry-After"]) <= 601
    assert PageClient(app, address="198.51.100.9").get("/console/invitation/x").status == 404
    assert choose(client, link).status == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    ("password", "again", "field"),
    [
        ("short", "short", "password"),
        ("", "", "password"),
        ("x" * 1025, "x" * 1025, "password"),
        ("password1234", "password1234", "password"),
        (ANNA, ANNA, "password"),
        (CHOSEN, CHOSEN + "x", "again"),
        (CHOSEN, "", "again"),
    ],
)
def test_a_password_that_will_not_do_is_said_and_never_sent_back(
    client: PageClient, link: str, password: str, again: str, field: str
) -> None:
    answer = choose(client, link, password, again)
    assert answer.status == 422
    assert [a["href"] for a in answer.page.select(".summary a")] == [f"#{field}"]
    assert [box["value"] for box in answer.page.select("input[type=password]")] == ["", ""]
    assert log_in(client, ANNA, PASSWORD).status == 303
    assert choose(client, link).status == 303


def test_the_form_needs_its_token(app: Flask, client: PageClient, link: str) -> None:
    client.get(link)
    other = csrf_of(PageClient(app).get(link))
    for token in ({}, {"csrf_token": ""}, {"csrf_token": other}):
        answer = client.post(link, {"password": CHOSEN, "again": CHOSEN, **token})
        assert answer.status == 400
        assert "open for too long" in answer.select(".summary").get_text()
    good = csrf_of(client.get(link))
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    filled = {"csrf_token": good, "password": CHOSEN, "again": CHOSEN}
    assert client.post(link, filled, headers=foreign).status == 403
    assert log_in(client).status == 303


@pytest.mark.slow
def test_a_link_serves_one_person_whoever_is_logged_in(client: PageClient, here: Running) -> None:
    bens = link_for(here, BEN)
    log_in(client)
    assert choose(client, bens).status == 303
    assert is_in(client)
    assert log_in(PageClient(client._client.application), BEN, CHOSEN).status == 303
    assert log_in(PageClient(client._client.application), ANNA, PASSWORD).status == 303


@pytest.mark.slow
def test_a_password_chosen_by_a_link_leaves_the_second_factor_on(
    app: Flask, here: Running, clock: StandingClock
) -> None:
    owner = Owner(app, clock)
    owner.turn_on()
    client = PageClient(app)
    assert choose(client, link_for(here)).status == 303
    assert log_in(client, ANNA, CHOSEN).location == "/console/login/code"
    assert not is_in(client)
    owner.enter(client, owner.code)
    assert is_in(client)
