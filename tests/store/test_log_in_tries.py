"""Wrong log-ins and known networks as rows."""

from datetime import timedelta

from app.core.client import Client
from app.store import log_in_tries as store
from app.store.database import Database
from tests.store.rows import NOW

SECOND = timedelta(seconds=1)


HERE, THERE = Client("192.0.2.7"), Client("192.0.2.8")


def test_wrong_tries_count_per_account_and_network(desk: Database) -> None:
    def fill(connection):  # type: ignore[no-untyped-def]
        for second in range(3):
            store.add_failure(connection, "anna", HERE, NOW + second * SECOND)
        store.add_failure(connection, "anna", THERE, NOW)
        store.add_failure(connection, "ben", HERE, NOW + 9 * SECOND)

    desk.write(fill)
    since = NOW - SECOND
    with desk.read() as connection:
        assert store.failures_by_account(connection, "anna", HERE, 3, since) == NOW
        assert store.failures_by_account(connection, "anna", HERE, 1, since) == NOW + 2 * SECOND
        assert store.failures_by_account(connection, "anna", HERE, 4, since) is None
        assert store.failures_by_account(connection, "anna", HERE, 3, NOW) is None
        assert store.failures_by_account(connection, "anna", THERE, 2, since) is None
        assert store.failures_by_client(connection, HERE, 1, since) == NOW + 9 * SECOND
        assert store.failures_by_client(connection, HERE, 4, since) == NOW
        assert store.failures_by_client(connection, HERE, 5, since) is None


def test_an_ipv6_48_has_ten_times_a_network_s_share(desk: Database) -> None:
    def fill(connection):  # type: ignore[no-untyped-def]
        for number in range(20):
            neighbour = Client.at(f"2001:db8:1:{number:x}::1")
            store.add_failure(connection, "anna" if number % 2 else "ben", neighbour, NOW + number * SECOND)

    desk.write(fill)
    newcomer, stranger = Client.at("2001:db8:1:ffff::1"), Client.at("2001:db8:2::1")
    since = NOW - SECOND
    with desk.read() as connection:
        assert store.failures_by_account(connection, "anna", newcomer, 1, since) == NOW + SECOND
        assert store.failures_by_account(connection, "anna", newcomer, 2, since) is None
        assert store.failures_by_client(connection, newcomer, 2, since) == NOW
        assert store.failures_by_client(connection, newcomer, 3, since) is None
        assert store.failures_by_client(connection, stranger, 1, since) is None
