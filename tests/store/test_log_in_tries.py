"""Wrong log-ins and known networks as rows."""

from datetime import timedelta

from app.store import log_in_tries as store
from app.store.database import Database
from tests.store.rows import NOW

SECOND = timedelta(seconds=1)


def test_wrong_tries_count_per_account_and_network(desk: Database) -> None:
    def fill(connection):  # type: ignore[no-untyped-def]
        for second in range(3):
            store.add_failure(connection, "anna", "192.0.2.7", NOW + second * SECOND)
        store.add_failure(connection, "anna", "192.0.2.8", NOW)
        store.add_failure(connection, "ben", "192.0.2.7", NOW + 9 * SECOND)

    desk.write(fill)
    since = NOW - SECOND
    with desk.read() as connection:
        assert store.failures_by_account(connection, "anna", "192.0.2.7", 3, since) == NOW
        assert store.failures_by_account(connection, "anna", "192.0.2.7", 1, since) == NOW + 2 * SECOND
        assert store.failures_by_account(connection, "anna", "192.0.2.7", 4, since) is None
        assert store.failures_by_account(connection, "anna", "192.0.2.7", 3, NOW) is None
        assert store.failures_by_account(connection, "anna", "192.0.2.8", 2, since) is None
        assert store.failures_by_network(connection, "192.0.2.7", 1, since) == NOW + 9 * SECOND
        assert store.failures_by_network(connection, "192.0.2.7", 4, since) == NOW
        assert store.failures_by_network(connection, "192.0.2.7", 5, since) is None
