"""Files of a conversation by the addresses of both sides: sent in pieces or by a form, and read as attachments."""

import json
import re
from collections.abc import Callable
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any

import pytest
from flask import Flask

from app.actions.privacy import erase, find_person
from app.core.customer_info import AskPolicy
from app.core.kept_file import CHUNK
from app.core.live_file import MOST_BYTES, clean_name
from app.core.site import Site
from app.process.limits import LIVE_POSTS
from app.process.running import Running
from app.store.tickets import ticket_by_number
from tests.conftest import StandingClock
from tests.hostile_names import HOSTILE_NAMES
from tests.page_client import Answer, PageClient
from tests.pictures import bomb, held, opened, picture
from tests.web.console_client import ANNA, BEN, SAME_ORIGIN
from tests.web.customer_client import enter
from tests.web.live_pages import Desk, LivePage, customers, newest_number

HIDDEN = {"customer_name": "Zoë Quill", "customer_email": "zoe@example.com", "problem_description": "It broke twice."}
TEXT = b"A text, and no picture."
ZERO = "0" * 32


@pytest.fixture
def zoe(client: PageClient) -> LivePage:
    """A customer who waits for department 10."""
    return customers(client, department="10", customer_name="Zoë")


@pytest.fixture
def number(app: Flask, zoe: LivePage) -> int:
    return newest_number(app)


@pytest.fixture
def anna(app: Flask) -> Desk:
    return Desk(app)


def begin(page: LivePage, size: int, name: str = "a.txt", key: str = "f", **more: object) -> Answer:
    said = {"key": key, "name": name, "size": size, **more}
    return page.client.open("POST", f"{page.address}/files", json=said, headers=page.headers)


def piece(page: LivePage, file: str, at: int, data: bytes) -> Answer:
    headers = {**page.headers, "Content-Type": "application/octet-stream"}
    return page.client.open("POST", f"{page.address}/files/{file}?at={at}", data=data, headers=headers)


def send(page: LivePage, content: bytes, name: str = "a.txt", key: str = "f") -> str:
    """Send a file as the pages' script does; returns its id."""
    answer = begin(page, len(content), name, key)
    while answer.status == 200 and answer.json["id"] is None:
        at = answer.json["at"]
        answer = piece(page, answer.json["file"], at, content[at : at + CHUNK])
    assert answer.status == 200, answer.text
    return str(answer.json["file"])


def fetch(page: LivePage, file: str) -> Answer:
    return page.client.get(f"{page.address}/files/{file}")


def by_form(page: LivePage, content: bytes, name: str = "a.txt", key: str = "form1", **headers: str) -> Answer:
    """Send a file as a browser does without script."""
    field = f'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n{key}\r\n'
    head = f'{field}--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    every = {**SAME_ORIGIN, "Content-Type": "multipart/form-data; boundary=x", **headers}
    body = head + content + b"\r\n--x--\r\n"
    return page.client.open("POST", f"{page.address}/files", data=body, headers=every)


def name_of(answer: Answer) -> str:
    """The file name in Content-Disposition, as a browser reads it."""
    message = Message()
    message["Content-Disposition"] = answer.headers["Content-Disposition"]
    parameters: Any = message.get_params([], "Content-Disposition")
    names = [value for name, value in parameters if name == "filename"]
    return collapse_rfc2231_value(next((n for n in names if isinstance(n, tuple)), names[0]))


@pytest.mark.slow
def test_files_go_both_ways(zoe: LivePage, number: int, anna: Desk) -> None:
    content = bytes(range(256)) * 5000
    file = send(zoe, content, "Bericht.pdf")
    anna.press(number, "claim")
    at_annas = anna.at(number)
    seen = at_annas.lines()[0]
    assert (seen["kind"], seen["body"], seen["name"], seen["mine"]) == ("file", "Bericht.pdf", "Zoë", False)
    assert {name: seen["file"][name] for name in ("id", "name", "size", "picture", "source")} == {
        "id": file,
        "name": "Bericht.pdf",
        "size": len(content),
        "picture": False,
        "source": None,
    }
    assert zoe.lines()[0]["file"] == seen["file"]
    assert zoe.lines()[0]["key"] == "f"
    assert fetch(at_annas, file).body == fetch(zoe, file).body == content
    back = send(at_annas, held(6), "photo.jpg")
    shown = zoe.lines()[-1]["file"]
    assert (shown["picture"], shown["type"], shown["width"], shown["height"]) == (True, "image/jpeg", 40, 60)
    with opened(fetch(zoe, back).body) as drawn:
        assert drawn.size == (40, 60)
    assert anna.at(number).state()["unread"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"), [("a.html", b"<script>1</script>"), ("a.png", picture()), ("a.pdf", TEXT)]
)
def test_every_file_is_an_attachment_that_no_page_runs(zoe: LivePage, name: str, content: bytes) -> None:
    answer = fetch(zoe, send(zoe, content, name))
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    kind = "image/png" if name == "a.png" else "application/octet-stream"
    assert answer.headers["Content-Type"] == kind


