"""The Start API page: who sees it and the key, renewal of keys while programs call, and trial calls."""

import re
from dataclasses import replace

import pytest
from flask import Flask

from app.core.site import Site
from app.core.staff import Department
from app.core.ticket import TicketState
from app.process.running import Running
from app.store import sites as site_store
from app.store import staff as staff_store
from app.store.audit import acts
from tests.api.calls import Flavour, call, envelope, history, newest, tickets
from tests.conftest import UID, StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import csrf_of, log_in

DORA = "dora@example.com"
PATH = "/console/sites/default/start-api"
OTHER_UID = "5e0c3c52-6d0c-4a0e-8a2b-0d6f3a1b9c77"
OTHER_PATH = "/console/sites/other/start-api"


@pytest.fixture
def dora(app: Flask, client: PageClient) -> PageClient:
    """A logged-in administrator; there is a second site."""
    here: Running = app.extensions["handbell"]
    other = Site(slug="other", name="Other", uid=OTHER_UID)
    here.database.write(lambda connection: site_store.add_site(connection, other, here.clock()))
    log_in(client, DORA)
    return client


def act(client: PageClient, do: str, *, path: str = PATH, page: Answer | None = None, **more: str) -> Answer:
    """Press one of the key's buttons on the current page, or on an earlier `page`."""
    shown = page or client.get(path)
    mark = str(shown.page.select("input[name=mark]")[0]["value"])
    return client.post(f"{path}/key", {"csrf_token": csrf_of(shown), "mark": mark, "do": do, **more})


def tried(client: PageClient, *, path: str = PATH, page: Answer | None = None, **values: str) -> Answer:
    """Fill in the form and send it."""
    shown = page or client.get(path)
    once = str(shown.select("input[name=once]")["value"])
    filled = {"csrf_token": csrf_of(shown), "once": once, "flavour": "form-json", **values}
    return client.post(f"{path}/try", filled)


def uid_of(client: PageClient, path: str = PATH) -> str:
    return str(act(client, "show", path=path).select("#uid").get_text())


def noted(here: Running) -> list[tuple[str, str, int | None]]:
    with here.database.read() as connection:
        return [(one.act, one.about, one.who) for one in reversed(acts(connection))]


@pytest.mark.parametrize("email", ["", "anna@example.com", "sven@example.com"])
def test_it_is_for_administrators_alone(app: Flask, here: Running, client: PageClient, email: str) -> None:
    if email:
        log_in(client, email)
    for method, path in (("GET", PATH), ("POST", f"{PATH}/key"), ("POST", f"{PATH}/try"), ("POST", f"{PATH}/cancel")):
        answer = client.open(method, path, data={"do": "show"})
        assert answer.status == (403 if email else 303)
        assert answer.location.split("?")[0] == ("" if email else "/console/login")
        assert UID not in answer.text
    assert noted(here) == []
    assert tickets(app) == []


def test_a_post_without_its_token_does_nothing(app: Flask, here: Running, dora: PageClient) -> None:
    for path, data in (
        ("key", {"do": "show"}),
        ("key", {"do": "renew"}),
        ("key", {"do": "revoke", "sure": "1"}),
        ("try", {"once": "x", "flavour": "form"}),
        ("cancel", {"number": "1"}),
    ):
        answer = dora.post(f"{PATH}/{path}", {**data, "csrf_token": "x"})
        assert answer.status == 400
        assert UID not in answer.text
    assert (noted(here), tickets(app), here.desk.sites["default"].uid) == ([], [], UID)


@pytest.mark.slow
def test_a_site_that_is_not_there_is_not_found(dora: PageClient) -> None:
    token = csrf_of(dora.get(PATH))
    for key in ("nowhere", "x" * 300, "%00", "..%2fdefault"):
        assert dora.get(f"/console/sites/{key}/start-api").status == 404
        for what in ("key", "try", "cancel"):
            assert dora.post(f"/console/sites/{key}/start-api/{what}", {"csrf_token": token}).status == 404


@pytest.mark.slow
def test_the_key_is_there_after_a_press_and_on_no_other_site_s_page(here: Running, dora: PageClient) -> None:
    before = dora.get(PATH)
    assert UID not in before.text
    assert "YOUR-ACCOUNT-KEY" in before.select("#example-curl").get_text()
    shown = act(dora, "show")
    assert shown.select("#uid").get_text() == UID
    for language in ("curl", "python", "php", "csharp", "rest"):
        assert UID in shown.select(f"#example-{language}").get_text()
    assert UID not in shown.select("#example-page").get_text()
    assert OTHER_UID not in shown.text
    assert UID not in dora.get(PATH).text
    other = act(dora, "show", path=OTHER_PATH)
    assert other.select("#uid").get_text() == OTHER_UID
    assert UID not in other.text
    ids = {here.desk.staff.technicians[DORA].id}
    assert noted(here) == [("account_key.shown", f"site {key}", *ids) for key in ("default", "other")]


