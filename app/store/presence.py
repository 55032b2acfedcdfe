"""Which technicians have an open console, or have acted a short while ago."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from app.core.presence import ACTED_WITHIN, LISTENED_WITHIN
from app.store.tables import console_sessions


def note_listening(connection: Connection, id_hashes: Collection[str], now: datetime) -> None:
    """Note that streams of these console sessions are open."""
    if id_hashes:
        these = console_sessions.c.id_hash.in_(id_hashes)
        connection.execute(update(console_sessions).where(these).values(listened_at=now))


def present_technicians(connection: Connection, now: datetime) -> frozenset[int]:
    """Ids of technicians with a session that was used, or listened for changes, within the last minutes."""
    is_there = or_(
        console_sessions.c.seen_at >= now - ACTED_WITHIN, console_sessions.c.listened_at >= now - LISTENED_WITHIN
    )
    query = select(console_sessions.c.technician_id).distinct().where(~console_sessions.c.pending, is_there)
    return frozenset(connection.execute(query).scalars())
