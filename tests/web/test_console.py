"""The technicians' console: who gets in, for how long, and how customers' texts are shown."""

import base64
import re
from pathlib import Path

import pytest
from flask import Flask

from app.actions.log_in import hashed_password
from app.edge.access import Who, declared
from app.factory import create_app
from app.process.running import Running
from app.settings import Settings
from app.store.staff import set_password_hash, set_technician_disabled
from tests.conftest import PASSWORD, StandingClock, fill_desk
from tests.page_client import HOST, PageClient
from tests.web.console_client import ANNA, BEN, SAME_ORIGIN, cookie, csrf_of, is_in, log_in, log_out, ticket
from tests.web.markup_texts import TEXTS, tags

OPEN = {"GET,POST /console/login", "GET,POST /console/login/code", "GET /console/worker.js"}


_ANY = re.compile(r"<any\((\w+)[^>]*>")
FOR_SCRIPTS = re.compile("/tickets/<int:number>/(live|stream|ice|files)|/account/browsers(/key)?$|/console/bell$")


@pytest.mark.slow
def test_every_route_but_the_log_in_needs_a_technician(app: Flask, client: PageClient) -> None:
    routes = {route: who for route, who in declared(app).items() if " /console" in route}
    assert {route for route, who in routes.items() if who is Who.EVERYONE} == OPEN
    guarded = [route for route, who in routes.items() if who not in (Who.EVERYONE, Who.LINK_HOLDERS)]
    assert len(guarded) > 3
    for route in guarded:
        methods, path = route.split(" ", 1)
        for method in methods.split(","):
            answer = client.open(method, re.sub("<.*?>", "1", _ANY.sub(r"\1", path)))
            if FOR_SCRIPTS.search(path):
                assert answer.status == 401
                continue
            assert answer.status == 303
            assert answer.location.split("?")[0] == "/console/login"


@pytest.mark.slow
def test_a_technician_logs_in_and_out(client: PageClient) -> None:
    assert not is_in(client)
    answer = log_in(client)
    assert (answer.status, answer.location) == (303, "/console/")
    assert "Anna A" in client.get("/console/").select(".who").get_text()
    kept = cookie(client)
    assert kept
    out = log_out(client)
    assert (out.status, out.location) == (303, "/console/login")
    assert out.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert not is_in(client)
    client._client.set_cookie("handbell", kept, domain="127.0.0.1")
    assert not is_in(client), "the session is over on the server too"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("email", "password"),
    [
        (ANNA, "wrong-password"),
        (ANNA, ""),
        (ANNA, "x" * 5000),
        (ANNA, f" {PASSWORD}"),
        ("nobody@example.com", PASSWORD),
        ("", ""),
        ("carl@example.com", PASSWORD),  # disabled
        ("' OR 1=1 --", PASSWORD),
        ("\ud800".encode("utf-8", "replace").decode(), PASSWORD),
    ],
)
def test_a_wrong_log_in_never_says_which_part_is_wrong(client: PageClient, email: str, password: str) -> None:
    answer = log_in(client, email, password)
    assert answer.status == 403
    assert answer.select(".summary").get_text(strip=True) == "The e-mail or the password is wrong."
    assert answer.select("input[type=password]").get("value", "") == ""
    assert not is_in(client)


@pytest.mark.slow
def test_the_mail_address_is_taken_in_any_case(client: PageClient) -> None:
    log_in(client, " Anna@Example.COM ")
    assert is_in(client)


@pytest.mark.slow
def test_five_wrong_tries_have_to_wait_but_lock_nobody_out_elsewhere(
    app: Flask, client: PageClient, clock: StandingClock
) -> None:
    for _ in range(5):
        assert log_in(client, ANNA, "wrong-password").status == 403
    late = log_in(client)
    assert late.status == 429
    assert 0 < int(late.headers["Retry-After"]) <= 301
    assert late.headers["Retry-After"] in late.select(".summary").get_text()
    assert log_in(client, BEN).status == 303
    elsewhere = PageClient(app, address="192.0.2.99")
    assert log_in(elsewhere).status == 303
    clock.advance(minutes=5, seconds=1)
    assert log_in(client).status == 303


def test_a_log_in_without_its_token_is_refused(app: Flask, client: PageClient) -> None:
    other = csrf_of(PageClient(app).get("/console/login"))
    client.get("/console/login")
    filled = {"email": ANNA, "password": PASSWORD}
    for token in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": other}):
        assert client.post("/console/login", {**filled, **token}).status == 400
    assert not is_in(client)


