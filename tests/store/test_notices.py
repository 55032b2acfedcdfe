"""Notices: added with their event, claimed by one process at a time, and deleted when settled."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from app.core.notice import RequestParked, event_body
from app.core.why import Why, WhyCode
from app.store.database import Database
from app.store.notices import Notice, add_notice, any_due, claim_notices, settle
from app.store.tables import notices
from tests.store.rows import NOW

PARKED = RequestParked(
    reference="7K3M-Q2XH", site="default", reason="stale", why=Why(WhyCode.STALE), attempts=7, maybe_duplicate=False
)
CHANNELS = ("mail", "webhook")
LATER = NOW + timedelta(seconds=120)
SECOND = timedelta(seconds=1)


def add(database: Database, times: int = 1) -> None:
    def put_down(connection: Connection) -> None:
        for _ in range(times):
            add_notice(connection, "webhook", "default", PARKED, NOW)

    database.write(put_down)


def claim(database: Database, now=NOW, most: int = 16) -> list[Notice]:  # type: ignore[no-untyped-def]
    return database.write(lambda connection: claim_notices(connection, CHANNELS, now, most, now + (LATER - NOW)))


def is_due(database: Database, now=NOW) -> bool:  # type: ignore[no-untyped-def]
    with database.read() as connection:
        return any_due(connection, CHANNELS, now)


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(notices)).scalar_one())


def test_a_notice_is_taken_up_as_it_was_put_down(database: Database) -> None:
    assert not is_due(database)
    add(database)
    assert is_due(database)
    assert not is_due(database, NOW - SECOND)
    (notice,) = claim(database)
    assert (notice.site, notice.body, notice.created_at) == ("default", event_body(PARKED, NOW), NOW)
    assert notice.id.startswith("msg_")
    assert notice.tries == 1


def test_the_notices_of_a_newer_version_s_channel_are_left_to_it(database: Database) -> None:
    database.write(lambda connection: add_notice(connection, "pigeon", "default", PARKED, NOW))
    assert not is_due(database)
    assert claim(database) == []
    add(database)
    assert [notice.channel for notice in claim(database)] == ["webhook"]
    assert count(database) == 2


def test_it_is_put_down_only_if_what_it_tells_is(database: Database) -> None:
    def broken(connection: Connection) -> None:
        add_notice(connection, "webhook", "default", PARKED, NOW)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(broken)
    assert count(database) == 0


def test_it_is_nobody_else_s_until_its_lease_ends(database: Database) -> None:
    add(database)
    (first,) = claim(database)
    assert claim(database) == []
    assert not is_due(database, LATER - SECOND)
    (second,) = claim(database, LATER)
    assert (second.id, second.tries) == (first.id, 2)
    assert not database.write(lambda c: settle(c, first, None)), "its lease has ended"
    assert not database.write(lambda c: settle(c, first, NOW))
    assert database.write(lambda c: settle(c, second, None))
    assert count(database) == 0


def test_it_is_due_again_when_it_was_said_to_be(database: Database) -> None:
    add(database)
    (first,) = claim(database)
    assert database.write(lambda c: settle(c, first, NOW + SECOND))
    assert not is_due(database)
    (second,) = claim(database, NOW + SECOND)
    assert (second.id, second.tries, second.body) == (first.id, 2, first.body)
    assert second.lease != first.lease


def test_no_more_are_taken_up_than_asked_for_the_longest_due_first(database: Database) -> None:
    add(database, 3)
    (late,) = claim(database, most=1)
    database.write(lambda c: settle(c, late, NOW + SECOND))
    assert late.id not in {notice.id for notice in claim(database, NOW + SECOND, most=2)}
    assert [notice.id for notice in claim(database, NOW + SECOND)] == [late.id]


def test_processes_that_take_up_at_the_same_moment_never_share_one(database: Database, both_urls: str) -> None:
    add(database, 60)
    others = [database, *(Database(both_urls) for _ in range(3))]
    together = threading.Barrier(len(others))

    def take_up(process: Database) -> list[str]:
        found: list[str] = []
        together.wait()
        while claimed := claim(process, most=4):
            found += [notice.id for notice in claimed]
        return found

    with ThreadPoolExecutor(len(others)) as threads:
        found = [one for taken in threads.map(take_up, others) for one in taken]
    for other in others[1:]:
        other.close()
    assert len(found) == len(set(found))
    # PostgreSQL skips rows that another process is just claiming; they are still due.
    found += [notice.id for notice in claim(database, most=60)]
    assert len(set(found)) == len(found) == 60
