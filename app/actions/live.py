"""What people do in a conversation: write, share, join, end. What is posted is on disk when it is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import Connection

from app import metrics
from app.actions.live_session import people_of
from app.actions.ticket import ended_by_customer
from app.core.live import (
    CUSTOMER,
    ENDED,
    LINES,
    MOST_LINES,
    MOST_SIGNALS,
    SIGNAL_LIFE,
    SIGNALS,
    Kind,
    Line,
    Mark,
    NotTaken,
    Post,
    Refusal,
    Session,
    Side,
    Signal,
    Speaker,
    TooMany,
    may_be_answered,
    read_answer,
    read_facts,
    refusal,
)
from app.core.ticket import Ticket, TicketEvent
from app.store import live as store
from app.store.database import Database
from app.store.live_here import Spot, arrive, beat, leave, page_of
from app.store.pokes import poke
from app.store.tickets import add_event, keep_newest_events, lock_ticket

ANSWERED = "answered"
_MOST = tuple(most for most, _span in MOST_LINES)


def post(database: Database, number: int, speaker: Speaker, what: Post, *, now: datetime) -> int | None:
    """Take what a page posts. Returns the id of the line or signal, None for what is not kept as one.

    The same key of the same person again is the same line. Raises NotTaken or TooMany, and then changes nothing.
    """
    facts = read_facts(what.body) if what.kind is Kind.FACTS else None

    def take(connection: Connection) -> int | None:
        ticket = lock_ticket(connection, number)
        if ticket is None or ticket.erased_at is not None:
            raise NotTaken(Refusal.NOT_NOW)
        before = _before(connection, number, speaker, what)
        if before.known is not None:
            return before.known
        why = refusal(ticket, before.session, speaker, what)
        if why is not None:
            raise NotTaken(why)
        taking = _Taking(connection, ticket, before.session, speaker, what, now, facts, before.oldest)
        if what.kind in LINES:
            return _line(taking)
        if what.kind in SIGNALS:
            return _signal(taking)
        _MOMENTS[what.kind](taking)
        return None

    return database.write(take)


def _before(connection: Connection, number: int, speaker: Speaker, what: Post) -> store.Before:
    if what.kind in LINES:
        return store.before_line(connection, number, speaker.who, what.key, speaker.side, _MOST)
    return store.Before(store.load_session(connection, number), None, ())


@dataclass(frozen=True, slots=True)
class _Taking:
    """A post that is allowed, inside its transaction."""

    connection: Connection
    ticket: Ticket
    session: Session
    speaker: Speaker
    post: Post
    now: datetime
    facts: Mapping[str, str] | None
    oldest: tuple[datetime | None, ...]  # for each of MOST_LINES, of this side

    @property
    def spot(self) -> Spot:
        return Spot(self.ticket.number, self.speaker.who, self.post.sender)


def _line(taking: _Taking) -> int:
    what, side = taking.post, taking.speaker.side
    if what.kind is Kind.END:
        joined = taking.session.joined
        return ended_by_customer(taking.connection, taking.ticket, now=taking.now, joined=joined, key=what.key)
    if what.kind is not Kind.MARK and what.body not in ("stopped", ENDED):  # what ends something is never refused
        _refuse_beyond(taking.oldest, taking.now)
    number = taking.ticket.number
    line = Line(0, taking.now, taking.speaker.who, what.kind, what.body, what.key)
    added = store.add_line(taking.connection, number, line)
    if what.kind is Kind.MARK:
        joined = _after(taking.session.joined, taking.speaker.technician, Mark(what.body))
        store.change_session(taking.connection, number, joined=list(joined) or None)
    wrote(taking.connection, taking.ticket, taking.session, side, now=taking.now)
    return added


def wrote(connection: Connection, ticket: Ticket, session: Session, side: Side, *, now: datetime) -> None:
    """After a line: this side types no more, and everybody's pages are told."""
    if session.is_typing(side, now):
        store.change_session(connection, ticket.number, **{f"{side}_typing_at": None})
    poke(connection, ticket.number, people_of(ticket, session))


def _after(joined: tuple[int, ...], technician: int | None, mark: Mark) -> tuple[int, ...]:
    others = tuple(one for one in joined if one != technician)
    return others if mark is Mark.LEFT or technician is None else (*others, technician)


def _signal(taking: _Taking) -> int:
    what, side, number = taking.post, taking.speaker.side, taking.ticket.number
    oldest = store.nth_newest_signal(taking.connection, number, side, MOST_SIGNALS)
    _refuse_within(SIGNAL_LIFE, oldest, taking.now)
    signal = Signal(0, taking.now, side, what.sender, what.to, what.kind, what.body)
    added = store.add_signal(taking.connection, number, signal)
    if what.kind is Kind.BYE:
        leave(taking.connection, taking.spot, taking.now)
    _poke(taking, everywhere=False)
    return added


