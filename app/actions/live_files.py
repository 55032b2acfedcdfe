"""Files and pictures of a conversation: taken in pieces, each on disk before the next, and a line once all is there."""

import contextlib
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from app.actions.keep_file import WRITTEN_WITHIN, keep_file
from app.actions.live import within_limits, wrote
from app.actions.live_picture import NotAPicture, drawn_anew
from app.core.kept_file import CHUNK, NoRoom, TooLarge
from app.core.live import FILE, Kind, Line, NotTaken, Post, Refusal, Session, Speaker, refusal
from app.core.live_file import (
    MOST_BYTES,
    MOST_FILES,
    MOST_OF_TICKET,
    LiveFile,
    NewFile,
    check_size,
    claims_to_be_picture,
    named_for,
    next_offset,
    no_source,
)
from app.core.ticket import Ticket
from app.store import live as lines
from app.store import live_files as store
from app.store.database import DATABASE_FAULTS, Database
from app.store.erasures import mark_erasure
from app.store.files import (
    LONG_AGO,
    abandon_files,
    add_chunk,
    begin_file,
    bytes_kept,
    count_chunks,
    finish_file,
    read_chunk,
    remove_old_chunks,
    touch_file,
)
from app.store.tickets import lock_ticket


@dataclass(frozen=True, slots=True)
class Arrival:
    """How much of a file is on disk, in bytes; `line` once it is whole and in the conversation."""

    id: str
    at: int
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who sends a file into a ticket. `room` is how many bytes all kept files may have together."""

    database: Database
    number: int
    speaker: Speaker
    room: int
    now: datetime


def begin(sender: Sender, new: NewFile) -> Arrival:
    """Begin a file; the same key of the same person again goes on with it. Raises NotTaken or TooMany."""

    def add(connection: Connection) -> LiveFile:
        known = _known(connection, sender, new.key)
        if known is not None:
            return known
        ticket, session = _allowed(connection, sender)
        _refuse(no_source(sender.speaker.side, session.screen, new.source))
        _fits(connection, sender, new.size)
        if bytes_kept(connection, sender.now - WRITTEN_WITHIN) + new.size > sender.room:
            raise NotTaken(Refusal.NO_ROOM)
        file = _new(ticket, sender, new, secrets.token_hex(16))
        begin_file(connection, file.kept, sender.now)
        store.add_file(connection, file)
        return file

    file = sender.database.write(add)
    if file.line is not None:
        return Arrival(file.id, file.size, file.line)
    with sender.database.read() as connection:
        at = next_offset(count_chunks(connection, file.kept), file.size)
    return _whole(sender, file) if at == file.size else Arrival(file.id, at)


def take(sender: Sender, file_id: str, at: int, data: bytes) -> Arrival:
    """Take the piece that begins at the byte `at`: CHUNK bytes, or all that is left.

    A piece that is there, or that does not follow what is there, changes nothing: the answer says where to go on.
    Raises NotTaken when there is no such file.
    """

    def add(connection: Connection) -> tuple[LiveFile, int]:
        lock_ticket(connection, sender.number)
        file = _own(connection, sender, file_id)
        if file.line is not None:
            return file, file.size
        _allowed(connection, sender)
        chunks = count_chunks(connection, file.kept)
        if at != next_offset(chunks, file.size) or at == file.size:
            return file, next_offset(chunks, file.size)
        if len(data) != min(CHUNK, file.size - at):
            raise NotTaken(Refusal.FIELD)
        if bytes_kept(connection, sender.now - WRITTEN_WITHIN) + len(data) > sender.room:
            raise NotTaken(Refusal.NO_ROOM)
        add_chunk(connection, file.kept, chunks, data)
        touch_file(connection, file.kept, sender.now)
        return file, at + len(data)

    file, reached = sender.database.write(add)
    if file.line is not None or reached < file.size:
        return Arrival(file.id, reached, file.line)
    return _whole(sender, file)


def give_up(sender: Sender, file_id: str) -> None:
    """Remove a file that is still arriving; one that is in the conversation stays."""

    with sender.database.read() as connection:
        file = _own(connection, sender, file_id)
    _remove(sender, file, [])


def take_whole(sender: Sender, key: str, name: str, pieces: Iterable[bytes]) -> Arrival:
    """Take a file of unknown size. Raises NotTaken or TooMany, and then keeps nothing of it."""
    with sender.database.read() as connection:
        known = store.file_with_key(connection, sender.number, sender.speaker.who, key)
    if known is not None and known.line is not None:
        return Arrival(known.id, known.size, known.line)
    sender.database.write(lambda connection: _allowed(connection, sender))  # before its bytes are read
    kept, size = _kept(sender, pieces)

    def add(connection: Connection) -> LiveFile:
        ticket, _session = _allowed(connection, sender)
        check_size(size)
        _fits(connection, sender, size)
        if _known(connection, sender, key) is not None:  # another request is taking it
            raise NotTaken(Refusal.NOT_NOW)
        file = _new(ticket, sender, NewFile(key, name, size), kept)
        store.add_file(connection, file)
        return file

    try:
        file = sender.database.write(add)
    except BaseException:
        _remove(sender, None, [kept])
        raise
    return _whole(sender, file)


def _known(connection: Connection, sender: Sender, key: str) -> LiveFile | None:
    """The file with this key, once the ticket is locked. Raises NotTaken when a message has it."""
    lock_ticket(connection, sender.number)
    known = store.file_with_key(connection, sender.number, sender.speaker.who, key)
    if known is None and _has_line(connection, sender, key):
        raise NotTaken(Refusal.FIELD)
    return known


def _has_line(connection: Connection, sender: Sender, key: str) -> bool:
    speaker = sender.speaker
    return lines.before_line(connection, sender.number, speaker.who, key, speaker.side, ()).known is not None


def _allowed(connection: Connection, sender: Sender) -> tuple[Ticket, Session]:
    """The ticket, locked, to which a file may be added now, and its session. Raises NotTaken."""
    ticket = lock_ticket(connection, sender.number)
    if ticket is None or ticket.erased_at is not None:
        raise NotTaken(Refusal.NOT_NOW)
    session = lines.load_session(connection, sender.number)
    _refuse(refusal(ticket, session, sender.speaker, Post(Kind.SAY)))
    return ticket, session


def _refuse(why: Refusal | None) -> None:
    if why is not None:
        raise NotTaken(why)


def _fits(connection: Connection, sender: Sender, size: int) -> None:
    count, together = store.sum_of_files(connection, sender.number)
    if count >= MOST_FILES or together + size > MOST_OF_TICKET:
        raise NotTaken(Refusal.FULL)
    within_limits(connection, sender.number, sender.speaker.side, now=sender.now)


def _new(ticket: Ticket, sender: Sender, new: NewFile, kept: str) -> LiveFile:
    return LiveFile(
        id=secrets.token_hex(16),
        ticket=ticket.number,
        at=sender.now,
        who=sender.speaker.who,
        key=new.key,
        name=new.name,
        size=new.size,
        kept=kept,
        source=new.source,
    )


def _own(connection: Connection, sender: Sender, file_id: str) -> LiveFile:
    """The file that this person sends. Raises NotTaken."""
    file = store.file_by_id(connection, sender.number, file_id)
    if file is None or file.who != sender.speaker.who:
        raise NotTaken(Refusal.GONE)
    return file


def _whole(sender: Sender, file: LiveFile) -> Arrival:
    """All bytes are on disk: draw a picture anew, and add the line. A file that is refused now is removed."""
    fresh: list[str] = []
    try:
        finished = _finished(sender, file)
        fresh = [finished.kept] if finished.kept != file.kept else []
        arrival, unused = sender.database.write(lambda connection: _added(connection, sender, finished))
    except NotTaken:
        _remove(sender, file, fresh)
        raise
    except BaseException:
        _remove(sender, None, fresh)
        raise
    if fresh:
        _remove(sender, None, [unused])
    return arrival


def _added(connection: Connection, sender: Sender, file: LiveFile) -> tuple[Arrival, str]:
    """Add the file's line, unless another request has; returns with it the id of the bytes that are not needed."""
    lock_ticket(connection, sender.number)
    before = _own(connection, sender, file.id)
    if before.line is not None:
        return Arrival(before.id, before.size, before.line), file.kept
    ticket, session = _allowed(connection, sender)
    finish_file(connection, file.kept, file.size)
    line = Line(0, sender.now, sender.speaker.who, FILE, file.name, file.key, file.id)
    added = lines.add_line(connection, ticket.number, line)
    values = {name: getattr(file, name) for name in ("name", "size", "kept", "type", "sha256", "width", "height")}
    store.change_file(connection, file.id, line=added, **values)
    wrote(connection, ticket, session, sender.speaker.side, now=sender.now)
    return Arrival(file.id, file.size, added), before.kept


