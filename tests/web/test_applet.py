"""The embedded desk's applet: the page on which the customer waits, or the operator's own program."""

import gzip
from pathlib import Path

import pytest
from flask import Flask

from app.actions.operate import Operator, open_anew
from app.actions.ticket import MOST_CHANGES, MOST_KEPT, save_details
from app.core.customer import Customer
from app.core.customer_info import AskPolicy
from app.core.new_session import NewSessionRequest
from app.core.ticket import Ticket, TicketEvent, TicketState
from app.files.assets import assets
from app.process.running import Running
from app.store.requests import request_by_reference
from app.store.tickets import end_ticket, list_tickets, ticket_history
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.changed_site import ChangeSite
from tests.web.customer_client import applet_of

ELEMENTS = {
    "customer_name": "Zoë Quill",
    "customer_email": "zoe@example.com",
    "customer_number": "C-4711",
    "problem_description": "It broke.\nTwice.",
}
WINDOWS = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"}


def newest(here: Running) -> Ticket:
    with here.database.read() as connection:
        return list_tickets(connection)[0]


def history(here: Running) -> list[TicketEvent]:
    number = newest(here).number
    with here.database.read() as connection:
        found = ticket_history(connection, number)
    return [event for event in found if event.what != "applet_opened"]


def shown(page: Answer) -> dict[str, str]:
    """The values in the form's fields."""
    fields = {name: page.select(f"#{name}") for name in ELEMENTS}
    return {name: str(f.get("value") or f.get_text().removeprefix("\n")) for name, f in fields.items()}


@pytest.mark.slow
def test_place_in_line_counts_those_ahead_in_the_same_queue(client: PageClient) -> None:
    first = applet_of(client, department="10", customer_name="First")
    other = applet_of(client, department="20", customer_name="Other")
    second = applet_of(client, department="10", customer_name="Second")
    assert client.get(f"{first}/state").json == {
        "state": "waiting",
        "place": 1,
        "helper": None,
        "queue_label": "Computers",
    }
    assert client.get(f"{other}/state").json["place"] == 1
    assert client.get(f"{second}/state").json["place"] == 2
    assert client.get(second).select("#place .big").get_text() == "2"
    client.post(first, {"action": "cancel"})
    assert client.get(f"{second}/state").json["place"] == 1
    assert client.get(second).select("#place .big").get_text() == "You are next"


@pytest.mark.slow
def test_opened_anew_the_ticket_before_leads_to_the_next(client: PageClient, here: Running) -> None:
    before = applet_of(client, customer_name="Zoë")
    assert client.get(f"{before}/state").json["state"] == "waiting"
    with here.database.read() as connection:
        request = request_by_reference(connection, str(newest(here).reference))
    assert request
    assert open_anew(here.database, request.reference, request.attempts, by=Operator(10, "Sven S"), now=here.clock())
    assert client.get(f"{before}/state").json["state"] == "moved"
    moved = client.get(before)
    assert moved.status == 303
    assert request.reference in client.get(moved.location).text
    assert client.get(f"{applet_of(client)}/state").json["state"] == "waiting"


@pytest.mark.slow
def test_the_applet_has_ticket_number_and_reference(client: PageClient, here: Running) -> None:
    page = client.get(applet_of(client, customer_name="Zoë"))
    tiles = [tile.get_text() for tile in page.page.select(".tile .big")]
    assert tiles[1:] == [str(newest(here).number), newest(here).reference]
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.slow
def test_only_a_real_look_counts_as_opened(client: PageClient, here: Running, clock: StandingClock) -> None:
    path = applet_of(client, customer_name="Zoë")
    client.open("HEAD", path)
    client.get(path, headers={"Sec-Purpose": "prefetch"})
    assert newest(here).applet_opened_at is None
    client.get(path)
    first = clock()
    clock.advance(minutes=1)
    client.get(path)
    assert newest(here).applet_opened_at == first


