"""Pictures that are added to an open request: with its status link, from the site's pages, refused in words."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask

from app.actions.privacy import erase, export, find_person, prune
from app.core.picture import MOST_BYTES, MOST_PICTURES
from app.core.site import Site
from app.process.limits import PICTURES
from app.process.running import Running
from app.store.files import bytes_kept
from app.store.pictures import pictures_of_request
from tests.api.calls import tickets
from tests.api.embedding import ORIGIN, OTHER, ZOE, Widget
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.pictures import picture
from tests.web.console_client import log_in

ChangeSite = Callable[..., Site]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.fixture(autouse=True)
def _takes_pictures(change_site: ChangeSite) -> None:
    change_site(origins=(ORIGIN,), pictures=True)


@pytest.fixture
def sent(client: PageClient) -> dict[str, str]:
    """The answer to a request from the widget; `path` is its poll address's."""
    told = Widget(client).send(**ZOE).json
    return {**told, "path": told["poll_url"].removeprefix("http://127.0.0.1:8000")}


def add(client: PageClient, path: str, content: bytes, *, origin: str = ORIGIN, query: str = "") -> Answer:
    headers = {"Origin": origin, "Content-Type": "application/octet-stream"}
    return client.post(f"{path}/pictures{query}", content, headers=headers)


def why(answer: Answer) -> str:
    return str(answer.json["error"]["message"])


def left(client: PageClient, path: str) -> int:
    return int(client.get(path).json["wait"]["pictures_left"])


def kept_bytes(here: Running) -> int:
    with here.database.read() as connection:
        return bytes_kept(connection, here.clock())


@pytest.mark.slow
def test_a_picture_is_added_and_seen_with_ticket_and_request(
    app: Flask, client: PageClient, here: Running, sent: dict[str, str]
) -> None:
    assert left(client, sent["path"]) == MOST_PICTURES
    answer = add(client, sent["path"], picture((60, 40)))
    assert (answer.status, answer.json["pictures_left"]) == (200, 2)
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert add(client, sent["path"], picture((60, 40))).json == answer.json, "the same picture again"
    assert left(client, sent["path"]) == 2
    with here.database.read() as connection:
        (one,) = pictures_of_request(connection, sent["reference"])
    assert (one.id, one.width, one.height) == (answer.json["id"], 60, 40)
    (ticket,) = tickets(app)
    sven = PageClient(app)
    log_in(sven, "sven@example.com")
    page = sven.get(f"/console/tickets/{ticket.number}")
    assert page.select(".pictures img")["src"] == f"/console/tickets/{ticket.number}/pictures/{one.id}"
    assert page.text.count("Added a picture") == 1


def test_pictures_of_the_form_count_too(client: PageClient, here: Running) -> None:
    token = client.form_token()
    with_picture = {"form_token": token, "pictures": (BytesIO(picture((60, 40))), "a.png")}
    assert client.post("/s/default/pictures", with_picture, content_type="multipart/form-data").status == 200
    status = client.post("/s/default", {"form_token": token, "customer_name": "Zoë"}).location
    path = f"/api/v1/requests/{status.removeprefix('/r/')}"
    assert [add(client, path, picture((n, 40))).status for n in (61, 62, 63)] == [200, 200, 422]
    reference = client.get(path).json["reference"]
    with here.database.read() as connection:
        its = pictures_of_request(connection, reference)
    assert [(one.position, one.width) for one in its] == [(0, 60), (1, 61), (2, 62)]


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (SVG, 422, "cannot be read"),
        (b"", 422, "cannot be read"),
        (b"\0\0\0\x18ftypheic" + bytes(40), 422, "HEIC"),
        (picture() + bytes(MOST_BYTES), 413, "8 MB"),
    ],
    ids=["svg", "empty", "heic", "too large"],
)
def test_what_is_no_picture_is_refused_in_words(
    client: PageClient, here: Running, sent: dict[str, str], content: bytes, status: int, words: str
) -> None:
    answer = add(client, sent["path"], content)
    assert (answer.status, words in why(answer)) == (status, True)
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert kept_bytes(here) == 0


def test_refusals_are_in_the_language_asked_for(client: PageClient, sent: dict[str, str]) -> None:
    assert "nicht" in why(add(client, sent["path"], SVG, query="?lang=de"))


def test_a_fourth_picture(client: PageClient, sent: dict[str, str]) -> None:
    assert [add(client, sent["path"], picture((60 + n, 40))).status for n in range(4)] == [200, 200, 200, 422]
    assert "3 pictures" in why(add(client, sent["path"], picture((90, 40))))
    assert left(client, sent["path"]) == 0


def test_another_link_page_or_type(client: PageClient, here: Running, sent: dict[str, str]) -> None:
    assert add(client, "/api/v1/requests/x", picture()).status == 404
    foreign = add(client, sent["path"], picture(), origin=OTHER)
    assert (foreign.status, "Access-Control-Allow-Origin" in foreign.headers) == (403, False)
    assert client.post(f"{sent['path']}/pictures", {"a": "b"}, headers={"Origin": ORIGIN}).status == 415
    assert kept_bytes(here) == 0
    assert add(client, sent["path"], picture(), origin="http://127.0.0.1:8000").status == 200


def test_preflight(client: PageClient, sent: dict[str, str]) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = client.open("OPTIONS", f"{sent['path']}/pictures", headers=asked)
    assert (answer.status, answer.headers["Access-Control-Allow-Methods"]) == (204, "POST")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    other = client.open("OPTIONS", f"{sent['path']}/pictures", headers={**asked, "Origin": OTHER})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_an_old_link_and_a_closed_request(
    client: PageClient, here: Running, clock: StandingClock, sent: dict[str, str]
) -> None:
    assert client.open("DELETE", sent["path"]).status == 200
    closed = add(client, sent["path"], picture())
    assert (closed.status, why(closed)) == (409, "Nothing can be added to this request now.")
    clock.advance(hours=25)
    assert add(client, sent["path"], picture()).status == 410
    assert kept_bytes(here) == 0


@pytest.mark.slow
def test_one_client_adds_so_many(client: PageClient, sent: dict[str, str]) -> None:
    for _ in range(PICTURES.amount):
        add(client, sent["path"], SVG)
    answer = add(client, sent["path"], picture())
    assert (answer.status, "Retry-After" in answer.headers) == (429, True)


def test_a_site_that_takes_none(client: PageClient, sent: dict[str, str], change_site: ChangeSite) -> None:
    change_site(pictures=False)
    assert left(client, sent["path"]) == 0
    assert add(client, sent["path"], picture()).status == 404


def test_they_are_exported_and_erased_with_the_request(client: PageClient, here: Running, sent: dict[str, str]) -> None:
    add(client, sent["path"], picture((60, 40)))
    person = find_person(here.database, reference=sent["reference"])
    told = json.loads(json.dumps(export(here.database, person)))["requests"][0]["pictures"]
    assert [(one["type"], one["width"]) for one in told] == [("image/png", 60)]
    erase(here.database, person, by=None, now=here.clock())
    assert kept_bytes(here) == 0
    assert add(client, sent["path"], picture()).status in (409, 410)
    assert kept_bytes(here) == 0


def test_they_are_kept_as_long_as_the_request(
    client: PageClient, here: Running, clock: StandingClock, sent: dict[str, str]
) -> None:
    add(client, sent["path"], picture((60, 40)))
    clock.advance(hours=25)
    prune(here.database, timedelta(days=30), now=here.clock())
    assert kept_bytes(here) > 0
    clock.advance(days=91)
    prune(here.database, timedelta(days=30), now=here.clock())
    assert kept_bytes(here) == 0
