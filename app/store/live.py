"""The conversations of tickets: lines, signals, and what each has beside them.

A line takes few statements, made once: on a busy PostgreSQL each one waits for its turn on both sides.

A transaction that adds a line or a signal has locked the ticket, so that ids grow in the order of the commits: a page
that has seen an id has seen all before it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
)

from app.core.live import CUSTOMER, FILE, SIGNAL_LIFE, Kind, Line, Screen, Session, Side, Signal, screen_after
from app.store.tables import live_lines, live_sessions, live_signals
from app.store.upserts import upsert

MOST_AT_ONCE = 200  # lines in one answer
MOST_SIGNALS_AT_ONCE = 100
MOST_UNREAD = 100
_NOBODY = Session()
_SESSION = tuple(column.name for column in live_sessions.columns if column.name != "ticket")
_TICKET = bindparam("ticket", type_=BigInteger)
# One row in any case, as a conversation begins without one of its own.
_WITH_SESSION = select(literal(1).label("one")).subquery().outerjoin(live_sessions, live_sessions.c.ticket == _TICKET)
_LOAD_SESSION = select(live_sessions).select_from(_WITH_SESSION)
_LINES_AFTER = (
    select(live_lines)
    .where(live_lines.c.ticket == _TICKET, live_lines.c.id > bindparam("after"))
    .order_by(live_lines.c.id)
    .limit(bindparam("most", type_=BigInteger))
)
_SIGNALS_FOR = (
    select(live_signals)
    .where(live_signals.c.ticket == _TICKET, live_signals.c.id > bindparam("after"))
    .where(live_signals.c.at > bindparam("since"), live_signals.c.side != bindparam("side"))
    .where(or_(live_signals.c.to.is_(None), live_signals.c.to == bindparam("to")))
    .order_by(live_signals.c.id)
    .limit(MOST_SIGNALS_AT_ONCE)
)
_READ = select(live_sessions.c.technician_read).where(live_sessions.c.ticket == _TICKET).scalar_subquery()
_UNREAD = (
    select(live_lines.c.id)
    .where(live_lines.c.ticket == _TICKET, live_lines.c.id > func.coalesce(_READ, 0))
    .where(live_lines.c.who == CUSTOMER, live_lines.c.kind.in_((Kind.SAY, FILE)))
    .limit(MOST_UNREAD)
    .subquery()
)
_BESIDE = select(
    live_sessions,
    select(func.max(live_signals.c.id)).where(live_signals.c.ticket == _TICKET).scalar_subquery().label("signal"),
    select(func.count()).select_from(_UNREAD).scalar_subquery().label("unread"),
).select_from(_WITH_SESSION)


def add_line(connection: Connection, ticket: int, line: Line) -> int:
    """Add a line, whose id is returned, and note what it says of the screen."""
    values = {"at": line.at, "who": line.who, "kind": line.kind, "body": line.body, "key": line.key, "file": line.file}
    added = connection.execute(insert(live_lines).values(ticket=ticket, **values).returning(live_lines.c.id))
    screen = screen_after(line.kind, line.body)
    if screen is not None:
        change_session(connection, ticket, screen=screen)
    return int(added.scalar_one())


@dataclass(frozen=True, slots=True)
class Before:
    """The conversation before a line is added. `known` is the id of the line that this person has posted with its key;
    `oldest` has for each asked number the time of that newest line which people of this side have posted."""

    session: Session
    known: int | None
    oldest: tuple[datetime | None, ...]


def before_line(connection: Connection, ticket: int, who: str, key: str, side: Side, most: tuple[int, ...]) -> Before:
    """What has to be known before a line is added."""
    row = connection.execute(_before_line(side, most), {"ticket": ticket, "who": who, "key": key}).one()
    return Before(_session(row), row.known, tuple(getattr(row, f"oldest_{nth}") for nth in most))


@lru_cache(maxsize=4)
def _before_line(side: Side, most: tuple[int, ...]) -> Select[Any]:
    line = live_lines.c
    known = select(line.id).where(line.ticket == _TICKET, line.who == bindparam("who"), line.key == bindparam("key"))
    theirs = line.who == CUSTOMER if side is Side.CUSTOMER else line.who != CUSTOMER
    posted = select(line.at).where(line.ticket == _TICKET, theirs, line.key.is_not(None)).order_by(line.id.desc())
    oldest = (posted.limit(1).offset(nth - 1).scalar_subquery().label(f"oldest_{nth}") for nth in most)
    return select(live_sessions, known.scalar_subquery().label("known"), *oldest).select_from(_WITH_SESSION)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a conversation has beside its lines; `signal` is the id of its last signal, 0 without one."""

    session: Session
    signal: int
    unread: int


