"""The conversation of a ticket: its lines and signals, who may write what and when, and what is seen of the screen."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.text import is_blank, normal_newlines, without_control
from app.core.ticket import OPEN_STATES, Ticket, TicketState

LONGEST_LINE = 4000  # characters
LIFE_OF_MOVE = timedelta(minutes=10)  # of a code that moves the customer's page to another device
MOST_MOVES = 10  # such codes of one ticket, within LIFE_OF_MOVE
LONGEST_SAID = 1000  # characters, of the answer to "Did this help?"
SIGNAL_LIFE = timedelta(seconds=60)  # short: signals bear people's addresses
TYPES_FOR = timedelta(seconds=6)
MOST_LINES = ((30, timedelta(minutes=1)), (1000, timedelta(days=1)))  # of one side of a ticket
MOST_SIGNALS = 120  # of one side of a ticket, within SIGNAL_LIFE
CUSTOMER = "customer"
DESK = "desk"
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_FACTS = ("system", "browser", "language", "screen", "zone")
_LONGEST_FACT = 200  # characters
_LONGEST_FACTS = 2048  # characters, as they are sent


class Side(StrEnum):
    """The two sides of a conversation."""

    CUSTOMER = "customer"
    TECHNICIAN = "technician"


class Kind(StrEnum):
    """What a page can post: lines that are kept, signals to the other side's pages, and what only the moment needs."""

    SAY = "say"
    ASKED = "asked"  # a technician asks to see the screen
    SCREEN = "screen"  # the customer shares, stops or refuses; the technician ends it
    MARK = "mark"
    END = "end"
    HERE = "here"
    HELLO = "hello"
    OFFER = "offer"
    ANSWER = "answer"
    ICE = "ice"
    BYE = "bye"
    TYPING = "typing"
    READ = "read"  # up to the line whose id is the body
    HIDDEN = "hidden"
    SHOWN = "shown"
    FACTS = "facts"
    PATH = "path"  # how two pages reach each other, or that they do not; counted, and not kept


FILE = "file"  # a line that only an upload makes
LINES = frozenset({Kind.SAY, Kind.ASKED, Kind.SCREEN, Kind.MARK, Kind.END})
SIGNALS = frozenset({Kind.HERE, Kind.HELLO, Kind.OFFER, Kind.ANSWER, Kind.ICE, Kind.BYE})
_OF_A_PAGE = SIGNALS | {Kind.HIDDEN, Kind.SHOWN}
_WHILE_ACTIVE = frozenset(
    {Kind.SCREEN, Kind.ASKED, Kind.MARK, Kind.HELLO, Kind.OFFER, Kind.ANSWER, Kind.ICE, Kind.PATH}
)
_CUSTOMERS = frozenset(Kind) - {Kind.ASKED, Kind.MARK, Kind.HELLO}
_TECHNICIANS = frozenset(Kind) - {Kind.END, Kind.FACTS, Kind.PATH}
_SURFACES = ("monitor", "window", "browser", "camera")
PATHS = ("direct", "relay", "failed", "no_relay")  # the last two are none; `failed` is one although there is a relay
ENDED = "ended"  # of the screen, by the technician who has the ticket: the customer's page stops its capture
_BODIES: Mapping[Kind, Collection[str]] = {
    Kind.SCREEN: (*(f"shared:{surface}" for surface in _SURFACES), "stopped", "refused", ENDED),
    Kind.MARK: ("joined", "left"),
    Kind.PATH: PATHS,
}


class Mark(StrEnum):
    """Moments that are a line of their own."""

    JOINED = "joined"
    LEFT = "left"
    CLAIMED = "claimed"
    HERE_ON_COMPUTER = "here_on_computer"


class End(StrEnum):
    """Why the session ends for its technician: every page stops what it shows."""

    CUSTOMER = "customer"
    CLOSED = "closed"
    RELEASED = "released"
    PASSED_ON = "passed_on"
    TAKEN_OVER = "taken_over"
    CANCELLED = "cancelled"


class Screen(StrEnum):
    """Whether the technician sees the customer's screen."""

    OFF = "off"
    ASKED = "asked"
    SHARED = "shared"
    STOPPED = "stopped"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why a post is not taken."""

    NOT_YOURS = "not_yours"
    NOT_NOW = "not_now"
    TOO_LONG = "too_long"
    FIELD = "field"
    TOO_LARGE = "too_large"  # a file
    EMPTY = "empty"  # a file
    FULL = "full"  # the ticket has as many files as it may have
    NO_ROOM = "no_room"  # kept files have reached HANDBELL_FILES_MAX
    PICTURE = "picture"  # cannot be read, or has too many pixels
    GONE = "gone"  # no such file is on its way
    HEIC = "heic"  # a picture that browsers do not show


class NotTaken(Exception):
    """The post is refused, and nothing was changed."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