@pytest.mark.slow
def test_hostile_names_are_only_names(zoe: LivePage, number: int, anna: Desk, clock: StandingClock) -> None:
    anna.press(number, "claim")
    refused = [name for name in HOSTILE_NAMES if "\0" in name or "\ud800" in name]
    assert [begin(zoe, 5, name).status for name in refused] == [422, 422]
    names = [name for name in HOSTILE_NAMES if name not in refused]
    for at, name in enumerate(names):
        page = (zoe, anna.at(number))[at % 2]
        if at % 50 == 0:
            clock.advance(minutes=1)
        answer = fetch(page, send(page, TEXT, name, f"n{at}"))
        assert name_of(answer) == clean_name(name)
        assert answer.headers.getlist("Set-Cookie") == [] or "evil" not in answer.headers["Set-Cookie"]
        assert not re.search(r"[\r\n]", answer.headers["Content-Disposition"])
    kept = [clean_name(name) for name in names]
    assert [line["body"] for line in zoe.lines() if line["kind"] == "file"] == kept
    for shown in (zoe.client.get(zoe.address), anna.client.get(f"/console/tickets/{number}")):
        assert [link["download"] for link in shown.page.select(".kept a")] == kept
        assert [link.get_text() for link in shown.page.select(".kept a")] == kept


@pytest.mark.slow
def test_a_file_in_pieces_goes_on_where_the_server_is(zoe: LivePage) -> None:
    content = bytes(CHUNK) + TEXT
    begun = begin(zoe, len(content)).json
    assert begun == {"id": None, "file": begun["file"], "at": 0}
    assert piece(zoe, begun["file"], 0, content[:CHUNK]).json["at"] == CHUNK
    assert begin(zoe, len(content)).json == {**begun, "at": CHUNK}
    assert fetch(zoe, begun["file"]).status == 404
    last = piece(zoe, begun["file"], CHUNK, TEXT).json
    assert (last["id"], last["at"]) == (zoe.lines()[0]["id"], len(content))
    assert begin(zoe, len(content)).json == last
    assert len(zoe.lines()) == 1


def test_a_file_on_its_way_is_given_up(zoe: LivePage) -> None:
    file = begin(zoe, CHUNK + 5).json["file"]
    piece(zoe, file, 0, bytes(CHUNK))
    assert zoe.client.open("POST", f"{zoe.address}/files/{file}/cancel", headers=zoe.headers).json == {"id": None}
    assert (piece(zoe, file, CHUNK, bytes(5)).status, zoe.lines()) == (410, [])


@pytest.mark.slow
def test_refusals_are_codes(zoe: LivePage, number: int, anna: Desk) -> None:
    def code(answer: Answer) -> tuple[int, str]:
        return answer.status, answer.json["error"]

    assert code(begin(zoe, MOST_BYTES + 1)) == (413, "too_large")
    assert code(begin(zoe, 0)) == (422, "empty")
    assert code(begin(zoe, 5, key="a b")) == (422, "field")
    assert code(begin(zoe, 5, source="snapshot")) == (403, "not_yours")
    assert code(begin(anna.at(number), 5)) == (403, "not_yours")
    for size, data in ((len(bomb(9000, 9000)), bomb(9000, 9000)), (12, b"GIF89a......"), (9, b"\xff\xd8\xff......")):
        file = begin(zoe, size, "a.png", f"k{size}").json["file"]
        assert code(piece(zoe, file, 0, data)) == (422, "picture")
    heic = b"\0\0\0\x18ftypheic...."
    assert code(piece(zoe, begin(zoe, len(heic), key="h").json["file"], 0, heic)) == (422, "heic")
    file = begin(zoe, 2 * CHUNK, key="big").json["file"]
    assert code(piece(zoe, file, 0, bytes(CHUNK + 1))) == (413, "too_large")
    assert code(piece(zoe, file, -1, bytes(CHUNK))) == (422, "field")
    assert code(piece(zoe, ZERO, 0, TEXT)) == code(piece(zoe, "x", 0, TEXT)) == (410, "gone")
    assert (fetch(zoe, ZERO).status, fetch(zoe, "x").status) == (404, 410)
    wrong = {**zoe.headers, "Content-Type": "text/plain"}
    answer = zoe.client.open("POST", f"{zoe.address}/files", data=b"{}", headers=wrong)
    assert code(answer) == (422, "field")
    for json_text in ("[1]", "{", '{"key": 1}', '{"a": ' * 20):
        headers = {**zoe.headers, "Content-Type": "application/json"}
        answer = zoe.client.open("POST", f"{zoe.address}/files", data=json_text, headers=headers)
        assert code(answer) == (422, "field")
    zoe.post("end")
    assert code(begin(zoe, 5, key="late")) == (409, "not_now")
    assert zoe.lines()[-1]["kind"] == "end"


