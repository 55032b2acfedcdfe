"""Which pages of a ticket are open: noted by their streams, or by their own questions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, case, delete, literal, select, true, tuple_, update

from app.core.conversation import Conversation
from app.core.live import SIGNAL_LIFE
from app.core.live_pages import BEATS_FOR, Page
from app.store.live import all_lines, all_signals, forget_signals, load_session
from app.store.live_files import all_files
from app.store.tables import Moment, live_here
from app.store.upserts import upsert

MOST_PAGES = 20  # of one person of a ticket
_AT_ONCE = 100  # pages in one statement
_h = live_here.c
_PAGES = select(live_here).where(_h.ticket == bindparam("ticket"))


class Spot(NamedTuple):
    """One page: of this ticket, of `customer` or a technician's id, with the id that the page gave itself."""

    ticket: int
    who: str
    peer: str


def arrive(connection: Connection, spot: Spot, now: datetime, *, hidden: bool | None = None) -> None:
    """Note that the page is open, and forget what was known of the person's closed pages.

    A page that comes back, as a stream ends every ten minutes, is where it was: hidden or not, since when. `hidden`
    says that it is now.
    """
    its = (_h.ticket == spot.ticket, _h.who == spot.who)
    newest = select(_h.peer).where(*its, _h.gone_at.is_(None)).order_by(_h.beat_at.desc()).limit(MOST_PAGES - 1)
    connection.execute(delete(live_here).where(*its, _h.peer != spot.peer, _h.peer.not_in(newest)))
    was_here = and_(_h.gone_at.is_(None), _h.beat_at > now - BEATS_FOR)
    news: dict[str, Any] = {"beat_at": now, "gone_at": None}
    if hidden is None:
        news["since"] = case((was_here, _h.since), else_=literal(now, Moment))
    else:
        news |= {"since": now, "hidden": hidden}
    if not connection.execute(update(live_here).where(_is(spot)).values(news)).rowcount:
        new = {"hidden": bool(hidden), "since": now, "beat_at": now, "gone_at": None}
        upsert(connection, live_here, spot._asdict(), new)


def leave(connection: Connection, spot: Spot, now: datetime, *, beaten: datetime | None = None) -> None:
    """Note that the page is closed; not when it was beaten after `beaten`, as it is open at another process then."""
    last = true() if beaten is None else _h.beat_at <= beaten
    connection.execute(update(live_here).where(_is(spot), _h.gone_at.is_(None), last).values(gone_at=now))


def beat(connection: Connection, spots: Iterable[Spot], now: datetime) -> None:
    """Note that these pages are still open, and forget old signals."""
    forget_signals(connection, now - SIGNAL_LIFE)
    every = list(spots)
    for start in range(0, len(every), _AT_ONCE):
        these = tuple_(_h.ticket, _h.who, _h.peer).in_(every[start : start + _AT_ONCE])
        connection.execute(update(live_here).where(these).values(beat_at=now, gone_at=None))


def remove_pages(connection: Connection, ticket: int, who: str) -> None:
    """Forget all pages of this person."""
    connection.execute(delete(live_here).where(_h.ticket == ticket, _h.who == who))


def page_of(connection: Connection, spot: Spot) -> Page | None:
    """What is known of this page."""
    row = connection.execute(select(live_here).where(_is(spot))).one_or_none()
    return None if row is None else _page(row)


def pages_of(connection: Connection, ticket: int) -> list[Page]:
    """All pages of the ticket that are known."""
    return [_page(row) for row in connection.execute(_PAGES, {"ticket": ticket})]


def _is(spot: Spot) -> Any:
    return and_(_h.ticket == spot.ticket, _h.who == spot.who, _h.peer == spot.peer)


def _page(row: Row[Any]) -> Page:
    return Page(row.who, row.peer, row.hidden, row.since, row.beat_at, row.gone_at)


def load_conversation(connection: Connection, ticket: int) -> Conversation:
    """All that is kept of the ticket's conversation."""
    return Conversation(
        load_session(connection, ticket),
        all_lines(connection, ticket),
        all_files(connection, ticket),
        all_signals(connection, ticket),
        pages_of(connection, ticket),
    )
