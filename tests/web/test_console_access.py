"""Access to the console's pages: every route, in forty spellings and for every role."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.actions.codes import start_code
from app.actions.live_files import Sender, take_whole
from app.actions.pictures import add_picture, give_to_request
from app.actions.ready_answers import add_answer
from app.actions.ticket import open_ticket
from app.core.customer import Customer
from app.core.live import CUSTOMER_SPEAKS
from app.core.new_session import NewSessionRequest
from app.core.ready_answer import ReadyAnswer
from app.edge.access import Who, declared
from app.process.running import Running
from app.store.codes import code_by_id
from app.store.requests import list_requests
from app.store.tables import metadata
from app.store.tickets import ticket_by_number
from tests.conftest import PASSWORD, StandingClock
from tests.kept_files import ROOM
from tests.page_client import HOST, PageClient
from tests.pictures import picture
from tests.web.console_client import csrf_of, log_in

SECRET = "kept-from-strangers"
WHO_MAY = {
    "anna@example.com": {Who.TECHNICIANS},
    "sven@example.com": {Who.TECHNICIANS, Who.SUPERVISORS},
    "dora@example.com": {Who.TECHNICIANS, Who.SUPERVISORS, Who.ADMINISTRATORS},
}
GUARDED = frozenset({Who.TECHNICIANS, Who.SUPERVISORS, Who.ADMINISTRATORS})
FOR_SCRIPTS = ("/live", "/files", "/account/browsers", "/account/browsers/key")
SPELLINGS = (
    "{path}",
    "{path}/",
    "{path}//",
    "{path}/.",
    "{path}/..",
    "{path}/../",
    "{path}%20",
    "{path}%00",
    "{path}%0a",
    "{path}%2f",
    "{path};",
    "{path};x=y",
    "{path}.json",
    "{path}.html",
    "{path}?lang=de",
    "{path}?next=/console/",
    "{path}?role=administrator",
    "{path}#x",
    "/{path}",
    "//{path}",
    "/.{path}",
    "/x/..{path}",
    "/console/..{path}",
    "/console/login/..{path}",
    "/console/login{path}",
    "/static/..{path}",
    "/s/..{path}",
    "/%2e{path}",
    "/%2e%2e{path}",
    "/console%2f{rest}",
    "/console/%2e/{rest}",
    "/console/./{rest}",
    "/console//{rest}",
    "/console/;/{rest}",
    "/CONSOLE/{rest}",
    "/Console/{rest}",
    "/%63onsole/{rest}",
    "/%63%6f%6e%73%6f%6c%65/{rest}",
    "/\u212aonsole/{rest}",
    "/console\\{rest}",
)
HEADERS: tuple[dict[str, str], ...] = (
    {"X-Original-URL": "/console/", "X-Rewrite-URL": "/console/"},
    {"X-HTTP-Method-Override": "GET", "X-Forwarded-User": "dora@example.com", "Remote-User": "dora@example.com"},
    {"Authorization": "Basic ZG9yYTpkb3Jh", "Cookie": "handbell=eyJzaWQiOiJ4In0.x.y"},
    {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
)


def guarded(app: Flask, there: dict[str, str]) -> Iterator[tuple[str, str, Who]]:
    """Method, an existing address, and who may use it."""
    for route, who in declared(app).items():
        methods, path = route.split(" ", 1)
        if who in GUARDED:
            filled = re.sub(r"<(?:[^<>]+:)?(\w+)>", lambda part: there[part[1]], path)
            for method in methods.split(","):
                yield method, filled, who


@pytest.fixture
def there(app: Flask, here: Running) -> dict[str, str]:
    """A value for each part of an address: existing objects, so that only the access rule refuses them.

    The request and its ticket, in the general queue, contain a secret.
    """
    asked = {"customer_name": SECRET, "customer_email": f"{SECRET}@x.org", "problem_description": SECRET}
    answer = add_answer(here.database, ReadyAnswer("Cable", {"en": "Try the cable."}), by=5, now=here.clock())
    assert PageClient(app).submit(**asked).status == 303
    with here.database.read() as connection:
        (request,) = list_requests(connection)
    return {
        "number": str(request.ticket_number),
        "reference": request.reference,
        "slug": "default",
        "key": "default",
        "technician_id": "1",
        "department_id": "10",
        "what": "claim",
        "answer_id": str(answer),
        "file_id": file_of(here, request.ticket_number or 0),
        "picture_id": picture_of(here, request.reference),
    }


def picture_of(here: Running, reference: str) -> str:
    """The id of a picture that came with the request."""
    added = add_picture(here.database, "x", picture(), room=ROOM, now=here.clock())
    give_to_request(here.database, "x", reference)
    return added.id


def file_of(here: Running, ticket: int) -> str:
    """The id of a file that the ticket's customer has sent."""
    sender = Sender(here.database, ticket, CUSTOMER_SPEAKS, ROOM, here.clock())
    return take_whole(sender, "f", f"{SECRET}.txt", [SECRET.encode()]).id