class TooMany(Exception):
    """One side posted more than a ticket takes; `retry_after` is whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation, kept with its ticket. `who` is `customer`, `desk` or a technician's id; `body` holds
    what was said, or facts that pages put into words."""

    id: int
    at: datetime
    who: str
    kind: str
    body: str
    key: str | None = None
    file: str | None = None  # the id of its file (core/live_file.py)

    @property
    def is_customers(self) -> bool:
        """Whether the customer wrote it."""
        return self.who == CUSTOMER


@dataclass(frozen=True, slots=True)
class Signal:
    """A message between two pages: from the page `sender` to the page `to`, or to all pages of the other side."""

    id: int
    at: datetime
    side: Side
    sender: str
    to: str | None
    kind: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a conversation has beside its lines. `joined` are ids of supervisors; `customer_read` and `technician_read`
    are ids of the last lines read; `facts` is what the customer's browser tells of itself."""

    screen: Screen = Screen.OFF
    joined: tuple[int, ...] = ()
    facts: Mapping[str, str] | None = None
    helped: bool | None = None
    helped_said: str | None = None
    answered_at: datetime | None = None
    customer_read: int = 0
    technician_read: int = 0
    customer_typing_at: datetime | None = None
    technician_typing_at: datetime | None = None

    def read_by(self, side: Side) -> int:
        """The id of the last line that this side has read."""
        return self.customer_read if side is Side.CUSTOMER else self.technician_read

    def is_typing(self, side: Side, now: datetime) -> bool:
        """Whether this side has just been typing."""
        at = self.customer_typing_at if side is Side.CUSTOMER else self.technician_typing_at
        return at is not None and now < at + TYPES_FOR


@dataclass(frozen=True, slots=True)
class Post:
    """What a page sends. `sender` is the page, `to` the page that it is for, if it is for one only; `key` is the same
    when it is sent again."""

    kind: Kind
    body: str = ""
    key: str = ""
    sender: str = ""
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """The sender of a post. `who` as in a line; `may_join` for supervisors."""

    side: Side
    who: str
    may_join: bool = False

    @property
    def technician(self) -> int | None:
        """The technician's id; None for the customer."""
        return int(self.who) if self.side is Side.TECHNICIAN else None


CUSTOMER_SPEAKS = Speaker(Side.CUSTOMER, CUSTOMER)


def read_post(sent: Mapping[str, object]) -> Post:
    """The post in a JSON object with `kind`, `body`, `key`, `from` and `to`. Raises NotTaken."""
    kind, body = sent.get("kind"), sent.get("body", "")
    if kind not in list(Kind) or not isinstance(body, str):
        raise NotTaken(Refusal.FIELD)
    post = Post(Kind(str(kind)), body, _key(sent, "key"), _key(sent, "from"), _key(sent, "to") or None)
    if (post.kind in LINES and not post.key) or (post.kind in _OF_A_PAGE and not post.sender):
        raise NotTaken(Refusal.FIELD)
    return _cleaned(post)


def _key(sent: Mapping[str, object], name: str) -> str:
    value = sent.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not is_key(value):
        raise NotTaken(Refusal.FIELD)
    return value


def is_key(text: str) -> bool:
    """Whether the text can be a line's key or a page's id: 1 to 64 letters, digits, `_` and `-`."""
    return _KEY.fullmatch(text) is not None


def _cleaned(post: Post) -> Post:
    """The post with the body that is kept. Raises NotTaken."""
    if post.kind in _BODIES and post.body not in _BODIES[post.kind]:
        raise NotTaken(Refusal.FIELD)
    if post.kind is Kind.READ and not _NUMBER.fullmatch(post.body):
        raise NotTaken(Refusal.FIELD)
    if post.kind is Kind.SAY:
        return replace(post, body=read_line(post.body))
    return replace(post, body="") if post.kind in (Kind.ASKED, Kind.END) else post


def read_line(typed: str) -> str:
    """What somebody says, as it is kept: without control characters. Raises NotTaken when it is blank or too long."""
    text = without_control(normal_newlines(typed)).strip("\n")
    if is_blank(text):
        raise NotTaken(Refusal.FIELD)
    if len(text) > LONGEST_LINE:
        raise NotTaken(Refusal.TOO_LONG)
    return text


