"""Streams of changes: who is told, when they end, and that no stream delays the others."""

import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import count

import pytest

from app.process import changes, session_watch
from app.process.changes import LENGTH, Changes, Listener
from tests.waiting import until


class Desk:
    """A desk whose `newest` value the test sets."""

    def __init__(self) -> None:
        self.newest = 0
        self.looks = 0
        self.stirred = False
        self.fault: Exception | None = None
        self.over: set[str] = set()
        self.session_looks = 0

    def __call__(self) -> int:
        self.looks += 1
        if self.fault:
            raise self.fault
        return self.newest

    def live(self, sessions: Collection[str]) -> Collection[str]:
        self.session_looks += 1
        if self.fault:
            raise self.fault
        return set(sessions) - self.over

    def is_stirred(self) -> bool:
        if self.fault:
            raise self.fault
        return self.stirred


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def streams(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changes]:
    monkeypatch.setattr(changes, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(session_watch, "LOOK_EVERY", 0.01)
    opened = Changes(desk, desk.is_stirred, desk.live)
    opened.open()
    yield opened
    opened.close()


def connect(streams: Changes, who: int = 1, session: str = "") -> socket.socket:
    """The client's end of a new stream."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    streams.expect(ours, Listener(who, session or f"session of {who}"))
    assert streams.take(ours)
    return theirs


def hear(client: socket.socket, words: bytes) -> bytes:
    """Read everything up to and including these words."""
    heard = b""
    while words not in heard:
        more = client.recv(65536)
        assert more, f"it ended after {heard[-100:]!r}"
        heard += more
    return heard


def until_told(desk: Desk, *clients: socket.socket) -> None:
    """Make changes until every client has received one."""
    numbers = count(desk.newest + 1)
    for client in clients:
        client.settimeout(0.05)
        heard = b""
        while b"data: changed\n\n" not in heard:
            desk.newest = next(numbers)
            try:
                more = client.recv(65536)
            except TimeoutError:
                continue
            assert more
            heard += more
        client.settimeout(10)


def test_all_who_listen_are_told_of_a_change(streams: Changes, desk: Desk) -> None:
    clients = [connect(streams, who) for who in range(5)]
    until_told(desk, *clients)
    for client in clients:
        client.close()


def test_a_stream_ends_at_the_length_that_was_announced(
    streams: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LONGEST", 0.5)
    monkeypatch.setattr(changes, "BEAT_EVERY", 0.02)
    with connect(streams) as client:
        whole = b""
        while more := client.recv(65536):
            whole += more
    assert len(whole) == LENGTH
    words = whole.splitlines()
    assert set(words[:-2]) == {b"", b"event: beat", b"data:", b"data: changed"}
    assert whole.endswith(b" \n\n")
    assert streams.has_room(1)


def test_a_stream_that_has_said_much_ends_before_its_length(streams: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "BEAT_EVERY", 0.0)
    monkeypatch.setattr(changes, "_RESERVE", 1000)
    monkeypatch.setattr(changes, "_BEAT", b":" * 600 + b"\n\n")
    with connect(streams) as client:
        whole = b""
        while more := client.recv(65536):
            whole += more
    assert len(whole) == LENGTH


def test_a_client_who_has_gone_is_forgotten(streams: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_STREAMS_EACH", 1)
    stays = connect(streams, 2)
    connect(streams, 1).close()

    def has_noticed() -> bool:
        until_told(desk, stays)  # data for a connection that was just closed may still be accepted
        return streams.has_room(1)

    assert until(has_noticed)
    assert not streams.has_room(2)
    stays.close()


def test_a_client_who_does_not_read_is_dropped_and_holds_nobody_up(
    streams: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "LENGTH", 10**9)
    monkeypatch.setattr(changes._Stream.__init__, "__defaults__", (10**9,))
    monkeypatch.setattr(changes, "_CHANGED", b"x" * 200_000 + changes._CHANGED)
    sleeper = connect(streams, 1)
    reader = connect(streams, 2)
    for _ in range(10):
        until_told(desk, reader)
    heard = 0
    while more := sleeper.recv(65536):
        heard += len(more)
    assert heard < 10**7
    assert streams.has_room(1)
    sleeper.close()
    reader.close()


def test_a_client_who_goes_on_talking_is_dropped(streams: Changes) -> None:
    with connect(streams) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            while client.recv(65536):
                pass
    assert streams.has_room(1)


def test_there_are_only_so_many(streams: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_STREAMS_EACH", 2)
    monkeypatch.setattr(changes, "MOST_STREAMS", 3)
    kept = [connect(streams, 1), connect(streams, 1)]
    assert not streams.has_room(1)
    assert streams.has_room(2)
    kept.append(connect(streams, 2))
    assert not streams.has_room(3)
    for client in kept:
        client.close()


def test_a_socket_that_nobody_expects_is_left_alone(streams: Changes) -> None:
    ours, theirs = socket.socketpair()
    assert not streams.take(ours)
    with connect(streams):
        assert not streams.take(ours)
    ours.close()
    theirs.close()


def test_one_that_is_closed_already_is_not_taken(streams: Changes) -> None:
    ours, theirs = socket.socketpair()
    streams.expect(ours, Listener(1, "a session"))
    ours.close()
    assert not streams.take(ours)
    theirs.close()


def test_a_database_that_is_away_ends_no_stream(streams: Changes, desk: Desk) -> None:
    with connect(streams) as client:
        until_told(desk, client)
        desk.fault = OSError("gone")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            hear(client, b"never")
        desk.fault = None
        client.settimeout(10)
        until_told(desk, client)


def test_the_main_loop_says_when_a_look_is_worth_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LOOK_EVERY", 3600.0)
    monkeypatch.setattr(changes, "TICK_EVERY", 0.0)
    streams = Changes(desk, desk.is_stirred, desk.live)
    streams.open()
    streams.tick()
    with connect(streams) as client:
        hear(client, b"event: beat")  # the first look is over
        desk.newest = 1
        client.settimeout(0.2)
        for _ in range(10):
            streams.tick()
        with pytest.raises(TimeoutError):
            hear(client, b"changed")
        assert desk.looks == 1
        desk.stirred = True
        client.settimeout(10)
        streams.tick()
        hear(client, b"data: changed\n\n")
        desk.stirred, desk.newest, desk.fault = False, 2, OSError("gone")
        streams.tick()
        desk.fault = None
        desk.stirred = True
        streams.tick()
        hear(client, b"data: changed\n\n")
    streams.close()


def test_at_the_end_every_stream_ends_cleanly(desk: Desk) -> None:
    streams = Changes(desk, desk.is_stirred, desk.live)
    streams.open()
    clients = [connect(streams, who) for who in range(3)]
    streams.close()
    for client in clients:
        whole = b""
        while more := client.recv(65536):
            whole += more
        assert len(whole) in (0, LENGTH)  # 0: the stream had not begun
        client.close()
    assert not streams.is_open


def test_what_was_never_begun_ends_at_once(desk: Desk) -> None:
    Changes(desk, desk.is_stirred, desk.live).close()


def the_whole(client: socket.socket) -> bytes:
    """All until it ends."""
    whole = b""
    while more := client.recv(65536):
        whole += more
    client.close()
    return whole


def test_streams_end_cleanly_with_their_session_and_others_stay(streams: Changes, desk: Desk) -> None:
    ending = [connect(streams, 1, "one"), connect(streams, 1, "one")]
    staying = [connect(streams, 1, "other"), connect(streams, 2)]
    until_told(desk, *ending, *staying)
    desk.over = {"one"}
    for client in ending:
        assert the_whole(client).endswith(b" \n\n")
    until_told(desk, *staying)
    for client in staying:
        client.close()


def test_a_session_that_ends_before_its_stream_begins_has_none(
    streams: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_watch, "LOOK_EVERY", 3600.0)
    with connect(streams, 2) as staying:
        until_told(desk, staying)
        desk.over = {"one"}
        assert len(the_whole(connect(streams, 1, "one"))) == LENGTH
        until_told(desk, staying)


def test_a_database_that_is_away_ends_no_session(streams: Changes, desk: Desk) -> None:
    with connect(streams, 1, "one") as client:
        until_told(desk, client)
        desk.fault, desk.over = OSError("gone"), {"one"}
        looks = desk.session_looks
        assert until(lambda: desk.session_looks > looks)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            hear(client, b"never")
        desk.fault = None
        client.settimeout(10)
        assert the_whole(client).endswith(b" \n\n")


def test_sessions_are_not_looked_at_with_every_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "TICK_EVERY", 0.0)
    monkeypatch.setattr(session_watch, "LOOK_EVERY", 3600.0)
    streams = Changes(desk, desk.is_stirred, desk.live)
    streams.open()
    with connect(streams) as client:
        assert until(lambda: desk.session_looks == 1)
        desk.stirred = True
        for desk.newest in range(1, 6):
            streams.tick()
            hear(client, b"data: changed")
        assert desk.session_looks == 1
    streams.close()