def test_the_console_is_for_people_who_work_there(app: Flask) -> None:
    console = {route: who for route, who in declared(app).items() if " /console" in route}
    open_ = {route for route, who in console.items() if who not in GUARDED}
    assert open_ == {
        "GET,POST /console/login",
        "GET,POST /console/login/code",
        "GET,POST /console/invitation/<secret>",
        "GET /console/worker.js",
    }
    assert set(declared(app).values()) >= GUARDED
    assert all(" /console" in route for route, who in declared(app).items() if who in GUARDED)


@pytest.mark.slow
def test_no_spelling_of_an_address_lets_a_stranger_in(app: Flask, here: Running, there: dict[str, str]) -> None:
    assert len(SPELLINGS) == len(set(SPELLINGS)) == 40
    client = PageClient(app)
    uid = here.desk.sites["default"].uid
    for method, path, _who in guarded(app, there):
        rest = path.removeprefix("/console/")
        for n, spelling in enumerate(SPELLINGS):
            address = spelling.format(path=path, rest=rest)
            answer = client.open(method, address, headers=HEADERS[n % len(HEADERS)], check=False)
            if answer.status == 200:  # the log-in, or a page for customers
                assert method == "GET", address
                assert not answer.page.select(".who, form[action='/console/logout']"), address
            else:
                assert answer.status in (301, 303, 308, 400, 401, 403, 404, 405, 410), (method, address, answer.status)
            if answer.status in (301, 308):  # to the canonical spelling of the address, which is tested too
                assert (answer.location or "").startswith(("/", f"http://{HOST}/")), address
            assert SECRET not in answer.text, address
            assert uid not in answer.text, address
            assert "@example.com" not in answer.text, address


@pytest.mark.slow
@pytest.mark.parametrize("email", WHO_MAY)
def test_no_role_gets_more_than_its_pages(app: Flask, client: PageClient, there: dict[str, str], email: str) -> None:
    assert log_in(client, email, PASSWORD).status == 303
    token = csrf_of(client.get("/console/"))
    for method, path, who in guarded(app, there):
        data = {"csrf_token": token} if method != "GET" else None
        if path == "/console/logout" or path.endswith("/ice"):  # /ice is for those who take part in the session
            continue
        if who in WHO_MAY[email]:
            if method == "GET":
                assert client.open(method, path, check=False).status != 403, path
            continue
        for spelled in (path, f"{path}?role=administrator", f"/console//{path.removeprefix('/console/')}"):
            answer = client.open(method, spelled, data=data, check=False)
            assert answer.status in (403, 404, 308), (method, spelled, answer.status)
            assert SECRET not in answer.text
    assert client.get("/console/").status == 200


@pytest.mark.slow
def test_looking_changes_nothing(app: Flask, here: Running, client: PageClient, there: dict[str, str]) -> None:
    log_in(client, "dora@example.com", PASSWORD)
    client.get("/console/figures")  # keeps the days before today, once
    before = kept(here)
    looked = 0
    for method, path, _who in guarded(app, there):
        if method == "GET" and not path.endswith((".csv", ".json")):  # what is taken away is in the audit log
            looked += client.get(path, check=False).status == 200
    assert looked > 20
    assert kept(here) == before


