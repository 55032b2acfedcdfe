"""Duties after a log-in, confirmation of sensitive actions by password and code, and none of these on one's own
account."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.actions.desk_options import change_desk_options
from app.actions.log_in import Proof, prove
from app.core.role import Role
from app.process.running import Running
from app.store.account import account
from app.store.console_sessions import end_sessions
from app.store.tables import technicians
from app.web.console import confirmation
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import Answer, PageClient
from tests.web.account_owner import Owner
from tests.web.console_client import ANNA, DORA, cookie, csrf_of, is_in, log_in

CHOSEN = "four words nobody knows yet"
SENSITIVE = {
    "/console/team/add": {"email": "new@example.org", "name": "New", "role": "administrator"},
    "/console/team/1": {"name": "Anna B", "role": "administrator", "seen": ""},
    "/console/team/1/disabled": {"disabled": "1"},
    "/console/team/1/second-factor": {},
    "/console/team/1/invitation": {"end_password": "1"},
    "/console/sites/default/backend": {"backend": "take-control", "api_domain": "https://evil.example.com"},
    "/console/sites/default/webhook": {"webhook": "https://evil.example.com/x"},
    "/console/sites/default/webhook-secret": {},
    "/console/sites/default/server-key": {},
    "/console/sites/default/identity-secret": {},
    "/console/sites/default/start-api/key": {"do": "show"},
    "/console/account/sessions/end": {"session": "x"},
    "/console/account/sessions/end-others": {},
    "/console/desk": {"long_wait": "15", "second_factor": ""},
}


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


def send(client: PageClient, path: str, **fields: str) -> Answer:
    return client.post(path, {"csrf_token": csrf_of(client.get("/console/account")), **fields})


def carried(page: Answer) -> dict[str, str]:
    """The fields of the confirmation form, as a browser would send them."""
    form = page.page.select("main form")[0]
    return {str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")}


@pytest.mark.slow
@pytest.mark.parametrize("path", SENSITIVE)
def test_ten_minutes_after_the_log_in_password_is_asked_for_again(
    dora: PageClient, clock: StandingClock, here: Running, path: str
) -> None:
    generation = here.database.generation()
    clock.advance(minutes=10)
    asked = send(dora, path, **SENSITIVE[path])
    assert (asked.status, asked.page.select("h1")[0].get_text()) == (403, "Confirm that it is you")
    assert here.database.generation() == generation
    assert here.desk.sites["default"].uid not in asked.text
    fields = carried(asked)
    assert SENSITIVE[path].items() <= fields.items(), "what was typed is kept"
    wrong = dora.post(path, {**fields, "confirm_password": "not this one"})
    assert wrong.status == 403
    assert wrong.page.select("#confirm_password-problem")
    assert here.database.generation() == generation
    right = dora.post(path, {**carried(wrong), "confirm_password": PASSWORD})
    assert "Confirm that it is you" not in right.text
    assert right.status in (200, 303, 409, 422)
    clock.advance(minutes=9)
    assert "Confirm that it is you" not in send(dora, path, **SENSITIVE[path]).text, "good for ten minutes"


@pytest.mark.slow
def test_a_copy_of_the_session_is_not_confirmed_with_it(app: Flask, dora: PageClient, clock: StandingClock) -> None:
    thief = PageClient(app)
    thief._client.set_cookie("handbell", cookie(dora) or "", domain="127.0.0.1")
    clock.advance(minutes=11)
    assert is_in(thief)
    fields = carried(send(dora, "/console/desk", **SENSITIVE["/console/desk"]))
    assert dora.post("/console/desk", {**fields, "confirm_password": PASSWORD}).status == 303
    assert is_in(dora)
    assert not is_in(thief)


@pytest.mark.slow
def test_a_session_that_ends_while_the_password_is_checked_changes_nothing(
    dora: PageClient, clock: StandingClock, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when its owner ends it from another tab, or when the same form is sent twice at once."""
    clock.advance(minutes=10)
    fields = carried(send(dora, "/console/team/add", **SENSITIVE["/console/team/add"]))

    def proved(*arguments: Any, **named: Any) -> Proof:
        proof = prove(*arguments, **named)
        here.database.write(lambda connection: end_sessions(connection, proof.technician_id))
        return proof

    monkeypatch.setattr(confirmation, "prove", proved)
    answer = dora.post("/console/team/add", {**fields, "confirm_password": PASSWORD})
    assert (answer.status, answer.location) == (303, "/console/")
    assert here.desk.staff.technicians.get("new@example.org") is None
    assert not is_in(dora)


@pytest.mark.slow
def test_what_is_not_sensitive_is_not_asked_twice(dora: PageClient, clock: StandingClock) -> None:
    clock.advance(minutes=25)
    (form,) = dora.get("/console/sites/default").page.select("form[action$='/contact']")
    fields = {str(field["name"]): str(field.get("value", "")) for field in form.select("input[name]")}
    assert dora.post(str(form["action"]), {**fields, "phone": "+1 555 0199"}).status == 303
    assert dora.get("/console/team").status == 200


