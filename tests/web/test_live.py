"""The conversation by the addresses of both sides: what a page is told, what it may post, and what is refused how."""

import json

import pytest
from flask import Flask

from app import metrics
from app.actions.privacy import erase, find_person
from app.core.live import PATHS, Line
from app.core.text import without_control
from app.process.limits import LIVE_READS
from app.process.running import Running
from app.store.live import add_line, all_signals
from app.store.tickets import list_tickets
from tests.conftest import StandingClock
from tests.exposition import figures
from tests.hostile_texts import HOSTILE
from tests.page_client import PageClient
from tests.web.console_client import ANNA, BEN, SAME_ORIGIN
from tests.web.customer_client import enter
from tests.web.live_pages import Desk, LivePage, customers, newest_number

SVEN = "sven@example.com"
HIDDEN = {"customer_name": "Zoë Quill", "customer_email": "zoe@example.com", "problem_description": "It broke twice."}


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


@pytest.mark.slow
def test_they_talk(zoe: LivePage, number: int, anna: Desk) -> None:
    first = zoe.post("say", "Is anybody there?")
    anna.press(number, "claim")
    at_annas = anna.at(number)
    second = at_annas.post("say", "Yes, I am.")
    assert zoe.lines() == [
        {
            "id": first,
            "at": "2026-03-01T12:00:00.000Z",
            "who": "customer",
            "name": None,
            "mine": True,
            "kind": "say",
            "body": "Is anybody there?",
            "key": "applet1",
            "file": None,
        },
        {**at_annas.lines()[1], "mine": False},
        {**at_annas.lines()[2], "mine": False, "key": None},
    ]
    assert at_annas.lines()[0] == {**zoe.lines()[0], "mine": False, "key": None, "name": "Zoë"}
    assert at_annas.lines(after=first or 0)[1] == {
        "id": second,
        "at": "2026-03-01T12:00:00.000Z",
        "who": "technician",
        "name": "Anna A",
        "mine": True,
        "kind": "say",
        "body": "Yes, I am.",
        "key": "anna1",
        "file": None,
    }


@pytest.mark.slow
def test_a_page_is_told_how_things_stand(zoe: LivePage, number: int, anna: Desk) -> None:
    waiting = {
        "ticket": "waiting",
        "helper": None,
        "may_write": True,
        "may_screen": False,
        "screen": "off",
        "other": {"here": "gone", "since": None, "typing": False, "read": 0},
        "place": 1,
        "queue_label": "Computers",
        "outlook": "nobody",
    }
    assert zoe.state() == waiting
    at_annas = anna.at(number)
    here = {"here": "page", "since": "2026-03-01T12:00:00.000Z", "typing": False, "read": 0}
    seen = at_annas.state()
    assert (seen["mine"], seen["may_write"], seen["may_screen"], seen["other"]) == (False, False, False, here)
    anna.press(number, "claim")
    line = zoe.post("say", "Hello")
    zoe.post("typing")
    at_annas.post("read", str(line))
    at_annas.post("asked")
    zoe.post("facts", json.dumps({"system": "Windows 11"}))
    assert at_annas.state() == {
        "ticket": "active",
        "helper": "Anna A",
        "may_write": True,
        "may_screen": True,
        "screen": "asked",
        "other": {**here, "typing": True},
        "mine": True,
        "unread": 0,
        "facts": {"system": "Windows 11"},
        "helped": None,
        "helped_said": None,
    }
    own = zoe.state()
    assert own == {
        **waiting,
        "ticket": "active",
        "helper": "Anna A",
        "may_screen": True,
        "screen": "asked",
        "other": {**here, "read": line},
        "place": None,
        "outlook": "",
    }


def test_the_same_key_again_is_the_same_line(zoe: LivePage) -> None:
    first = zoe.post("say", "Hello", key="once")
    assert zoe.post("say", "Hello", key="once") == first
    assert zoe.said() == [("customer", "say", "Hello")]