def test_the_room_of_all_files_is_told_in_words(app: Flask, zoe: LivePage, here: Running) -> None:
    here.settings = here.settings.model_copy(update={"files_max": 10})
    answer = begin(zoe, 11)
    assert (answer.status, answer.json["error"]) == (413, "no_room")
    page = by_form(zoe, bytes(11))
    assert page.status == 422
    assert "no room for more files" in page.select("#attach-problem").get_text()


@pytest.mark.slow
def test_too_many_calls_are_told_when_to_come_again(zoe: LivePage) -> None:
    answers = [begin(zoe, 0) for _ in range(LIVE_POSTS.amount + 1)]
    assert {answer.status for answer in answers[:-1]} == {422}
    assert (answers[-1].status, answers[-1].json["error"]) == (429, "too_many")
    assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.slow
def test_another_sites_page_sends_nothing(zoe: LivePage, number: int, anna: Desk) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for page in (zoe, anna.at(number)):
        page.headers |= foreign
        assert begin(page, 5).status == 403
        assert piece(page, ZERO, 0, TEXT).status == 403
        assert page.client.open("POST", f"{page.address}/files/{ZERO}/cancel", headers=page.headers).status == 403
    assert by_form(zoe, TEXT, **foreign).status == 403
    assert zoe.lines() == []


@pytest.mark.slow
def test_a_technician_s_call_needs_its_token(number: int, anna: Desk) -> None:
    at_annas = anna.at(number)
    del at_annas.headers["X-CSRF-Token"]
    assert [begin(at_annas, 5).status, piece(at_annas, ZERO, 0, TEXT).status] == [400, 400]


@pytest.mark.slow
def test_only_who_may_see_the_ticket_gets_its_files(app_on_both: Flask) -> None:
    client = PageClient(app_on_both)
    zoe = customers(client, department="10")
    number = newest_number(app_on_both)
    file = send(zoe, TEXT)
    at_bens, at_annas = Desk(app_on_both, BEN).at(number), Desk(app_on_both, ANNA).at(number)
    assert fetch(at_annas, file).body == TEXT
    assert (fetch(at_bens, file).status, fetch(at_bens, file).json) == (404, {"error": "not_found"})
    assert begin(at_bens, 5).status == piece(at_bens, file, 0, TEXT).status == 404
    stranger = LivePage(PageClient(app_on_both), at_annas.address)
    assert fetch(stranger, file).status == 401
    other = customers(PageClient(app_on_both), department="10")
    assert fetch(other, file).status == 404
    assert piece(other, file, 0, TEXT).status == 410
    forged = LivePage(client, f"{zoe.address[:-3]}xxx")
    assert (fetch(forged, file).status, begin(forged, 5).status) == (404, 404)


@pytest.mark.slow
def test_files_stay_after_the_end_until_the_data_is_erased(
    zoe: LivePage, number: int, anna: Desk, here: Running
) -> None:
    file, shown = send(zoe, TEXT), send(zoe, picture((40, 30)), "b.png", "g")
    anna.press(number, "claim")
    zoe.post("end")
    for page in (zoe.client.get(zoe.address), anna.client.get(f"/console/tickets/{number}")):
        assert page.page.select(f"a[href$='/files/{file}']")
        assert page.select(".kept img")["src"].endswith(f"/files/{shown}")
    assert fetch(zoe, file).body == fetch(anna.at(number), file).body == TEXT
    with here.database.read() as connection:
        ticket = ticket_by_number(connection, number)
    assert ticket
    erase(here.database, find_person(here.database, reference=ticket.reference), by=None, now=here.clock())
    assert (fetch(zoe, file).status, fetch(anna.at(number), file).status) == (410, 410)


@pytest.mark.slow
def test_a_customer_who_went_elsewhere_sends_and_reads_there_alone(
    app: Flask, zoe: LivePage, number: int, anna: Desk
) -> None:
    file = send(zoe, TEXT)
    pin = zoe.client.open("POST", f"{zoe.address}/code", headers=zoe.headers).json["pin"]
    there = LivePage(PageClient(app), enter(PageClient(app), pin).location)
    assert fetch(there, file).body == TEXT
    assert (fetch(zoe, file).status, begin(zoe, 5, key="late").status) == (410, 410)


