"""Work on a ticket in the console: who gets it, who is told what, and what the customer sees."""

import re
import threading
from typing import Any

import pytest
from bs4 import Tag
from flask import Flask

from app.actions.log_in import hashed_password
from app.actions.privacy import erase, find_person
from app.core.ticket import Ticket, TicketState
from app.process.running import Running
from app.store.staff import add_technician, set_away
from app.store.tickets import list_tickets, ticket_by_number, ticket_history
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, csrf_of, log_in, ticket
from tests.web.customer_client import applet_of
from tests.web.markup_texts import TEXTS, tags

SVEN, DORA = "sven@example.com", "dora@example.com"
EVERY = ("claim", "release", "transfer", "note", "close", "reopen")
GIVEN = {"to": "d-20", "outcome": "solved", "note": "x", "closing_note": ""}


class Seat:
    """A logged-in technician at the console."""

    def __init__(self, app: Flask, email: str) -> None:
        self.client = PageClient(app)
        log_in(self.client, email)
        self.token = csrf_of(self.client.get("/console/"))

    def look(self, number: int) -> Answer:
        return self.client.get(f"/console/tickets/{number}")

    def press(self, number: int, what: str, page: Answer | None = None, **typed: str) -> Answer:
        """Send the form `what` of `page`, or of the current page, filled in with `typed`."""
        shown = page or self.look(number)
        (form,) = shown.page.select(f'form[action="/console/tickets/{number}/{what}"]')
        own = [*form.select("[name]"), *shown.page.select(f'[form="{form.get("id", "-")}"]')]
        filled = {str(field["name"]): value_of(field) for field in own}
        return self.client.post(f"/console/tickets/{number}/{what}", {**filled, **typed})

    def send(self, number: int, what: str, **typed: str) -> Answer:
        """Send the form without loading a page."""
        return self.client.post(f"/console/tickets/{number}/{what}", {"csrf_token": self.token, **typed})

    def said(self) -> str:
        """The status line of the next page."""
        return str(self.client.get("/console/").select(".saying").get_text())


@pytest.fixture
def anna(app: Flask) -> Seat:
    return Seat(app, ANNA)


@pytest.fixture
def ben(app: Flask) -> Seat:
    return Seat(app, BEN)


@pytest.fixture
def sven(app: Flask) -> Seat:
    return Seat(app, SVEN)


def value_of(field: Tag) -> str:
    """The value that a browser sends for an unchanged field."""
    if field.name == "textarea":
        return field.get_text().removeprefix("\n")
    if field.name == "select":
        field = field.select_one("option[selected]") or field.select("option")[0]
    return str(field.get("value", ""))


def kept(here: Running, number: int) -> Ticket:
    with here.database.read() as connection:
        found = ticket_by_number(connection, number)
    assert found
    return found


def events(here: Running, number: int) -> list[tuple[str, str]]:
    with here.database.read() as connection:
        return [(event.who, event.what) for event in ticket_history(connection, number)]


def alert(page: Answer) -> str:
    return str(page.select("[role=alert]").get_text(" ", strip=True))


def offered(page: Answer) -> set[str]:
    """The actions for which the page has a form."""
    forms = page.page.select("main form")
    return {str(form["action"]).rsplit("/", 1)[1] for form in forms}


def told(page: Answer) -> list[str]:
    return [entry.get_text(" ", strip=True) for entry in page.page.select(".history > li")]