@pytest.mark.slow
def test_it_tells_the_address_the_limits_and_the_desk_s_own_names(dora: PageClient) -> None:
    page = dora.get(PATH)
    assert page.select("#form-address").get_text() == "http://127.0.0.1:8000/integration/integration_api.php"
    assert page.select("#rest-address").get_text() == "http://127.0.0.1:8000/rest/session"
    limits = page.select(".parameters").get_text()
    for limit in (512, 254, 128, 64, 32, 1024):
        assert str(limit) in limits
    names = page.select("section[aria-labelledby=parameters]").get_text()
    for known in ("id_10", "id_20", "Computers", "anna@example.com", "ben@example.com"):
        assert known in names
    for disabled in ("id_30", "carl@example.com"):
        assert disabled not in names


@pytest.mark.slow
def test_programs_go_on_with_the_older_key_for_a_day(
    here: Running, client: PageClient, dora: PageClient, clock: StandingClock
) -> None:
    assert call(client, Flavour.FORM_GET).status == 302
    answer = act(dora, "renew", keep_old="1")
    assert (answer.status, answer.location) == (303, PATH)
    new = uid_of(dora)
    assert new != UID
    for flavour in Flavour:
        for uid in (UID, new, f"{UID}|20", f"{new}|20"):
            assert call(client, flavour, uid).status in (200, 302), (flavour, uid)
    assert "The older key works until" in dora.get(PATH).text
    clock.advance(hours=23, minutes=59)
    assert call(client, Flavour.REST).status == 200
    clock.advance(minutes=1)
    for flavour in Flavour:
        for uid in (UID, f"{UID}|20"):
            assert call(client, flavour, uid).status == 403
        assert call(client, flavour, new).status in (200, 302)
    log_in(dora, DORA)
    assert "The older key works until" not in dora.get(PATH).text


@pytest.mark.slow
def test_a_new_key_ends_the_one_before_at_once_unless_told_otherwise(client: PageClient, dora: PageClient) -> None:
    act(dora, "renew")
    assert call(client, Flavour.FORM_GET).status == 403
    assert call(client, Flavour.FORM_GET, uid_of(dora)).status == 302


@pytest.mark.slow
def test_the_older_key_can_be_ended_early(client: PageClient, dora: PageClient) -> None:
    act(dora, "renew", keep_old="1")
    act(dora, "end_old")
    assert call(client, Flavour.FORM_GET).status == 403
    assert call(client, Flavour.FORM_GET, uid_of(dora)).status == 302


@pytest.mark.slow
def test_a_revoked_key_keeps_programs_out_and_nobody_else(here: Running, client: PageClient, dora: PageClient) -> None:
    act(dora, "renew", keep_old="1")
    new = uid_of(dora)
    unsure = act(dora, "revoke")
    assert unsure.status == 422
    assert unsure.select("[role=alert] a")["href"] == "#sure"
    assert call(client, Flavour.FORM_GET, new).status == 302
    act(dora, "revoke", sure="1")
    for uid in (UID, new, here.desk.sites["default"].uid):
        assert call(client, Flavour.FORM_GET, uid).status == 403
    page = dora.get(PATH)
    assert "There is no key" in page.select("#key-state").get_text()
    assert act(dora, "show", page=page).location == PATH
    assert here.desk.sites["default"].uid not in dora.get(PATH).text
    assert client.submit(problem_description="It broke").status == 303
    act(dora, "renew", keep_old="1")
    assert call(client, Flavour.FORM_GET, uid_of(dora)).status == 302
    assert call(client, Flavour.FORM_GET, new).status == 403


@pytest.mark.slow
def test_a_page_that_is_not_current_changes_nothing(here: Running, client: PageClient, dora: PageClient) -> None:
    """A double press, the back button, two administrators at once."""
    old = dora.get(PATH)
    act(dora, "renew", page=old, keep_old="1")
    for do in ("renew", "end_old", "revoke"):
        assert act(dora, do, page=old, keep_old="1", sure="1").status == 303
        assert "changed already" in dora.get(PATH).text
    assert call(client, Flavour.FORM_GET).status == 302
    assert [one[0] for one in noted(here)] == ["account_key.renewed"]