def test_a_log_out_without_its_token_is_refused(app: Flask, client: PageClient) -> None:
    log_in(client)
    other = csrf_of(PageClient(app).get("/console/login"))
    for data in ({}, {"csrf_token": "x"}, {"csrf_token": other}):
        assert client.post("/console/logout", data).status == 400
    assert is_in(client)


@pytest.mark.slow
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://{HOST}.evil.example"},
        {"Origin": f"http://{HOST}@evil.example"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": f"https://{HOST}"},
        {"Origin": f"http://{HOST}/"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {**SAME_ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {**SAME_ORIGIN, "Origin": "https://evil.example"},
    ],
)
def test_a_post_from_another_page_is_refused_even_with_a_good_token(
    client: PageClient, headers: dict[str, str]
) -> None:
    token = csrf_of(client.get("/console/login"))
    filled = {"csrf_token": token, "email": ANNA, "password": PASSWORD}
    assert client.post("/console/login", filled, headers=headers).status == 403
    assert client.post("/console/login", filled, headers=SAME_ORIGIN).status == 303
    token = csrf_of(client.get("/console/"))
    assert client.post("/console/logout", {"csrf_token": token}, headers=headers).status == 403
    assert is_in(client)


@pytest.mark.slow
def test_a_session_ends_after_half_an_hour_of_nothing(client: PageClient, clock: StandingClock) -> None:
    log_in(client)
    clock.advance(minutes=29)
    assert is_in(client)
    clock.advance(minutes=29)
    assert is_in(client)
    clock.advance(minutes=31)
    assert not is_in(client)


@pytest.mark.slow
def test_a_session_ends_after_twelve_hours_however_busy(client: PageClient, clock: StandingClock) -> None:
    log_in(client)
    for _ in range(35):
        clock.advance(minutes=20)
        assert is_in(client)
    clock.advance(minutes=21)
    assert not is_in(client)


@pytest.mark.slow
def test_a_new_password_ends_all_sessions(app: Flask, client: PageClient, here: Running) -> None:
    other = PageClient(app)
    for one in (client, other):
        log_in(one)
    changed = hashed_password("another-password")
    here.database.write(lambda connection: set_password_hash(connection, ANNA, changed))
    assert not is_in(client)
    assert not is_in(other)
    assert log_in(client).status == 403
    assert log_in(client, ANNA, "another-password").status == 303


def test_a_disabled_technician_is_out_at_once(client: PageClient, here: Running) -> None:
    log_in(client)
    here.database.write(lambda connection: set_technician_disabled(connection, ANNA, True))
    assert not is_in(client)
    assert log_in(client).status == 403
    here.database.write(lambda connection: set_technician_disabled(connection, ANNA, False))
    assert not is_in(client)


@pytest.mark.slow
def test_each_log_in_is_a_session_of_its_own(app: Flask, client: PageClient) -> None:
    log_in(client)
    other = PageClient(app)
    log_in(other)
    log_out(other)
    assert is_in(client)


def test_a_session_that_was_set_before_the_log_in_is_not_kept(client: PageClient) -> None:
    client.get("/console/login")
    before = cookie(client)
    log_in(client)
    assert cookie(client) != before


def test_a_changed_cookie_is_nobody(client: PageClient) -> None:
    log_in(client)
    value = cookie(client) or ""
    for changed in (value[:-4], value + "x", "x" + value, "", "e30.x.y", "é"):
        client._client.set_cookie("handbell", changed, domain="127.0.0.1")
        assert not is_in(client)


def test_the_cookie_is_signed_with_hmac_sha_256(client: PageClient) -> None:
    log_in(client)
    signature = (cookie(client) or "").rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(f"{signature}=")) == 32


def test_the_cookie_is_for_the_console_and_out_of_reach_of_scripts(client: PageClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers
    assert "Path=/s/default" in client.submit(customer_name="Zoë").headers["Set-Cookie"]  # the open request's alone
    parts = client.get("/console/login").headers["Set-Cookie"].split("; ")
    assert parts[0].startswith("handbell=")
    assert set(parts[1:]) == {"HttpOnly", "SameSite=Lax", "Path=/"}


@pytest.mark.slow
def test_over_https_the_cookie_is_bound_to_the_host(sqlite_url: str, tmp_path: Path, clock: StandingClock) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", database_url=sqlite_url, public_url="https://help.example.com", log_level="error"
    )
    app = create_app(settings, clock, schedule=False)
    running: Running = app.extensions["handbell"]
    fill_desk(running.database, clock())
    answer = PageClient(app).get("/console/login", headers={"Host": "help.example.com"})
    running.close()
    parts = answer.headers["Set-Cookie"].split("; ")
    assert parts[0].startswith("__Host-handbell=")
    assert set(parts[1:]) == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.slow
