"""Pictures with a request: from pages without script, one by one by script, refused in words, seen and erased."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from flask import Flask

from app.actions.pictures import UNSENT_FOR
from app.actions.privacy import erase, export, find_person, prune
from app.core.picture import MOST_BYTES, MOST_PICTURES
from app.core.site import Site
from app.process.limits import PICTURES
from app.process.running import Running
from app.store.files import bytes_kept
from app.store.pictures import pictures_of_request
from app.store.request_list import Wanted, newest_requests
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.pictures import bomb, held, opened, picture
from tests.web.console_client import ANNA, log_in

SVEN = "sven@example.com"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HEIC = b"\0\0\0\x18ftypheic" + bytes(40)
TYPED = {"customer_name": "Zoë", "problem_description": "It broke.\nTwice."}


@pytest.fixture(autouse=True)
def _takes_pictures(change_site: Callable[..., Site]) -> None:
    change_site(pictures=True)


def posted(client: PageClient, path: str, fields: dict[str, str], contents: Sequence[bytes]) -> Answer:
    """Post a form with files in the field `pictures`, which have no name where they are empty."""
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    for content in contents:
        name = "a.png" if content else ""
        parts.append(f'name="pictures"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode() + content)
    body = b"".join(b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--x--\r\n"
    return client.post(path, body, content_type="multipart/form-data; boundary=x")


def send(client: PageClient, token: str, contents: Sequence[bytes] = (), **more: str) -> Answer:
    """Send the form as a browser does without script, with an empty file where none is chosen."""
    return posted(client, "/s/default/with-pictures", {"form_token": token, **TYPED, **more}, contents or [b""])


def add(client: PageClient, token: str, content: bytes) -> Answer:
    """Add one picture as the page's script does."""
    return posted(client, "/s/default/pictures", {"form_token": token}, [content])


def logged_in(app: Flask, email: str) -> PageClient:
    client = PageClient(app)
    assert log_in(client, email).status == 303
    return client


def references(here: Running) -> list[str]:
    with here.database.read() as connection:
        return [found.reference for found in newest_requests(connection, Wanted(), None).requests]


def kept(here: Running, reference: str) -> list[tuple[str, int, int]]:
    with here.database.read() as connection:
        return [(one.type, one.width, one.height) for one in pictures_of_request(connection, reference)]


def kept_bytes(here: Running) -> int:
    with here.database.read() as connection:
        return bytes_kept(connection, here.clock())


def test_pictures_of_the_form_belong_to_the_request(client: PageClient, here: Running) -> None:
    token = client.form_token()
    form = client.get("/s/default").select("form")
    assert (form["enctype"], form["action"]) == ("multipart/form-data", "/s/default/with-pictures")
    assert send(client, token, [picture((60, 40)), held(6)]).status == 303
    (reference,) = references(here)
    assert kept(here, reference) == [("image/png", 60, 40), ("image/jpeg", 40, 60)]


def test_a_form_without_pictures_is_sent_as_before(client: PageClient, here: Running) -> None:
    assert send(client, client.form_token()).status == 303
    assert client.submit(**TYPED).status == 303
    assert len(references(here)) == 2


def test_the_same_form_again_is_the_same_request_and_may_bring_another_picture(
    client: PageClient, here: Running
) -> None:
    token = client.form_token()
    answers = [send(client, token, [picture((60, 40))]) for _ in range(2)]
    answers.append(send(client, token, [picture((50, 50))]))
    assert len({answer.location for answer in answers}) == 1
    (reference,) = references(here)
    assert [size for _, *size in kept(here, reference)] == [[60, 40], [50, 50]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SVG, "cannot be read"),
        (b"GIF89a;" + SVG, "cannot be read"),
        (bomb(60_000, 60_000), "cannot be read"),
        (bomb(12_000, 12_000), "cannot be read"),
        (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", "cannot be read"),
        (b"%PDF-1.7 " + picture(), "cannot be read"),
        (HEIC, "HEIC"),
        (picture() + bytes(MOST_BYTES), "8 MB"),
    ],
    ids=["svg", "gif", "bomb", "smaller bomb", "polyglot", "pdf", "heic", "too large"],
)
def test_a_picture_that_is_refused_costs_nothing_typed(
    client: PageClient, here: Running, content: bytes, words: str
) -> None:
    token = client.form_token()
    answer = send(client, token, [picture((60, 40)), content])
    assert answer.status in (413, 422)
    assert words in answer.select("#pictures-problem").get_text()
    assert answer.select("textarea").get_text().strip() == TYPED["problem_description"]
    assert answer.select("input[name=form_token]")["value"] == token
    assert len(answer.page.select("#thumbs li")) == 1, "the other picture is there"
    assert not references(here)
    assert send(client, token).status == 303
    assert len(kept(here, references(here)[0])) == 1


def test_what_else_is_in_a_picture_is_not_kept(app: Flask, client: PageClient, here: Running) -> None:
    hidden = b"<script>alert(1)</script>"
    send(client, client.form_token(), [picture() + hidden])
    reference = references(here)[0]
    with here.database.read() as connection:
        (one,) = pictures_of_request(connection, reference)
    shown = logged_in(app, SVEN).get(f"/console/requests/{reference}/pictures/{one.id}")
    assert hidden not in shown.body
    assert opened(shown.body).size == (400, 100)


def test_a_fourth_picture(client: PageClient, here: Running) -> None:
    token = client.form_token()
    answer = send(client, token, [picture((60 + n, 40)) for n in range(4)])
    assert "3 pictures" in answer.select("#pictures-problem").get_text()
    assert len(answer.page.select("#thumbs li")) == MOST_PICTURES
    assert add(client, token, picture((10, 10))).status == 422
    assert send(client, token).status == 303