def beside_lines(connection: Connection, ticket: int) -> Beside:
    """What a page is told beside the lines; `unread` are the customer's lines, up to MOST_UNREAD."""
    row = connection.execute(_BESIDE, {"ticket": ticket}).one()
    return Beside(_session(row), row.signal or 0, row.unread)


def lines_after(connection: Connection, ticket: int, after: int, most: int = MOST_AT_ONCE) -> list[Line]:
    """The first lines with an id greater than `after`."""
    found = connection.execute(_LINES_AFTER, {"ticket": ticket, "after": after, "most": most})
    return [_line(row) for row in found]


def newest_lines(connection: Connection, ticket: int, most: int = MOST_AT_ONCE) -> list[Line]:
    """The last lines, oldest first."""
    query = select(live_lines).where(live_lines.c.ticket == ticket).order_by(live_lines.c.id.desc()).limit(most)
    return [_line(row) for row in connection.execute(query)][::-1]


def all_lines(connection: Connection, ticket: int) -> list[Line]:
    """The whole conversation."""
    query = select(live_lines).where(live_lines.c.ticket == ticket).order_by(live_lines.c.id)
    return [_line(row) for row in connection.execute(query)]


def newest_line(connection: Connection, ticket: int) -> int:
    """The id of the last line; 0 without one."""
    newest = select(func.max(live_lines.c.id)).where(live_lines.c.ticket == ticket)
    return int(connection.execute(newest).scalar_one() or 0)


def load_session(connection: Connection, ticket: int) -> Session:
    """What the conversation has beside its lines."""
    return _session(connection.execute(_LOAD_SESSION, {"ticket": ticket}).one())


def _session(row: Row[Any]) -> Session:
    if row.ticket is None:
        return _NOBODY
    values = {name: getattr(row, name) for name in _SESSION}
    return Session(**{**values, "screen": Screen(row.screen), "joined": tuple(row.joined or ())})


def change_session(connection: Connection, ticket: int, **values: object) -> None:
    """Change columns of the conversation's row, which is made when there is none."""
    upsert(connection, live_sessions, {"ticket": ticket}, values)


def add_signal(connection: Connection, ticket: int, signal: Signal) -> int:
    """Add a signal, whose id is returned, and forget the old ones of all tickets."""
    forget_signals(connection, signal.at - SIGNAL_LIFE)
    values = {"at": signal.at, "side": signal.side, "sender": signal.sender, "kind": signal.kind, "body": signal.body}
    row = insert(live_signals).values(ticket=ticket, to=signal.to, **values)
    return int(connection.execute(row.returning(live_signals.c.id)).scalar_one())


def signals_for(
    connection: Connection, ticket: int, side: Side, peer: str, after: int, since: datetime
) -> list[Signal]:
    """The first signals with an id greater than `after` for this page of this side."""
    asked = {"ticket": ticket, "after": after, "since": since, "side": side, "to": peer}
    return [_signal(row) for row in connection.execute(_SIGNALS_FOR, asked)]


def nth_newest_signal(connection: Connection, ticket: int, side: Side, nth: int) -> datetime | None:
    """Time of the nth newest signal of this side."""
    s = live_signals.c
    query = select(s.at).where(s.ticket == ticket, s.side == side).order_by(s.id.desc()).limit(1).offset(nth - 1)
    return connection.execute(query).scalar_one_or_none()


def has_signals(connection: Connection, before: datetime) -> bool:
    """Whether any ticket has a signal that is older."""
    return connection.execute(select(live_signals.c.id).where(live_signals.c.at <= before).limit(1)).first() is not None


def forget_signals(connection: Connection, before: datetime) -> int:
    """Delete the signals of all tickets that are older; returns how many."""
    return connection.execute(delete(live_signals).where(live_signals.c.at <= before)).rowcount


def remove_signals(connection: Connection, ticket: int) -> None:
    """Delete all signals of this ticket."""
    connection.execute(delete(live_signals).where(live_signals.c.ticket == ticket))


def all_signals(connection: Connection, ticket: int) -> list[Signal]:
    """The signals of this ticket that are still there."""
    query = select(live_signals).where(live_signals.c.ticket == ticket).order_by(live_signals.c.id)
    return [_signal(row) for row in connection.execute(query)]


def mark_read(connection: Connection, ticket: int, side: Side, upto: int) -> bool:
    """Note that this side has read up to the line with this id; False when that is known already."""
    session = load_session(connection, ticket)
    upto = min(upto, newest_line(connection, ticket))
    if upto <= session.read_by(side):
        return False
    change_session(connection, ticket, **{f"{side}_read": upto})
    return True


def _line(row: Row[Any]) -> Line:
    return Line(row.id, row.at, row.who, row.kind, row.body, row.key, row.file)


def _signal(row: Row[Any]) -> Signal:
    return Signal(row.id, row.at, Side(row.side), row.sender, row.to, row.kind, row.body)