def test_a_technician_sees_the_tickets_of_their_departments_alone(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    computers = ticket(here, clock, department="10")
    billing = ticket(here, clock, department="20")
    general = ticket(here, clock)
    annas = ticket(here, clock, tech=ANNA)
    ben = PageClient(app)
    log_in(client)
    log_in(ben, BEN)
    for number, anna_may, ben_may in (
        (computers, True, False),
        (billing, False, True),
        (general, True, True),
        (annas, True, False),
    ):
        assert client.get(f"/console/tickets/{number}").status == (200 if anna_may else 404)
        assert ben.get(f"/console/tickets/{number}").status == (200 if ben_may else 404)

    def listed(who: PageClient) -> dict[str, set[str]]:
        queues = ("mine", "departments", "general")
        pages = {name: who.get(f"/console/?queue={name}").page for name in queues}
        return {name: {a.get_text() for a in page.select("th.ticket a")} for name, page in pages.items()}

    assert listed(client) == {"mine": {str(annas)}, "departments": {str(computers)}, "general": {str(general)}}
    assert listed(ben) == {"mine": set(), "departments": {str(billing)}, "general": {str(general)}}


@pytest.mark.parametrize(
    "path",
    [
        "/console/tickets/999999",
        "/console/tickets/0",
        "/console/tickets/-1",
        "/console/tickets/9223372036854775807",
        "/console/tickets/9223372036854775808",
        "/console/tickets/" + "9" * 300,
        "/console/tickets/x",
        "/console/?queue=nothing",
    ],
)
def test_what_is_not_there_is_not_found(client: PageClient, path: str) -> None:
    log_in(client)
    assert client.get(path).status == 404


def test_an_odd_page_number_is_never_a_server_error(client: PageClient) -> None:
    log_in(client)
    for before in ("x", "-1", "0", "9" * 30, ""):
        assert client.get(f"/console/?queue=general&before={before}").status < 500


@pytest.mark.slow
def test_the_queue_goes_on_over_pages(client: PageClient, here: Running, clock: StandingClock) -> None:
    numbers = {str(ticket(here, clock, customer_name=f"Customer {n}")) for n in range(53)}
    log_in(client)
    first = client.get("/console/?queue=general")
    older = client.get(str(first.select(".more a")["href"]))
    pages = [{a.get_text() for a in page.page.select("th.ticket a")} for page in (first, older)]
    assert [len(page) for page in pages] == [50, 3]
    assert pages[0] | pages[1] == numbers
    assert not older.page.select(".more")


def test_the_ticket_page_says_where_it_went_and_why(client: PageClient, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10", customer_name="Zoë")
    log_in(client)
    page = client.get(f"/console/tickets/{number}")
    facts = page.select("section[aria-labelledby=facts]").get_text()
    assert "Computers" in facts
    assert "This department was asked for." in facts
    assert "unverified" in page.select("section[aria-labelledby=customer]").get_text()


@pytest.mark.slow
def test_hostile_texts_are_only_text(client: PageClient, here: Running, clock: StandingClock) -> None:
    assert len(TEXTS) == 50
    log_in(client)
    harmless = ticket(here, clock, customer_name="x", customer_number="x", problem_description="x")
    expected = tags(client.get(f"/console/tickets/{harmless}"))
    for text in TEXTS:
        short = text[:32]
        number = ticket(here, clock, customer_name=text, customer_number=short, problem_description=text)
        page = client.get(f"/console/tickets/{number}")
        assert tags(page) == expected, text
        assert page.select(".said").get_text() == text
        typed = [dd.get_text() for dd in page.page.select("section[aria-labelledby=customer] dd")]
        assert typed == [text, "–", short, "–"]
        rows = client.get("/console/?queue=general").page.select("tbody tr")
        assert rows[0].select_one(".name").get_text() == text  # type: ignore[union-attr]
        assert rows[0].select_one(".text").get_text() == " ".join(text.split())  # type: ignore[union-attr]
        assert {tuple(e.name for e in row.find_all(True)) for row in rows} == {
            tuple(e.name for e in rows[-1].find_all(True))
        }, text