@pytest.mark.slow
def test_one_site_s_page_changes_no_other_site(here: Running, client: PageClient, dora: PageClient) -> None:
    act(dora, "revoke", page=dora.get(PATH), path=OTHER_PATH, sure="1")
    act(dora, "renew", path=OTHER_PATH)
    assert here.desk.sites["default"].uid == UID
    assert not here.desk.sites["other"].uid_revoked
    assert call(client, Flavour.FORM_GET).status == 302
    assert call(client, Flavour.FORM_GET, OTHER_UID).status == 403


@pytest.mark.slow
def test_what_no_button_says_is_refused(here: Running, dora: PageClient) -> None:
    for do in ("", "x", "show\x00"):
        assert act(dora, do).status == 400
    assert noted(here) == []


@pytest.mark.slow
@pytest.mark.parametrize("flavour", ["form-json", "form", "rest"])
def test_a_trial_is_what_a_program_gets(app: Flask, dora: PageClient, flavour: str) -> None:
    asked = {"Customer_name": "Zoë <b>", "Department": "id_20", "Ask_customer_info": "1", "Tech": ""}
    page = tried(dora, flavour=flavour, **asked)
    ticket = newest(app)
    assert (ticket.customer.name, ticket.department_id, ticket.ask_customer_info) == ("Zoë <b>", 20, True)
    assert (page.status, page.select("#answer").get_text()) == (200, f"Ticket {ticket.number} is open")
    sent, got = page.select("#sent").get_text(), page.select("#got").get_text()
    assert sent.startswith(f"POST {'/rest/session' if flavour == 'rest' else '/integration/integration_api.php'} ")
    assert "Host: 127.0.0.1:8000\n" in sent
    assert UID not in page.text
    assert "********" in sent
    if flavour == "form":
        parameters = {"customer_name": "Zoë <b>", "department": "id_20", "ask_customer_info": "1"}
        real = call(dora, Flavour.FORM_POST, **parameters)
        assert re.search(r"^Location: http://127\.0\.0\.1:8000/applet/\S+$", got, re.MULTILINE)
    else:
        real = call(dora, Flavour.REST, customer_name="Zoë <b>", department="id_20", ask_customer_info="1")
        assert f'"ticket_number": {ticket.number}' in got
    changing = {"X-Request-Id", "Location", "Content-Length"}
    kept = {name: value for name, value in real.headers.items() if name not in changing}
    head, _blank, body = got.partition("\n\n")
    said = dict(line.split(": ", 1) for line in head.split("\n")[1:])
    assert {name: value for name, value in said.items() if name not in changing} == kept
    assert head.split("\n")[0].split(" ")[1] == str(real.status)
    assert len(body) == len(real.text)


@pytest.mark.slow
def test_a_trial_that_is_refused_says_what_a_program_would_hear(
    app: Flask, dora: PageClient, change_site: object
) -> None:
    page = tried(dora, Customer_number="x" * 33)
    assert page.select("#answer").get_text() == "The call was refused"
    assert "customer_number has 33 characters; at most 32 are allowed" in page.select("#got").get_text()
    assert page.select("#Customer_number")["value"] == "x" * 33
    for values in ({"Problem_description": "\x1b[2J"}, {"flavour": "form", "Tech": "x" * 255}):
        assert tried(dora, **values).select("#got").get_text().startswith("HTTP/1.1 400 ")
    assert not page.page.select("form[action$=cancel]")
    change_site(disabled=True)  # type: ignore[operator]
    assert tried(dora).select("#got").get_text().startswith("HTTP/1.1 403 ")
    assert tickets(app) == []


@pytest.mark.slow
def test_a_trial_leaves_the_page_s_own_request_alone(dora: PageClient) -> None:
    """The inner call has its own request, its own id and no session."""
    page = tried(dora, Customer_name="x")
    inner = re.search(r"^X-Request-Id: (\S+)$", page.select("#got").get_text(), re.MULTILINE)
    assert inner
    assert inner[1] != page.headers["X-Request-Id"]
    assert "Set-Cookie" not in page.select("#got").get_text()
    assert "Dora D" in page.select(".who").get_text()


@pytest.mark.slow
def test_the_same_form_makes_one_call(app: Flask, here: Running, dora: PageClient) -> None:
    page = dora.get(PATH)
    assert tried(dora, page=page).status == 200
    again = tried(dora, page=page)
    assert (again.status, again.location) == (303, PATH)
    assert "nothing was sent again" in dora.get(PATH).text
    assert len(tickets(app)) == 1
    assert [one[:2] for one in noted(here)] == [("trial.made", "site default")]


