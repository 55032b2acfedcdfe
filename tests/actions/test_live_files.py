"""Files of conversations on both databases: whole once all is on disk, once for their key, within limits, and gone."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.actions import live_files as actions
from app.actions.keep_file import WRITTEN_WITHIN
from app.actions.live_files import Arrival, Sender, begin, give_up, take, take_whole
from app.actions.live_picture import drawn_anew
from app.actions.live_session import people_of
from app.actions.privacy import FILES_KEPT, erase, export, find_person, prune
from app.actions.ticket import cancel
from app.core.kept_file import CHUNK
from app.core.live import CUSTOMER_SPEAKS, NotTaken, Refusal, Speaker, TooMany
from app.core.live_file import MOST_BYTES, MOST_OF_TICKET, LiveFile, NewFile, Source
from app.store.erasures import outstanding_since
from app.store.live_files import all_files
from app.store.tables import file_chunks, files, live_files
from tests.actions.desk import MONTH, DeskAtWork
from tests.actions.talk import AT_ANNAS, AT_BENS, AT_SVENS, Talk
from tests.at_once import at_once
from tests.kept_files import ROOM, kept_content
from tests.pictures import held, picture

TEXT = b"A text, and no picture."


class Uploads:
    """Files on their way into a ticket's conversation."""

    def __init__(self, desk: DeskAtWork) -> None:
        self.desk = desk
        self.talk = Talk(desk)

    def sender(self, speaker: Speaker = CUSTOMER_SPEAKS, room: int = ROOM) -> Sender:
        return Sender(self.desk.database, self.talk.number, speaker, room, self.desk.clock())

    def begin(self, size: int, key: str = "f", name: str = "a.bin", **of: Any) -> Arrival:
        return begin(self.sender(**of), NewFile(key, name, size))

    def send(self, content: bytes, key: str = "f", name: str = "a.bin", **of: Any) -> Arrival:
        """As a page does: in pieces, until all of it is there."""
        sender = self.sender(**of)
        arrival = begin(sender, NewFile(key, name, len(content)))
        while arrival.line is None:
            arrival = take(sender, arrival.id, arrival.at, content[arrival.at : arrival.at + CHUNK])
        return arrival

    def refused(self, step: partial[Any]) -> str:
        before = self.talk.lines()
        with pytest.raises(NotTaken) as refused:
            step()
        assert self.talk.lines() == before
        return refused.value.why

    @property
    def files(self) -> list[LiveFile]:
        with self.desk.database.read() as connection:
            return all_files(connection, self.talk.number)

    def content(self, file_id: str) -> bytes:
        (file,) = (one for one in self.files if one.id == file_id)
        return kept_content(self.desk.database)[file.kept]


@pytest.fixture
def uploads(desk: DeskAtWork) -> Uploads:
    return Uploads(desk)


@pytest.mark.slow
def test_a_file_in_pieces_is_one_line_with_all_its_bytes(uploads: Uploads) -> None:
    content = os.urandom(3 * CHUNK + 17)
    sent = uploads.send(content, name="../report.pdf".rpartition("/")[2])
    assert uploads.talk.lines() == [("customer", "file", "report.pdf")]
    (file,) = uploads.files
    assert (file.id, file.line, file.size) == (sent.id, sent.line, len(content))
    assert (file.type, file.is_picture) == ("application/octet-stream", False)
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert uploads.content(sent.id) == content
    view = uploads.talk.look()
    assert view.files[view.lines[0].file or ""] == file


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_a_file_of_any_size_is_whole(uploads: Uploads, size: int) -> None:
    content = os.urandom(size)
    assert uploads.content(uploads.send(content).id) == content


def test_until_all_of_it_is_there_nobody_sees_it(uploads: Uploads) -> None:
    begun = uploads.begin(CHUNK + 5)
    assert begun == Arrival(begun.id, 0)
    assert take(uploads.sender(), begun.id, 0, bytes(CHUNK)) == Arrival(begun.id, CHUNK)
    assert uploads.talk.lines() == []
    assert uploads.talk.look().files == {}


