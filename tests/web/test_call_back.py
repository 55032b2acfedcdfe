"""Call-backs: what the customer chooses on the waiting page, what is promised, and what technicians see of it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.actions.call_back import tell_due
from app.actions.desk_options import change_desk_options
from app.actions.hours import add_days, clear_hours, set_hours
from app.actions.privacy import TICKET_LIFE, erase, export, find_person, prune
from app.core.call_back import CallBack
from app.core.hours import SpecialDay
from app.core.hours_rules import DESK
from app.core.hours_text import read_week
from app.core.site import Site
from app.process.running import Running
from app.store.call_backs import call_back_of
from app.store.tables import call_backs, tickets
from app.store.tickets import list_tickets, ticket_history
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, BEN, csrf_of, log_in

PHONE = "+49 30 123456"
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Berlin; the clock stands on the Sunday before, at 12:00 UTC


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture(autouse=True)
def _hours(here: Running) -> None:
    opens(here)


def opens(here: Running, week: str = "mo-fr 09:00-17:00") -> None:
    set_hours(here.database, DESK, "Europe/Berlin", read_week(week), by=None, now=here.clock())


class Customer:
    """A customer on the page on which they wait."""

    def __init__(self, client: PageClient, **fields: str) -> None:
        self._client = client
        status = client.get(client.submit(**{"problem_description": "It is black.", **fields}).location)
        self.page = client.get(str(status.page.select_one("a[data-start]")["href"])).location  # type: ignore[index]

    def look(self) -> Answer:
        return self._client.get(self.page)

    def times(self) -> list[str]:
        return [str(option["value"]) for option in self.look().page.select("#call_back_at option")]

    def choose(self, at: str | datetime, to: str = PHONE) -> Answer:
        value = at if isinstance(at, str) else str(int(at.timestamp()))
        return self._client.post(self.page, {"action": "call_back", "call_back_at": value, "call_back_to": to})

    def drop(self) -> Answer:
        return self._client.post(self.page, {"action": "call_back_drop"})

    def state(self) -> dict[str, object]:
        return dict(self._client.get(f"{self.page}/live").json["state"])

    def part(self) -> str:
        found = self.look().page.select_one("#call-back")
        return " ".join(found.get_text(" ").split()) if found else ""


@pytest.fixture
def zoe(client: PageClient) -> Customer:
    return Customer(client)


def newest(here: Running) -> int:
    with here.database.read() as connection:
        return list_tickets(connection)[0].number


def kept(here: Running, number: int | None = None) -> CallBack | None:
    with here.database.read() as connection:
        return call_back_of(connection, number or newest(here))


def events(here: Running, number: int | None = None) -> list[str]:
    with here.database.read() as connection:
        history = ticket_history(connection, number or newest(here))
    return [event.what for event in history if event.what.startswith("call_back")]


# The customer


@pytest.mark.slow
def test_who_finds_it_closed_chooses_when_to_be_called_and_is_not_asked_for_the_problem_again(
    zoe: Customer, here: Running
) -> None:
    page = zoe.look()
    assert page.select("#call-back h2").get_text() == "Shall we call you back?"
    options = [option.get_text() for option in page.page.select("#call_back_at option")]
    assert options[0] == "Mon, Mar 2, 09:00–09:30"
    assert len(options) == 24
    assert "Times in Europe/Berlin" in zoe.part()
    assert [field["name"] for field in page.page.select("#call-back [name]")] == [
        "action",
        "call_back_at",
        "call_back_to",
    ]
    assert zoe.choose(zoe.times()[1]).location == zoe.page
    page = zoe.look()
    assert page.select("h1").get_text() == "We will call you back"
    assert "Mon, Mar 2, 10:00–10:30" in zoe.part()
    assert PHONE in zoe.part()
    assert not page.page.select("#place:not([hidden])"), "who is called does not stand in line"
    promise = kept(here)
    assert promise is not None
    assert (promise.begins_at, promise.way, promise.to) == (MONDAY + timedelta(hours=1), "phone", PHONE)
    assert events(here) == ["call_back_asked"]


@pytest.mark.slow
def test_the_request_page_has_one_press_for_both_where_call_backs_are_offered(
    client: PageClient, here: Running, zoe: Customer, change_site: Callable[..., Site]
) -> None:
    button = client.get("/").page.select("button[formaction]")[0]
    assert (button.get_text(), button["formaction"]) == ("Send it and choose a call-back", "/s/default#call-back")
    change_site(call_backs=False)
    assert client.get("/").page.select("button[formaction]") == []
    assert client.get("/").page.select(".notice"), "it is closed all the same"
    assert zoe.part() == ""
    assert zoe.choose(MONDAY).status == 409, "the page was open before"


@pytest.mark.slow
def test_it_is_moved_and_given_up(zoe: Customer, here: Running) -> None:
    zoe.choose(MONDAY)
    assert zoe.state()["place"] is None
    before = zoe.state()["outlook"]
    assert zoe.choose(MONDAY + timedelta(hours=2), "zoe@example.com").status == 303
    promise = kept(here)
    assert promise is not None
    assert (promise.begins_at, promise.way, promise.to) == (MONDAY + timedelta(hours=2), "mail", "zoe@example.com")
    assert zoe.state()["outlook"] != before, "an open page sees it"
    assert zoe.drop().status == 303
    assert kept(here) is None
    assert zoe.look().select("h1").get_text() == "You are in line"
    assert zoe.state()["place"] == 1
    assert events(here) == ["call_back_asked", "call_back_asked", "call_back_dropped"]


def test_the_same_press_twice_is_one(zoe: Customer, here: Running) -> None:
    for _ in range(2):
        assert zoe.choose(MONDAY).status == 303
    for _ in range(2):
        assert zoe.drop().status == 303
    assert events(here).count("call_back_asked") == 1
    assert events(here).count("call_back_dropped") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "to", "status"),
    [
        (MONDAY, "call me", 422),
        (MONDAY, "", 422),
        ("", PHONE, 422),
        ("never", PHONE, 422),
        (MONDAY - timedelta(hours=2), PHONE, 409),
        (MONDAY + timedelta(minutes=10), PHONE, 409),
        (MONDAY + timedelta(days=30), PHONE, 409),
        (MONDAY - timedelta(days=3), PHONE, 409),
    ],
)
def test_what_cannot_be_promised_is_refused_and_stays_typed(
    zoe: Customer, here: Running, at: str | datetime, to: str, status: int
) -> None:
    refused = zoe.choose(at, to)
    assert refused.status == status
    assert refused.select("#call-back [role=alert]").get_text()
    assert refused.select("#call_back_to")["value"] == to
    assert kept(here) is None


@pytest.mark.slow
def test_without_a_number_it_is_the_one_that_is_known(client: PageClient, here: Running) -> None:
    zoe = Customer(client, customer_email="zoe@example.com")
    assert zoe.look().select("#call_back_to")["value"] == "zoe@example.com"
    change = update(tickets).values(info_mode="hidden")
    here.database.write(lambda connection: connection.execute(change))
    assert "Leave it empty" in zoe.part(), "details that are hidden from the page are not shown here either"
    assert "zoe@example.com" not in zoe.look().text
    assert zoe.choose(MONDAY, "").status == 303
    promise = kept(here)
    assert promise is not None
    assert (promise.way, promise.to) == ("mail", None)
    assert "zoe@example.com" not in zoe.look().text


@pytest.mark.slow
def test_somebody_who_is_here_helps_at_once(app: Flask, zoe: Customer, here: Running, clock: StandingClock) -> None:
    clock.advance(hours=21)  # Monday, 10:00 in Berlin
    assert "Shall we call you back?" in zoe.part(), "open, but nobody is here"
    assert zoe.look().page.select("#call_back_at option")[0].get_text() == "Mon, Mar 2, 10:30–11:00"
    log_in(PageClient(app), ANNA)
    here.outlooks.forget()
    assert zoe.part() == ""


@pytest.mark.slow
def test_a_desk_without_hours_or_without_call_backs_offers_none(zoe: Customer, here: Running) -> None:
    change_desk_options(here.database, {"call_backs": False}, by=None, now=here.clock())
    assert zoe.part() == ""
    assert zoe.choose(MONDAY).status == 409
    change_desk_options(here.database, {"call_backs": True}, by=None, now=here.clock())
    clear_hours(here.database, DESK, by=None, now=here.clock())
    assert zoe.part() == ""
    assert zoe.choose(MONDAY).status == 409
    assert kept(here) is None


@pytest.mark.slow
def test_each_technician_is_promised_once_at_a_time(client: PageClient, here: Running) -> None:
    """Department 20 has Ben, and Sven and Dora see all."""
    waiting = [Customer(client, department="20") for _ in range(4)]
    for each in waiting[:3]:
        assert each.choose(MONDAY).status == 303
    full = str(int(MONDAY.timestamp()))
    assert full not in waiting[3].times()
    assert full in waiting[0].times(), "one's own can stay"
    assert waiting[3].choose(MONDAY).status == 409
    waiting[0].drop()
    assert waiting[3].choose(MONDAY).status == 303


@pytest.mark.slow
def test_a_holiday_in_the_middle_is_not_promised(zoe: Customer, here: Running) -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert str(int(tuesday.timestamp())) in zoe.times()
    add_days(here.database, DESK, {date(2026, 3, 3): SpecialDay("Holiday")}, by=None, now=here.clock())
    assert zoe.choose(tuesday).status == 409, "the page was open while it was declared"
    assert {at.astimezone(UTC).date().day for at in map(_moment, zoe.times())} == {2, 4, 5}


@pytest.mark.slow
def test_hours_that_change_while_people_wait_offer_another_time_and_tell_technicians(
    app: Flask, zoe: Customer, here: Running
) -> None:
    zoe.choose(MONDAY)
    opens(here, "mo 13:00-17:00; tu-fr 09:00-17:00")
    assert "We are not open at that time any more." in zoe.part()
    assert zoe.look().page.select("#call-back details[open]")
    dora = PageClient(app)
    log_in(dora, "dora@example.com")
    assert "outside the opening hours" in dora.get("/console/").select("#later").get_text()
    assert "outside the opening hours" in dora.get(f"/console/tickets/{newest(here)}").select("#promise").get_text()
    assert zoe.choose(zoe.times()[0]).status == 303
    assert "not open at that time" not in zoe.part()
    assert "outside" not in dora.get("/console/").select("#later").get_text()


@pytest.mark.slow
def test_who_changes_it_too_often_has_to_wait(zoe: Customer) -> None:
    answers = [zoe.choose(MONDAY + timedelta(minutes=30 * (each % 2))).status for each in range(21)]
    assert answers == [303] * 20 + [429]


def test_what_is_over_cannot_be_promised(zoe: Customer, client: PageClient, here: Running) -> None:
    client.post(zoe.page, {"action": "cancel"})
    assert zoe.choose(MONDAY).status == 303
    assert kept(here) is None


# Technicians


@pytest.fixture
def dora(app: Flask) -> PageClient:
    client = PageClient(app)
    log_in(client, "dora@example.com")
    return client


def listed(console: PageClient) -> list[str]:
    return [str(row["data-row"]) for row in console.get("/console/").page.select("#listed tr[data-row]")]


@pytest.mark.slow
def test_it_is_in_the_queue_shortly_before_its_time_and_not_earlier(
    zoe: Customer, dora: PageClient, here: Running, clock: StandingClock
) -> None:
    number = str(newest(here))
    assert listed(dora) == [number]
    zoe.choose(MONDAY)
    assert listed(dora) == []
    page = dora.get("/console/")
    assert "2026-03-02 09:00–09:30" in page.select("#later").get_text()
    assert "(1)" not in page.select("title").get_text()
    clock.now = MONDAY - timedelta(minutes=11)
    log_in(dora, "dora@example.com")
    assert listed(dora) == []
    clock.now = MONDAY - timedelta(minutes=10)
    assert listed(dora) == [number]
    page = dora.get("/console/")
    assert "Call back 09:00–09:30" in page.select("#listed").get_text()
    assert not page.page.select("#later")
    assert not page.page.select(".late"), "who was promised a time has not waited too long before it"
    clock.now = MONDAY + timedelta(minutes=31)
    log_in(dora, "dora@example.com")
    assert dora.get("/console/").page.select(".late")


@pytest.mark.slow
def test_others_see_it_only_once_it_is_late(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    """Everybody sees what has waited for long; with a call-back, what is late."""
    zoe = Customer(client, department="20")
    zoe.choose(MONDAY)
    anna = PageClient(app)
    clock.now = MONDAY
    log_in(anna, ANNA)
    assert listed(anna) == []
    ben = PageClient(app)
    log_in(ben, BEN)
    assert listed(ben) == [str(newest(here))]
    clock.advance(minutes=30)
    log_in(anna, ANNA)
    assert listed(anna) == [str(newest(here))]


@pytest.mark.slow
def test_it_warns_shortly_before_and_once_when_it_is_late(zoe: Customer, here: Running, clock: StandingClock) -> None:
    zoe.choose(MONDAY)

    def told() -> list[str]:
        for _ in range(2):
            tell_due(here.database, now=clock())
        return [what for what in events(here) if what != "call_back_asked"]

    assert told() == []
    clock.now = MONDAY - timedelta(minutes=10)
    assert told() == ["call_back_due"]
    clock.now = MONDAY + timedelta(minutes=30)
    assert told() == ["call_back_due", "call_back_late"]
    assert "Sorry, we are late" in zoe.part()
    zoe.choose(zoe.times()[0])
    clock.advance(hours=3)
    assert told() == ["call_back_due", "call_back_late", "call_back_late"], "a new promise is told of anew"


@pytest.mark.slow
def test_nothing_is_told_of_what_was_taken_or_given_up(
    app: Flask, client: PageClient, here: Running, clock: StandingClock
) -> None:
    taken, given_up, over = (Customer(client) for _ in range(3))
    numbers = [newest(here) - each for each in (2, 1, 0)]
    for each in (taken, given_up, over):
        assert each.choose(MONDAY).status == 303
    given_up.drop()
    client.post(over.page, {"action": "cancel"})
    anna = PageClient(app)
    log_in(anna, ANNA)
    page = anna.get(f"/console/tickets/{numbers[0]}")
    seen = page.select(f'form[action="/console/tickets/{numbers[0]}/claim"] [name=seen]')["value"]
    anna.post(f"/console/tickets/{numbers[0]}/claim", {"csrf_token": csrf_of(page), "seen": seen})
    clock.now = MONDAY + timedelta(hours=1)
    for _ in range(3):
        tell_due(here.database, now=clock())
    told = {what for number in numbers for what in events(here, number)}
    assert not told & {"call_back_due", "call_back_late"}
    with here.database.read() as connection:
        left = select(func.count()).select_from(call_backs).where(call_backs.c.next_at.is_not(None))
        assert connection.execute(left).scalar_one() == 0, "nothing is looked at for ever"
    log_in(anna, ANNA)
    assert "Call back" in anna.get(f"/console/tickets/{numbers[0]}").select("#promise").get_text()


def test_call_backs_do_not_stand_in_line(client: PageClient, here: Running) -> None:
    first, second = Customer(client), Customer(client)
    assert second.state()["place"] == 2
    first.choose(MONDAY)
    assert second.state()["place"] == 1


# Personal data


def test_it_is_exported_and_erased(client: PageClient, here: Running) -> None:
    zoe = Customer(client, customer_email="zoe@example.com")
    zoe.choose(MONDAY)
    person = find_person(here.database, email="zoe@example.com")
    (told,) = export(here.database, person)["tickets"]
    assert json.loads(json.dumps(told))["call_back"] == {
        "begins_at": MONDAY.isoformat(),
        "ends_at": (MONDAY + timedelta(minutes=30)).isoformat(),
        "way": "phone",
        "to": PHONE,
        "made_at": here.clock().isoformat(),
    }
    erase(here.database, person, by=None, now=here.clock())
    assert kept(here) is None


@pytest.mark.slow
def test_a_ticket_with_a_later_call_back_does_not_expire(zoe: Customer, here: Running, clock: StandingClock) -> None:
    away = {date(2026, 3, 2) + timedelta(days=day): SpecialDay("Moving") for day in range(20)}
    add_days(here.database, DESK, away, by=None, now=here.clock())
    assert zoe.choose(zoe.times()[0]).status == 303
    clock.advance(days=TICKET_LIFE.days + 3)
    assert prune(here.database, timedelta(days=30), now=clock()).tickets_expired == 0
    for _ in range(2):
        clock.advance(days=31)
        prune(here.database, timedelta(days=30), now=clock())
    assert kept(here) is None, "abandoned in the end, and erased"


def _moment(value: str) -> datetime:
    return datetime.fromtimestamp(int(value), UTC)