@pytest.mark.slow
def test_the_customer_cancels(client: PageClient, here: Running) -> None:
    path = applet_of(client, customer_name="Zoë")
    sent = client.post(path, {"action": "cancel"})
    assert (sent.status, sent.location) == (303, path)
    over = client.get(path)
    assert over.status == 410
    assert not over.page.select("form, [data-rests], meta[http-equiv=refresh]")
    assert newest(here).state is TicketState.CANCELLED
    assert [(event.who, event.what) for event in history(here)] == [("customer", "cancelled")]
    assert client.post(path, {"action": "cancel"}).status == 303
    assert len(history(here)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("state", [TicketState.CLOSED, TicketState.CANCELLED, TicketState.EXPIRED])
def test_an_ended_ticket_is_gone_and_takes_no_changes(
    client: PageClient, here: Running, clock: StandingClock, state: TicketState
) -> None:
    path = applet_of(client, customer_name="Zoë")
    number = newest(here).number
    here.database.write(lambda connection: end_ticket(connection, number, state, clock()))
    over = client.get(path)
    assert over.status == 410
    # A ticket cancelled by the customer stays ended; the desk can reopen the others.
    looks = state is not TicketState.CANCELLED
    assert bool(over.page.select("main[data-rests]")) is looks
    assert [meta["content"] for meta in over.page.select("noscript meta")] == [f"60; url={path}"] * looks
    assert client.get(f"{path}/state").json["state"] == state
    client.post(path, {**ELEMENTS, "action": "save"})
    client.post(path, {"action": "cancel"})
    assert newest(here).state is state
    assert newest(here).customer.name == "Zoë"
    assert history(here) == []


@pytest.mark.slow
def test_asked_for_everything_when_nothing_was_sent(client: PageClient, here: Running) -> None:
    path = applet_of(client)
    page = client.get(path)
    assert shown(page) == dict.fromkeys(ELEMENTS, "")
    saved = client.post(path, {**ELEMENTS, "action": "save"})
    assert (saved.status, saved.location) == (303, f"{path}?saved")
    assert newest(here).customer.elements == ELEMENTS
    assert "Saved" in client.get(saved.location).select(".notice[tabindex]").get_text()
    assert shown(client.get(f"{path}?edit")) == ELEMENTS


def test_changed_details_are_kept_with_the_old_ones_in_the_history(client: PageClient, here: Running) -> None:
    path = applet_of(client, customer_name="Zoë", customer_email="old@example.com")
    assert shown(client.get(path))["customer_email"] == "old@example.com"
    client.post(path, {**ELEMENTS, "customer_name": "Zoë", "customer_number": " ", "action": "save"})
    (event,) = history(here)
    assert (event.who, event.what) == ("customer", "details_changed")
    assert event.detail == {
        "customer_email": ["old@example.com", "zoe@example.com"],
        "problem_description": [None, "It broke.\nTwice."],
    }
    assert newest(here).customer.number is None
    client.post(path, {**ELEMENTS, "customer_name": "Zoë", "customer_number": "", "action": "save"})
    assert len(history(here)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_name", "n" * 129),
        ("customer_email", "not a mail address"),
        ("customer_number", "1" * 33),
        ("problem_description", "\N{PILE OF POO}" * 1025),
    ],
)
def test_refused_details_keep_what_was_typed(client: PageClient, here: Running, field: str, value: str) -> None:
    path = applet_of(client, customer_name="Before")
    typed = {**ELEMENTS, field: value}
    refused = client.post(path, {**typed, "action": "save"})
    assert refused.status == 422
    assert shown(refused) == typed
    assert refused.select(f"#{field}")["aria-invalid"] == "true"
    assert refused.page.select(f'.summary a[href="#{field}"]')
    assert newest(here).customer.name == "Before"
    assert history(here) == []


@pytest.mark.slow
def test_hidden_details_never_reach_the_customer_s_side(
    client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    change_site(ask_customer_info=AskPolicy.NEVER)
    path = applet_of(client, **ELEMENTS)
    answers = [client.get(path), client.get(f"{path}?edit"), client.get(f"{path}?saved"), client.get(f"{path}/state")]
    save = client.post(path, {**ELEMENTS, "customer_name": "Changed", "action": "save"})
    answers += [save, client.post(path, {"customer_name": "n" * 500, "action": "save"})]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 403, 403]
    for answer in answers:
        for value in ("Zoë", "Quill", "zoe@example.com", "C-4711", "It broke", "Twice"):
            assert value not in answer.text
        shown = {field["id"] for field in answer.page.select("input:not([type=hidden]), textarea")}
        assert shown <= {"message", "sound", "notify", "attach", "photo"}, "the conversation alone takes anything"
    assert newest(here).customer.elements == ELEMENTS
    assert client.post(path, {"action": "cancel"}).status == 303