def test_the_same_key_goes_on_where_it_was_and_ends_as_one_line(uploads: Uploads) -> None:
    content = os.urandom(2 * CHUNK + 5)
    begun = uploads.begin(len(content))
    take(uploads.sender(), begun.id, 0, content[:CHUNK])
    assert uploads.begin(len(content)) == Arrival(begun.id, CHUNK)
    sent = uploads.send(content)
    assert sent.id == begun.id
    assert uploads.send(content) == sent
    assert uploads.begin(1, name="another") == sent
    assert len(uploads.talk.lines()) == len(uploads.files) == 1
    assert uploads.content(sent.id) == content


def test_a_piece_that_does_not_follow_says_where_to_go_on(uploads: Uploads) -> None:
    begun = uploads.begin(2 * CHUNK)
    assert take(uploads.sender(), begun.id, CHUNK, bytes(CHUNK)).at == 0
    assert take(uploads.sender(), begun.id, 0, bytes(CHUNK)).at == CHUNK
    assert take(uploads.sender(), begun.id, 0, bytes(CHUNK)).at == CHUNK
    assert take(uploads.sender(), begun.id, 7, bytes(CHUNK)).at == CHUNK
    for wrong in (b"", bytes(5), bytes(CHUNK + 1)):
        assert uploads.refused(partial(take, uploads.sender(), begun.id, CHUNK, wrong)) == Refusal.FIELD


def test_a_key_of_a_message_is_no_key_of_a_file(uploads: Uploads) -> None:
    uploads.talk.post(CUSTOMER_SPEAKS, "say", "Hello", "same")
    assert uploads.refused(partial(uploads.begin, 5, "same")) == Refusal.FIELD
    uploads.talk.claim()
    uploads.send(TEXT, "same", speaker=AT_ANNAS)


def test_a_picture_is_drawn_anew_and_nothing_of_the_file_is_left(uploads: Uploads) -> None:
    sent = uploads.send(held(6), name="photo.gif")
    (file,) = uploads.files
    assert (file.name, file.type, file.width, file.height) == ("photo.jpg", "image/jpeg", 40, 60)
    content = uploads.content(sent.id)
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert b"ecret" not in b"".join(kept_content(uploads.desk.database).values())
    assert len(kept_content(uploads.desk.database)) == 1
    assert uploads.send(held(6), name="photo.gif") == sent


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (picture((400, 300))[:-100], Refusal.PICTURE),
        (b"\xff\xd8\xff<script>", Refusal.PICTURE),
        (b"\0\0\0\x18ftypheic" + bytes(100), Refusal.HEIC),
    ],
)
def test_a_picture_that_cannot_be_drawn_anew_is_refused_and_removed(
    uploads: Uploads, content: bytes, why: Refusal
) -> None:
    assert uploads.refused(partial(uploads.send, content)) == why
    assert uploads.files == []
    assert kept_content(uploads.desk.database) == {}


def test_markup_is_only_a_download(uploads: Uploads) -> None:
    for name, content in (("a.svg", b"<svg onload=x/>"), ("a.html", b"<script>x</script>"), ("a.png", b"<html>")):
        uploads.send(content, key=name.replace(".", "-"), name=name)
    assert {(file.type, file.is_picture) for file in uploads.files} == {("application/octet-stream", False)}


def test_only_its_people_send_and_only_while_they_may_write(uploads: Uploads) -> None:
    for speaker in (AT_ANNAS, AT_BENS, AT_SVENS):
        assert uploads.refused(partial(uploads.begin, 5, speaker=speaker)) == Refusal.NOT_YOURS
    uploads.talk.claim()
    uploads.send(TEXT, speaker=AT_ANNAS)
    for speaker in (AT_BENS, AT_SVENS):
        assert uploads.refused(partial(uploads.begin, 5, speaker=speaker)) == Refusal.NOT_YOURS
    begun = uploads.begin(CHUNK + 5)
    assert uploads.refused(partial(take, uploads.sender(AT_ANNAS), begun.id, 0, bytes(CHUNK))) == Refusal.GONE
    assert uploads.refused(partial(give_up, uploads.sender(AT_ANNAS), begun.id)) == Refusal.GONE
    cancel(uploads.desk.database, uploads.talk.number, now=uploads.desk.clock())


