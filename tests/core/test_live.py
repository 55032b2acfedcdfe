"""The rules of a conversation: what is a post, who may post what and when, and what is seen of the screen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from app.core.customer import NOBODY
from app.core.customer_info import InfoMode
from app.core.live import (
    CUSTOMER_SPEAKS,
    LONGEST_LINE,
    LONGEST_SAID,
    TYPES_FOR,
    Kind,
    NotTaken,
    Post,
    Refusal,
    Screen,
    Session,
    Side,
    Speaker,
    TooMany,
    may_be_answered,
    read_answer,
    read_facts,
    read_line,
    read_post,
    refusal,
    screen_after,
    takes_part,
)
from app.core.live_pages import BEATS_FOR, Page, Place, Presence, presence
from app.core.routing import QueueKind, Reason
from app.core.ticket import Ticket, TicketState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OWNER, COLLEAGUE, SUPERVISOR = (
    Speaker(Side.TECHNICIAN, "1"),
    Speaker(Side.TECHNICIAN, "2"),
    Speaker(Side.TECHNICIAN, "4", may_join=True),
)
WAITS = Ticket(
    number=7,
    session_id="s",
    pin="1",
    site="default",
    reference=None,
    state=TicketState.WAITING,
    queue_kind=QueueKind.GENERAL,
    department_id=None,
    technician_id=None,
    asked_department=None,
    asked_tech=None,
    reason=Reason.NOTHING_ASKED,
    customer=NOBODY,
    ask_customer_info=False,
    info_mode=InfoMode.ASK,
    language=None,
    applet_id="a",
    created_at=NOW,
)
ACTIVE = replace(WAITS, state=TicketState.ACTIVE, owner_id=1)
CLOSED = replace(ACTIVE, state=TicketState.CLOSED)
NEW = Session()
JOINED = Session(joined=(4,))


def a_post(kind: Kind, body: str = "") -> Post:
    return Post(kind, body, "k", "p")


def why_not(
    speaker: Speaker, kind: Kind, ticket: Ticket = ACTIVE, session: Session = NEW, body: str = ""
) -> str | None:
    return refusal(ticket, session, speaker, a_post(kind, body))


CUSTOMER_NEVER = {Kind.ASKED, Kind.MARK, Kind.HELLO}
CUSTOMER_WAITING = {
    Kind.SAY,
    Kind.END,
    Kind.HERE,
    Kind.BYE,
    Kind.TYPING,
    Kind.READ,
    Kind.HIDDEN,
    Kind.SHOWN,
    Kind.FACTS,
}
TECHNICIAN_NEVER = {Kind.SCREEN, Kind.END, Kind.FACTS, Kind.PATH}


@pytest.mark.parametrize("kind", Kind)
def test_what_the_customer_may_post(kind: Kind) -> None:
    body = {Kind.SCREEN: "shared:window", Kind.MARK: "joined"}.get(kind, "")
    never = Refusal.NOT_YOURS if kind in CUSTOMER_NEVER else None
    assert why_not(CUSTOMER_SPEAKS, kind, ACTIVE, body=body) == never
    waiting = None if kind in CUSTOMER_WAITING else Refusal.NOT_NOW
    assert why_not(CUSTOMER_SPEAKS, kind, WAITS, body=body) == (never or waiting)
    over = None if kind is Kind.READ else Refusal.NOT_NOW
    assert why_not(CUSTOMER_SPEAKS, kind, CLOSED, body=body) == (never or over)


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.MARK}))
def test_what_technicians_may_post(kind: Kind) -> None:
    never = Refusal.NOT_YOURS if kind in TECHNICIAN_NEVER else None
    assert why_not(OWNER, kind) == never
    assert why_not(OWNER, kind, CLOSED) == (never or (None if kind is Kind.READ else Refusal.NOT_NOW))
    assert why_not(COLLEAGUE, kind) is Refusal.NOT_YOURS
    assert why_not(SUPERVISOR, kind) is Refusal.NOT_YOURS
    assert why_not(SUPERVISOR, kind, session=JOINED) == never
    assert why_not(OWNER, kind, WAITS) is Refusal.NOT_YOURS


def test_only_a_supervisor_joins_and_only_anothers_active_ticket() -> None:
    assert why_not(SUPERVISOR, Kind.MARK, body="joined") is None
    assert why_not(SUPERVISOR, Kind.MARK, body="left") is Refusal.NOT_NOW
    assert why_not(SUPERVISOR, Kind.MARK, session=JOINED, body="left") is None
    assert why_not(SUPERVISOR, Kind.MARK, session=JOINED, body="joined") is Refusal.NOT_NOW
    assert why_not(SUPERVISOR, Kind.MARK, WAITS, body="joined") is Refusal.NOT_NOW
    assert why_not(SUPERVISOR, Kind.MARK, CLOSED, body="joined") is Refusal.NOT_NOW
    assert why_not(COLLEAGUE, Kind.MARK, body="joined") is Refusal.NOT_YOURS
    own = replace(ACTIVE, owner_id=4)
    assert why_not(SUPERVISOR, Kind.MARK, own, body="joined") is Refusal.NOT_YOURS


def test_who_takes_part() -> None:
    assert takes_part(WAITS, NEW, CUSTOMER_SPEAKS)
    assert takes_part(ACTIVE, NEW, OWNER)
    assert not takes_part(ACTIVE, NEW, SUPERVISOR)
    assert takes_part(ACTIVE, JOINED, SUPERVISOR)
    assert not takes_part(WAITS, NEW, OWNER)


@pytest.mark.parametrize(("screen", "body"), list(product(Screen, ("stopped", "refused", "shared:monitor"))))
def test_only_a_shared_screen_is_stopped_and_only_a_request_refused(screen: Screen, body: str) -> None:
    stops = screen in (Screen.SHARED, Screen.ASKED)  # asked for again while it was shared
    fits = {"stopped": stops, "refused": screen is Screen.ASKED}.get(body, True)
    why = why_not(CUSTOMER_SPEAKS, Kind.SCREEN, session=Session(screen=screen), body=body)
    assert why == (None if fits else Refusal.NOT_NOW)
    assert why_not(OWNER, Kind.ASKED, session=Session(screen=screen)) is None


@pytest.mark.parametrize("screen", Screen)
def test_the_technician_who_has_the_ticket_ends_what_is_shown(screen: Screen) -> None:
    session = Session(screen=screen, joined=(4,))
    fits = screen in (Screen.SHARED, Screen.ASKED)
    assert why_not(OWNER, Kind.SCREEN, session=session, body="ended") == (None if fits else Refusal.NOT_NOW)
    for speaker in (SUPERVISOR, COLLEAGUE, CUSTOMER_SPEAKS):
        assert why_not(speaker, Kind.SCREEN, session=session, body="ended") is Refusal.NOT_YOURS
    for body in ("shared:monitor", "stopped", "refused"):
        assert why_not(OWNER, Kind.SCREEN, session=session, body=body) is Refusal.NOT_YOURS


def test_what_is_seen_of_the_screen_follows_from_the_lines() -> None:
    lines = [("asked", ""), ("screen", "shared:window"), ("say", "x"), ("screen", "stopped"), ("end", "released")]
    expected = [Screen.ASKED, Screen.SHARED, None, Screen.STOPPED, Screen.OFF]
    assert [screen_after(kind, body) for kind, body in lines] == expected
    assert screen_after("screen", "refused") is Screen.REFUSED
    assert screen_after("screen", "ended") is Screen.STOPPED


def sent(**members: object) -> Post:
    return read_post({"kind": "say", "body": "Hello", "key": "k-1", **members})


def test_a_post_is_read() -> None:
    assert sent() == Post(Kind.SAY, "Hello", "k-1")
    assert sent(kind="offer", body="v=0", to="page_2", **{"from": "page-1"}) == Post(
        Kind.OFFER, "v=0", "k-1", "page-1", "page_2"
    )
    assert sent(kind="end", body="whatever").body == ""
    assert sent(kind="asked", body="whatever").body == ""
    assert sent(kind="screen", body="shared:camera").body == "shared:camera"
    assert read_post({"kind": "typing"}) == Post(Kind.TYPING)
    assert read_post({"kind": "typing", "key": "", "to": ""}) == Post(Kind.TYPING)
    assert read_post({"kind": "hidden", "from": "p"}) == Post(Kind.HIDDEN, sender="p")


@pytest.mark.parametrize(
    "members",
    [
        {"kind": "shout"},
        {"kind": "file"},
        {"kind": None},
        {"kind": ["say"]},
        {"body": 7},
        {"body": None},
        {"body": " \n"},
        {"body": "\u0000"},
        {"key": ""},
        {"key": None},
        {"key": 7},
        {"key": "k" * 65},
        {"key": "kéy"},
        {"key": "a b"},
        {"kind": "offer"},
        {"kind": "hidden"},
        {"kind": "offer", "from": "p", "to": ["p"]},
        {"kind": "screen", "body": "shared"},
        {"kind": "screen", "body": "shared:phone"},
        {"kind": "mark", "body": "claimed"},
        {"kind": "read", "body": "-1"},
        {"kind": "read", "body": "1e3"},
        {"kind": "read", "body": "٣"},
    ],
)
def test_what_is_no_post_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(NotTaken) as refused:
        sent(**members)
    assert refused.value.why is Refusal.FIELD


def test_a_line_is_kept_as_it_was_typed_but_for_control_characters() -> None:
    assert read_line("\r\none\r\n\ttwo \u202e\x07\n") == "one\n\ttwo \u202e"
    assert read_line("  Xerox X") == "  Xerox X"
    assert read_line("x" * LONGEST_LINE) == "x" * LONGEST_LINE
    with pytest.raises(NotTaken) as refused:
        read_line("x" * (LONGEST_LINE + 1))
    assert refused.value.why is Refusal.TOO_LONG


def test_facts_of_a_browser_are_short_texts_of_known_names() -> None:
    assert read_facts(
        '{"system": " Windows\\u0007 11 ", "browser": "' + "x" * 300 + '", "zone": 7, "secret": "x"}'
    ) == {
        "system": "Windows 11",
        "browser": "x" * 200,
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [(" " * 2048, "field"), ("[]", "field"), ("{", "field"), ("[" * 2000, "field"), (" " * 2049, "too_long")],
)
def test_what_is_no_facts_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotTaken) as refused:
        read_facts(text)
    assert refused.value.why == str(refused.value) == why


def test_typing_is_over_soon() -> None:
    session = Session(customer_typing_at=NOW)
    assert session.is_typing(Side.CUSTOMER, NOW + TYPES_FOR - timedelta(microseconds=1))
    assert not session.is_typing(Side.CUSTOMER, NOW + TYPES_FOR)
    assert not session.is_typing(Side.TECHNICIAN, NOW)
    assert Session(technician_typing_at=NOW).is_typing(Side.TECHNICIAN, NOW)


def a_page(since: int, *, hidden: bool = False, beat: int | None = None, gone: int | None = None) -> Page:
    def at(seconds: int) -> datetime:
        return NOW + timedelta(seconds=seconds)

    beat_at = at(since if beat is None else beat)
    return Page("customer", f"p{since}", hidden, at(since), beat_at, None if gone is None else at(gone))


def test_where_the_other_side_is() -> None:
    def at(seconds: int) -> datetime:
        return NOW + timedelta(seconds=seconds)

    assert presence([], NOW) == Presence(Place.GONE)
    assert presence([a_page(-9), a_page(-5), a_page(-2, hidden=True)], NOW) == Presence(Place.PAGE, at(-9))
    assert presence([a_page(-9, hidden=True), a_page(-5, hidden=True)], NOW) == Presence(Place.HIDDEN, at(-5))
    assert presence([a_page(-9, gone=-3), a_page(-99)], NOW) == Presence(Place.GONE, at(-3))
    assert presence([a_page(-9, gone=-3), a_page(-4)], NOW) == Presence(Place.PAGE, at(-4))


def test_a_page_that_is_not_heard_of_is_gone() -> None:
    page = a_page(0)
    assert page.is_here(NOW + BEATS_FOR - timedelta(seconds=1))
    assert not page.is_here(NOW + BEATS_FOR)
    assert not page.wants_beat(NOW + timedelta(seconds=29))
    assert page.wants_beat(NOW + timedelta(seconds=30))
    assert a_page(0, gone=1).wants_beat(NOW + timedelta(seconds=2))


def test_what_is_added_to_the_answer() -> None:
    assert read_answer(" It \x07works.\r\n") == "It works."
    assert read_answer(" \n") is None
    assert read_answer("x" * LONGEST_SAID) == "x" * LONGEST_SAID
    with pytest.raises(NotTaken) as refused:
        read_answer("x" * (LONGEST_SAID + 1))
    assert refused.value.why is Refusal.TOO_LONG


def test_a_session_is_answered_after_its_end_and_if_there_was_one() -> None:
    had = replace(CLOSED, claimed_at=NOW)
    assert may_be_answered(had)
    assert not may_be_answered(CLOSED)
    assert not may_be_answered(replace(had, state=TicketState.ACTIVE))
    assert not may_be_answered(replace(had, state=TicketState.CANCELLED))
    assert not may_be_answered(replace(had, erased_at=NOW))


def test_too_many_posts_are_told_when_to_come_again() -> None:
    too_many = TooMany(7)
    assert (too_many.retry_after, str(too_many)) == (7, "try again in 7 s")


def test_each_side_has_read_up_to_a_line_of_its_own() -> None:
    session = Session(customer_read=3, technician_read=5)
    assert (session.read_by(Side.CUSTOMER), session.read_by(Side.TECHNICIAN)) == (3, 5)
