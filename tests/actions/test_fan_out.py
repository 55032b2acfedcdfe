"""Who is told of what has happened, by the rules; what happened is written in the transaction in which it does."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.actions import hand_off, live, ticket, work
from app.actions import notices as settings
from app.actions.call_back import tell_due
from app.actions.fan_out import fan_out
from app.actions.hours import set_hours
from app.actions.live import post
from app.core.call_back import DUE_BEFORE, SPAN, CallBack, Way
from app.core.customer import Customer
from app.core.happening import KEY_ENDS, Happening
from app.core.hours_text import read_week
from app.core.live import CUSTOMER_SPEAKS, Kind, Post
from app.core.new_session import NewSessionRequest
from app.core.notice import Event
from app.core.notice_rule import Rule, When, Whom
from app.core.request import CustomerRequest, RequestState
from app.core.routing import QueueKind
from app.core.standing import Queue, Standing
from app.core.ticket import Outcome
from app.core.why import WhyCode
from app.process.configuration import LoadedDesk
from app.store.call_backs import save_call_back
from app.store.happenings import add_happening
from app.store.notices import Listed, list_notices
from app.store.requests import insert_request
from app.store.tables import happenings
from app.store.tickets import ticket_by_number
from tests.actions.desk import DeskAtWork
from tests.actions.people import person
from tests.store.rows import request_row

CHANNELS = ("webhook", "mail")
BILLING = NewSessionRequest(department="20", customer=Customer(name="Zoë", problem="It broke."))


class Told:
    """A desk at work, and who is told of it."""

    def __init__(self, desk: DeskAtWork) -> None:
        self.desk = desk
        self._loaded = LoadedDesk(desk.database)
        self._seen: set[str] = set()

    def rules(self, *rules: Rule, whose: int | None = None) -> None:
        """Set these rules instead of the usual ones."""
        if whose is None:
            for usual in self._loaded.current().notices.desk_rules:
                settings.remove_rule(self.desk.database, None, usual.mark, by=1, now=self.desk.clock())
        for rule in rules:
            settings.add_rule(self.desk.database, whose, rule, by=1, now=self.desk.clock())

    def fan_out(self, channels: Iterable[str] = CHANNELS) -> None:
        current = self._loaded.current()
        while fan_out(self.desk.database, current, tuple(channels), now=self.desk.clock()):
            pass

    def news(self) -> list[str]:
        """Who is told of what since the last time this was asked: `mail request.closed Anna A`."""
        self.fan_out()
        found = [one for one in self.notices() if one.id not in self._seen]
        self._seen |= {one.id for one in found}
        return sorted(f"{one.channel} {one.event} {self._name(one)}" for one in found)

    def notices(self) -> list[Listed]:
        with self.desk.database.read() as connection:
            return list_notices(connection, most=1000)

    def _name(self, one: Listed) -> str:
        found = self._loaded.current().staff.technician(int(one.receiver.partition(":")[2]))
        return found.name if found else one.receiver

    def happened(self) -> int:
        with self.desk.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(happenings)).scalar_one())

    def take(self, number: int, email: str) -> work.Work:
        with self.desk.database.read() as connection:
            found = ticket_by_number(connection, number)
        assert found
        return work.Work(number, Standing.of(found), by=person(self.desk, email).id, now=self.desk.clock())


@pytest.fixture
def told(desk: DeskAtWork) -> Told:
    return Told(desk)


def rule(event: Event, to: str = Whom.ITS, **more: object) -> Rule:
    return Rule(event=event, to=to, by="mail", **more)  # type: ignore[arg-type]


def number_of(request: CustomerRequest) -> int:
    assert request.ticket_number
    return request.ticket_number


def test_the_usual_rules_tell_who_may_take_it_once_it_waits_too_long(told: Told) -> None:
    told.desk.submit(BILLING)
    assert told.news() == []
    told.desk.clock.advance(minutes=9, seconds=59)
    assert told.news() == []
    told.desk.clock.advance(seconds=1)
    assert told.news() == ["mail request.waiting Ben B"]
    told.desk.clock.advance(hours=1)
    assert told.news() == []
    assert told.happened() == 0
    (one,) = told.notices()
    assert (one.site, one.reference is not None, one.ticket is not None) == ("default", True, True)


def test_a_call_back_is_told_of_when_it_is_due_and_to_supervisors_too_when_it_is_late(told: Told) -> None:
    """Who was promised a time has not waited too long before it."""
    desk = told.desk
    number = number_of(desk.submit(BILLING))
    told.fan_out()
    begins = desk.clock() + timedelta(hours=2)
    promise = CallBack(
        ticket=number,
        begins_at=begins,
        ends_at=begins + SPAN,
        way=Way.PHONE,
        to="+49 30 123456",
        made_at=desk.clock(),
        next_at=begins - DUE_BEFORE,
    )
    desk.database.write(lambda connection: save_call_back(connection, promise))

    def news(**later: float) -> list[str]:
        desk.clock.advance(**later)
        tell_due(desk.database, now=desk.clock())
        return told.news()

    assert news(minutes=11) == []
    assert news(minutes=99) == ["mail call_back.due Ben B"]
    assert news(minutes=10) == []
    assert news(minutes=30) == [f"mail call_back.late {who}" for who in ("Ben B", "Dora D", "Sven S")]
    assert news(hours=1) == []


def test_what_was_claimed_in_time_is_not_told(told: Told) -> None:
    number = number_of(told.desk.submit(BILLING))
    told.fan_out()
    work.claim(told.desk.database, told.take(number, "ben@example.com"))
    told.desk.clock.advance(minutes=11)
    assert told.news() == []


def test_what_is_put_back_waits_anew(told: Told) -> None:
    number = number_of(told.desk.submit(BILLING))
    told.desk.clock.advance(minutes=11)
    assert told.news() == ["mail request.waiting Ben B"]
    work.claim(told.desk.database, told.take(number, "ben@example.com"))
    work.release(told.desk.database, told.take(number, "ben@example.com"))
    told.desk.clock.advance(minutes=11)
    assert told.news() == ["mail request.waiting Ben B"]


def test_what_is_passed_on_while_it_waits_is_told_once_to_each(told: Told) -> None:
    number = number_of(told.desk.submit(BILLING))
    told.desk.clock.advance(minutes=5)
    work.transfer(told.desk.database, told.take(number, "ben@example.com"), Queue(QueueKind.DEPARTMENT, 10))
    told.desk.clock.advance(minutes=5)
    assert told.news() == ["mail request.waiting Anna A"], "where it is now"
    told.desk.clock.advance(minutes=5)
    assert told.news() == []


def test_every_move_of_a_ticket_is_an_event(told: Told) -> None:
    everything = [
        rule(event)
        for event in (Event.REQUESTED, Event.CLAIMED, Event.PASSED_ON, Event.CLOSED, Event.CANCELLED, Event.ANSWERED)
    ]
    told.rules(*everything, rule(Event.CUSTOMER_WROTE))
    first, second = number_of(told.desk.submit(BILLING)), number_of(told.desk.submit(BILLING))
    assert told.news() == ["mail request.received Ben B"] * 2
    database, now = told.desk.database, told.desk.clock()
    ticket.cancel(database, first, now=now)
    assert told.news() == ["mail request.cancelled Ben B"]
    work.transfer(database, told.take(second, "ben@example.com"), Queue(QueueKind.DEPARTMENT, 10))
    assert told.news() == ["mail request.passed_on Anna A"]
    work.claim(database, told.take(second, "ben@example.com"))
    assert told.news() == [], "who does it knows it"
    work.claim(database, told.take(second, "anna@example.com"))
    assert told.news() == [], "the new owner did it"
    for key in ("a", "b"):
        post(database, second, CUSTOMER_SPEAKS, Post(Kind.SAY, "Hello?", key), now=now)
    assert told.news() == ["mail request.customer_wrote Anna A"], "one for what is written within minutes"
    work.close(database, told.take(second, "anna@example.com"), Outcome.SOLVED)
    assert told.news() == []
    live.answer(database, second, True, "", now=now)
    assert told.news() == ["mail request.answered Anna A"]


def test_requests_of_vendors_are_told_when_received_parked_and_suspect(told: Told) -> None:
    told.rules(*(rule(event, Whom.SUPERVISORS) for event in (Event.REQUESTED, Event.PARKED, Event.SUSPECT)))
    database, now = told.desk.database, told.desk.clock()
    row = request_row(
        state=RequestState.WAITING, waiting_since=now - timedelta(hours=1), due_at=now + timedelta(hours=1)
    )
    database.write(lambda connection: insert_request(connection, row))
    both = ["Dora D", "Sven S"]
    assert told.news() == [f"mail request.received {name}" for name in both]
    hand_off.take_back(database, {"default": told.desk.site}.get, now=now)
    assert told.news() == [f"mail request.parked {name}" for name in both]
    hand_off.release(database, row.reference, now=now + timedelta(hours=2))
    told.desk.clock.advance(hours=3)
    hand_off.take_back(database, {"default": told.desk.site}.get, now=told.desk.clock())
    assert told.news() == [f"mail request.parked {name}" for name in both], "parked once more"
    told.desk.submit(BILLING, suspicion=WhyCode.TRAP)
    assert told.news() == [f"mail request.suspect {name}" for name in both]


def test_a_vendor_s_key_that_ends_is_told_once_a_day_whatever_processes_see_it(told: Told) -> None:
    told.rules(rule(Event.KEY_ENDS, Whom.ADMINISTRATORS))
    ends = Happening(what=KEY_ENDS, at=told.desk.clock(), site="default", source=7)
    for _ in range(3):
        told.desk.database.write(lambda connection: add_happening(connection, ends))
        told.fan_out()
    assert told.news() == ["mail vendor_key.ending Dora D"]


def test_a_call_back_is_told_by_its_name(told: Told) -> None:
    """Whoever builds call-backs adds a line `call_back_due` to the ticket's history, or the happening itself."""
    number = number_of(told.desk.submit(BILLING))
    due = Happening(what="call_back_due", at=told.desk.clock(), ticket=number)
    told.desk.database.write(lambda connection: add_happening(connection, due))
    assert told.news() == ["mail call_back.due Ben B"]


