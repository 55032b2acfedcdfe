"""The team's pages: who may use them, what they change, and what they never do."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from app.actions.log_in import hashed_password
from app.core.role import Role
from app.core.site import Site
from app.core.staff import Technician
from app.core.team import particulars
from app.edge.access import Who, declared
from app.process.running import Running
from app.store.audit import Act, acts
from app.store.staff import set_password_hash, set_role
from app.store.tables import technicians
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, csrf_of, is_in, log_in, ticket
from tests.web.markup_texts import TEXTS, tags

DORA, SVEN = "dora@example.com", "sven@example.com"
POSTS = (
    "/console/team/add",
    "/console/team/1",
    "/console/team/1/disabled",
    "/console/team/1/away",
    "/console/team/1/second-factor",
    "/console/team/1/sessions",
    "/console/team/1/invitation",
    "/console/team/departments/add",
    "/console/team/departments/10",
    "/console/team/departments/10/disabled",
)
FILLED = {
    "email": "new@example.com",
    "name": "New",
    "role": "technician",
    "number": "77",
    "disabled": "1",
    "away": "1",
}


@pytest.fixture
def dora(app: Flask) -> PageClient:
    """A logged-in administrator."""
    client = PageClient(app, address="192.0.2.99")
    log_in(client, DORA)
    return client


@pytest.fixture
def press(dora: PageClient) -> Callable[..., Answer]:
    """Post as the administrator, with the token of a page."""
    token = csrf_of(dora.get("/console/team/add"))

    def post(path: str, **fields: object) -> Answer:
        return dora.post(f"/console/team{path}", {"csrf_token": token, **fields})

    return post


Press = Callable[..., Answer]


def person(here: Running, email: str = ANNA) -> Technician:
    return here.desk.staff.technicians[email]


def recorded(here: Running) -> list[Act]:
    with here.database.read() as connection:
        return acts(connection)


def change_anna(here: Running, **fields: object) -> dict[str, object]:
    """Her form with the current values, and these changes."""
    anna = person(here)
    shown = {"name": anna.name, "role": anna.role.value, "department": sorted(anna.departments)}
    return {"seen": particulars(anna).mark, **shown, **fields}


@pytest.mark.slow
def test_every_page_of_the_team_is_for_administrators_alone(app: Flask, here: Running) -> None:
    routes = {route: who for route, who in declared(app).items() if " /console/team" in route}
    assert len(routes) == 12
    assert set(routes.values()) == {Who.ADMINISTRATORS}
    for email in (ANNA, SVEN):
        client = PageClient(app)
        log_in(client, email)
        token = csrf_of(client.get("/console/"))
        for route in routes:
            methods, path = route.split(" ", 1)
            for method in methods.split(","):
                data = {"csrf_token": token, **FILLED} if method == "POST" else None
                assert client.open(method, re.sub("<int:[a-z_]+>", "1", path), data=data).status == 403, route
        assert is_in(client)
    assert recorded(here) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", POSTS)
def test_a_post_needs_its_token_and_our_own_page(dora: PageClient, here: Running, path: str) -> None:
    before = here.database.generation()
    token = csrf_of(dora.get("/console/team/add"))
    for wrong in ({}, {"csrf_token": ""}, {"csrf_token": token[::-1]}):
        assert dora.post(path, {**FILLED, **wrong}).status == 400
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert dora.post(path, {**FILLED, "csrf_token": token}, headers=foreign).status == 403
    assert (here.database.generation(), recorded(here)) == (before, [])


@pytest.mark.slow
@pytest.mark.parametrize("number", ["0", "99", "9" * 18, "9" * 40])
@pytest.mark.parametrize("path", ["", "/disabled", "/away", "/second-factor", "/sessions", "/invitation"])
def test_who_is_not_there_is_not_found(press: Press, number: str, path: str) -> None:
    assert press(f"/{number}{path}", **FILLED).status == 404
    if path in ("", "/disabled"):
        assert press(f"/departments/{number}{path}", **FILLED).status == 404


@pytest.mark.slow
def test_the_team_is_listed_with_how_each_can_log_in(dora: PageClient, press: Press, here: Running) -> None:
    press("/add", email="erik@example.com", name="Erik E", role="supervisor", department=["10", "20"])
    rows = {
        row.select_one("th a").get_text(): " ".join(row.get_text(" ", strip=True).split())  # type: ignore[union-attr]
        for row in dora.get("/console/team").page.select("tbody tr")
    }
    assert rows["Erik E"] == "Erik E erik@example.com Supervisor Computers , Billing Invited"
    assert rows["Anna A"] == "Anna A anna@example.com Technician Computers not here"
    assert rows["Carl C"] == "Carl C carl@example.com Technician Computers Disabled"
    assert rows["Computers"] == "Computers 10 2 0"
    assert rows["Closed"] == "Closed 30 0 0 Disabled"


@pytest.mark.slow
def test_open_tickets_are_counted_up_to_99(dora: PageClient, here: Running, clock: StandingClock) -> None:
    for _ in range(3):
        ticket(here, clock, department="10")
    ticket(here, clock, department="20")
    ticket(here, clock, tech=ANNA)
    assert "Open tickets: 3" in dora.get("/console/team/departments/10").text
    assert "Open tickets that are theirs: 1" in dora.get(f"/console/team/{person(here).id}").text
    for _ in range(97):
        ticket(here, clock, department="10")
    assert "Open tickets: 99+" in dora.get("/console/team/departments/10").text


@pytest.mark.slow
def test_the_lists_are_found_in_and_go_on_over_pages(dora: PageClient, press: Press) -> None:
    for n in range(52):
        press("/departments/add", number=str(1000 + n), name=f"Queue {n:02}")
        press("/add", email=f"p{n}@example.com", name=f"Person {n:02}", role="technician")

    def names(page: Answer) -> list[str]:
        return [a.get_text() for a in page.page.select("tbody th a")]

    found = dora.get("/console/team?q=%20person%204")
    assert names(found) == [f"Person 4{n}" for n in range(10)]
    assert names(dora.get("/console/team?q=1007")) == ["Queue 07"]
    assert names(dora.get("/console/team?q=nobody%25")) == []
    first = dora.get("/console/team?q=e")
    more = [str(a["href"]) for a in first.page.select(".more a")]
    assert len(more) == 2
    seen = names(first) + names(dora.get(more[0])) + names(dora.get(more[1]))
    assert {f"Person {n:02}" for n in range(52)} | {f"Queue {n:02}" for n in range(52)} <= set(seen)
    for odd in ("after=x", "after=-1", f"after={'9' * 40}", "after_department=%00", "q=%ff", "q=" + "x" * 3000):
        assert dora.get(f"/console/team?{odd}").status in (200, 400)


def test_a_technician_is_added_and_gets_a_link(press: Press, here: Running, app: Flask) -> None:
    answer = press("/add", email=" Erik@Example.com ", name=" Erik  E ", role="supervisor", department=["20", "10"])
    assert answer.status == 200
    link = answer.select("#link").get_text().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/console/invitation/[\w-]{43}", link)
    erik = person(here, "erik@example.com")
    assert (erik.name, erik.role, erik.departments) == ("Erik E", Role.SUPERVISOR, frozenset({10, 20}))
    assert [act.act for act in recorded(here)] == ["technician.invited", "technician.added"]
    assert {act.who for act in recorded(here)} == {person(here, DORA).id}
    assert link.rsplit("/", 1)[1] not in str(recorded(here))
    again = press("/add", email="erik@example.com", name="Erik", role="technician")
    assert again.status == 422
    assert "somebody with this address already" in again.select(".summary").get_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": ""}, {"email"}),
        ({"email": "erik"}, {"email"}),
        ({"email": "a\x00@example.com"}, {"email"}),
        ({"email": "\ufffd@example.com"}, {"email"}),
        ({"email": "x" * 250 + "@example.com"}, {"email"}),
        ({"email": ANNA}, {"email"}),
        ({"email": "ANNA@example.com "}, {"email"}),
        ({"name": ""}, {"name"}),
        ({"name": " \u200b "}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"name": "a\x07b"}, {"name"}),
        ({"name": "\ufffd("}, {"name"}),
        ({"role": ""}, {"role"}),
        ({"role": "owner"}, {"role"}),
        ({"department": "99"}, {"departments"}),
        ({"department": "id_10"}, {"departments"}),
        ({"department": ["10", "-20"]}, {"departments"}),
        ({"department": "9" * 5000}, {"departments"}),
        ({"department": "٣"}, {"departments"}),
        ({"email": "x", "name": "", "role": "?"}, {"email", "name", "role"}),
    ],
)
def test_a_technician_that_will_not_do_is_not_added_and_nothing_typed_is_lost(
    press: Press, here: Running, fields: dict[str, object], wrong: set[str]
) -> None:
    typed = {"email": "erik@example.com", "name": "Erik E", "role": "supervisor", "department": "20", **fields}
    answer = press("/add", **typed)
    assert answer.status == 422
    assert {str(a["href"])[1:] for a in answer.page.select(".summary a")} == wrong
    assert all(answer.page.select(f"#{name}") for name in wrong)
    for name in {"email", "name"} - wrong:
        assert answer.select(f"#{name}")["value"] == typed[name]
    if "role" not in fields:
        assert answer.select("#role option[selected]")["value"] == "supervisor"
    assert recorded(here) == []


@pytest.mark.slow
def test_name_role_and_departments_are_changed_in_one_act(
    app: Flask, dora: PageClient, press: Press, here: Running
) -> None:
    anna = PageClient(app)
    log_in(anna)
    number = person(here).id
    assert press(f"/{number}", **change_anna(here, name="Anna B")).status == 303
    assert "Saved." in dora.get(f"/console/team/{number}").select(".saying").get_text()
    assert is_in(anna)
    changed = press(f"/{number}", **change_anna(here, role="supervisor", department=["20"]))
    assert (changed.status, changed.location) == (303, f"/console/team/{number}")
    now = person(here)
    assert (now.name, now.role, now.departments) == ("Anna B", Role.SUPERVISOR, frozenset({20}))
    assert not is_in(anna), "another role logs out"
    newest = recorded(here)[0]
    assert newest.detail == {"role": ["technician", "supervisor"], "departments": [[10], [20]]}


@pytest.mark.slow
def test_a_page_that_is_out_of_date_changes_nothing(press: Press, here: Running) -> None:
    number, old = person(here).id, change_anna(here, name="Anna B")
    here.database.write(lambda connection: set_role(connection, ANNA, Role.SUPERVISOR))
    answer = press(f"/{number}", **old)
    assert answer.status == 409
    assert answer.select("#name")["value"] == "Anna B"
    assert person(here).role is Role.SUPERVISOR
    assert press(f"/{number}", **{**old, "seen": ""}).status == 409
    again = answer.select("input[name=seen]")["value"]
    assert press(f"/{number}", **{**old, "seen": again}).status == 303
    assert (person(here).name, person(here).role) == ("Anna B", Role.TECHNICIAN)


def test_a_refused_change_comes_back_as_it_was_typed(press: Press, here: Running) -> None:
    number = person(here).id
    answer = press(f"/{number}", **change_anna(here, name="x" * 81, role="supervisor", department=["20"]))
    assert answer.status == 422
    assert answer.select("#name")["value"] == "x" * 81
    assert answer.select("#role option[selected]")["value"] == "supervisor"
    assert [box["value"] for box in answer.page.select("#departments input[checked]")] == ["20"]
    assert recorded(here) == []


@pytest.mark.slow
def test_who_is_disabled_is_out_at_once_and_stays_in_the_history(
    app: Flask, dora: PageClient, press: Press, here: Running, clock: StandingClock
) -> None:
    anna, number = PageClient(app), person(here).id
    log_in(anna)
    waiting = ticket(here, clock, tech=ANNA)
    assert press(f"/{number}/disabled", disabled="1").status == 303
    assert "Disabled, and logged out everywhere." in dora.get(f"/console/team/{number}").text
    assert not is_in(anna)
    assert log_in(anna).status == 403
    press(f"/{number}", **change_anna(here, name="Anna Once"))
    assert "Anna Once" in dora.get(f"/console/tickets/{waiting}").select("section[aria-labelledby=facts]").get_text()
    assert press(f"/{number}/invitation").status == 409
    press(f"/{number}/disabled", disabled="0")
    assert not is_in(anna)
    assert log_in(anna).status == 303
    press(f"/{number}/disabled", disabled="0")
    assert [act.act for act in recorded(here)] == ["technician.enabled", "technician.changed", "technician.disabled"]


@pytest.mark.slow
def test_a_renamed_and_a_disabled_department_keep_their_tickets(
    dora: PageClient, press: Press, here: Running, clock: StandingClock
) -> None:
    waiting = ticket(here, clock, department="10")
    assert press("/departments/10", name="Machines").status == 303
    assert press("/departments/10/disabled", disabled="1").status == 303
    facts = dora.get(f"/console/tickets/{waiting}").select("section[aria-labelledby=facts]").get_text()
    assert "Machines" in facts
    assert [act.act for act in recorded(here)] == ["department.disabled", "department.renamed"]
    assert press("/departments/10/disabled", disabled="0").status == 303
    assert not here.desk.staff.departments[10].disabled


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"number": ""}, {"number"}),
        ({"number": "0"}, {"number"}),
        ({"number": "ten"}, {"number"}),
        ({"number": "1" * 19}, {"number"}),
        ({"number": "10"}, {"number"}),
        ({"number": "id_30"}, {"number"}),
        ({"name": ""}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"number": "-1", "name": "\x1b[2J"}, {"number", "name"}),
    ],
)
def test_a_department_that_will_not_do_is_not_added(
    press: Press, here: Running, fields: dict[str, str], wrong: set[str]
) -> None:
    answer = press("/departments/add", **{"number": "77", "name": "Printers", **fields})
    assert answer.status == 422
    assert {str(a["href"])[1:] for a in answer.page.select(".summary a")} == wrong
    assert (list(here.desk.staff.departments), recorded(here)) == ([10, 20, 30], [])


@pytest.mark.slow
def test_a_number_for_a_new_department_is_proposed(dora: PageClient, press: Press) -> None:
    assert dora.get("/console/team/departments/add").select("#number")["value"] == "40"
    press("/departments/add", number="123", name="Printers")
    assert dora.get("/console/team/departments/add").select("#number")["value"] == "130"
    press("/departments/add", number=str(10**18 - 1), name="The last")
    assert dora.get("/console/team/departments/add").select("#number").get("value", "") == ""


@pytest.mark.slow
def test_an_administrator_cannot_lock_everybody_out(press: Press, dora: PageClient, here: Running) -> None:
    me = person(here, DORA)
    answer = press(f"/{me.id}/disabled", disabled="1")
    assert answer.status == 409
    assert "At least one administrator with a password must remain." in answer.select(".summary").get_text()
    (target,) = (str(a["href"]) for a in answer.page.select(".summary a"))
    assert answer.page.select(target)
    assert (person(here, DORA), recorded(here)) == (me, [])
    assert is_in(dora)


@pytest.mark.slow
def test_a_password_reset_never_shows_a_password(app: Flask, press: Press, here: Running) -> None:
    anna, number = PageClient(app), person(here).id
    log_in(anna)
    gentle = press(f"/{number}/invitation")
    assert gentle.status == 200
    assert is_in(anna), "the old password goes on until the new one is chosen"
    hard = press(f"/{number}/invitation", end_password="1")
    assert "The old password has ended" in hard.text
    assert not is_in(anna)
    assert log_in(anna).status == 403
    first, second = (page.select("#link").get_text().strip().split(":8000")[1] for page in (gentle, hard))
    assert anna.get(first).status == 410
    assert anna.get(second).status == 200


@pytest.mark.slow
def test_presence_second_factor_and_sessions(app: Flask, dora: PageClient, press: Press, here: Running) -> None:
    number, anna = person(here).id, PageClient(app)
    log_in(anna)
    press(f"/{number}/away", away="1")
    assert person(here).away
    assert "Away." in dora.get(f"/console/team/{number}").text
    press(f"/{number}/away", away="0")
    assert not person(here).away
    here.database.write(lambda c: c.execute(update(technicians).values(sealed_totp="sealed", totp_step=1)))
    assert "Remove the second factor" in dora.get(f"/console/team/{number}").text
    assert press(f"/{number}/second-factor").status == 303
    page = dora.get(f"/console/team/{number}")
    assert "Remove the second factor" not in page.text
    session = str(page.select("input[name=session]")["value"])
    assert press(f"/{person(here, BEN).id}/sessions", session=session).status == 404
    assert is_in(anna)
    assert press(f"/{number}/sessions", session=session).status == 303
    assert not is_in(anna)
    assert press(f"/{number}/sessions", session=session).status == 404
    assert press(f"/{number}/sessions").status == 303


@pytest.mark.slow
def test_sessions_that_have_idled_are_not_listed(
    app: Flask, dora: PageClient, here: Running, clock: StandingClock
) -> None:
    log_in(PageClient(app))
    clock.advance(minutes=20)
    assert dora.get("/console/team/1").page.select(".logins li")
    clock.advance(minutes=11)
    log_in(dora, DORA)
    assert not dora.get(f"/console/team/{person(here).id}").page.select(".logins li")


@pytest.mark.slow
def test_sites_that_name_the_disabled_are_pointed_out(
    dora: PageClient, press: Press, here: Running, change_site: Callable[..., Site]
) -> None:
    assert not dora.get("/console/team").page.select("[role=note]")
    change_site(department="10", technician="anna@example.com", offer_departments=(10, 20))
    assert not dora.get("/console/team").page.select("[role=note]")
    press("/departments/10/disabled", disabled="1")
    press(f"/{person(here).id}/disabled", disabled="1")
    lines = [item.get_text(" ", strip=True) for item in dora.get("/console/team").page.select("[role=note] li")]
    assert lines == [
        "Example Help sends requests to a department that is disabled or unknown: Computers",
        "Example Help sends requests to a technician who is disabled or unknown: Anna A",
        "Example Help offers customers a department that is disabled or unknown: Computers",
    ]
    assert len(dora.get("/console/team/departments/10").page.select("[role=note] li")) == 2
    assert not dora.get("/console/team/departments/20").page.select("[role=note]")


@pytest.mark.slow
def test_hostile_names_are_only_text(dora: PageClient, press: Press, here: Running) -> None:
    number = person(here).id
    pages = ("/console/team", f"/console/team/{number}", "/console/team/departments/10", "/console/team/add")
    expected = [tags(dora.get(path)) for path in pages]
    for text in TEXTS:
        name = " ".join(text.split())[:80].strip()
        press(f"/{number}", **change_anna(here, name=name))
        press("/departments/10", name=name)
        assert (person(here).name, here.desk.staff.departments[10].name) == (name, name)
        shown = [dora.get(path) for path in pages]  # the status lines of both are on the first
        assert [tags(page) for page in shown[1:]] == expected[1:], text
        assert shown[1].select("h1").get_text() == name
        assert shown[2].select("h1").get_text() == name


@pytest.mark.slow
def test_a_new_administrator_needs_no_shell(app: Flask, press: Press, here: Running) -> None:
    link = press("/add", email="erik@example.com", name="Erik E", role="administrator").select("#link").get_text()
    erik = PageClient(app)
    path = link.strip().split(":8000")[1]
    token = csrf_of(erik.get(path))
    chosen = {"csrf_token": token, "password": "lamp-river-forty", "again": "lamp-river-forty"}
    assert erik.post(path, chosen).location == "/console/login"
    assert log_in(erik, "erik@example.com", "lamp-river-forty").status == 303
    assert erik.get("/console/team").status == 200
    changed = hashed_password(PASSWORD)
    here.database.write(lambda connection: set_password_hash(connection, "erik@example.com", changed))
    assert erik.get("/console/team").status == 303


@pytest.mark.slow
def test_the_team_page_and_the_routing_of_a_site_say_who_is_here(app: Flask, dora: PageClient, here: Running) -> None:
    def of_anna() -> tuple[str, str, str]:
        here.attendance.forget()
        (row,) = [row for row in dora.get("/console/team").page.select("tr") if "Anna A" in row.get_text()]
        own = dora.get("/console/team/1").select(".head").get_text()
        routing = dora.get("/console/sites/default/fields").select("#technician").get_text()
        return row.select_one(".tags").get_text(), own, routing  # type: ignore[union-attr]

    for shown in of_anna():
        assert "not here" in shown
    log_in(PageClient(app), ANNA)
    team, own, routing = of_anna()
    assert "here" in team
    assert "not here" not in team
    assert "not here" not in own
    assert "Anna A (anna@example.com)" in routing
    assert "Anna A (anna@example.com) (not here" not in routing