def kept(here: Running) -> dict[str, list[object]]:
    """All rows of all tables but the sessions'."""
    with here.database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
            if table.name != "console_sessions"
        }


@pytest.mark.slow
def test_every_page_has_the_way_out_on_it(app: Flask, client: PageClient, there: dict[str, str]) -> None:
    log_in(client, "dora@example.com", PASSWORD)
    looked = 0
    for method, path, _who in guarded(app, there):
        if method != "GET" or path.endswith("/preview"):  # the preview is a customer's page, in a frame of ours
            continue
        answer = client.get(path, check=False)
        if answer.status == 200 and answer.is_page:
            assert answer.page.select("form[action='/console/logout'] button"), path
            looked += 1
    assert looked > 20


@pytest.mark.slow
def test_an_unsafe_request_without_its_token_changes_nothing(
    app: Flask, client: PageClient, there: dict[str, str]
) -> None:
    log_in(client, "dora@example.com", PASSWORD)
    for method, path, _who in guarded(app, there):
        if method == "GET":
            continue
        for data in ({}, {"csrf_token": ""}, {"csrf_token": "x"}):
            assert client.open(method, path, data=data).status == 400, path
    assert client.get("/console/").status == 200


@pytest.mark.slow
@pytest.mark.parametrize("email", ["dora@example.com", None])
def test_json_is_no_form_of_the_console(
    app: Flask, client: PageClient, there: dict[str, str], email: str | None
) -> None:
    if email:
        log_in(client, email, PASSWORD)
    for_forms = [
        (method, path)
        for method, path, _who in guarded(app, there)
        if not (path.endswith(FOR_SCRIPTS) or "/files/" in path)
    ]
    unsafe = [(method, path) for method, path in for_forms if method != "GET"]
    for method, path in [*unsafe, ("POST", "/console/login"), ("POST", "/console/login/code")]:
        for body in ("[1,2]", "7", '{"a":' * 3000 + "1" + "}" * 3000, '{"csrf_token": "x"}', "{"):
            answer = client.open(method, path, data=body, content_type="application/json")
            assert answer.status == 415, (path, body[:20])


@pytest.mark.slow
def test_nobody_gets_at_the_objects_of_another_department(app: Flask, here: Running, clock: StandingClock) -> None:
    """Every address with an object, requested for one of anna's objects by ben, who is in another department."""
    request = NewSessionRequest(department="10", customer=Customer(name=SECRET, problem=SECRET))
    ticket = open_ticket(here.database, here.desk.staff, "default", request, now=clock())
    anna = here.desk.staff.technicians["anna@example.com"]
    code = start_code(here.database, "default", timedelta(hours=1), by=anna.id, now=clock())
    own = ReadyAnswer("Cable", {"en": SECRET}, anna.id)
    answer_id = add_answer(here.database, own, by=anna.id, now=clock())
    annas = {"number": str(ticket.number), "key": code.id, "what": "claim", "answer_id": str(answer_id)}
    annas["file_id"] = file_of(here, ticket.number)
    annas["picture_id"] = "0" * 32
    ben = PageClient(app)
    log_in(ben, "ben@example.com", PASSWORD)
    token = csrf_of(ben.get("/console/"))
    data = {"csrf_token": token, "to": "d-20", "note": "x"}
    asked = 0
    for route, who in declared(app).items():
        methods, path = route.split(" ", 1)
        if who is not Who.TECHNICIANS or "<" not in path:
            continue
        filled = re.sub(r"<(?:[^<>]+:)?(\w+)>", lambda part: annas[part[1]], path)
        for method in methods.split(","):
            answer = ben.open(method, filled, data=data, headers={"X-CSRF-Token": token})
            to_the_list = (answer.status, answer.location) == (303, "/console/")  # from where a form was posted
            assert answer.status == 404 or (method == "GET" and to_the_list), (method, filled)
            assert SECRET not in answer.text
            asked += 1
    assert asked >= 8
    with here.database.read() as connection:
        assert ticket_by_number(connection, ticket.number) == ticket
        assert code_by_id(connection, code.id) == code
