"""Console sessions and wrong log-ins as rows."""

from datetime import timedelta

from app.store import console as store
from app.store.database import Database
from app.store.staff import load_staff
from tests.store.rows import NOW

SECOND = timedelta(seconds=1)


def anna(desk: Database) -> int:
    with desk.read() as connection:
        return load_staff(connection).technicians["anna@example.com"].id


def test_a_session_lasts_until_it_is_old_idle_or_deleted(desk: Database) -> None:
    who, seen = anna(desk), NOW + timedelta(hours=1)
    desk.write(lambda c: store.add_session(c, "hash", who, NOW))
    desk.write(lambda c: store.touch_session(c, "hash", seen))
    with desk.read() as connection:
        assert store.session_technician(connection, "hash", NOW - SECOND, seen - SECOND) == (who, seen)
        assert store.session_technician(connection, "hash", NOW, seen - SECOND) is None
        assert store.session_technician(connection, "hash", NOW - SECOND, seen) is None
        assert store.session_technician(connection, "other", NOW - SECOND, seen - SECOND) is None
    desk.write(lambda c: store.delete_session(c, "hash"))
    with desk.read() as connection:
        assert store.session_technician(connection, "hash", NOW - SECOND, seen - SECOND) is None


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
