"""What a page of a conversation is told: the lines and signals it has not seen, and how things stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.core.live import CUSTOMER, SIGNAL_LIFE, Line, Session, Side, Signal, Speaker, takes_part
from app.core.live_file import LiveFile
from app.core.live_pages import Presence, presence
from app.core.ticket import Ticket, TicketState
from app.store import live as store
from app.store.database import Database
from app.store.live_files import files_by_id
from app.store.live_here import pages_of
from app.store.tickets import place_in_queue


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page has seen: lines up to the id `after`, and signals up to the id `signals`; None for a page that was
    just loaded, to which earlier signals mean nothing. `peer` is the page's id."""

    after: int = 0
    peer: str = ""
    signals: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A conversation as one side sees it.

    `files` are those of its lines, by id; `more` when there are more lines; `signal` is what to ask with next time;
    `wants_beat` when it is due to note that the page is open.
    """

    lines: Sequence[Line]
    files: Mapping[str, LiveFile]
    more: bool
    signals: Sequence[Signal]
    signal: int
    session: Session
    other: Presence
    takes_part: bool
    place: int | None
    unread: int
    wants_beat: bool


def look(database: Database, ticket: Ticket, speaker: Speaker, asked: Asked, *, now: datetime) -> View:
    """The conversation for a page of this speaker. Signals go to the conversation's people only."""
    with database.read() as connection:
        return _view(connection, ticket, speaker, asked, now)


def _view(connection: Connection, ticket: Ticket, speaker: Speaker, asked: Asked, now: datetime) -> View:
    number = ticket.number
    beside = store.beside_lines(connection, number)  # first, so that no signal falls in between
    session = beside.session
    is_in = takes_part(ticket, session, speaker)
    newest = max(beside.signal, asked.signals or 0)
    lines = store.lines_after(connection, number, asked.after, store.MOST_AT_ONCE + 1)
    signals = _signals(connection, ticket, speaker, asked, now) if is_in else []
    pages = pages_of(connection, number)
    ours = [page for page in pages if page.who == speaker.who and page.peer == asked.peer]
    is_customer = speaker.side is Side.CUSTOMER
    return View(
        lines=lines[: store.MOST_AT_ONCE],
        files=files_by_id(connection, [line.file for line in lines if line.file]),
        more=len(lines) > store.MOST_AT_ONCE,
        signals=signals,
        signal=signals[-1].id if len(signals) == store.MOST_SIGNALS_AT_ONCE else newest,
        session=session,
        other=presence([page for page in pages if _is_other(page.who, ticket, session, speaker)], now),
        takes_part=is_in,
        place=place_in_queue(connection, ticket) if is_customer and ticket.state is TicketState.WAITING else None,
        unread=0 if is_customer else beside.unread,
        wants_beat=bool(asked.peer) and is_in and ticket.is_open and (not ours or ours[0].wants_beat(now)),
    )


def _signals(connection: Connection, ticket: Ticket, speaker: Speaker, asked: Asked, now: datetime) -> Sequence[Signal]:
    if asked.signals is None or not asked.peer:
        return ()
    since = now - SIGNAL_LIFE
    return store.signals_for(connection, ticket.number, speaker.side, asked.peer, asked.signals, since)


def _is_other(who: str, ticket: Ticket, session: Session, speaker: Speaker) -> bool:
    if speaker.side is Side.TECHNICIAN:
        return who == CUSTOMER
    return who != CUSTOMER and takes_part(ticket, session, Speaker(Side.TECHNICIAN, who))