@pytest.mark.slow
def test_a_ticket_from_the_claim_to_the_end_and_back(
    anna: Seat, here: Running, clock: StandingClock, client: PageClient
) -> None:
    applet = applet_of(client, customer_name="Zoë", department="10")
    with here.database.read() as connection:
        number = list_tickets(connection)[0].number
    client.get(applet)
    assert offered(anna.look(number)) == {"claim", "transfer", "close", "note"}
    taken = anna.press(number, "claim")
    assert (taken.status, taken.location) == (303, f"/console/tickets/{number}")
    page = anna.look(number)
    assert "You have this ticket." in page.select("#ticket-now").get_text()
    assert offered(page) == {"release", "transfer", "close", "note", "say"}
    anna.press(number, "note", note="Asked for the\nserial number.")
    assert anna.press(number, "close", outcome="no_answer", closing_note="Rang twice.").status == 303
    page = anna.look(number)
    assert offered(page) == {"reopen", "note"}
    assert "Closed: The customer did not answer" in page.select("#ticket-now").get_text()
    assert client.get(applet).status == 410
    assert "The technician has finished." in client.get(applet).text
    anna.press(number, "reopen")
    assert client.get(applet).status == 200
    lines = told(anna.look(number))
    assert [line.split("2026-")[0].strip() for line in lines] == [
        "Asked for help Asked department: 10",
        "Went to: Computers This department was asked for.",
        "Opened the applet",
        "Took the ticket",
        "Wrote a note Asked for the\nserial number.",
        "Wrote a note Rang twice.",
        "Closed the ticket: The customer did not answer",
        "Opened the ticket again",
    ]
    assert lines[3].endswith("Anna A")