def _finished(sender: Sender, file: LiveFile) -> LiveFile:
    """The file as it is kept. Raises NotTaken for a picture that cannot be drawn anew."""
    first = next(_chunks(sender, file), b"")
    if not claims_to_be_picture(first):
        if file.source is not None:
            raise NotTaken(Refusal.PICTURE)
        digest = hashlib.sha256()
        for chunk in _chunks(sender, file):
            digest.update(chunk)
        return replace(file, sha256=digest.hexdigest())
    try:
        picture = drawn_anew(b"".join(_chunks(sender, file)))
    except NotAPicture:
        raise NotTaken(Refusal.PICTURE) from None
    kept, size = _kept(sender, [picture.content])
    return replace(
        file,
        name=named_for(file.name, picture.type),
        kept=kept,
        size=size,
        type=picture.type,
        sha256=hashlib.sha256(picture.content).hexdigest(),
        width=picture.width,
        height=picture.height,
    )


def _chunks(sender: Sender, file: LiveFile) -> Iterator[bytes]:
    for number in range((file.size + CHUNK - 1) // CHUNK):
        with sender.database.read() as connection:
            chunk = read_chunk(connection, file.kept, number)
        if chunk is None:  # erased meanwhile
            raise NotTaken(Refusal.GONE)
        yield chunk


def _kept(sender: Sender, pieces: Iterable[bytes]) -> tuple[str, int]:
    try:
        return keep_file(sender.database, pieces, MOST_BYTES, sender.room, now=sender.now)
    except TooLarge:
        raise NotTaken(Refusal.TOO_LARGE) from None
    except NoRoom:
        raise NotTaken(Refusal.NO_ROOM) from None


def _remove(sender: Sender, file: LiveFile | None, kept: Sequence[str]) -> None:
    """Remove a file that is not in the conversation, and bytes that are not needed; where the database is away, pruning
    does it."""

    def remove(connection: Connection) -> None:
        lock_ticket(connection, sender.number)
        current = store.file_by_id(connection, sender.number, file.id) if file else None
        if current is not None and current.line is None:
            store.remove_file(connection, current)
        abandon_files(connection, kept)

    with contextlib.suppress(*DATABASE_FAULTS):
        sender.database.write(remove)
        while sender.database.write(lambda connection: _clear(connection, sender.now)):
            pass


def _clear(connection: Connection, now: datetime) -> int:
    removed = remove_old_chunks(connection, LONG_AGO, now - WRITTEN_WITHIN)
    if removed:
        mark_erasure(connection, now)
    return removed