@pytest.mark.slow
def test_without_script_a_file_is_sent_by_a_form(zoe: LivePage, number: int, anna: Desk) -> None:
    page = zoe.client.get(zoe.address)
    form = page.select("form#attaching")
    assert (form["enctype"], form["method"], form["action"]) == ("multipart/form-data", "post", f"{zoe.address}/files")
    assert page.select("input#attach")["form"] == "attaching"
    key = form.select_one("input[name=key]")["value"]
    content = bytes(3 * CHUNK) + TEXT
    for _twice in range(2):
        answer = by_form(zoe, content, "../a/b.bin", key)
        assert (answer.status, answer.location) == (303, f"{zoe.address}#conversation")
    (line,) = zoe.lines()
    assert (line["body"], fetch(zoe, line["file"]["id"]).body) == ("b.bin", content)
    shown = zoe.client.get(zoe.address)
    assert shown.select(".kept a")["href"] == f"{zoe.address}/files/{line['file']['id']}"
    assert "3 MB" in shown.select(".kept").get_text()


def test_a_form_has_several_files(zoe: LivePage) -> None:
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    named = [(name, f'; filename="{name}.txt"') for name in "ab"]
    body = part.format("key", "", "k") + "".join(part.format("file", named_as, name) for name, named_as in named)
    headers = {**SAME_ORIGIN, "Content-Type": "multipart/form-data; boundary=x"}
    for _twice in range(2):
        answer = zoe.client.open("POST", f"{zoe.address}/files", data=f"{body}--x--\r\n", headers=headers)
        assert answer.status == 303
    assert [fetch(zoe, line["file"]["id"]).body for line in zoe.lines()] == [b"a", b"b"]


@pytest.mark.slow
def test_a_form_that_is_not_taken_says_why(zoe: LivePage, number: int, anna: Desk) -> None:
    for content, name, words in (
        (bytes(MOST_BYTES + 1), "a.bin", "25 MB is the most"),
        (b"", "a.bin", "nothing in this file"),
        (b"\xff\xd8\xff broken", "a.jpg", "This picture cannot be read"),
        (b"\0\0\0\x18ftypheic....", "a.heic", "HEIC"),
    ):
        answer = by_form(zoe, content, name)
        assert answer.status == 422
        assert words in answer.select("#attach-problem").get_text()
    assert zoe.lines() == []
    boundary = {"Content-Type": "multipart/form-data; boundary=x"}
    for broken in (
        b"",
        b"--x",
        b"--x\r\nnothing\r\n\r\n",
        b"--x\r\nContent-Disposition: form-data; name=file; filename=a",
    ):
        answer = zoe.client.open("POST", f"{zoe.address}/files", data=broken, headers={**SAME_ORIGIN, **boundary})
        assert answer.status in (400, 422)
        assert answer.select("#attach-problem")
    for at in range(30):
        send(zoe, TEXT, key=f"k{at}")
    limited = by_form(zoe, TEXT)
    assert limited.status == 429
    assert int(limited.headers["Retry-After"]) > 0
    anna.press(number, "claim")
    zoe.post("end")
    assert by_form(zoe, TEXT, key="late").status == 303
    assert len(zoe.lines()) == 32


@pytest.mark.slow
def test_where_details_are_hidden_no_file_of_ours_bears_them(
    app: Flask, client: PageClient, anna: Desk, change_site: Callable[..., Site]
) -> None:
    change_site(ask_customer_info=AskPolicy.NEVER)
    zoe = customers(client, department="10", **HIDDEN)
    number = newest_number(app)
    anna.press(number, "claim")
    zoe.post("screen", "shared:monitor")
    at_annas, shot = anna.at(number), picture((40, 30))
    begun = begin(at_annas, len(shot), "screen-12-00-00.png", source="snapshot").json["file"]
    assert piece(at_annas, begun, 0, shot).json["id"]
    send(zoe, TEXT)
    sent = [zoe.ask().text, zoe.client.get(zoe.address).text, json.dumps(begin(zoe, 9, key="x").json)]
    file = fetch(zoe, begun)
    sent += [str(file.headers), file.body.decode("latin-1"), str(fetch(zoe, zoe.lines()[-1]["file"]["id"]).headers)]
    assert [value for value in (*HIDDEN.values(), "Quill") for text in sent if value in text] == []
    assert zoe.lines()[-2]["file"]["source"] == "snapshot"
    assert zoe.client.get(zoe.address).select(".kept p.soft").get_text() == "Picture of what you showed"


def test_a_part_of_a_file_can_be_asked_for(zoe: LivePage) -> None:
    file = send(zoe, TEXT)
    answer = zoe.client.get(f"{zoe.address}/files/{file}", headers={"Range": "bytes=2-5"})
    assert (answer.status, answer.body) == (206, TEXT[2:6])