@pytest.mark.slow
def test_who_comes_second_is_told_who_has_it(anna: Seat, sven: Seat, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    stale = sven.look(number)
    anna.press(number, "claim")
    late = sven.press(number, "claim", stale)
    assert late.status == 409
    assert alert(late) == "Anna A has this ticket. Nothing was changed."
    assert late.select("#take-over button").get_text() == "Take the ticket over"
    body = late.select("body")
    assert (body["data-address"], body["data-tag"]) == (f"/console/tickets/{number}", "anew"), (
        "it is renewed from there"
    )
    assert kept(here, number).owner_id == 1
    assert sven.press(number, "claim", late).status == 303
    assert kept(here, number).owner_id == 4
    again = anna.press(number, "claim", late, csrf_token=anna.token)  # from a page that shows the ticket as Anna's
    assert (again.status, alert(again)) == (409, "Sven S has this ticket. Nothing was changed.")


@pytest.mark.slow
def test_a_press_in_the_queue_needs_no_more_than_its_token(
    anna: Seat, sven: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="10")
    assert anna.send(number, "claim").status == 303
    assert anna.send(number, "claim").status == 303, "pressed twice"
    late = sven.send(number, "claim")
    assert (late.status, alert(late)) == (409, "Anna A has this ticket. Nothing was changed.")
    assert events(here, number) == [("1", "claimed")]


@pytest.mark.slow
def test_twenty_technicians_claim_at_once(app_on_both: Flask, clock: StandingClock) -> None:
    here: Running = app_on_both.extensions["handbell"]
    password = hashed_password(PASSWORD)

    def hire(connection: Any) -> None:
        for n in range(20):
            add_technician(connection, f"t{n}@example.com", f"Tech {n:02}", [10], password, clock())

    here.database.write(hire)
    number = ticket(here, clock, department="10")
    seats = [Seat(app_on_both, f"t{n}@example.com") for n in range(20)]
    barrier = threading.Barrier(20)
    answers: list[Answer | None] = [None] * 20

    def claim(n: int) -> None:
        barrier.wait()
        answers[n] = seats[n].send(number, "claim")

    threads = [threading.Thread(target=claim, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [n for n, answer in enumerate(answers) if answer and answer.status == 303]
    assert len(won) == 1
    lost = [answer for answer in answers if answer and answer.status == 409]
    assert len(lost) == 19
    assert all(alert(answer).startswith(f"Tech {won[0]:02} has this ticket. ") for answer in lost)
    assert all(alert(answer).endswith("Nothing was changed.") for answer in lost)
    assert len(events(here, number)) == 1


@pytest.mark.slow
def test_who_saw_a_ticket_that_waited_for_long_is_told_and_nobody_else(
    anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    soon, late = ticket(here, clock, department="10"), ticket(here, clock, department="10", customer_name="Secret")
    anna.send(soon, "claim")
    clock.advance(minutes=11)
    assert "Secret" in ben.look(late).text
    anna.send(late, "claim")
    assert ben.look(late).status == 404
    lost = ben.send(late, "claim")
    assert lost.status == 409
    assert "Anna A has this ticket." in lost.text
    assert "Secret" not in lost.text
    assert ben.send(soon, "claim").status == 404
    assert ben.send(late, "close", outcome="solved").status == 404
    anna.press(late, "close")
    assert ben.send(late, "claim").status == 404


@pytest.mark.slow
@pytest.mark.parametrize("what", EVERY)
def test_a_ticket_of_another_department_or_person_is_not_there(
    what: str, anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    tickets = [ticket(here, clock, department="10"), ticket(here, clock, tech=ANNA), ticket(here, clock, tech=DORA)]
    anna.send(tickets[0], "claim")
    before = [kept(here, number) for number in tickets]
    standings = ("waiting d-10 -", "active d-10 1", "waiting t-1 -", "waiting t-5 -", "waiting d-20 -", "closed d-10 1")
    for number in (*tickets, 0, 999_999, 2**63 - 1, 2**63, 10**300):
        for seen in standings:
            answer = ben.send(number, what, seen=seen, **{**GIVEN, "note": ""})
            assert answer.status == 404, (number, seen)
    assert [kept(here, number) for number in tickets] == before
    assert [events(here, number) for number in tickets] == [[("1", "claimed")], [], []]


@pytest.mark.slow
def test_what_was_typed_for_a_ticket_that_is_gone_comes_back_and_tells_nothing(
    anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="10", customer_name="Secret")
    pages = [ben.send(n, "note", note="My long\nnote <b>") for n in (number, 999_999)]
    for page in pages:
        assert page.status == 404
        assert page.select(".said").get_text() == "My long\nnote <b>"
    forget = re.compile(r'(?<=csrf_token" value=")[^"]+')
    assert len({forget.sub("", page.text) for page in pages}) == 1
    assert events(here, number) == []


@pytest.mark.slow
@pytest.mark.parametrize("email", [ANNA, SVEN, DORA])
def test_every_role_works_on_what_it_sees(email: str, app: Flask, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    seat = Seat(app, email)
    for what in ("claim", "release", "note", "close", "reopen", "transfer"):
        assert seat.press(number, what, **GIVEN).status == 303, what
    assert kept(here, number).department_id == 20


@pytest.mark.slow
@pytest.mark.parametrize("what", EVERY)
def test_no_log_in_no_token_no_work(
    what: str, app: Flask, anna: Seat, here: Running, clock: StandingClock, client: PageClient
) -> None:
    number = ticket(here, clock, department="10")
    path = f"/console/tickets/{number}/{what}"
    assert (client.post(path).status, client.post(path).location) == (303, "/console/login")
    assert anna.client.post(path, {"note": "x"}).status == 400
    assert anna.client.post(path, {"csrf_token": anna.token}, headers={"Origin": "https://evil.example"}).status == 403
    assert events(here, number) == []


@pytest.mark.slow
@pytest.mark.parametrize("what", EVERY)
def test_the_address_of_a_press_leads_to_the_ticket(
    what: str, anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="10")
    path = f"/console/tickets/{number}/{what}"
    assert (anna.client.get(path).status, anna.client.get(path).location) == (303, f"/console/tickets/{number}")
    assert ben.client.get(path).status == ben.client.get(f"/console/tickets/0/{what}").status == 404
    assert events(here, number) == []


@pytest.mark.slow
def test_a_page_that_is_out_of_date_is_told_and_keeps_what_was_typed(
    anna: Seat, sven: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="10")
    old = anna.look(number)
    sven.press(number, "claim")
    answer = anna.press(number, "close", old, outcome="duplicate", closing_note="Same as\nyesterday's.")
    assert answer.status == 409
    assert alert(answer) == "Sven S has this ticket. Nothing was changed. What you wrote is still here."
    assert answer.select("#note").get_text().removeprefix("\n") == "Same as\nyesterday's."
    sven.press(number, "release")
    answer = anna.press(number, "transfer", to="d-20")
    assert answer.status == 303
    answer = sven.press(number, "close", old, outcome="duplicate", closing_note="Mine", csrf_token=sven.token)
    assert answer.status == 409
    assert "Queue: Billing" in alert(answer)
    assert answer.select("#closing_note").get_text().removeprefix("\n") == "Mine"
    assert answer.select("#outcome [selected]")["value"] == "duplicate"
    assert kept(here, number).state is TicketState.WAITING


@pytest.mark.slow
@pytest.mark.parametrize(
    "seen", ["", "x", "waiting", "active d-10 999999999999999999", "waiting d-10 1", "\x00", "é" * 9]
)
@pytest.mark.parametrize("what", ["claim", "release", "transfer", "close", "reopen"])
def test_an_odd_standing_changes_nothing(seen: str, what: str, anna: Seat, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    assert anna.send(number, what, seen=seen, **GIVEN).status == 409
    assert events(here, number) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "to", ["", "d-30", "d-99", "t-3", "t-99", "x", "d-10", "general ", "t-1 OR 1=1", "d-" + "9" * 40]
)
def test_a_ticket_goes_only_where_somebody_is(to: str, anna: Seat, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    answer = anna.press(number, "transfer", to=to)
    assert answer.status == 422
    assert answer.page.select('.summary a[href="#to"]')
    assert answer.select("#to")["aria-invalid"] == "true"
    assert events(here, number) == []


@pytest.mark.slow
def test_a_ticket_that_was_passed_on_is_out_of_sight(
    anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="10")
    shown = anna.look(number).page.select("optgroup")
    groups = {group["label"]: [option.get_text() for option in group.select("option")] for group in shown}
    assert groups == {
        "Departments": ["Billing"],
        "Technicians": ["Anna A", "Ben B", "Dora D (not here now)", "Sven S (not here now)"],
        "Everybody": ["General queue"],
    }
    passed = anna.press(number, "transfer", to="t-2")
    assert (passed.status, passed.location) == (303, "/console/")
    assert anna.said() == f"Ticket {number} is passed on: Ben B"
    assert anna.look(number).status == 404
    assert "was Computers now Ben B" in told(ben.look(number))[-1]
    assert told(ben.look(number))[1].startswith("Went to: Computers")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "typed", "field"),
    [
        ("note", {"note": ""}, "note"),
        ("note", {"note": " \n "}, "note"),
        ("note", {"note": "x" * 4001}, "note"),
        ("note", {"note": "a\x00b"}, "note"),
        ("close", {"outcome": "solved", "closing_note": "x" * 4001}, "closing_note"),
        ("close", {"outcome": "", "closing_note": "kept"}, "outcome"),
        ("close", {"outcome": "won", "closing_note": "kept"}, "outcome"),
    ],
)
def test_what_is_refused_comes_back_with_its_field_named(
    what: str, typed: dict[str, str], field: str, anna: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="10")
    anna.press(number, "claim")
    answer = anna.press(number, what, **typed)
    assert answer.status == 422
    assert answer.page.select(f'.summary a[href="#{field}"]')
    assert answer.select(f"#{field}")["aria-invalid"] == "true"
    written = "note" if what == "note" else "closing_note"
    assert answer.select(f"#{written}").get_text().removeprefix("\n") == typed[written].replace("\x00", "")
    assert events(here, number) == [("1", "claimed")]


@pytest.mark.slow
def test_one_form_is_one_note_however_often_it_is_sent(anna: Seat, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    page = anna.look(number)
    for _ in range(3):
        assert anna.press(number, "note", page, note="Called back.").status == 303
    anna.press(number, "note", note="Called back.")
    assert events(here, number) == [("1", "note")] * 2
    closing = anna.look(number)
    for _ in range(2):
        assert anna.press(number, "close", closing, outcome="solved", closing_note="Done.").status == 303
    assert events(here, number)[2:] == [("1", "note"), ("1", "closed")]


@pytest.mark.slow
def test_a_refused_form_keeps_its_key(anna: Seat, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10")
    page = anna.look(number)
    refused = anna.press(number, "note", page, note="")
    keys = {str(p.page.select("input[name=form]")[0]["value"]) for p in (page, refused)}
    assert len(keys) == 1


@pytest.mark.slow
def test_hostile_notes_are_only_text(anna: Seat, here: Running, clock: StandingClock) -> None:
    def with_note(text: str) -> Answer:
        number = ticket(here, clock, department="10")
        assert anna.send(number, "note", note=text).status == 303
        return anna.look(number)

    anna.client.get("/console/")
    expected = tags(with_note("x"))
    for text in TEXTS:
        page = with_note(text)
        assert page.select(".history .said").get_text() == text.strip()
        assert [tag for tag in tags(page) if tag != "p"] == [tag for tag in expected if tag != "p"], text


@pytest.mark.slow
def test_a_note_never_reaches_the_customer(anna: Seat, here: Running, client: PageClient) -> None:
    applet = applet_of(client, customer_name="Zoë", department="10")
    with here.database.read() as connection:
        number = list_tickets(connection)[0].number
    anna.press(number, "note", note="difficult customer")
    anna.press(number, "close", closing_note="difficult customer")
    for path in (applet, f"{applet}/state"):
        assert "difficult" not in client.get(path).text


@pytest.mark.slow
def test_an_erased_ticket_gives_a_note_back(anna: Seat, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock, department="10", customer_email="zoe@example.com")
    page = anna.look(number)
    person = find_person(here.database, email="zoe@example.com")
    erase(here.database, person, by=None, now=clock())
    assert offered(anna.look(number)) == set()
    answer = anna.press(number, "note", page, note="Zoë called")
    assert answer.status == 409
    assert "The customer’s data has been erased." in alert(answer)
    assert "Zoë called" in alert(answer)
    assert events(here, number) == []


# What the customer sees


@pytest.mark.slow
def test_the_customer_reads_who_will_help_once_they_have_it_and_not_before(
    anna: Seat, sven: Seat, here: Running, client: PageClient
) -> None:
    status = client.submit(customer_name="Zoë", tech=ANNA).location
    applet = client.get(str(client.get(status).page.select("a[data-start]")[0]["href"])).location
    with here.database.read() as connection:
        number = list_tickets(connection)[0].number
    poll = str(client.get(status).select("main")["data-poll"])
    waiting = client.get(f"{applet}/state").json
    assert (waiting["helper"], waiting["queue_label"]) == (None, "our team")  # a site's form asks for no technician
    assert client.get(poll).json["helper"] is None
    assert client.get(status).select("#helper").get_text() == ""
    sven.press(number, "claim")
    state = client.get(f"{applet}/state").json
    assert (state["state"], state["helper"], state["place"]) == ("active", "Sven S", None)
    assert client.get(applet).select("#now").get_text(strip=True) == "Sven S will help you now."
    assert client.get(poll).json["helper"] == "Sven S"
    assert client.get(status).select("#helper").get_text() == "Sven S will help you now."
    sven.press(number, "release")
    assert client.get(f"{applet}/state").json["helper"] is None
    assert client.get(poll).json["helper"] is None
    sven.press(number, "close")
    assert (client.get(poll).json["state"], client.get(poll).json["helper"]) == ("ended", None)
    over = client.get(applet)
    assert over.status == 410
    assert over.select("main")["data-state"] == "closed"
    sven.press(number, "reopen")
    assert client.get(f"{applet}/state").json["helper"] == "Sven S"
    assert client.get(poll).json["state"] in ("ready", "started")


@pytest.mark.slow
def test_an_applet_that_asks_too_often_has_to_wait(client: PageClient) -> None:
    applet, other = applet_of(client), applet_of(client)
    answers = [client.get(f"{applet}/state").status for _ in range(61)]
    assert answers == [200] * 60 + [429]
    assert 0 < int(client.get(f"{applet}/state").headers["Retry-After"]) <= 61
    assert client.get(f"{other}/state").status == 200
    assert client.get(applet).status == 200


# Available or away


@pytest.mark.slow
def test_a_technician_goes_away_and_comes_back(anna: Seat, here: Running) -> None:
    generation = here.database.generation()
    for back, leads_to in (
        ("/console/?queue=general&before=3", "/console/?queue=general&before=3"),
        ("/console/tickets/1", "/console/tickets/1"),
        ("", "/console/"),
        ("//evil.example", "/console/"),
        ("https://evil.example/console/", "/console/"),
        ("/console/\\evil.example", "/console/"),
        ("/console/\r\nSet-Cookie: a=b", "/console/"),
        ("/consoles", "/console/"),
        ("/console/../s/default", "/console/"),
        ("/console/é", "/console/"),
    ):
        answer = anna.client.post("/console/presence", {"csrf_token": anna.token, "away": "1", "back": back})
        assert (answer.status, answer.location) == (303, leads_to)
    assert here.database.generation() == generation + 1, "said again it is the same"
    page = anna.client.get("/console/?queue=general")
    assert "away" in page.select(".who").get_text()
    form = page.select('form[action="/console/presence"]')
    assert form.select_one("[name=back]")["value"] == "/console/?queue=general"
    anna.client.post("/console/presence", {"csrf_token": anna.token, "away": "0"})
    assert anna.said() == "You are available again."
    assert "away" not in anna.client.get("/console/").select(".who").get_text()


@pytest.mark.slow
def test_what_is_for_somebody_away_goes_to_their_queue_and_their_departments_see_it(
    app: Flask, anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    here.database.write(
        lambda connection: add_technician(
            connection, "cleo@example.com", "Cleo C", [10], hashed_password(PASSWORD), clock()
        )
    )
    cleo = Seat(app, "cleo@example.com")
    number = ticket(here, clock, tech=ANNA)
    assert cleo.look(number).status == 404
    anna.client.post("/console/presence", {"csrf_token": anna.token, "away": "1"})
    later = ticket(here, clock, tech=ANNA)
    for n in (number, later):
        assert kept(here, n).technician_id == 1
        assert "Anna A is away" in cleo.look(n).select("#ticket-now").get_text()
        assert ben.look(n).status == 404
        assert ben.send(n, "claim").status == 404
    assert "Anna A (away)" in cleo.look(ticket(here, clock)).select("#to").get_text()
    assert cleo.press(later, "claim").status == 303
    assert "away" not in cleo.look(later).select("#ticket-now").get_text()
    here.database.write(lambda connection: set_away(connection, 1, False))
    assert cleo.look(number).status == 404
    assert cleo.look(later).status == 200, "it is theirs now"


@pytest.mark.slow
def test_who_cannot_be_waited_for_is_marked_where_somebody_is_chosen(
    app: Flask, anna: Seat, here: Running, clock: StandingClock
) -> None:
    here.database.write(lambda connection: add_technician(connection, "eve@example.com", "Eve E", [], None, clock()))
    for_ben = ticket(here, clock, tech="ben@example.com")
    general = ticket(here, clock)

    def options() -> list[str]:
        here.attendance.forget()
        return [option.get_text() for option in anna.look(general).page.select("#to option")]

    there = options()
    assert {"Anna A", "Eve E (no password yet)", "Computers", "Billing (nobody is here)"} <= set(there)
    assert "Ben B (not here now)" in there
    assert not any("Carl" in option for option in there), "nobody passes on to who is disabled"
    sven = Seat(app, "sven@example.com")
    here.attendance.forget()
    assert "Ben B is not here now." in sven.look(for_ben).select("#ticket-now").get_text()
    Seat(app, "ben@example.com")
    assert {"Ben B", "Billing"} <= set(options())
    here.attendance.forget()
    assert "not here" not in sven.look(for_ben).select("#ticket-now").get_text()
    here.database.write(lambda connection: set_away(connection, 2, True))
    assert {"Ben B (away)", "Billing"} <= set(options()), "a supervisor is here, who sees every department"


@pytest.mark.slow
def test_a_ticket_to_take_over_says_that_its_owner_is_not_here(
    anna: Seat, ben: Seat, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock)
    assert anna.press(number, "claim").status == 303
    here.attendance.forget()
    assert "not here" not in ben.look(number).select("#ticket-now").get_text()
    clock.advance(minutes=6)
    here.attendance.forget()
    assert "Anna A has this ticket. Anna A is not here now." in ben.look(number).select("#ticket-now").get_text()


def test_presence_needs_log_in_and_token(client: PageClient, anna: Seat, here: Running) -> None:
    assert client.post("/console/presence", {"away": "1"}).location == "/console/login"
    assert anna.client.post("/console/presence", {"away": "1"}).status == 400
    assert not any(technician.away for technician in here.desk.staff.technicians.values())
