"""Console sessions as rows, by secret and by public id."""

from datetime import timedelta

from app.store.console_sessions import (
    LiveSession,
    add_session,
    delete_session,
    end_session,
    end_sessions,
    live_ones,
    live_session,
    public_id,
    sessions_of,
    touch_session,
)
from app.store.database import Database
from app.store.staff import load_staff, set_technician_disabled
from tests.store.rows import NOW

SECOND = timedelta(seconds=1)


def anna(desk: Database) -> int:
    with desk.read() as connection:
        return load_staff(connection).technicians["anna@example.com"].id


def fill(desk: Database) -> tuple[int, int]:
    """Anna with sessions a, b and c, where c began first; Ben with d."""
    with desk.read() as connection:
        anna, ben = (load_staff(connection).technicians[f"{name}@example.com"].id for name in ("anna", "ben"))
    for n, (id_hash, whose) in enumerate((("c", anna), ("b", anna), ("a", anna), ("d", ben))):
        desk.write(
            lambda connection, id_hash=id_hash, whose=whose, n=n: add_session(
                connection, id_hash, whose, NOW + timedelta(minutes=n)
            )
        )
    return anna, ben


def listed(desk: Database, whose: int) -> list[str]:
    with desk.read() as connection:
        return [each.public_id for each in sessions_of(connection, whose)]


def test_sessions_are_listed_the_last_used_first_and_without_their_secrets(desk: Database) -> None:
    anna, ben = fill(desk)
    assert listed(desk, anna) == [public_id("a"), public_id("b"), public_id("c")]
    assert listed(desk, ben) == [public_id("d")]
    assert len(public_id("a")) == 16
    with desk.read() as connection:
        (one,) = sessions_of(connection, ben)
    assert (one.created_at, one.seen_at, one.address, one.user_agent, one.pending) == (
        NOW + timedelta(minutes=3),
        NOW + timedelta(minutes=3),
        None,
        None,
        False,
    )


def test_one_is_ended_if_it_is_theirs(desk: Database) -> None:
    anna, ben = fill(desk)
    assert not desk.write(lambda connection: end_session(connection, ben, public_id("b")))
    assert not desk.write(lambda connection: end_session(connection, anna, "b"))
    assert desk.write(lambda connection: end_session(connection, anna, public_id("b")))
    assert not desk.write(lambda connection: end_session(connection, anna, public_id("b")))
    assert listed(desk, anna) == [public_id("a"), public_id("c")]


def test_all_but_one_are_ended_or_all(desk: Database) -> None:
    anna, ben = fill(desk)
    assert desk.write(lambda connection: end_sessions(connection, anna, public_id("b"))) == 2
    assert listed(desk, anna) == [public_id("b")]
    assert desk.write(lambda connection: end_sessions(connection, anna)) == 1
    assert desk.write(lambda connection: end_sessions(connection, anna)) == 0
    assert listed(desk, ben) == [public_id("d")]


def test_a_session_lasts_until_it_is_old_idle_or_deleted(desk: Database) -> None:
    who, seen = anna(desk), NOW + timedelta(hours=1)
    desk.write(lambda c: add_session(c, "hash", who, NOW))
    desk.write(lambda c: touch_session(c, "hash", seen))
    with desk.read() as connection:
        assert live_session(connection, "hash", NOW - SECOND, seen - SECOND) == LiveSession(
            who, seen, confirmed_at=NOW, password_temporary=False, has_second_factor=False
        )
        assert live_session(connection, "hash", NOW, seen - SECOND) is None
        assert live_session(connection, "hash", NOW - SECOND, seen) is None
        assert live_session(connection, "other", NOW - SECOND, seen - SECOND) is None
    desk.write(lambda c: delete_session(c, "hash"))
    with desk.read() as connection:
        assert live_session(connection, "hash", NOW - SECOND, seen - SECOND) is None


def test_the_live_ones_are_those_that_each_by_itself_would_be(desk: Database) -> None:
    who, early, late = anna(desk), NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    desk.write(lambda c: add_session(c, "live", who, NOW))
    desk.write(lambda c: add_session(c, "old", who, early))
    desk.write(lambda c: touch_session(c, "old", late))
    desk.write(lambda c: add_session(c, "pending", who, NOW, pending=True))
    hashes = ["live", "old", "pending", "other"]
    with desk.read() as connection:
        assert live_ones(connection, hashes, early, NOW - SECOND) == {"live"}
        assert live_ones(connection, hashes, early - SECOND, NOW - SECOND) == {"live", "old"}
        assert live_ones(connection, hashes, early - SECOND, NOW) == {"old"}
        assert live_ones(connection, [], early, early) == set()
        alone = {h for h in hashes if live_session(connection, h, early - SECOND, NOW - SECOND)}
        assert alone == {"live", "old"}
    desk.write(lambda c: set_technician_disabled(c, "anna@example.com", True))
    with desk.read() as connection:
        assert live_ones(connection, hashes, early - SECOND, early) == set()