def test_details_that_cannot_be_recorded_stay_on_the_page(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = applet_of(client)

    def fail(*_arguments: object, **_named: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("app.web.applet.save_details", fail)
    answer = client.post(path, {**ELEMENTS, "action": "save"})
    assert answer.status == 503
    assert shown(answer) == ELEMENTS
    assert "Everything you typed is still here" in answer.select(".summary").get_text()


@pytest.mark.slow
def test_a_forged_applet_link_is_not_found(client: PageClient) -> None:
    path = applet_of(client)
    for forged in (path[:-5], "/applet/x", path.replace("/applet/", "/applet/A")):
        for answer in (client.get(forged), client.post(forged), client.get(f"{forged}/state")):
            assert answer.status == 404


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The operator's programs: one for Windows, one for Linux."""
    folder = tmp_path / "data" / "applets"
    (folder / "windows").mkdir(parents=True)
    (folder / "linux").mkdir()
    (folder / "windows" / "Acme Help.exe").write_bytes(b"MZ" + b"w" * 998)
    (folder / "windows" / ".hidden.exe").write_bytes(b"no")
    (folder / "linux" / "acme.tar.gz").write_bytes(b"\x1f\x8b" + b"l" * 8)
    return folder


@pytest.mark.usefixtures("programs")
def test_the_operator_s_program_is_handed_out_as_a_file(client: PageClient, here: Running) -> None:
    answer = client.get(applet_of(client, customer_name="Zoë"), headers=WINDOWS, buffered=True)
    number = newest(here).number
    assert answer.status == 200
    assert answer.body == b"MZ" + b"w" * 998
    assert answer.headers["Content-Type"] == "application/vnd.microsoft.portable-executable"
    assert answer.headers["Content-Length"] == "1000"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="Acme Help-{number}.exe"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert newest(here).applet_opened_at is not None


@pytest.mark.usefixtures("programs")
def test_a_broken_download_goes_on_where_it_stopped(client: PageClient) -> None:
    path = applet_of(client, customer_name="Zoë")
    head = client.open("HEAD", path, headers=WINDOWS, buffered=True)
    assert (head.headers["Content-Length"], head.headers["Accept-Ranges"]) == ("1000", "bytes")
    part = client.get(path, headers={**WINDOWS, "Range": "bytes=990-", "If-Range": head.headers["ETag"]}, buffered=True)
    assert (part.status, part.body) == (206, b"w" * 10)
    assert part.headers["Content-Range"] == "bytes 990-999/1000"
    assert client.get(path, headers={**WINDOWS, "Range": "bytes=2000-"}, buffered=True).status == 416


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize(
    ("query", "headers", "program"),
    [
        ("", {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}, "linux"),
        ("", {**WINDOWS, "Sec-CH-UA-Platform": '"Linux"'}, "linux"),
        ("", {"User-Agent": "curl/8", "Sec-CH-UA-Platform": '"Windows"'}, "windows"),
        ("?for=linux", WINDOWS, "linux"),
        ("?for=windows", {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"}, "windows"),
        ("?for=amiga", WINDOWS, "windows"),
        ("", {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"}, None),
        ("", {"User-Agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9)"}, None),
        ("", {**WINDOWS, "Sec-CH-UA-Platform": '"Android"'}, None),
        ("?for=../../../etc", {"User-Agent": "curl/8"}, None),
    ],
)
def test_the_program_is_the_one_for_the_customer_s_system(
    client: PageClient, here: Running, query: str, headers: dict[str, str], program: str | None
) -> None:
    answer = client.get(applet_of(client, customer_name="Zoë") + query, headers=headers, buffered=True)
    number = newest(here).number
    names = {"linux": f"acme-{number}.tar.gz", "windows": f"Acme Help-{number}.exe"}
    disposition = answer.headers.get("Content-Disposition", "")
    assert answer.is_page == (program is None)
    assert (names[program] in disposition) if program else not disposition


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_an_ended_ticket_has_no_program(client: PageClient) -> None:
    path = applet_of(client, customer_name="Zoë")
    client.post(path, {"action": "cancel"})
    over = client.get(path, headers=WINDOWS)
    assert (over.status, over.is_page) == (410, True)


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_the_status_page_says_what_to_do_with_the_file_and_offers_the_others(app: Flask, client: PageClient) -> None:
    path = client.submit(customer_name="Zoë").location
    page = client.get(path, headers=WINDOWS)
    assert "What to do with the file" in page.page.get_text()
    (opened,) = page.page.select("details[open] summary")
    assert opened.get_text() == "Windows"
    picks = {a.get_text(): (str(a["href"]), a.get("aria-current")) for a in page.page.select(".picks a")}
    assert list(picks) == ["Windows", "Linux"]
    assert picks["Windows"][1] == "true"
    assert picks["Linux"][1] is None
    started = client.get(picks["Linux"][0], headers=WINDOWS)
    beside = client.get(started.location, headers=WINDOWS)
    (begins,) = beside.page.select("meta[http-equiv=refresh]")
    program = client.get(str(begins["content"]).partition("url=")[2], headers=WINDOWS, buffered=True)
    assert "acme-" in program.headers["Content-Disposition"]
    elsewhere = PageClient(app).get(path, headers={"User-Agent": "curl/8"})
    assert "What to do with the file" not in elsewhere.page.get_text()
    assert elsewhere.page.select(".picks a")


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_the_conversation_is_on_the_page_beside_the_program(client: PageClient, here: Running) -> None:
    status = client.submit(customer_name="Zoë").location
    go = str(client.get(status, headers=WINDOWS).page.select("a[data-start]")[0]["href"])
    begun = client.get(go, headers=WINDOWS).location
    assert begun.endswith("?page=start")
    page = client.get(begun, headers=WINDOWS)
    assert "A small program is on its way to this computer." in page.page.get_text()
    assert "What to do with the file" in page.page.get_text()
    assert page.select("details[open] summary").get_text() == "Windows"
    assert page.select("main")["data-base"] == begun.partition("?")[0]
    (form,) = page.page.select("#writing")
    said = client.post(str(form["action"]), {"action": "say", "message": "Hello", "key": "k"}, headers=WINDOWS)
    assert said.location.endswith("?page#conversation")
    again = client.get(said.location.partition("#")[0], headers=WINDOWS)
    assert "Hello" in again.select("#log").get_text()
    assert not again.page.select("meta[http-equiv=refresh]"), "no second download by itself"
    assert "is on its way" not in again.page.get_text()
    link = str(again.page.select("a[href*='?for=']")[0]["href"])
    assert client.get(link, headers=WINDOWS, buffered=True).body.startswith(b"MZ")
    for query in ("?watch", "?edit"):
        page = client.get(f"{begun.partition('?')[0]}?page&{query[1:]}", headers=WINDOWS)
        assert (page.status, page.is_page) == (200, True)
    number = newest(here).number
    ended = client.post(str(form["action"]), {"action": "cancel"}, headers=WINDOWS)
    over = client.get(ended.location, headers=WINDOWS)
    assert (over.status, "What to do with the file" in over.page.get_text()) == (410, False)
    assert number


@pytest.mark.slow
def test_the_holder_of_one_link_changes_the_details_so_often_and_no_more(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    client.submit(problem_description="")
    ticket = newest(here)
    path = here.links.applet_path(ticket.applet_id, ticket.created_at)
    for n in range(MOST_CHANGES):
        assert client.post(path, {"action": "save", "problem_description": f"change {n}"}).status == 303
    late = client.post(path, {"action": "save", "problem_description": "one too many"})
    assert (late.status, late.headers["Retry-After"]) == (429, "600")
    assert late.select("#problem_description").get_text().strip() == "one too many", "nothing typed is lost"
    assert newest(here).customer.problem == f"change {MOST_CHANGES - 1}"
    clock.advance(minutes=10)
    assert client.post(path, {"action": "save", "problem_description": "later"}).status == 303


@pytest.mark.slow
def test_a_ticket_s_history_keeps_the_newest_changes(client: PageClient, here: Running, clock: StandingClock) -> None:
    client.submit(problem_description="")
    number = newest(here).number
    for n in range(MOST_KEPT + 5):
        clock.advance(minutes=1)
        details = NewSessionRequest(customer=Customer(problem=f"change {n}"))
        save_details(here.database, number, details, now=clock())
    with here.database.read() as connection:
        changes = [event for event in ticket_history(connection, number) if event.what == "details_changed"]
    assert len(changes) == MOST_KEPT
    assert changes[-1].detail["problem_description"][1] == f"change {MOST_KEPT + 4}"


def test_the_page_is_small_and_so_is_its_script(client: PageClient) -> None:
    page = client.get(applet_of(client))
    first = [assets()[name].gzipped for name in ("handbell.css", "talk.css", "live.css", "pages.js")]
    assert sum(map(len, [gzip.compress(page.text.encode()), *first])) <= 14_000
    assert len(assets()["live.js"].gzipped) <= 12_000


def test_the_request_page_loads_nothing_of_the_session(client: PageClient) -> None:
    text = client.get("/").text
    assert "live.css" not in text
    assert "live.js" not in text


@pytest.mark.slow
@pytest.mark.usefixtures("programs")
def test_started_from_the_widget_the_page_offers_the_other_systems_too(client: PageClient) -> None:
    status = client.submit(customer_name="Zoë").location
    told = client.get(f"/api/v1/requests/{status.removeprefix('/r/')}", headers=WINDOWS).json
    begun = client.get(told["start"], headers=WINDOWS).location
    page = client.get(begun, headers=WINDOWS)
    assert "What to do with the file" in page.page.get_text()
    picks = {a.get_text(): str(a["href"]) for a in page.page.select(".picks a")}
    assert list(picks) == ["Windows", "Linux"]
    other = client.get(picks["Linux"], headers=WINDOWS)
    assert other.select("details[open] summary").get_text() == "Linux"
    assert "for=linux" in str(other.select("meta[http-equiv=refresh]")["content"])
    phone = {"User-Agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9)"}
    assert client.get(begun, headers=phone).page.select(".picks a"), "for the computer beside the phone"
    assert told["wait"]["page"] == f"{begun.partition('?')[0]}?page"
