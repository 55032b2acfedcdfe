"""Wrong log-ins, and networks from which an account's owner has logged in."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from app.core.client import Client
from app.store.tables import failed_logins, known_networks

_MOST_NETWORKS = 50  # of one account; the latest are kept


def count_one_by_one(connection: Connection, *what: str) -> None:
    """Lock the counts of these hashes and networks until the transaction ends. SQLite has one writer, so needs no
    lock."""
    if connection.dialect.name != "postgresql":
        return
    for each in sorted(what):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(each, 0))))


def add_failure(connection: Connection, account_hash: str, client: Client, now: datetime) -> int:
    """Count one wrong log-in and return its id."""
    row = insert(failed_logins).values(at=now, account_hash=account_hash, network=client.network, wide=client.wide)
    return int(connection.execute(row.returning(failed_logins.c.id)).scalar_one())


def delete_failure(connection: Connection, failure_id: int) -> None:
    """Remove a try that proved not to be a failure."""
    connection.execute(delete(failed_logins).where(failed_logins.c.id == failure_id))


def failures_by_account(
    connection: Connection, account_hash: str, client: Client, most: int, since: datetime
) -> datetime | None:
    """Time of the `most`th newest wrong try on this account from this client, if after `since`.

    The client's /48 counts too, with its own limit (`Client.limits`); the later of both times.
    """
    return _share_used_up(connection, client, most, since, failed_logins.c.account_hash == account_hash)


def failures_by_client(connection: Connection, client: Client, most: int, since: datetime) -> datetime | None:
    """The same for wrong tries on any account."""
    return _share_used_up(connection, client, most, since)


def failures_of_strangers(
    connection: Connection, account_hash: str, owner_hash: str, nth: int, since: datetime
) -> datetime | None:
    """Time of the nth newest wrong try on this account from networks in which its owner (`owner_hash`) has never logged
    in, if after `since`."""
    known = select(known_networks.c.network).where(known_networks.c.account_hash == owner_hash)
    strangers = failed_logins.c.network.not_in(known)
    return _nth_newest(connection, nth, since, failed_logins.c.account_hash == account_hash, strangers)


def failures_elsewhere(connection: Connection, account_hash: str, network: str, since: datetime) -> int:
    """Number of wrong tries on this account from other networks."""
    query = select(func.count()).where(
        failed_logins.c.account_hash == account_hash, failed_logins.c.at > since, failed_logins.c.network != network
    )
    return int(connection.execute(query).scalar_one())


def is_known_network(connection: Connection, account_hash: str, network: str, since: datetime) -> bool:
    """Whether the account's owner has logged in from this network after `since`."""
    query = select(known_networks.c.seen_at).where(
        known_networks.c.account_hash == account_hash,
        known_networks.c.network == network,
        known_networks.c.seen_at > since,
    )
    return connection.execute(query).one_or_none() is not None


def know_network(connection: Connection, account_hash: str, network: str, now: datetime) -> None:
    """Record a log-in from this network."""
    same = (known_networks.c.account_hash == account_hash, known_networks.c.network == network)
    connection.execute(delete(known_networks).where(*same))
    connection.execute(insert(known_networks).values(account_hash=account_hash, network=network, seen_at=now))
    latest = (
        select(known_networks.c.network)
        .where(known_networks.c.account_hash == account_hash)
        .order_by(known_networks.c.seen_at.desc(), known_networks.c.network)
        .limit(_MOST_NETWORKS)
    )
    of_account = known_networks.c.account_hash == account_hash
    connection.execute(delete(known_networks).where(of_account, known_networks.c.network.not_in(latest)))


def forget_other_networks(connection: Connection, account_hash: str, keep: str) -> None:
    """Forget all known networks of the account but `keep`."""
    of_account = known_networks.c.account_hash == account_hash
    connection.execute(delete(known_networks).where(of_account, known_networks.c.network != keep))


def _share_used_up(
    connection: Connection, client: Client, most: int, since: datetime, *of_what: ColumnElement[bool]
) -> datetime | None:
    columns = (failed_logins.c.network, failed_logins.c.wide)
    found = (
        _nth_newest(connection, limit, since, column == network, *of_what)
        for column, (network, limit) in zip(columns, client.limits(most), strict=False)
    )
    return max(filter(None, found), default=None)


def _nth_newest(connection: Connection, nth: int, since: datetime, *of_what: ColumnElement[bool]) -> datetime | None:
    query = (
        select(failed_logins.c.at)
        .where(*of_what, failed_logins.c.at > since)
        .order_by(failed_logins.c.at.desc())
        .limit(1)
        .offset(nth - 1)
    )
    return connection.execute(query).scalar_one_or_none()