def test_after_the_end_nothing_is_taken_any_more(uploads: Uploads) -> None:
    begun = uploads.begin(CHUNK + 5)
    take(uploads.sender(), begun.id, 0, bytes(CHUNK))
    cancel(uploads.desk.database, uploads.talk.number, now=uploads.desk.clock())
    assert uploads.refused(partial(take, uploads.sender(), begun.id, CHUNK, bytes(5))) == Refusal.NOT_NOW
    assert uploads.refused(partial(uploads.begin, 5, "other")) == Refusal.NOT_NOW
    assert uploads.refused(partial(take_whole, uploads.sender(), "third", "a", [TEXT])) == Refusal.NOT_NOW


def test_a_file_that_ends_with_the_ticket_is_not_there(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last byte is on disk, and the ticket ends before its line is."""

    def slow(raw: bytes) -> object:
        cancel(uploads.desk.database, uploads.talk.number, now=uploads.desk.clock())
        return drawn_anew(raw)

    monkeypatch.setattr(actions, "drawn_anew", slow)
    with pytest.raises(NotTaken):
        uploads.send(picture())
    assert [kind for _who, kind, _body in uploads.talk.lines()] == ["end"]
    assert (uploads.files, kept_content(uploads.desk.database)) == ([], {})


def test_a_picture_of_the_screen_is_a_technician_s_while_it_is_shown(uploads: Uploads) -> None:
    uploads.talk.claim()
    new = NewFile("s", "screen.png", len(picture()), Source.SNAPSHOT)
    assert uploads.refused(partial(begin, uploads.sender(AT_ANNAS), new)) == Refusal.NOT_NOW
    uploads.talk.post(CUSTOMER_SPEAKS, "screen", "shared:window")
    assert uploads.refused(partial(begin, uploads.sender(), new)) == Refusal.NOT_YOURS
    begun = begin(uploads.sender(AT_ANNAS), new)
    assert take(uploads.sender(AT_ANNAS), begun.id, 0, picture()).line
    text = NewFile("t", "a.txt", len(TEXT), Source.DRAWING)
    begun = begin(uploads.sender(AT_ANNAS), text)
    assert uploads.refused(partial(take, uploads.sender(AT_ANNAS), begun.id, 0, TEXT)) == Refusal.PICTURE
    assert [file.source for file in uploads.files] == ["snapshot"]


@pytest.mark.slow
def test_a_ticket_has_so_many_bytes(uploads: Uploads) -> None:
    for key in "abcd":
        uploads.begin(MOST_BYTES, key)
    assert MOST_OF_TICKET == 4 * MOST_BYTES
    assert uploads.refused(partial(uploads.begin, 1, "e")) == Refusal.FULL
    give_up(uploads.sender(), uploads.begin(MOST_BYTES, "a").id)
    uploads.send(TEXT, "e")
    assert uploads.refused(partial(take_whole, uploads.sender(), "g", "a", [bytes(MOST_BYTES)])) == Refusal.FULL


def test_a_file_beyond_its_size_is_not_taken_whole(uploads: Uploads) -> None:
    for content, why in ((bytes(MOST_BYTES + 1), Refusal.TOO_LARGE), (b"", Refusal.EMPTY)):
        assert uploads.refused(partial(take_whole, uploads.sender(), "f", "a", [content])) == why
    assert kept_content(uploads.desk.database) == {}


def test_all_kept_files_have_their_room(uploads: Uploads) -> None:
    tight = CHUNK + 10
    assert uploads.refused(partial(uploads.begin, CHUNK + 11, room=tight)) == Refusal.NO_ROOM
    begun = uploads.begin(CHUNK + 5, room=tight)
    take(uploads.sender(room=tight), begun.id, 0, bytes(CHUNK))
    uploads.send(TEXT[:8], "small")
    assert uploads.refused(partial(take, uploads.sender(room=tight), begun.id, CHUNK, bytes(5))) == Refusal.NO_ROOM
    assert uploads.refused(partial(take_whole, uploads.sender(room=tight), "g", "a", [bytes(9)])) == Refusal.NO_ROOM


@pytest.mark.slow
def test_files_are_lines_and_have_their_rate(uploads: Uploads) -> None:
    for number in range(30):
        uploads.send(TEXT, f"k{number}")
    with pytest.raises(TooMany):
        uploads.begin(5)
    with pytest.raises(TooMany):
        take_whole(uploads.sender(), "f", "a", [TEXT])
    uploads.desk.clock.advance(minutes=1)
    uploads.send(TEXT)


def test_a_form_s_file_is_taken_whole_and_once(uploads: Uploads) -> None:
    content = os.urandom(CHUNK + 9)

    def pieces() -> Iterator[bytes]:
        yield content[:5]
        yield content[5:]

    sent = take_whole(uploads.sender(), "f", "a.bin", pieces())
    assert uploads.content(sent.id) == content
    assert take_whole(uploads.sender(), "f", "a.bin", pieces()) == sent
    assert take_whole(uploads.sender(), "g", "b.jpg", [held(1)]).line
    assert len(kept_content(uploads.desk.database)) == len(uploads.files) == 2


@pytest.mark.slow
def test_of_two_requests_that_finish_it_one_adds_the_line(uploads: Uploads) -> None:
    content = picture()
    begun = uploads.begin(len(content), name="a.png")
    ends = at_once(*[partial(take, uploads.sender(), begun.id, 0, content)] * 4)
    assert set(ends) == {"done"}
    assert uploads.talk.lines() == [("customer", "file", "a.png")]
    assert len(kept_content(uploads.desk.database)) == 1


def test_what_is_given_up_is_gone_and_what_is_said_stays(uploads: Uploads) -> None:
    begun = uploads.begin(CHUNK + 5)
    take(uploads.sender(), begun.id, 0, bytes(CHUNK))
    give_up(uploads.sender(), begun.id)
    assert (uploads.files, kept_content(uploads.desk.database)) == ([], {})
    assert uploads.refused(partial(take, uploads.sender(), begun.id, CHUNK, bytes(5))) == Refusal.GONE
    sent = uploads.send(TEXT)
    give_up(uploads.sender(), sent.id)
    assert uploads.content(sent.id) == TEXT


@pytest.mark.slow
def test_files_stay_as_long_as_their_ticket_and_what_was_broken_off_goes(uploads: Uploads) -> None:
    sent = uploads.send(os.urandom(10 * CHUNK))
    begun = uploads.begin(CHUNK + 5, "other")
    take(uploads.sender(), begun.id, 0, bytes(CHUNK))
    now, second = uploads.desk.clock(), timedelta(seconds=1)
    prune(uploads.desk.database, MONTH, now=now + WRITTEN_WITHIN)
    assert len(uploads.files) == 2
    prune(uploads.desk.database, MONTH, now=now + WRITTEN_WITHIN + second)
    assert [file.id for file in uploads.files] == [sent.id]
    prune(uploads.desk.database, MONTH, now=now + FILES_KEPT + second)
    assert len(uploads.content(sent.id)) == 10 * CHUNK
    cancel(uploads.desk.database, uploads.talk.number, now=now)
    prune(uploads.desk.database, MONTH, now=now + MONTH)
    assert uploads.content(sent.id)
    prune(uploads.desk.database, MONTH, now=now + MONTH + second)
    assert (uploads.files, kept_content(uploads.desk.database)) == ([], {})


def test_a_slow_upload_goes_on_beyond_ten_minutes(uploads: Uploads) -> None:
    content = os.urandom(3 * CHUNK)
    begun = uploads.begin(len(content))
    for at in range(0, len(content), CHUNK):
        uploads.desk.clock.advance(minutes=9)
        prune(uploads.desk.database, MONTH, now=uploads.desk.clock())
        begun = take(uploads.sender(), begun.id, at, content[at : at + CHUNK])
    assert begun.line
    assert uploads.content(begun.id) == content


@pytest.mark.slow
def test_files_are_exported_by_their_facts_and_erased_with_their_bytes(desk: DeskAtWork) -> None:
    request = desk.submit()
    uploads = Uploads(desk)
    uploads.talk.number = request.ticket_number or 0
    uploads.send(os.urandom(9 * CHUNK), name="a.bin")
    uploads.begin(5, "other")
    uploads.send(picture((40, 30)), "third", "b.png")
    person = find_person(desk.database, reference=request.reference)
    (ticket,) = export(desk.database, person)["tickets"]
    first, _begun, third = sorted(ticket["conversation"]["files"], key=lambda file: -file["size"])
    assert (first["name"], first["size"], first["who"]) == ("a.bin", 9 * CHUNK, "customer")
    assert not {"kept", "key"} & set(first)
    assert {(third["width"], _begun["width"])} & {(40, None), (None, 40)}
    assert erase(desk.database, person, by=None, now=desk.clock())
    assert (uploads.files, kept_content(desk.database)) == ([], {})
    with desk.database.read() as connection:
        assert outstanding_since(connection) is None
        for table in (files, file_chunks, live_files):
            assert connection.execute(select(table)).all() == []


def test_an_erasure_amid_an_upload_leaves_nothing(uploads: Uploads) -> None:
    begun = uploads.begin(CHUNK + 5)
    take(uploads.sender(), begun.id, 0, bytes(CHUNK))
    ticket = uploads.desk.ticket(uploads.talk.number)
    person = replace(find_person(uploads.desk.database, number="nobody"), tickets=[ticket])
    erase(uploads.desk.database, person, by=None, now=uploads.desk.clock())
    assert uploads.refused(partial(take, uploads.sender(), begun.id, CHUNK, bytes(5))) == Refusal.GONE
    assert uploads.refused(partial(uploads.begin, 5)) == Refusal.NOT_NOW
    assert kept_content(uploads.desk.database) == {}
    assert people_of(ticket, uploads.talk.look().session) == []


KILLED = """
import os, signal, sys
from app.actions import live_files as actions
from app.core.kept_file import CHUNK
from app.core.live import CUSTOMER_SPEAKS
from app.core.live_file import NewFile
from app.store.database import Database
from tests.kept_files import ROOM
from tests.pictures import picture
from tests.store.rows import NOW

url, number, when = sys.argv[1:]
sender = actions.Sender(Database(url), int(number), CUSTOMER_SPEAKS, ROOM, NOW)
content = picture((1200, 900), form="JPEG") if when == "drawn" else bytes(2 * CHUNK + 5)

def die(*given):
    os.kill(os.getpid(), signal.SIGKILL)

if when == "drawn":
    actions._added = die
begun = actions.begin(sender, NewFile("f", "a.bin", len(content)))
for at in range(0, len(content), CHUNK):
    if when == "pieces" and at == 2 * CHUNK:
        die()
    actions.take(sender, begun.id, at, content[at : at + CHUNK])
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["pieces", "drawn"])
def test_a_process_killed_amid_an_upload_leaves_all_or_nothing(uploads: Uploads, when: str) -> None:
    url = uploads.desk.database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", KILLED, url, str(uploads.talk.number), when]
    assert subprocess.run(arguments, cwd=Path(__file__).parents[2], check=False).returncode == -9
    assert uploads.talk.lines() == []
    content = picture((1200, 900), form="JPEG") if when == "drawn" else bytes(2 * CHUNK + 5)
    sent = uploads.send(content)
    assert sent.line
    assert len(uploads.talk.lines()) == 1
    later = uploads.desk.clock() + FILES_KEPT + timedelta(seconds=1)
    prune(uploads.desk.database, MONTH, now=later)
    assert list(kept_content(uploads.desk.database).values()) == [uploads.content(sent.id)]