def test_without_mail_nothing_is_kept_and_nothing_is_left(told: Told) -> None:
    told.desk.submit(BILLING)
    told.fan_out(("webhook",))
    assert told.happened() == 0
    told.desk.clock.advance(hours=1)
    told.fan_out(("webhook",))
    assert told.notices() == []


def test_a_rule_holds_only_when_it_says(told: Told) -> None:
    told.rules(rule(Event.REQUESTED, Whom.MAY_TAKE, when=When.CLOSED))
    told.desk.submit(BILLING)
    assert told.news() == [], "without hours it is always open"
    set_hours(told.desk.database, "desk", "UTC", read_week("mo 09:00-10:00"), by=None, now=told.desk.clock())
    told.desk.submit(BILLING)
    assert told.news() == ["mail request.received Ben B"], "it is Sunday"


def test_rules_of_one_s_own_and_quiet_hours(told: Told) -> None:
    ben = person(told.desk, "ben@example.com").id
    told.rules(rule(Event.REQUESTED, Whom.MAY_TAKE))
    told.rules(rule(Event.REQUESTED, Whom.ME), whose=ben)
    told.desk.submit(BILLING)
    assert told.news() == ["mail request.received Ben B"], "once, though two rules say so"
    settings.set_quiet(told.desk.database, ben, "11:00-13:00", now=told.desk.clock())
    told.desk.submit(BILLING)
    assert told.news() == ["mail request.received Ben B"]
    due = sorted(one.due_at for one in told.notices() if one.due_at)
    assert (due[0], due[1].hour, due[1].minute) == (told.desk.clock(), 13, 0)


def test_nothing_that_was_typed_is_in_a_notice(told: Told) -> None:
    told.rules(rule(Event.REQUESTED, Whom.MAY_TAKE))
    told.desk.submit(BILLING)
    told.fan_out()
    with told.desk.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM notices").mappings().all()
    text = str([dict(row) for row in rows])
    assert "Zoë" not in text
    assert "It broke" not in text


def test_what_is_undone_has_not_happened(told: Told) -> None:
    def broken(connection: object) -> None:
        insert_request(connection, replace(request_row(), state=RequestState.SUSPECT))  # type: ignore[arg-type]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        told.desk.database.write(broken)
    assert told.happened() == 0
