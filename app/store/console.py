"""Console sessions and wrong log-ins."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from app.store.tables import console_sessions, failed_logins, technicians


def add_session(connection: Connection, id_hash: str, technician_id: int, now: datetime) -> None:
    """Keep a new session under the hash of its secret."""
    connection.execute(
        insert(console_sessions).values(id_hash=id_hash, technician_id=technician_id, created_at=now, seen_at=now)
    )


def session_technician(
    connection: Connection, id_hash: str, created_after: datetime, seen_after: datetime
) -> tuple[int, datetime] | None:
    """Whose session this is and when it was last used; None when it ended, idled or its owner is disabled."""
    row = connection.execute(
        select(console_sessions.c.technician_id, console_sessions.c.seen_at)
        .join(technicians, technicians.c.id == console_sessions.c.technician_id)
        .where(
            console_sessions.c.id_hash == id_hash,
            console_sessions.c.created_at > created_after,
            console_sessions.c.seen_at > seen_after,
            technicians.c.disabled.is_(False),
        )
    ).one_or_none()
    return None if row is None else (row.technician_id, row.seen_at)


def touch_session(connection: Connection, id_hash: str, now: datetime) -> None:
    """The session is in use."""
    connection.execute(update(console_sessions).where(console_sessions.c.id_hash == id_hash).values(seen_at=now))


def delete_session(connection: Connection, id_hash: str) -> None:
    """The session is over."""
    connection.execute(delete(console_sessions).where(console_sessions.c.id_hash == id_hash))


def add_failure(connection: Connection, account_hash: str, network: str, now: datetime) -> None:
    """One more wrong log-in."""
    connection.execute(insert(failed_logins).values(at=now, account_hash=account_hash, network=network))


def failures_by_account(
    connection: Connection, account_hash: str, network: str, nth: int, since: datetime
) -> datetime | None:
    """When the nth newest wrong try on this account from this network was, if after `since`."""
    query = (
        select(failed_logins.c.at)
        .where(
            failed_logins.c.account_hash == account_hash,
            failed_logins.c.network == network,
            failed_logins.c.at > since,
        )
        .order_by(failed_logins.c.at.desc())
        .limit(1)
        .offset(nth - 1)
    )
    return connection.execute(query).scalar_one_or_none()


def failures_by_network(connection: Connection, network: str, nth: int, since: datetime) -> datetime | None:
    """When the nth newest wrong try from this network was, if after `since`."""
    query = (
        select(failed_logins.c.at)
        .where(failed_logins.c.network == network, failed_logins.c.at > since)
        .order_by(failed_logins.c.at.desc())
        .limit(1)
        .offset(nth - 1)
    )
    return connection.execute(query).scalar_one_or_none()