@pytest.mark.slow
def test_signals_go_from_page_to_page(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    at_annas = anna.at(number)
    before = at_annas.ask().json["signal"]
    at_annas.post("hello", to="applet")
    (hello,) = zoe.ask(signals=0).json["signals"]
    offer = zoe.post("offer", "v=0\r\n", to=hello["from"])
    answer = at_annas.ask(signals=before).json
    assert answer["signals"] == [{"id": offer, "from": "applet", "kind": "offer", "body": "v=0\r\n"}]
    assert answer["signal"] == offer
    assert at_annas.ask().json["signals"] == []


@pytest.mark.slow
def test_two_hundred_lines_come_at_once(zoe: LivePage, number: int, here: Running) -> None:
    lines = [Line(0, here.clock(), "customer", "say", f"{nth}", f"k{nth}") for nth in range(210)]
    here.database.write(lambda connection: [add_line(connection, number, line) for line in lines])
    first = zoe.ask().json
    assert (len(first["lines"]), first["more"]) == (200, True)
    rest = zoe.ask(after=first["lines"][-1]["id"]).json
    assert ([line["body"] for line in rest["lines"]], rest["more"]) == ([f"{nth}" for nth in range(200, 210)], False)


@pytest.mark.slow
def test_the_customer_cannot_say_hello_and_a_technician_not_share(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    assert zoe.refused("hello") == (403, "not_yours")
    assert zoe.refused("asked") == (403, "not_yours")
    assert zoe.refused("mark", "joined") == (403, "not_yours")
    assert anna.at(number).refused("screen", "shared:monitor") == (403, "not_yours")
    assert anna.at(number).refused("end") == (403, "not_yours")


def counted(path: str) -> float:
    """How often pages of the site are said to have met so."""
    shown = figures(metrics.page(None).decode())
    return shown.get(f'handbell_live_connections_total{{path="{path}",site="default"}}', 0.0)


@pytest.mark.slow
def test_how_pages_reach_each_other_is_counted_and_nothing_else_of_it_kept(
    zoe: LivePage, number: int, anna: Desk, here: Running
) -> None:
    before = {path: counted(path) for path in PATHS}
    assert zoe.refused("path", "direct") == (409, "not_now"), "nobody is there yet"
    anna.press(number, "claim")
    for path in PATHS:
        assert zoe.post("path", path) is None
    assert {path: counted(path) - before[path] for path in PATHS} == dict.fromkeys(PATHS, 1.0)
    assert zoe.refused("path", "192.0.2.1") == (422, "field")
    assert anna.at(number).refused("path", "direct") == (403, "not_yours")
    with here.database.read() as connection:
        assert not all_signals(connection, number)
    assert not [line for line in zoe.lines() if line["kind"] == "path"]


@pytest.mark.slow
def test_the_technician_ends_what_is_shown(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    assert anna.at(number).refused("screen", "ended") == (409, "not_now")
    zoe.post("screen", "shared:window")
    anna.at(number).post("screen", "ended")
    told = zoe.ask().json
    assert told["state"]["screen"] == "stopped"
    assert [(line["kind"], line["body"], line["mine"]) for line in told["lines"]][-1] == ("screen", "ended", False)
    assert zoe.refused("screen", "stopped") == (409, "not_now"), "it is over already"
    without_script = zoe.client.get(zoe.address).select("#log").get_text()
    assert "stopped viewing. Nothing is shown any more." in without_script


@pytest.mark.slow
def test_a_technician_of_another_department_gets_nothing(app_on_both: Flask) -> None:
    client = PageClient(app_on_both)
    zoe = customers(client, department="10")
    number = newest_number(app_on_both)
    zoe.post("say", "Secret")
    at_bens = Desk(app_on_both, BEN).at(number)
    assert (at_bens.ask().status, at_bens.ask().json) == (404, {"error": "not_found"})
    assert at_bens.refused("say", "Hello") == (404, "not_found")
    Desk(app_on_both, ANNA).press(number, "claim")
    assert at_bens.ask().status == 404
    assert at_bens.refused("hello") == (404, "not_found")
    assert zoe.said() == [("customer", "say", "Secret"), ("technician", "mark", "claimed")]


@pytest.mark.slow
def test_a_supervisor_reads_and_writes_after_joining(app: Flask, zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    at_svens = Desk(app, SVEN).at(number)
    assert at_svens.refused("say", "Hello") == (403, "not_yours")
    assert not at_svens.state()["mine"]
    at_svens.post("mark", "joined")
    at_svens.post("say", "Hello")
    assert at_svens.state()["mine"]
    assert [(line["name"], line["body"]) for line in zoe.lines()][1:] == [("Sven S", "joined"), ("Sven S", "Hello")]
    assert anna.at(number).refused("mark", "joined") == (403, "not_yours")


@pytest.mark.slow
def test_refusals_are_codes(zoe: LivePage, number: int, anna: Desk) -> None:
    assert zoe.refused("screen", "shared:monitor") == (409, "not_now")
    assert zoe.refused("say", "x" * 4001) == (413, "too_long")
    assert zoe.refused("say", "x" * 70_000) == (413, "too_long")
    assert zoe.refused("say", " ") == (422, "field")
    assert zoe.refused("shout", "x") == (422, "field")
    assert zoe.refused("say", "x", key="") == (422, "field")
    assert zoe.refused("say", "\ud800") == (422, "field")
    address = f"{zoe.address}/live"
    for body, kind in (("[]", "application/json"), ("{", "application/json"), ("kind=say", "text/plain")):
        answer = zoe.client.open("POST", address, data=body, content_type=kind, headers=SAME_ORIGIN)
        assert (answer.status, answer.json) == (422, {"error": "field"})
    for asked in ({"after": "x"}, {"after": "9" * 30}, {"signals": "-1"}, {"peer": "a b"}, {"after": "٣"}):
        answer = zoe.client.get(address, query_string=asked)
        assert (answer.status, answer.json) == (422, {"error": "field"})
    assert zoe.client.get("/applet/forged/live").json == {"error": "not_found"}
    assert zoe.said() == []


@pytest.mark.slow
def test_too_many_lines_are_told_when_to_come_again(zoe: LivePage) -> None:
    for _ in range(30):
        zoe.post("say", "x")
    answer = zoe.send("say", "x")
    assert (answer.status, answer.json, answer.headers["Retry-After"]) == (429, {"error": "too_many"}, "60")


def test_too_many_questions_are_told_when_to_come_again(zoe: LivePage, number: int, here: Running) -> None:
    for _ in range(599):
        here.rates.client_retry_after(LIVE_READS, "192.0.2.7", "live", str(number))
    assert zoe.ask().status == 200
    answer = zoe.ask()
    assert (answer.status, answer.json) == (429, {"error": "too_many"})
    assert 0 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.slow
def test_another_sites_page_posts_nothing(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    zoe.headers |= foreign
    assert zoe.refused("say", "Hello")[0] == 403
    at_annas = anna.at(number)
    at_annas.headers |= foreign
    assert at_annas.refused("say", "Hello")[0] == 403
    without = anna.at(number)
    without.headers.pop("X-CSRF-Token")
    assert without.refused("say", "Hello") == (400, "csrf")
    without.headers["X-CSRF-Token"] = "forged"
    assert without.refused("say", "Hello") == (400, "csrf")
    assert zoe.said() == [("technician", "mark", "claimed")]


@pytest.mark.slow
def test_a_form_is_no_post_at_the_technicians_address(number: int, anna: Desk) -> None:
    typed = {"csrf_token": anna.token, "kind": "say", "body": "Hello", "key": "k"}
    address, header = f"/console/tickets/{number}/live", {"X-CSRF-Token": anna.token}
    assert anna.client.post(address, typed).status == 400
    assert anna.client.post(address, typed, headers=header).json == {"error": "field"}
    assert anna.at(number).lines() == []


def test_logged_out_the_script_is_told_so(app: Flask, number: int) -> None:
    nobody = LivePage(PageClient(app), f"/console/tickets/{number}")
    assert (nobody.ask().status, nobody.ask().json) == (401, {"error": "logged_out"})
    assert nobody.refused("say", "Hello") == (401, "logged_out")


@pytest.mark.slow
def test_asking_for_news_is_no_use_of_the_session(zoe: LivePage, number: int, anna: Desk, clock: StandingClock) -> None:
    anna.press(number, "claim")
    at_annas = anna.at(number)
    for _ in range(13):
        clock.advance(hours=1)
        at_annas.ask()
    assert at_annas.ask().status == 401


@pytest.mark.slow
def test_where_details_are_hidden_the_conversation_bears_none_of_them(
    app: Flask, client: PageClient, anna: Desk
) -> None:
    zoe = customers(client, department="10", **HIDDEN)
    number = newest_number(app)
    zoe.post("say", "Hello")
    anna.press(number, "claim")
    anna.at(number).post("say", "Good morning")
    told = [zoe.ask().text, zoe.send("say", "").text, zoe.send("say", "More").text, zoe.ask(after=1, signals=0).text]
    assert [value for value in HIDDEN.values() for text in told if value in text] == []
    assert "Quill" not in "".join(json.dumps(json.loads(text), ensure_ascii=False) for text in told)
    assert anna.at(number).lines()[0]["name"] == "Zoë Quill"


@pytest.mark.slow
def test_the_customer_ends_the_session(zoe: LivePage, number: int, anna: Desk, here: Running) -> None:
    anna.press(number, "claim")
    zoe.post("end")
    assert zoe.said()[-1] == ("customer", "end", "customer")
    assert (zoe.state()["ticket"], zoe.state()["may_write"]) == ("closed", False)
    page = anna.client.get(f"/console/tickets/{number}")
    assert "Ended the session" in page.text
    assert anna.at(number).refused("say", "Wait") == (409, "not_now")


@pytest.mark.slow
def test_an_erased_conversation_is_gone(zoe: LivePage, number: int, anna: Desk, here: Running) -> None:
    zoe.post("say", "Hello")
    with here.database.read() as connection:
        reference = list_tickets(connection)[0].reference
    erase(here.database, find_person(here.database, reference=reference), by=None, now=here.clock())
    assert (zoe.ask().status, zoe.ask().json) == (410, {"error": "gone"})
    assert zoe.refused("say", "Hello") == (410, "gone")
    assert anna.at(number).ask().status in (404, 410)


@pytest.mark.slow
def test_without_script_the_conversation_is_a_form(zoe: LivePage, number: int, anna: Desk) -> None:
    said = {"action": "say", "message": "Hello\r\nthere", "key": "form-1"}
    for _pressed in range(2):
        answer = zoe.client.post(zoe.address, said)
        assert (answer.status, answer.location) == (303, f"{zoe.address}#conversation")
    anna.press(number, "claim")
    answer = anna.press(number, "say", message="Good morning", key="form-1")
    assert (answer.status, answer.location) == (303, f"/console/tickets/{number}#conversation")
    assert zoe.said() == [
        ("customer", "say", "Hello\nthere"),
        ("technician", "mark", "claimed"),
        ("technician", "say", "Good morning"),
    ]


@pytest.mark.slow
def test_a_form_that_is_not_taken_is_shown_again(zoe: LivePage, number: int, anna: Desk) -> None:
    assert zoe.client.post(zoe.address, {"action": "say", "message": " "}).status == 422
    assert zoe.client.post(zoe.address, {"action": "say", "message": "x" * 4001}).status == 422
    assert zoe.client.post(zoe.address, {"action": "answer", "helped": "yes"}).status == 303
    assert zoe.client.post(zoe.address, {"action": "answer"}).status == 422
    for _ in range(30):
        zoe.post("say", "x")
    answer = zoe.client.post(zoe.address, {"action": "say", "message": "x"})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert len(zoe.lines()) == 30
    assert anna.press(number, "say", message="Hello").status == 409  # not claimed
    anna.press(number, "claim")
    assert anna.press(number, "say", message="").status == 422
    assert anna.press(number, "say", message="x" * 4001).status == 422
    assert len(zoe.lines()) == 31


@pytest.mark.slow
def test_another_technicians_form_says_nothing(app: Flask, zoe: LivePage, number: int) -> None:
    assert Desk(app, BEN).press(number, "say", message="Hello").status == 404
    assert zoe.lines() == []


@pytest.mark.slow
def test_ended_by_a_form_and_answered_by_a_form(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    assert zoe.client.post(zoe.address, {"action": "end"}).location == zoe.address
    assert zoe.said()[-1] == ("customer", "end", "customer")
    assert zoe.client.post(zoe.address, {"action": "say", "message": "Too late"}).status == 303
    zoe.client.get(f"{zoe.address}?action=answer&helped=yes")
    assert anna.at(number).state()["helped"] is None
    sent = {"action": "answer", "helped": "yes", "said": "<b>It works</b>"}
    assert zoe.client.post(zoe.address, sent).location == f"{zoe.address}?thanks"
    assert zoe.client.post(zoe.address, {**sent, "said": "x" * 1001}).status == 422
    told = anna.at(number).state()
    assert (told["helped"], told["helped_said"]) == (True, "<b>It works</b>")
    page = anna.client.get(f"/console/tickets/{number}")
    assert "Answered: this helped" in page.text
    assert "&lt;b&gt;It works" in page.text


@pytest.mark.slow
def test_a_ticket_ended_by_its_customer_wants_an_outcome(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    zoe.post("end")
    page = anna.client.get(f"/console/tickets/{number}")
    assert "The customer has ended the session." in page.text
    seen = str(page.select("input[name=seen][form=close]")["value"])
    anna.press(number, "close", seen=seen, outcome="solved", closing_note="Cable")
    page = anna.client.get(f"/console/tickets/{number}")
    assert "Closed: Solved" in page.text
    assert "Cable" in page.text
    assert not page.page.select("form#close")
    assert "Cable" not in zoe.ask().text


@pytest.mark.slow
def test_the_page_is_opened_on_the_computer(app: Flask, zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    zoe.post("say", "My phone cannot show its screen")
    answer = zoe.client.post(zoe.address, {"action": "code"})
    assert (answer.status, answer.location) == (303, f"{zoe.address}?code#computer")
    told = zoe.client.open("POST", f"{zoe.address}/code", headers=SAME_ORIGIN).json
    assert (told["address"], told["until"]) == ("http://127.0.0.1:8000/pin", "2026-03-01T12:10:00.000Z")
    computer = PageClient(app, address="198.51.100.7")
    entered = enter(computer, told["pin"])
    assert entered.status == 303
    assert entered.location.startswith("/applet/")
    assert entered.location != zoe.address
    moved = LivePage(computer, entered.location, peer="computer")
    assert [body for _who, _kind, body in moved.said()][-2:] == ["My phone cannot show its screen", "here_on_computer"]
    assert computer.get(moved.address).status == 200
    moved.post("say", "Here I am")
    assert zoe.ask().json == {"state": {"ticket": "moved"}}
    assert zoe.client.get(f"{zoe.address}/state").json["state"] == "moved"
    assert zoe.refused("say", "Still here") == (410, "gone")
    page = zoe.client.get(zoe.address)
    assert page.status == 410
    assert "This page went on elsewhere" in page.text
    assert zoe.client.post(zoe.address, {"action": "end"}).status == 410
    assert enter(PageClient(app), told["pin"]).status == 422


def test_another_sites_page_asks_for_no_code(zoe: LivePage) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert zoe.client.open("POST", f"{zoe.address}/code", headers=foreign).status == 403


@pytest.mark.slow
def test_a_note_is_never_on_the_customers_side(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    anna.press(number, "note", note="For colleagues only", form="f")
    anna.at(number).post("say", "For the customer")
    sent = [zoe.ask().text, zoe.client.get(zoe.address).text, zoe.client.get(f"{zoe.address}/state").text]
    assert [text for text in sent if "colleagues" in text] == []
    assert "For colleagues only" not in anna.at(number).ask().text


@pytest.mark.slow
def test_hostile_texts_go_through_as_texts(zoe: LivePage, number: int, anna: Desk) -> None:
    anna.press(number, "claim")
    texts = [text for text in HOSTILE if len(text) < 200]
    assert len(texts) > 450
    said, signals = "\n".join(texts[:40]), ["\n".join(texts[start : start + 100]) for start in range(0, 500, 100)]
    zoe.post("say", said)
    for body in signals:
        zoe.post("ice", body)
    answer = anna.at(number).ask(signals=0)
    assert answer.headers["Content-Type"] == "application/json"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.json["lines"][-1]["body"] == without_control(said)
    assert [signal["body"] for signal in answer.json["signals"]] == signals
    for text in texts[40:80]:
        assert zoe.refused(text) == (422, "field")
        assert zoe.refused("ice", "{}", to=text) == (422, "field")
    zoe.post("facts", json.dumps({"system": texts[0], "browser": texts[1], texts[2]: "x"}))
    assert set(anna.at(number).state()["facts"]) <= {"system", "browser"}
