"""The conversations of tickets: lines, signals, and what each has beside them.

A transaction that adds a line or a signal has locked the ticket, so that ids grow in the order of the commits: a page
that has seen an id has seen all before it.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select

from app.core.live import CUSTOMER, FILE, SIGNAL_LIFE, Kind, Line, Screen, Session, Side, Signal, screen_after
from app.store.tables import live_lines, live_sessions, live_signals
from app.store.upserts import upsert

MOST_AT_ONCE = 200  # lines in one answer
MOST_SIGNALS_AT_ONCE = 100
MOST_UNREAD = 100
_NOBODY = Session()
_SESSION = tuple(column.name for column in live_sessions.columns if column.name != "ticket")


def add_line(connection: Connection, ticket: int, line: Line) -> int:
    """Add a line, whose id is returned, and note what it says of the screen."""
    values = {"at": line.at, "who": line.who, "kind": line.kind, "body": line.body, "key": line.key, "file": line.file}
    added = connection.execute(insert(live_lines).values(ticket=ticket, **values).returning(live_lines.c.id))
    screen = screen_after(line.kind, line.body)
    if screen is not None:
        change_session(connection, ticket, screen=screen)
    return int(added.scalar_one())


def line_with_key(connection: Connection, ticket: int, who: str, key: str) -> int | None:
    """The id of the line that this person has posted with this key."""
    its = (live_lines.c.ticket == ticket, live_lines.c.who == who, live_lines.c.key == key)
    return connection.execute(select(live_lines.c.id).where(*its)).scalar_one_or_none()


def lines_after(connection: Connection, ticket: int, after: int, most: int = MOST_AT_ONCE) -> list[Line]:
    """The first lines with an id greater than `after`."""
    query = select(live_lines).where(live_lines.c.ticket == ticket, live_lines.c.id > after)
    return [_line(row) for row in connection.execute(query.order_by(live_lines.c.id).limit(most))]


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


def nth_newest_line(connection: Connection, ticket: int, side: Side, nth: int) -> datetime | None:
    """Time of the nth newest line that people of this side have posted."""
    theirs = live_lines.c.who == CUSTOMER if side is Side.CUSTOMER else live_lines.c.who != CUSTOMER
    query = select(live_lines.c.at).where(live_lines.c.ticket == ticket, theirs, live_lines.c.key.is_not(None))
    return connection.execute(query.order_by(live_lines.c.id.desc()).limit(1).offset(nth - 1)).scalar_one_or_none()


def unread(connection: Connection, tickets: Collection[int]) -> dict[int, int]:
    """How many lines of the customer the technician's side has not read, up to MOST_UNREAD each; tickets without any
    are left out."""
    found = {number: _unread(connection, number) for number in tickets}
    return {number: many for number, many in found.items() if many}


def _unread(connection: Connection, ticket: int) -> int:
    read = select(live_sessions.c.technician_read).where(live_sessions.c.ticket == ticket).scalar_subquery()
    new = (
        select(live_lines.c.id)
        .where(
            live_lines.c.ticket == ticket,
            live_lines.c.id > func.coalesce(read, 0),
            live_lines.c.who == CUSTOMER,
            live_lines.c.kind.in_((Kind.SAY, FILE)),
        )
        .limit(MOST_UNREAD)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(new)).scalar_one()


def load_session(connection: Connection, ticket: int) -> Session:
    """What the conversation has beside its lines."""
    row = connection.execute(select(live_sessions).where(live_sessions.c.ticket == ticket)).one_or_none()
    if row is None:
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
    s = live_signals.c
    query = (
        select(live_signals)
        .where(s.ticket == ticket, s.id > after, s.at > since)
        .where(s.side != side, or_(s.to.is_(None), s.to == peer))
        .order_by(s.id)
        .limit(MOST_SIGNALS_AT_ONCE)
    )
    return [_signal(row) for row in connection.execute(query)]


def newest_signal(connection: Connection, ticket: int) -> int:
    """The id of the last signal of this ticket; 0 without one."""
    newest = select(func.max(live_signals.c.id)).where(live_signals.c.ticket == ticket)
    return int(connection.execute(newest).scalar_one() or 0)


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