def read_answer(typed: str) -> str | None:
    """What somebody adds to the answer to "Did this help?", None for nothing. Raises NotTaken when it is too long."""
    text = without_control(normal_newlines(typed)).strip()
    if len(text) > LONGEST_SAID:
        raise NotTaken(Refusal.TOO_LONG)
    return None if is_blank(text) else text


def may_be_answered(ticket: Ticket) -> bool:
    """Whether the customer can say if it helped: after the end of a ticket that a technician had."""
    return ticket.state is TicketState.CLOSED and ticket.claimed_at is not None and ticket.erased_at is None


def read_facts(sent: str) -> dict[str, str]:
    """What a browser tells of itself, from JSON text; unknown members are left out. Raises NotTaken."""
    if len(sent) > _LONGEST_FACTS:
        raise NotTaken(Refusal.TOO_LONG)
    try:
        told = json.loads(sent)
    except (ValueError, RecursionError):
        raise NotTaken(Refusal.FIELD) from None
    if not isinstance(told, dict):
        raise NotTaken(Refusal.FIELD)
    cut = {name: _fact(told.get(name)) for name in _FACTS}
    return {name: value for name, value in cut.items() if value}


def _fact(value: object) -> str:
    return " ".join(without_control(value).split())[:_LONGEST_FACT] if isinstance(value, str) else ""


def takes_part(ticket: Ticket, session: Session, speaker: Speaker) -> bool:
    """Whether the speaker is one of the conversation's people: its customer, its owner, or a supervisor who joined."""
    if speaker.side is Side.CUSTOMER:
        return True
    return speaker.technician == ticket.owner_id or speaker.technician in session.joined


def refusal(ticket: Ticket, session: Session, speaker: Speaker, post: Post) -> Refusal | None:
    """Why this speaker may not post this now; None when they may."""
    allowed = _CUSTOMERS if speaker.side is Side.CUSTOMER else _TECHNICIANS
    if post.kind not in allowed:
        return Refusal.NOT_YOURS
    if post.kind is Kind.MARK:
        return _no_mark(ticket, session, speaker, Mark(post.body))
    if not takes_part(ticket, session, speaker) or not _may_say_of_screen(ticket, speaker, post):
        return Refusal.NOT_YOURS
    if ticket.state not in OPEN_STATES and post.kind is not Kind.READ:
        return Refusal.NOT_NOW
    is_active = ticket.state is TicketState.ACTIVE
    needs_session = post.kind in _WHILE_ACTIVE or speaker.side is Side.TECHNICIAN
    if needs_session and not is_active and post.kind is not Kind.READ:
        return Refusal.NOT_NOW
    return None if _fits(session.screen, post) else Refusal.NOT_NOW


def _may_say_of_screen(ticket: Ticket, speaker: Speaker, post: Post) -> bool:
    """Only the technician who has the ticket ends what is shown, as a supervisor's page ends when they leave."""
    if post.kind is not Kind.SCREEN:
        return True
    is_owner = speaker.side is Side.TECHNICIAN and speaker.technician == ticket.owner_id
    return is_owner if post.body == ENDED else speaker.side is Side.CUSTOMER


def _no_mark(ticket: Ticket, session: Session, speaker: Speaker, mark: Mark) -> Refusal | None:
    if not speaker.may_join or speaker.technician == ticket.owner_id:
        return Refusal.NOT_YOURS
    if ticket.state is not TicketState.ACTIVE:
        return Refusal.NOT_NOW
    has_joined = speaker.technician in session.joined
    return None if has_joined is (mark is Mark.LEFT) else Refusal.NOT_NOW


def _fits(screen: Screen, post: Post) -> bool:
    """Whether what is posted of the screen can follow what is known of it: only a request is refused. A screen that is
    shared is shared no more, also after the technician has asked for it again."""
    if post.kind is not Kind.SCREEN or post.body.startswith("shared:"):
        return True
    return screen is Screen.ASKED or (screen is Screen.SHARED and post.body != "refused")


def screen_after(kind: str, body: str) -> Screen | None:
    """What is seen of the screen after such a line; None when that does not change."""
    match kind:
        case Kind.ASKED:
            return Screen.ASKED
        case Kind.SCREEN:
            return _screen_said(body)
        case Kind.END:
            return Screen.OFF
        case _:
            return None


def _screen_said(body: str) -> Screen:
    if body.startswith("shared:"):
        return Screen.SHARED
    return Screen.STOPPED if body == ENDED else Screen(body)