def within_limits(connection: Connection, number: int, side: Side, *, now: datetime) -> None:
    """Raises TooMany when this side of the ticket has written as many lines as it may for now."""
    _refuse_beyond(store.before_line(connection, number, "", "", side, _MOST).oldest, now)


def _refuse_beyond(oldest: tuple[datetime | None, ...], now: datetime) -> None:
    for (_most, span), each in zip(MOST_LINES, oldest, strict=True):
        _refuse_within(span, each, now)


def _refuse_within(span: timedelta, oldest: datetime | None, now: datetime) -> None:
    """Raises TooMany while the oldest of so many lies within the span."""
    if oldest is not None and oldest + span > now:
        raise TooMany(ceil((oldest + span - now).total_seconds()))


def _typing(taking: _Taking) -> None:
    store.change_session(taking.connection, taking.ticket.number, **{f"{taking.speaker.side}_typing_at": taking.now})
    _poke(taking, everywhere=False)


def _read(taking: _Taking) -> None:
    side = taking.speaker.side
    if store.mark_read(taking.connection, taking.ticket.number, side, int(taking.post.body)):
        _poke(taking, everywhere=side is Side.TECHNICIAN)  # their other pages show what is unread


def _hidden(taking: _Taking) -> None:
    _see(taking, hidden=True)


def _shown(taking: _Taking) -> None:
    _see(taking, hidden=False)


def _facts(taking: _Taking) -> None:
    store.change_session(taking.connection, taking.ticket.number, facts=taking.facts)
    _poke(taking, everywhere=False)


def _see(taking: _Taking, *, hidden: bool) -> None:
    page = page_of(taking.connection, taking.spot)
    if page is not None and page.is_here(taking.now) and page.hidden is hidden:
        return
    if page is not None and page.gone_at is not None and hidden:
        return  # a page that is closed is hidden first, and what it says of that may come last
    arrive(taking.connection, taking.spot, taking.now, hidden=hidden)
    _poke(taking, everywhere=False)


_MOMENTS: Mapping[Kind, Callable[[_Taking], None]] = {
    Kind.TYPING: _typing,
    Kind.READ: _read,
    Kind.HIDDEN: _hidden,
    Kind.SHOWN: _shown,
    Kind.FACTS: _facts,
}


def _poke(taking: _Taking, *, everywhere: bool = True) -> None:
    """Tell the pages of the ticket, and `everywhere` all pages of the technicians whom it concerns."""
    people = people_of(taking.ticket, taking.session) if everywhere else ()
    poke(taking.connection, taking.ticket.number, people)


def answer(database: Database, number: int, helped: bool, said: str, *, now: datetime) -> None:
    """Keep the customer's answer to "Did this help?", the last one of several. Raises NotTaken.

    It counts after the end of a session that a technician had.
    """
    text = read_answer(said)

    def keep(connection: Connection) -> None:
        ticket = lock_ticket(connection, number)
        if ticket is None or not may_be_answered(ticket):
            raise NotTaken(Refusal.NOT_NOW)
        before = store.load_session(connection, number)
        if (before.helped, before.helped_said) == (helped, text):
            return
        store.change_session(connection, number, helped=helped, helped_said=text, answered_at=now)
        detail: dict[str, list[str | None]] = {"helped": [None, "yes" if helped else "no"], "said": [None, text]}
        add_event(connection, number, TicketEvent(now, CUSTOMER, ANSWERED, detail))
        keep_newest_events(connection, number, ANSWERED, 1)
        poke(connection, number, people_of(ticket, before))

    database.write(keep)


def count_path(database: Database, ticket: Ticket, speaker: Speaker, what: Post) -> None:
    """Count how the customer's page and a technician's page reach each other, or that they do not. Raises NotTaken."""
    with database.read() as connection:
        session = store.load_session(connection, ticket.number)
    why = refusal(ticket, session, speaker, what)
    if why is not None:
        raise NotTaken(why)
    metrics.pages_met(ticket.site, what.body)


def forget_old_signals(database: Database, *, now: datetime) -> None:
    """Delete signals after their minute, also those of tickets that nobody looks at any more."""
    with database.read() as connection:
        if not store.has_signals(connection, now - SIGNAL_LIFE):
            return
    database.write(lambda connection: store.forget_signals(connection, now - SIGNAL_LIFE))


def note_here(database: Database, spot: Spot, *, now: datetime) -> None:
    """Note that a page without a stream is open. Its question for news does this when it is due."""

    def note(connection: Connection) -> None:
        page = page_of(connection, spot)
        if page is not None and page.gone_at is None:
            beat(connection, [spot], now)
            return
        arrive(connection, spot, now)
        poke(connection, spot.ticket)

    database.write(note)