@pytest.mark.slow
def test_with_a_second_factor_its_code_is_asked_for_too(app: Flask, clock: StandingClock, here: Running) -> None:
    owner = Owner(app, clock)
    owner.turn_on()
    make_administrator(here, ANNA)
    client = PageClient(app)
    owner.begin(client)
    owner.enter(client, owner.code)
    clock.advance(minutes=11)
    asked = send(client, "/console/desk", long_wait="15", retention_days="")
    fields = {**carried(asked), "confirm_password": PASSWORD}
    for code in ("", "000000", "12"):
        assert client.post("/console/desk", {**fields, "confirm_code": code}).page.select("#confirm_code-problem")
    assert here.desk.options.long_wait == 10
    assert client.post("/console/desk", {**fields, "confirm_code": owner.code}).status == 303
    assert here.desk.options.long_wait == 15


@pytest.mark.slow
def test_guessing_there_is_limited_as_at_the_log_in(dora: PageClient, clock: StandingClock) -> None:
    clock.advance(minutes=11)
    fields = carried(send(dora, "/console/desk", long_wait="15"))
    answers = [dora.post("/console/desk", {**fields, "confirm_password": f"wrong {n}"}) for n in range(7)]
    assert [answer.status for answer in answers] == [403] * 5 + [429] * 2
    assert answers[-1].headers["Retry-After"]


@pytest.mark.slow
def test_a_stolen_session_cannot_take_its_own_account_over(dora: PageClient, here: Running) -> None:
    number = here.desk.staff.technicians[DORA].id
    page = dora.get(f"/console/team/{number}")
    assert not page.page.select(f"form[action$='/{number}/invitation'], form[action$='/{number}/second-factor']")
    assert not page.page.select("select[name=role]")
    invited = send(dora, f"/console/team/{number}/invitation", end_password="1")
    assert (invited.status, "/console/invitation/" in invited.text) == (409, False)
    assert send(dora, f"/console/team/{number}/second-factor").status == 409
    seen = str(page.page.select("input[name=seen]")[0]["value"])
    lowered = send(dora, f"/console/team/{number}", name="Dora D", role="technician", seen=seen)
    assert lowered.status == 409
    assert here.desk.staff.technicians[DORA].role is Role.ADMINISTRATOR
    renamed = send(dora, f"/console/team/{number}", name="Dora E", role="administrator", seen=seen)
    assert renamed.status == 303


@pytest.mark.slow
def test_a_printed_password_is_changed_before_anything_else(client: PageClient, here: Running) -> None:
    temporary(here, ANNA)
    assert log_in(client, ANNA).status == 303
    for path in ("/console/", "/console/codes", "/console/tickets/1"):
        assert client.get(path).location == "/console/account"
    assert client.open("GET", "/console/changes", headers={"Accept": "text/event-stream"}).status == 401
    page = client.get("/console/account")
    assert "Choose one of your own" in page.page.get_text()
    assert not page.page.select("nav.places")
    changed = send(
        client, "/console/account/password", old_password=PASSWORD, new_password=CHOSEN, new_password_again=CHOSEN
    )
    assert changed.status == 303
    assert client.get("/console/").status == 200
    with here.database.read() as connection:
        assert account(connection, here.desk.staff.technicians[ANNA].id) is not None


@pytest.mark.slow
def test_a_second_factor_that_is_demanded_is_set_up_first(app: Flask, clock: StandingClock, here: Running) -> None:
    change_desk_options(here.database, {"second_factor_roles": (Role.TECHNICIAN,)}, by=None, now=clock())
    owner = Owner(app, clock)
    client = PageClient(app)
    owner.begin(client)
    assert client.get("/console/").location == "/console/account/second-factor"
    assert "Your role needs a second factor" in client.get("/console/account/second-factor").page.get_text()
    assert client.post("/console/codes/x/revoke", {}).location == "/console/account/second-factor"
    owner.turn_on()
    again = PageClient(app)
    owner.begin(again)
    owner.enter(again, owner.code)
    assert again.get("/console/").status == 200
    sven = PageClient(app)
    assert log_in(sven, "sven@example.com").status == 303
    assert sven.get("/console/").status == 200, "another role"


@pytest.mark.slow
def test_the_desk_page_says_who_needs_one(dora: PageClient, here: Running) -> None:
    assert not dora.get("/console/desk").page.select("input[name=second_factor][checked]")
    token = csrf_of(dora.get("/console/desk"))
    saved = dora.post("/console/desk", {"csrf_token": token, "long_wait": "10", "second_factor": "technician"})
    assert saved.status == 303
    assert here.desk.options.second_factor_roles == ("technician",)
    (ticked,) = dora.get("/console/desk").page.select("input[name=second_factor][checked]")
    assert ticked["value"] == "technician"


def temporary(here: Running, email: str) -> None:
    change = update(technicians).where(technicians.c.email == email).values(password_temporary=True)
    here.database.write(lambda connection: connection.execute(change))


def make_administrator(here: Running, email: str) -> None:
    change = update(technicians).where(technicians.c.email == email).values(role="administrator")

    def make(connection):  # type: ignore[no-untyped-def]
        from app.store.sites import bump_generation

        connection.execute(change)
        bump_generation(connection)

    here.database.write(make)
