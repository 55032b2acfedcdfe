"""Kept files: written megabyte by megabyte, within their room, and never left half-written."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.actions.keep_file import WRITTEN_WITHIN, keep_file
from app.actions.privacy import prune
from app.core.kept_file import CHUNK, NoRoom, TooLarge
from app.store.database import Database
from app.store.erasures import newest_erasure
from app.store.files import bytes_kept, find_file, read_chunk
from tests.actions.desk import MONTH
from tests.kept_files import ROOM, keep, kept_content
from tests.store.rows import NOW

LATELY = NOW - WRITTEN_WITHIN


def used(database: Database, now: timedelta = timedelta()) -> int:
    with database.read() as connection:
        return bytes_kept(connection, LATELY + now)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
def test_a_file_is_kept_as_it_is(database: Database, size: int) -> None:
    content = os.urandom(size)
    pieces = [content[at : at + 65_000] for at in range(0, size, 65_000)]
    file_id, kept_size = keep_file(database, pieces, size, ROOM, now=NOW)
    assert kept_size == size
    assert kept_content(database) == {file_id: content}
    with database.read() as connection:
        file = find_file(connection, file_id)
        assert file
        assert (file.size, file.created_at) == (size, NOW)
        assert find_file(connection, "another") is None
        assert read_chunk(connection, file_id, 99) is None
    assert used(database) == size


def test_a_chunk_is_on_disk_before_more_is_read_and_the_file_is_found_when_it_is_whole(database: Database) -> None:
    seen: list[tuple[int, int]] = []

    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            content = kept_content(database)
            with database.read() as connection:
                found = [find_file(connection, file_id) for file_id in content]
            seen.append((sum(map(len, content.values())), used(database)))
            assert not any(found)
            yield bytes(CHUNK)

    keep_file(database, pieces(), ROOM, ROOM, now=NOW)
    assert seen == [(0, 0), (CHUNK, CHUNK), (2 * CHUNK, 2 * CHUNK)]


def test_a_file_over_its_limit_leaves_nothing(database: Database) -> None:
    with pytest.raises(TooLarge):
        keep_file(database, [bytes(CHUNK)] * 3, 3 * CHUNK - 1, ROOM, now=NOW)
    assert kept_content(database) == {}


def test_pieces_that_end_badly_leave_nothing(database: Database) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(2 * CHUNK)
        assert kept_content(database), "nothing was written: this test would prove nothing"
        raise ConnectionError("it broke off")

    with pytest.raises(ConnectionError):
        keep_file(database, broken(), ROOM, ROOM, now=NOW)
    assert kept_content(database) == {}
    with database.read() as connection:
        assert newest_erasure(connection) == (1 if database.is_sqlite else None), "the log still has what was written"


def test_all_files_together_have_so_much_room_and_no_more(database: Database) -> None:
    first = keep(database, bytes(CHUNK + 7), NOW)
    room = 3 * CHUNK
    with pytest.raises(NoRoom):
        keep_file(database, [bytes(2 * CHUNK - 6)], ROOM, room, now=NOW)
    assert list(kept_content(database)) == [first]
    keep_file(database, [bytes(2 * CHUNK - 7)], ROOM, room, now=NOW)
    assert used(database) == room
    with pytest.raises(NoRoom):
        keep_file(database, [b"x"], ROOM, room, now=NOW)


def test_files_that_are_being_written_take_room_too(database: Database) -> None:
    def slow() -> Iterator[bytes]:
        yield bytes(2 * CHUNK)
        with pytest.raises(NoRoom):
            keep_file(database, [bytes(CHUNK + 1)], ROOM, 3 * CHUNK, now=NOW)
        keep_file(database, [bytes(CHUNK)], ROOM, 3 * CHUNK, now=NOW)

    keep_file(database, slow(), ROOM, 3 * CHUNK, now=NOW)
    assert used(database) == 3 * CHUNK


KILLED = """
import os, signal, sys
from app.actions.keep_file import keep_file
from app.store.database import Database
from tests.kept_files import ROOM
from tests.store.rows import NOW

def pieces():
    yield b"x" * (2 * 1024 * 1024 + 1)
    os.kill(os.getpid(), signal.SIGKILL)

keep_file(Database(sys.argv[1]), pieces(), ROOM, ROOM, now=NOW)
"""


@pytest.mark.slow
def test_what_a_killed_process_had_written_is_no_file_takes_no_room_and_goes(database: Database) -> None:
    whole = keep(database, b"whole", NOW)
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", KILLED, url], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -9
    (left,) = set(kept_content(database)) - {whole}
    with database.read() as connection:
        assert find_file(connection, left) is None
    assert used(database) == 2 * CHUNK + 5
    prune(database, MONTH, now=NOW + WRITTEN_WITHIN)
    assert left in kept_content(database), "it might still be written"
    later = timedelta(seconds=1)
    assert used(database, WRITTEN_WITHIN + later) == 5
    prune(database, MONTH, now=NOW + WRITTEN_WITHIN + later)
    assert kept_content(database) == {whole: b"whole"}


def test_a_file_that_was_removed_while_it_was_written_is_not_kept(database: Database) -> None:
    def slow() -> Iterator[bytes]:
        yield bytes(CHUNK)
        prune(database, MONTH, now=NOW + timedelta(hours=1))
        yield bytes(CHUNK)

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        keep_file(database, slow(), ROOM, ROOM, now=NOW)
    assert kept_content(database) == {}


@pytest.mark.slow
def test_files_are_kept_for_a_day_whether_or_not_a_request_leads_to_them(database: Database) -> None:
    old = keep(database, os.urandom(20 * CHUNK + 3), NOW)
    young = keep(database, b"young", NOW + timedelta(seconds=1))
    day = timedelta(hours=24)
    prune(database, MONTH, now=NOW + day)
    assert set(kept_content(database)) == {old, young}
    assert prune(database, MONTH, now=NOW + day + timedelta(seconds=1)).finished
    assert kept_content(database) == {young: b"young"}
    with database.read() as connection:
        assert newest_erasure(connection) is None