def test_a_picture_is_left_out_where_the_customer_ticks_so(client: PageClient, here: Running) -> None:
    token = client.form_token()
    first = add(client, token, picture((60, 40))).json["id"]
    assert add(client, token, picture((50, 50))).status == 200
    assert send(client, token, remove_picture=first).status == 303
    assert kept(here, references(here)[0]) == [("image/png", 50, 50)]


def test_by_script_pictures_are_added_and_removed_one_by_one(client: PageClient, here: Running) -> None:
    token = client.form_token()
    first = add(client, token, picture((60, 40))).json["id"]
    assert add(client, token, picture((60, 40))).json["id"] == first, "the same picture again"
    refused = add(client, token, SVG)
    assert (refused.status, "cannot be read" in refused.json["error"]) == (422, True)
    removed = posted(client, "/s/default/pictures", {"form_token": token, "remove_picture": first}, [])
    assert removed.json == {"id": None}
    assert client.post("/s/default", {"form_token": token, **TYPED}).status == 303
    assert kept(here, references(here)[0]) == []


def test_a_foreign_or_old_form_adds_nothing(client: PageClient, here: Running, clock: StandingClock) -> None:
    token = client.form_token()
    assert add(client, "x", picture()).status == 400
    clock.advance(hours=3)
    assert add(client, token, picture()).status == 400
    assert kept_bytes(here) == 0
    answer = send(client, token, [picture((60, 40))])
    assert (answer.status, len(answer.page.select("#thumbs li"))) == (400, 1), "the new form has the picture"
    fresh = answer.select("input[name=form_token]")["value"]
    assert send(client, fresh).status == 303
    assert len(kept(here, references(here)[0])) == 1


@pytest.mark.slow
def test_one_client_adds_so_many(client: PageClient, here: Running) -> None:
    token = client.form_token()
    for _ in range(PICTURES.amount):
        add(client, token, SVG)
    answer = add(client, token, picture())
    assert (answer.status, "Retry-After" in answer.headers) == (429, True)


@pytest.mark.slow
def test_a_site_that_takes_none_and_one_of_a_vendor(
    client: PageClient, here: Running, change_site: Callable[..., Site]
) -> None:
    for options in ({"pictures": False}, {"pictures": True, "backend": "take-control-browser"}):
        change_site(api_domain="https://api.example.com/rest", sealed_key="x", **options)
        page = client.get("/s/default")
        assert not page.page.select("#pictures")
        assert "display-capture=()" in page.headers["Permissions-Policy"]
        assert add(client, client.form_token(), picture()).status == 404


def test_the_page_may_capture_a_window(client: PageClient) -> None:
    assert "display-capture=(self)" in client.get("/s/default").headers["Permissions-Policy"]


@pytest.mark.slow
def test_technicians_see_them_with_the_ticket_and_the_request(app: Flask, client: PageClient, here: Running) -> None:
    send(client, client.form_token(), [picture((60, 40))], department="10")
    reference = references(here)[0]
    anna = logged_in(app, ANNA)
    with here.database.read() as connection:
        (one,) = pictures_of_request(connection, reference)
        number = connection.exec_driver_sql("SELECT max(number) FROM tickets").scalar_one()
    shown = anna.get(f"/console/tickets/{number}").select(".pictures img")
    assert shown["src"] == f"/console/tickets/{number}/pictures/{one.id}"
    sent = anna.get(shown["src"])
    assert (sent.status, sent.headers["Content-Disposition"]) == (200, "attachment; filename=picture-1.png")
    assert anna.get(f"/console/requests/{reference}/pictures/{one.id}").status == 403
    for path in (f"/console/tickets/{number}/pictures/{'0' * 32}", f"/console/tickets/{number}/pictures/x"):
        assert anna.get(path).status == 404
    sven = logged_in(app, SVEN)
    assert sven.get(f"/console/requests/{reference}").select(".pictures img")


def test_they_are_exported_and_erased_with_the_request(client: PageClient, here: Running) -> None:
    send(client, client.form_token(), [picture((60, 40))])
    reference = references(here)[0]
    person = find_person(here.database, reference=reference)
    told = json.loads(json.dumps(export(here.database, person)))["requests"][0]["pictures"]
    assert [(one["type"], one["width"], "kept" in one, "form" in one) for one in told] == [
        ("image/png", 60, False, False)
    ]
    erase(here.database, person, by=None, now=here.clock())
    assert kept(here, reference) == []
    assert kept_bytes(here) == 0


@pytest.mark.slow
def test_they_outlive_the_day_of_other_files_and_what_is_not_sent_goes(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    send(client, client.form_token(), [picture((60, 40))])
    clock.advance(hours=25)
    add(client, client.form_token(), picture((50, 50)))
    prune(here.database, timedelta(days=30), now=here.clock())
    assert kept(here, references(here)[0]) == [("image/png", 60, 40)]
    before = kept_bytes(here)
    clock.advance(seconds=UNSENT_FOR.total_seconds() + 1)
    prune(here.database, timedelta(days=30), now=here.clock())
    assert 0 < kept_bytes(here) < before
    clock.advance(days=91)
    prune(here.database, timedelta(days=30), now=here.clock())
    assert kept_bytes(here) == 0


def test_they_take_a_part_of_the_room_alone(client: PageClient, here: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.actions.pictures.SHARE_OF_ROOM", 10**12)
    token = client.form_token()
    answer = send(client, token, [picture()])
    assert (answer.status, "no room" in answer.select("#pictures-problem").get_text()) == (503, True)
    assert send(client, token).status == 303
