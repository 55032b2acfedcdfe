"""The queue page: which tickets it shows to whom, and what its script is told of changes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask, flash
from sqlalchemy import update

from app.actions.log_in import SESSION_IDLE
from app.core.ticket import TicketEvent, TicketState
from app.process.running import Running
from app.store.sites import bump_generation
from app.store.staff import set_technician_disabled
from app.store.tables import technicians, tickets
from app.store.tickets import add_event
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, log_in, ticket

SVEN = "sven@example.com"
LIVE = {"X-Live": "1", "X-Background": "1"}
MakeTicket = Callable[..., int]


@pytest.fixture
def make(here: Running, clock: StandingClock) -> MakeTicket:
    """Make a ticket; keywords are elements, or columns of its row. Returns its number."""

    def made(**given: object) -> int:
        columns = {
            name: given.pop(name) for name in list(given) if name in ("state", "owner_id", "verified", "claimed_at")
        }
        number = ticket(here, clock, **given)
        if columns:
            change = update(tickets).where(tickets.c.number == number).values(**columns)
            here.database.write(lambda connection: connection.execute(change))
        return number

    return made


def numbers(answer: Answer) -> list[int]:
    assert answer.status == 200
    return [int(a.get_text()) for a in answer.page.select("th.ticket a")]


def away(here: Running, email: str) -> None:
    def change(connection):  # type: ignore[no-untyped-def]
        connection.execute(update(technicians).where(technicians.c.email == email).values(away=True))
        bump_generation(connection)

    here.database.write(change)


@pytest.mark.slow
def test_all_is_for_supervisors(app: Flask, client: PageClient, make: MakeTicket) -> None:
    every = [make(department="10"), make(department="20"), make(tech=ANNA), make()]
    log_in(client)
    assert client.get("/console/?queue=all").status == 404
    assert "queue=all" not in client.get("/console/").text
    log_in(supervisor := PageClient(app), SVEN)
    assert numbers(supervisor.get("/console/?queue=all")) == every[::-1]
    assert numbers(supervisor.get("/console/?queue=all&department=20")) == [every[1]]


@pytest.mark.slow
def test_a_queue_is_narrowed_to_departments_of_one_s_own(client: PageClient, make: MakeTicket) -> None:
    mine = make(department="10")
    make(department="20")
    log_in(client)
    assert numbers(client.get("/console/?queue=departments&department=10")) == [mine]
    for path in (
        "departments&department=20",
        "departments&department=99",
        "mine&department=10",
        "general&department=20",
    ):
        assert client.get(f"/console/?queue={path}").status == 404


@pytest.mark.slow
def test_what_went_to_a_colleague_who_is_away_is_the_departments_too(
    client: PageClient, here: Running, make: MakeTicket
) -> None:
    carls = make(tech="carl@example.com", department="10")
    log_in(client)
    assert carls in numbers(client.get("/console/?queue=departments")), "carl is disabled: it is the department's"
    here.database.write(lambda connection: set_technician_disabled(connection, "carl@example.com", False))
    again = make(tech="carl@example.com")
    assert again not in numbers(client.get("/console/?queue=departments"))
    away(here, "carl@example.com")
    page = client.get("/console/?queue=departments")
    assert again in numbers(page)
    assert "away" in page.select(f"#t-{again} .goes").get_text()
    away(here, BEN)
    bens = make(tech=BEN)
    assert bens not in numbers(client.get("/console/?queue=departments")), "ben is in another department"


@pytest.mark.slow
def test_whoever_waits_long_is_everybody_s(client: PageClient, make: MakeTicket, clock: StandingClock) -> None:
    bens = make(tech=BEN)
    log_in(client)
    assert numbers(client.get("/console/?queue=general")) == []
    clock.advance(minutes=10, seconds=1)
    page = client.get("/console/?queue=general")
    assert numbers(page) == [bens]
    assert page.select(f"#t-{bens} .waited").get_text() == "10 min"
    assert client.get(f"/console/tickets/{bens}").status == 200


@pytest.mark.slow
def test_states_are_told_apart(client: PageClient, make: MakeTicket) -> None:
    by_state = {state: make(tech=ANNA, state=state) for state in TicketState}
    log_in(client)
    assert numbers(client.get("/console/?queue=mine")) == [by_state[TicketState.WAITING]]
    assert numbers(client.get("/console/?queue=mine&state=active")) == [by_state[TicketState.ACTIVE]]
    over = [by_state[state] for state in (TicketState.EXPIRED, TicketState.CANCELLED, TicketState.CLOSED)]
    assert sorted(numbers(client.get("/console/?queue=mine&state=closed"))) == sorted(over)
    for none in ("queue=mine&state=open", "state=active", "queue=for-me&state=closed", "department=10"):
        assert client.get(f"/console/?{none}").status == 404


@pytest.mark.slow
def test_a_log_in_lands_on_my_sessions_and_all_that_i_may_take(
    app: Flask, client: PageClient, make: MakeTicket, clock: StandingClock
) -> None:
    late, general = make(tech=BEN), make()
    clock.advance(minutes=11)
    others, team, mine = make(department="20"), make(department="10"), make(tech=ANNA)
    second, first = make(state="active", owner_id=1), make(department="20", state="active", owner_id=1)
    make(department="10", state="active", owner_id=2)
    landed = log_in(client).location
    page = client.get(landed or "")
    assert page.select(".tabs [aria-current]").get_text().split() == ["For", "me", "4", "waiting"]
    shown = {
        part: [int(a.get_text()) for a in page.page.select(f"#{part} th.ticket a")] for part in ("sessions", "listed")
    }
    assert shown == {"sessions": [second, first], "listed": [late, general, team, mine]}, "the longest wait first"
    assert [row["data-row"] for row in page.page.select("tr:has(.late)")] == [str(late), str(general)]
    assert "late" in page.select(f"#t-{late} .state").get_text()
    log_in(supervisor := PageClient(app), SVEN)
    assert numbers(supervisor.get("/console/")) == [late, general, others, team, mine], "supervisors may take each"


@pytest.mark.slow
def test_more_than_a_page_of_what_i_may_take_goes_on(client: PageClient, make: MakeTicket) -> None:
    every = [make(tech=ANNA) for _ in range(52)]
    mine = make(state="active", owner_id=1)
    log_in(client)
    page = client.get("/console/")
    assert numbers(page) == [mine, *every[:50]]
    further = client.get(str(page.select("#listed .more a")["href"]))
    assert numbers(further) == every[50:]


def test_what_one_has_claimed_is_one_s_own(client: PageClient, make: MakeTicket, clock: StandingClock) -> None:
    owned = make(department="20", state="active", owner_id=1, claimed_at=clock() + timedelta(minutes=3))
    clock.advance(hours=5)
    log_in(client)
    page = client.get("/console/?queue=mine&state=active")
    assert numbers(page) == [owned]
    assert "Anna A" in page.select(".owner").get_text()
    assert page.select(".waited time").get_text() == "3 min", "until somebody had it"
    assert not page.page.select("td.act button")


@pytest.mark.slow
def test_a_row_says_who_vouches_for_the_customer(client: PageClient, make: MakeTicket) -> None:
    typed = make(tech=ANNA, customer_name="Typed")
    vouched = make(tech=ANNA, customer_name="Vouched", verified=("customer_name",))
    half = make(tech=ANNA, customer_name="Half", customer_email="h@example.com", verified=("customer_email",))
    log_in(client)
    page = client.get("/console/")
    assert [page.select(f"#t-{n} .who-asks .tag").get_text() for n in (typed, vouched, half)] == [
        "unverified",
        "verified",
        "unverified",
    ]


@pytest.mark.slow
def test_the_tabs_and_the_title_count_who_waits(client: PageClient, make: MakeTicket) -> None:
    for _ in range(3):
        make(tech=ANNA)
    make()
    make(tech=ANNA, state="active")
    log_in(client)
    page = client.get("/console/?queue=mine")
    assert page.select("title").get_text().startswith("(3) Queue · Mine")
    counts = [tag.get_text().split()[0] for tag in page.page.select(".tabs .number")]
    assert counts == ["4", "3", "0", "1"]
    assert page.select(".tabs [aria-current]").get_text().startswith("Mine")
    assert client.get("/console/?queue=departments").select("title").get_text().startswith("Queue")


@pytest.mark.slow
def test_a_long_queue_counts_to_99(client: PageClient, make: MakeTicket) -> None:
    for _ in range(101):
        make()
    log_in(client)
    page = client.get("/console/?queue=general")
    assert page.select("title").get_text().startswith("(99+)")
    assert len(numbers(page)) == 50


@pytest.mark.slow
def test_a_search_finds_in_every_state_what_one_may_see(client: PageClient, make: MakeTicket) -> None:
    mine = make(tech=ANNA, customer_name="Zoë Quill", state="closed")
    make(department="20", customer_name="Quill the other")
    log_in(client)
    page = client.get("/console/?q=quill")
    assert numbers(page) == [mine]
    assert page.select("#q")["value"] == "quill"
    assert numbers(client.get(f"/console/?q={mine}")) == [mine]
    assert "Nothing found." in client.get("/console/?q=nobody").text
    for odd in ("%00", "%FF", "%22%3E%3Cscript%3E", "%25", "a" * 5000, "%F0%9F%92%A9", "%E2%80%A8"):
        assert client.get(f"/console/?q={odd}").status in (200, 400)


def test_each_row_that_waits_can_be_claimed_from_here(client: PageClient, make: MakeTicket) -> None:
    number = make(tech=ANNA)
    log_in(client)
    page = client.get("/console/")
    button = page.select("td.act button")
    assert (button["form"], button["formaction"]) == ("claim", f"/console/tickets/{number}/claim")
    assert page.select("form#claim input[name=csrf_token]")["value"]
    assert page.select("form#claim")["method"] == "post"


def tag(answer: Answer) -> str:
    assert answer.status == 200
    return answer.headers["ETag"]


@pytest.mark.slow
def test_a_page_that_has_not_changed_is_not_rendered(
    app: Flask, client: PageClient, here: Running, make: MakeTicket, clock: StandingClock
) -> None:
    log_in(client)

    def again(path: str = "/console/", who: PageClient = client) -> Answer:
        return who.get(path, headers={**LIVE, "If-None-Match": seen})

    def unchanged() -> bool:
        answer = again()
        assert answer.status in (200, 304)
        assert answer.status == 200 or not answer.body
        return answer.status == 304

    first = client.get("/console/")
    seen = tag(first)
    assert first.select("body")["data-tag"] == seen.strip('"')
    assert unchanged()
    number = make(department="20")
    assert not unchanged()
    seen = tag(again())
    assert unchanged()
    here.database.write(lambda c: add_event(c, number, TicketEvent(clock(), "x", "claimed", {})))
    assert not unchanged()
    seen = tag(again())
    away(here, BEN)
    assert not unchanged()
    seen = tag(again())
    clock.advance(minutes=9)
    assert unchanged()
    clock.advance(minutes=2)
    assert not unchanged(), "it waits for too long"
    seen = tag(again())
    assert again("/console/?queue=general").status == 200
    assert again("/console/?lang=de").status == 200
    log_in(other := PageClient(app), BEN)
    assert again(who=other).status == 200
    assert again(who=PageClient(app)).status == 401
    log_in(anew := PageClient(app))
    assert again(who=anew).status == 200, "another session's forms have other tokens"


@pytest.mark.slow
def test_a_page_that_asks_by_itself_does_not_keep_a_session_alive(client: PageClient, clock: StandingClock) -> None:
    log_in(client)
    statuses = []
    for _ in range(3):
        clock.advance(minutes=10)
        statuses.append(client.get("/console/", headers=LIVE).status)
    assert statuses == [200, 200, 401]
    assert client.get("/console/changes", headers={"Accept": "text/event-stream"}).status == 401
    log_in(client)
    for _ in range(4):
        clock.advance(minutes=SESSION_IDLE.seconds / 60 - 1)
        assert client.get("/console/", headers={"X-Live": "1"}).status == 200, "somebody is at it"


def test_the_stream_does_not_keep_a_session_alive_either(client: PageClient, clock: StandingClock) -> None:
    log_in(client)
    stream = {"Accept": "text/event-stream"}
    clock.advance(minutes=20)
    assert client.get("/console/changes", headers=stream).status == 204
    clock.advance(minutes=11)
    assert client.get("/console/changes", headers=stream).status == 401


def test_where_a_socket_cannot_be_given_away_there_is_no_stream(client: PageClient) -> None:
    log_in(client)
    answer = client.get("/console/changes", headers={"Accept": "text/event-stream"})
    assert (answer.status, answer.body) == (204, b"")


@pytest.mark.slow
def test_what_was_said_to_a_person_is_not_lost_to_a_script(app: Flask, client: PageClient) -> None:
    @app.get("/console/say")
    def say() -> str:
        flash("It is done.")
        return ""

    log_in(client)
    client.get("/console/say")
    assert "It is done." not in client.get("/console/", headers=LIVE).text
    page = client.get("/console/", headers={"If-None-Match": tag(client.get("/console/", headers=LIVE))})
    assert page.select("p.saying").get_text() == "It is done."
    assert not client.get("/console/").page.select("p.saying")


@pytest.mark.slow
def test_who_waits_for_longer_than_the_limit_stands_out(
    client: PageClient, here: Running, make: MakeTicket, clock: StandingClock
) -> None:
    long, done = make(), make(state=TicketState.CLOSED)
    clock.advance(minutes=here.desk.options.long_wait, seconds=1)
    short = make()
    log_in(client)
    late = {state: client.get(f"/console/?queue=general&state={state}").page for state in ("waiting", "closed")}
    assert {row["id"] for row in late["waiting"].select("tr:has(.late)")} == {f"t-{long}"}
    assert f"t-{short}" in {row["id"] for row in late["waiting"].select("tr[id]")}
    assert [row["id"] for row in late["closed"].select("tr[id]")] == [f"t-{done}"]
    assert not late["closed"].select(".late")
