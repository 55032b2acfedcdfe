"""Who is meant by a rule; rules as they are kept; quiet hours."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.core.fact import Fact
from app.core.notice import Event
from app.core.notice_rule import (
    MOST_RULES,
    USUAL,
    NoticeBook,
    Own,
    Rule,
    When,
    Whom,
    people_meant,
    quiet_span,
    read_quiet,
    with_rule,
)
from app.core.quiet import quiet_until
from app.core.role import Role
from app.core.routing import QueueKind
from app.core.staff import Department, Staff, Technician
from app.core.standing import GENERAL, Queue
from app.core.text import Invalid

ANNA = Technician(1, "anna@example.com", "Anna", frozenset({10}))
BEN = Technician(2, "ben@example.com", "Ben", frozenset({10, 20}))
CARL = Technician(3, "carl@example.com", "Carl", role=Role.SUPERVISOR)
DORA = Technician(4, "dora@example.com", "Dora", role=Role.ADMINISTRATOR)
SALES = Queue(QueueKind.DEPARTMENT, 10)
OTHERS = Queue(QueueKind.DEPARTMENT, 30)
ANNAS = Queue(QueueKind.TECHNICIAN, 1)
WAITING = Rule(event=Event.WAITING, to=Whom.MAY_TAKE, by="mail", minutes=5)


def staff(*people: Technician) -> Staff:
    return Staff({10: Department(10, "Sales")}, {one.email: one for one in people})


ALL = staff(ANNA, BEN, CARL, DORA)


def meant(to: str, queue: Queue | None, owner: int | None = None, whose: int | None = None, of: Staff = ALL) -> str:
    return " ".join(one.name for one in people_meant(to, of, queue, owner, whose))


def test_who_may_take_it() -> None:
    assert meant(Whom.MAY_TAKE, SALES) == "Anna Ben"
    assert meant(Whom.MAY_TAKE, ANNAS) == "Anna"
    assert meant(Whom.MAY_TAKE, GENERAL) == "Anna Ben Carl Dora"
    assert meant(Whom.MAY_TAKE, OTHERS) == "Carl Dora", "nobody is in that department"
    assert meant(Whom.MAY_TAKE, None) == "Carl Dora", "a vendor's request"


def test_who_is_away_is_not_told_and_their_colleagues_are() -> None:
    away = staff(replace(ANNA, away=True), BEN, CARL, DORA)
    assert meant(Whom.MAY_TAKE, SALES, of=away) == "Ben"
    assert meant(Whom.MAY_TAKE, ANNAS, of=away) == "Ben"
    nobody = staff(*(replace(one, away=True) for one in (ANNA, BEN, CARL, DORA)))
    assert meant(Whom.MAY_TAKE, SALES, of=nobody) == "Carl Dora", "better than nobody"


def test_who_is_disabled_is_never_told() -> None:
    without = staff(replace(ANNA, disabled=True), BEN, replace(CARL, disabled=True))
    assert meant(Whom.MAY_TAKE, SALES, of=without) == "Ben"
    assert meant(Whom.ITS, SALES, owner=1, of=without) == "Ben"
    assert meant(Whom.SUPERVISORS, SALES, of=without) == ""
    assert meant(Whom.ME, SALES, whose=1, of=without) == ""


def test_whose_it_is() -> None:
    assert meant(Whom.ITS, SALES, owner=2) == "Ben"
    assert meant(Whom.ITS, SALES) == "Anna Ben"
    assert meant(Whom.ITS, OTHERS) == "Carl Dora"


def test_of_supervisors_those_who_are_there_are_told() -> None:
    away = staff(ANNA, replace(CARL, away=True), DORA)
    assert meant(Whom.SUPERVISORS, SALES, of=away) == "Dora"


def test_by_role() -> None:
    assert meant(Whom.SUPERVISORS, SALES) == "Carl Dora"
    assert meant(Whom.ADMINISTRATORS, SALES) == "Dora"


def test_a_rule_of_one_s_own_is_about_what_one_may_take_or_has() -> None:
    assert meant(Whom.ME, SALES, whose=1) == "Anna"
    assert meant(Whom.ME, OTHERS, whose=1) == ""
    assert meant(Whom.ME, OTHERS, owner=1, whose=1) == "Anna"
    assert meant(Whom.ME, OTHERS, whose=3) == "Carl"
    assert meant(Whom.ME, None, whose=1) == ""


def test_the_usual_rules_hold_until_others_are_set() -> None:
    assert NoticeBook().desk_rules == USUAL
    assert {rule.event for rule in USUAL} == {
        Event.WAITING,
        Event.CALL_BACK_DUE,
        Event.CALL_BACK_LATE,
        Event.PARKED,
    }
    assert NoticeBook(Own(rules=())).desk_rules == ()
    own = Rule(event=Event.WAITING, to=Whom.ME, by="mail", minutes=3)
    book = NoticeBook(Own(rules=(WAITING,)), {7: Own(rules=(own,)), 8: Own()})
    assert book.rules_for(Event.WAITING) == [(WAITING, None), (own, 7)]
    assert book.rules_for(Event.CLOSED) == []


def test_a_rule_is_kept_and_read_again() -> None:
    rule = replace(WAITING, when=When.CLOSED, to="place:17", by="chat")
    assert Rule.of(rule.stored()) == rule
    assert rule.place == 17
    assert WAITING.place is None
    assert rule.mark != WAITING.mark
    with pytest.raises(ValueError, match="pigeon"):
        Rule.of({**rule.stored(), "event": "pigeon"})


def test_rules_are_single_and_sound() -> None:
    assert with_rule((WAITING,), WAITING) == (WAITING,)
    closed = Rule(event=Event.CLOSED, to=Whom.ITS, by="mail", minutes=7)
    assert with_rule((), closed) == with_rule((), replace(closed, minutes=0)) == (replace(closed, minutes=0),)
    for minutes in (0, -1, 1441):
        with pytest.raises(Invalid):
            with_rule((), replace(WAITING, minutes=minutes))
    many = tuple(replace(WAITING, minutes=minutes) for minutes in range(1, MOST_RULES + 1))
    assert len(with_rule(many[:-1], many[-1])) == MOST_RULES
    with pytest.raises(Invalid):
        with_rule(many, replace(WAITING, minutes=900))


def test_quiet_hours() -> None:
    assert read_quiet("  ") is None
    assert read_quiet("22:00 - 07:00") == "22:00-07:00"
    for wrong in ("22", "22:00-07:00 08:00-09:00", "25:00-07:00"):
        with pytest.raises(Invalid):
            read_quiet(wrong)
    span = quiet_span("22:00-07:00")
    late = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
    assert quiet_until(span, "UTC", late) == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    assert quiet_until(span, "Europe/Berlin", late) == datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    assert quiet_until(span, "UTC", datetime(2026, 3, 1, 7, 0, tzinfo=UTC)) is None
    assert quiet_until(quiet_span("00:00-24:00"), "UTC", late) is None, "never told would be lost"


def test_a_rule_s_mark_is_kept_over_versions() -> None:
    """Pages name a rule by it."""
    assert replace(WAITING, minutes=5).mark == WAITING.mark
    assert len(WAITING.mark) == 16


@pytest.mark.parametrize("minutes", [1, 1440])
def test_a_wait_has_a_range_and_its_ends_are_allowed(minutes: int) -> None:
    assert with_rule((), replace(WAITING, minutes=minutes)) == (replace(WAITING, minutes=minutes),)


@pytest.mark.parametrize(
    ("rule", "fact"),
    [
        (replace(WAITING, minutes=0), Fact("minutes", "range", {"least": 1, "most": 1440})),
        (replace(WAITING, minutes=1441), Fact("minutes", "range", {"least": 1, "most": 1440})),
        (replace(WAITING, event=Event.CLOSED, minutes=-1), Fact("minutes", "range", {"least": 1, "most": 1440})),
        (replace(WAITING, event=Event.CLOSED, minutes=1441), Fact("minutes", "range", {"least": 1, "most": 1440})),
        (replace(WAITING, minutes=900), Fact("event", "many", {"most": 50})),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused_with_the_reason(rule: Rule, fact: Fact) -> None:
    many = tuple(replace(WAITING, minutes=minutes) for minutes in range(1, MOST_RULES + 1))
    with pytest.raises(Invalid) as refused:
        with_rule(many, rule)
    assert refused.value.problems == (fact,)


@pytest.mark.parametrize("written", ["22", "22:00-07:00 08:00-09:00", "25:00-07:00"])
def test_quiet_hours_are_one_span(written: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_quiet(written)
    assert refused.value.problems == (Fact("quiet", "times"),)


def test_quiet_hours_are_kept_without_blanks() -> None:
    assert read_quiet(" 22:00-07:00 ") == "22:00-07:00"
