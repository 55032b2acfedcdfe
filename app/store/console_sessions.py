"""Console sessions, stored under the hash of their secret; pages show only their public ids."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Delete, delete, insert, select, update

from app.store.browsers import remove_browsers, remove_browsers_in
from app.store.tables import console_sessions, technicians


@dataclass(frozen=True, slots=True)
class ConsoleSession:
    """One log-in. `pending` until the second factor is given; `address` and `user_agent` are those of the log-in."""

    public_id: str
    created_at: datetime
    seen_at: datetime
    address: str | None
    user_agent: str | None
    pending: bool


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session in use: its technician, its last use, when password and code were last given, and how its owner can log
    in."""

    technician_id: int
    seen_at: datetime
    confirmed_at: datetime | None
    password_temporary: bool
    has_second_factor: bool


def add_session(
    connection: Connection,
    id_hash: str,
    technician_id: int,
    now: datetime,
    *,
    pending: bool = False,
    address: str | None = None,
    user_agent: str | None = None,
) -> None:
    """Store a new session under the hash of its secret.

    A `pending` one gives no access yet; any other begins as confirmed, as password and code have just been given.
    """
    connection.execute(
        insert(console_sessions).values(
            id_hash=id_hash,
            technician_id=technician_id,
            created_at=now,
            seen_at=now,
            pending=pending,
            address=address,
            user_agent=user_agent,
            confirmed_at=None if pending else now,
        )
    )


def live_session(
    connection: Connection, id_hash: str, created_after: datetime, seen_after: datetime
) -> LiveSession | None:
    """The session; None when it has expired or idled, or its owner is disabled."""
    row = connection.execute(
        select(
            console_sessions.c.technician_id,
            console_sessions.c.seen_at,
            console_sessions.c.confirmed_at,
            technicians.c.password_temporary,
            technicians.c.sealed_totp.is_not(None),
        )
        .join(technicians, technicians.c.id == console_sessions.c.technician_id)
        .where(console_sessions.c.id_hash == id_hash, *_alive(created_after, seen_after))
    ).one_or_none()
    return None if row is None else LiveSession(*row)


def live_ones(
    connection: Connection, id_hashes: Collection[str], created_after: datetime, seen_after: datetime
) -> set[str]:
    """Those of the sessions that `live_session` would find."""
    query = (
        select(console_sessions.c.id_hash)
        .join(technicians, technicians.c.id == console_sessions.c.technician_id)
        .where(console_sessions.c.id_hash.in_(id_hashes), *_alive(created_after, seen_after))
    )
    return set(connection.execute(query).scalars())


def pending_technician(connection: Connection, id_hash: str, created_after: datetime) -> int | None:
    """The technician who gave the password after `created_after`, but not yet the second factor."""
    query = (
        select(console_sessions.c.technician_id)
        .join(technicians, technicians.c.id == console_sessions.c.technician_id)
        .where(
            console_sessions.c.id_hash == id_hash,
            console_sessions.c.created_at > created_after,
            console_sessions.c.pending.is_(True),
            technicians.c.disabled.is_(False),
        )
    )
    return connection.execute(query).scalar_one_or_none()


def confirm_session(connection: Connection, id_hash: str, now: datetime) -> None:
    """Record that password and code have been given again in this session."""
    connection.execute(update(console_sessions).where(console_sessions.c.id_hash == id_hash).values(confirmed_at=now))


def renew_session(connection: Connection, id_hash: str, fresh: str) -> bool:
    """The session goes on under the hash of another secret; a copy of the old one is worth nothing.

    False when there is no such session (any more).
    """
    change = update(console_sessions).where(console_sessions.c.id_hash == id_hash).values(id_hash=fresh)
    return connection.execute(change).rowcount == 1


def touch_session(connection: Connection, id_hash: str, now: datetime) -> None:
    """Record that the session is in use."""
    connection.execute(update(console_sessions).where(console_sessions.c.id_hash == id_hash).values(seen_at=now))


def delete_session(connection: Connection, id_hash: str) -> bool:
    """Delete the session; False when there was none."""
    return connection.execute(delete(console_sessions).where(console_sessions.c.id_hash == id_hash)).rowcount == 1


def public_id(id_hash: str) -> str:
    """A session's id for pages, 16 hex digits; neither the secret nor its hash can be derived from it."""
    return hashlib.sha256(id_hash.encode()).hexdigest()[:16]


def sessions_of(connection: Connection, technician_id: int) -> list[ConsoleSession]:
    """A technician's sessions, the last used first; includes idle and expired ones until they are deleted."""
    query = (
        select(console_sessions)
        .where(console_sessions.c.technician_id == technician_id)
        .order_by(console_sessions.c.seen_at.desc())
    )
    return [
        ConsoleSession(
            public_id(row.id_hash), row.created_at, row.seen_at, row.address, row.user_agent, bool(row.pending)
        )
        for row in connection.execute(query)
    ]


def end_session(connection: Connection, technician_id: int, public: str) -> bool:
    """End the session with this public id, and tell its browser nothing more; False when this technician has no such
    session."""
    for id_hash in _hashes(connection, technician_id):
        if public_id(id_hash) == public:
            remove_browsers_in(connection, public)
            return connection.execute(_end(id_hash)).rowcount == 1
    return False


def end_sessions(connection: Connection, technician_id: int, keep: str | None = None) -> int:
    """End all sessions of a technician except that with the public id `keep`, with the browsers that are told; returns
    how many sessions ended."""
    remove_browsers(connection, technician_id, keep)
    gone = [h for h in _hashes(connection, technician_id) if keep is None or public_id(h) != keep]
    return sum(connection.execute(_end(id_hash)).rowcount for id_hash in gone)


def _alive(created_after: datetime, seen_after: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        console_sessions.c.created_at > created_after,
        console_sessions.c.seen_at > seen_after,
        console_sessions.c.pending.is_(False),
        technicians.c.disabled.is_(False),
    )


def _hashes(connection: Connection, technician_id: int) -> list[str]:
    query = select(console_sessions.c.id_hash).where(console_sessions.c.technician_id == technician_id)
    return list(connection.execute(query).scalars())


def _end(id_hash: str) -> Delete:
    return delete(console_sessions).where(console_sessions.c.id_hash == id_hash)
