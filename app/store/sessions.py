"""Somebody's console sessions, as their owner and administrators see them: under a public id, never the secret's."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from app.store.tables import console_sessions


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """`pending` waits for its second factor. `user_agent` is what the browser says of itself."""

    public_id: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    user_agent: str | None
    pending: bool


def public_id(id_hash: str) -> str:
    """What a page may call a session: tells nothing of its secret, nor of the hash that the secret is kept under."""
    return hashlib.sha256(id_hash.encode()).hexdigest()[:16]


def sessions_of(connection: Connection, technician_id: int) -> list[ConsoleSession]:
    """All that are kept, the last used first; idle ones among them until they are pruned."""
    query = (
        select(console_sessions)
        .where(console_sessions.c.technician_id == technician_id)
        .order_by(console_sessions.c.seen_at.desc())
    )
    return [
        ConsoleSession(public_id(row.id_hash), row.created_at, row.seen_at, row.address, row.user_agent, row.pending)
        for row in connection.execute(query)
    ]


def end_session(connection: Connection, technician_id: int, which: str) -> bool:
    """End the technician's session with this public id; whether there was one."""
    found = [each for each in _hashes(connection, technician_id) if public_id(each) == which]
    return _end(connection, found) > 0


def end_sessions(connection: Connection, technician_id: int, keep: str | None = None) -> int:
    """End all the technician's sessions but the one with the public id `keep`; how many."""
    return _end(connection, [each for each in _hashes(connection, technician_id) if public_id(each) != keep])


def _hashes(connection: Connection, technician_id: int) -> list[str]:
    query = select(console_sessions.c.id_hash).where(console_sessions.c.technician_id == technician_id)
    return list(connection.execute(query).scalars())


def _end(connection: Connection, hashes: list[str]) -> int:
    return connection.execute(delete(console_sessions).where(console_sessions.c.id_hash.in_(hashes))).rowcount