def test_an_address_of_a_press_that_is_opened_again_leads_back(here: Running, dora: PageClient) -> None:
    for what in ("key", "try"):
        answer = dora.get(f"{PATH}/{what}?do=revoke&sure=1")
        assert (answer.status, answer.location) == (303, PATH)
    assert noted(here) == []


@pytest.mark.slow
def test_a_kind_of_call_that_there_is_not(app: Flask, dora: PageClient) -> None:
    for flavour in ("", "x", "form-json\x00"):
        assert tried(dora, flavour=flavour).status == 400
    assert tickets(app) == []


@pytest.mark.slow
def test_its_ticket_can_be_cancelled_and_no_other(app: Flask, here: Running, dora: PageClient) -> None:
    call(dora, Flavour.FORM_GET)
    stranger = newest(app).number
    page = tried(dora)
    mine = newest(app).number
    cancel = {"csrf_token": csrf_of(page), "number": str(mine)}
    for wrong in (str(stranger), "0", "-1", "9" * 40, "x", ""):
        assert dora.post(f"{PATH}/cancel", {**cancel, "number": wrong}).status == 404
    assert dora.post(f"{OTHER_PATH}/cancel", cancel).status == 404
    assert all(ticket.is_open for ticket in tickets(app))
    answer = dora.post(f"{PATH}/cancel", cancel)
    assert (answer.status, answer.location) == (303, PATH)
    assert f"Ticket {mine} is cancelled." in dora.get(PATH).text
    ended = newest(app)
    assert (ended.number, ended.state) == (mine, TicketState.CANCELLED)
    who = here.desk.staff.technicians[DORA].id
    assert [(event.who, event.what) for event in history(app, ended)][-1] == (str(who), "cancelled")
    assert dora.post(f"{PATH}/cancel", cancel).status == 303
    assert "was over already" in dora.get(PATH).text
    assert [one[:2] for one in noted(here)] == [("trial.made", "site default"), ("trial.cancelled", f"ticket {mine}")]


@pytest.mark.slow
def test_what_another_log_in_has_tried_is_not_mine_to_cancel(app: Flask, dora: PageClient) -> None:
    tried(dora)
    mine = newest(app).number
    other = PageClient(app)
    log_in(other, DORA)
    page = other.get(PATH)
    assert other.post(f"{PATH}/cancel", {"csrf_token": csrf_of(page), "number": str(mine)}).status == 404
    assert newest(app).is_open


@pytest.mark.slow
def test_hostile_names_are_only_text(app: Flask, here: Running, dora: PageClient) -> None:
    plain = dora.get(PATH)
    odd = "</code></pre><script>alert(1)</script>*/ ?> {{ 7*7 }}"

    def rename(connection):  # type: ignore[no-untyped-def]
        site = replace(here.desk.sites["default"], name=odd, technician=f"{odd}@x")
        site_store.change_site(connection, site)
        staff_store.add_department(connection, Department(40, odd))

    here.database.write(rename)
    page = dora.get(PATH)
    assert "alert(1)" in page.select("#example-python").get_text()
    assert [tag.name for tag in page.page.select("script")] == [tag.name for tag in plain.page.select("script")]
    assert tried(dora).status == 200


@pytest.mark.slow
def test_it_is_the_same_on_both_databases(app_on_both: Flask) -> None:
    client = PageClient(app_on_both)
    log_in(client, DORA)
    act(client, "renew", keep_old="1")
    assert call(client, Flavour.REST).status == 200
    act(client, "revoke", sure="1")
    assert tried(client).select("#got").get_text().startswith("HTTP/1.1 403 ")
    act(client, "renew")
    page = tried(client)
    ticket = newest(app_on_both)
    client.post(f"{PATH}/cancel", {"csrf_token": csrf_of(page), "number": str(ticket.number)})
    assert newest(app_on_both).state is TicketState.CANCELLED
    assert [one[0] for one in noted(app_on_both.extensions["handbell"])] == [
        "account_key.renewed",
        "account_key.revoked",
        "trial.made",
        "account_key.renewed",
        "trial.made",
        "trial.cancelled",
    ]


@pytest.mark.slow
def test_rates_are_the_api_s_own(app: Flask, client: PageClient, dora: PageClient) -> None:
    """Programs and trials share a site's rate, so that trials cannot bypass it."""
    assert envelope(call(client, Flavour.REST))
    for program in (PageClient(app, address="198.51.100.7"), PageClient(app, address="198.51.100.8")):
        while call(program, Flavour.REST, customer_number="1" * 33).status != 429:
            """They take the account's rate, half of it each."""
    assert tried(dora).select("#got").get_text().startswith("HTTP/1.1 429 ")
