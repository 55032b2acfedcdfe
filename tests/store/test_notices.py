"""Notices: added with their event, claimed by one process at a time, and deleted when settled."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from app.core.notice import NewNotice, NoticeState, parked_notice
from app.store.database import Database
from app.store.notices import (
    Notice,
    add_notices,
    any_due,
    claim_notices,
    finish,
    forget_settled,
    is_delivered,
    list_notices,
    send_again,
    try_again,
)
from tests.actions.outbox import PARKED
from tests.store.rows import NOW

CHANNELS = ("letter", "webhook")
LATER = NOW + timedelta(seconds=120)
SECOND = timedelta(seconds=1)


_numbers = itertools.count(8)


def new(channel: str = "webhook", site: str = "default") -> NewNotice:
    return parked_notice(channel, replace(PARKED, site=site, attempts=next(_numbers)), NOW)


def add(database: Database, times: int = 1) -> list[NewNotice]:
    added = [new() for _ in range(times)]
    database.write(lambda connection: add_notices(connection, added))
    return added


def again(connection: Connection, notice: Notice, at: datetime) -> bool:
    return try_again(connection, notice, at, "status 500")


def done(connection: Connection, notice: Notice) -> bool:
    return finish(connection, notice, NoticeState.DELIVERED, None, NOW)


def waiting(database: Database) -> int:
    with database.read() as connection:
        return len(list_notices(connection, state=NoticeState.WAITING))


def claim(database: Database, now=NOW, most: int = 16) -> list[Notice]:  # type: ignore[no-untyped-def]
    return database.write(lambda connection: claim_notices(connection, CHANNELS, now, most, now + (LATER - NOW)))


def is_due(database: Database, now=NOW) -> bool:  # type: ignore[no-untyped-def]
    with database.read() as connection:
        return any_due(connection, CHANNELS, now)


def test_a_notice_is_taken_up_as_it_was_put_down(database: Database) -> None:
    assert not is_due(database)
    (added,) = add(database)
    assert is_due(database)
    assert not is_due(database, NOW - SECOND)
    (notice,) = claim(database)
    assert (notice.site, notice.body, notice.created_at) == ("default", added.body, NOW)
    assert notice.id.startswith("msg_")
    assert notice.tries == 1


def test_the_notices_of_a_newer_version_s_channel_are_left_to_it(database: Database) -> None:
    database.write(lambda connection: add_notices(connection, [new("pigeon")]))
    assert not is_due(database)
    assert claim(database) == []
    add(database)
    assert [notice.channel for notice in claim(database)] == ["webhook"]
    assert waiting(database) == 2


def test_it_is_put_down_only_if_what_it_tells_is(database: Database) -> None:
    def broken(connection: Connection) -> None:
        add_notices(connection, [new()])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.write(broken)
    assert waiting(database) == 0


def test_it_is_nobody_else_s_until_its_lease_ends(database: Database) -> None:
    add(database)
    (first,) = claim(database)
    assert claim(database) == []
    assert not is_due(database, LATER - SECOND)
    (second,) = claim(database, LATER)
    assert (second.id, second.tries) == (first.id, 2)
    assert not database.write(lambda c: done(c, first)), "its lease has ended"
    assert not database.write(lambda c: again(c, first, NOW))
    assert database.write(lambda c: done(c, second))
    assert waiting(database) == 0


def test_it_is_due_again_when_it_was_said_to_be(database: Database) -> None:
    add(database)
    (first,) = claim(database)
    assert database.write(lambda c: again(c, first, NOW + SECOND))
    assert not is_due(database)
    (second,) = claim(database, NOW + SECOND)
    assert (second.id, second.tries, second.body) == (first.id, 2, first.body)
    assert second.lease != first.lease


def test_no_more_are_taken_up_than_asked_for_the_longest_due_first(database: Database) -> None:
    add(database, 3)
    (late,) = claim(database, most=1)
    database.write(lambda c: again(c, late, NOW + SECOND))
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


def test_the_same_notice_is_kept_once(database: Database) -> None:
    one = new()
    database.write(lambda connection: add_notices(connection, [one, one]))
    (claimed,) = claim(database)
    database.write(lambda c: done(c, claimed))
    database.write(lambda connection: add_notices(connection, [one]))
    assert not is_due(database)


def test_one_lane_s_notices_leave_room_for_the_others(database: Database) -> None:
    add(database, 30)
    database.write(lambda connection: add_notices(connection, [new(site="other") for _ in range(3)]))

    def pick(flying: list[str]) -> list[str]:
        lease_until = NOW + SECOND
        found = database.write(lambda c: claim_notices(c, CHANNELS, NOW, 16, lease_until, flying, 2))
        return sorted(notice.lane for notice in found)

    assert pick(["webhook:default"]) == ["webhook:default", "webhook:other", "webhook:other"]
    assert pick(["webhook:default"] * 2) == ["webhook:other"]


def test_a_settled_one_is_seen_and_sent_again_and_forgotten_after_a_while(database: Database) -> None:
    first, second = add(database, 2)
    for notice in claim(database):
        database.write(lambda c, notice=notice: finish(c, notice, NoticeState.GIVEN_UP, "status 500", NOW))
    assert not is_due(database, NOW + timedelta(days=300))
    assert database.write(lambda c: send_again(c, [first.id, "none"], NOW + SECOND)) == [first.id]
    (claimed,) = claim(database, NOW + SECOND)
    assert (claimed.id, claimed.tries, claimed.created_at) == (first.id, 1, NOW + SECOND)
    assert database.write(lambda c: send_again(c, [first.id], NOW + SECOND)) == [], "under way"
    assert database.write(lambda c: forget_settled(c, NOW)) == 0
    assert database.write(lambda c: forget_settled(c, NOW + SECOND)) == 1
    with database.read() as connection:
        assert [one.id for one in list_notices(connection)] == [first.id]
        assert second.id != first.id


def test_whether_somebody_was_told_of_a_request(database: Database) -> None:
    add(database)
    (claimed,) = claim(database)
    with database.read() as connection:
        assert not is_delivered(connection, "7K3M-Q2XH", "request.parked")
    database.write(lambda c: done(c, claimed))
    with database.read() as connection:
        assert is_delivered(connection, "7K3M-Q2XH", "request.parked")
        assert not is_delivered(connection, "7K3M-Q2XH", "request.closed")
