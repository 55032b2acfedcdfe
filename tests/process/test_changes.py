"""Streams of changes: who is told, when they end, and that no stream delays the others."""

import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from selectors import BaseSelector

import pytest

from app.core.poke import Poke
from app.process import changes, session_watch
from app.process import streams as of_streams
from app.process.changes import Changes
from app.process.poke_pipes import PokePipes
from app.process.streams import LENGTH, Listener, Room, of_link
from app.store.live_here import Spot
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


class Pages:
    """Notes which pages and consoles have streams."""

    def __init__(self) -> None:
        self.here: list[Spot] = []
        self.left: list[Spot] = []
        self.consoles: list[str] = []

    def arrived(self, page: Spot) -> None:
        self.here.append(page)

    def ended(self, page: Spot, *, has_left: bool) -> None:
        self.here.remove(page)
        if has_left:
            self.left.append(page)

    def listens(self, session: str) -> None:
        self.consoles.append(session)

    def listens_no_more(self, session: str) -> None:
        self.consoles.remove(session)

    def close(self) -> None:
        self.here.clear()


@pytest.fixture
def pipes(tmp_path: Path, request: pytest.FixtureRequest) -> PokePipes:
    kind: type[PokePipes] = getattr(request, "param", PokePipes)
    return kind(tmp_path / "pokes")


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def streams(desk: Desk, pipes: PokePipes, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changes]:
    monkeypatch.setattr(changes, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(session_watch, "LOOK_EVERY", 0.01)
    opened = Changes(desk, desk.is_stirred, desk.live, pipes, pages)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def patient(desk: Desk, pipes: PokePipes, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Changes]:
    """Streams that look only when the main loop says that it is worth it."""
    monkeypatch.setattr(changes, "LOOK_EVERY", 3600.0)
    monkeypatch.setattr(changes, "TICK_EVERY", 0.0)
    opened = Changes(desk, desk.is_stirred, desk.live, pipes, pages)
    opened.open()
    yield opened
    opened.close()


def console(who: int = 1, session: str = "") -> Listener:
    return Listener(Room.TECHNICIANS, who, session or f"session of {who}")


def customer(ticket: int, peer: str = "a") -> Listener:
    return Listener(Room.CUSTOMERS, ticket, of_link(f"link of {ticket}"), Spot(ticket, "customer", peer))


def connect(streams: Changes, who: int | Listener = 1, session: str = "") -> socket.socket:
    """The client's end of a new stream, of a console or of this listener."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    listener = who if isinstance(who, Listener) else console(who, session)
    streams.reserve(listener)
    streams.expect(ours, listener)
    assert streams.take(ours)
    return theirs


def has_room(streams: Changes, who: Listener) -> bool:
    if not streams.reserve(who):
        return False
    streams._streams.release(who)
    return True


def have_begun(streams: Changes, many: int) -> bool:
    return until(lambda: len(streams._streams) == many)


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
    monkeypatch.setattr(of_streams, "LONGEST", 0.5)
    monkeypatch.setattr(changes, "BEAT_EVERY", 0.02)
    with connect(streams) as client:
        whole = b""
        while more := client.recv(65536):
            whole += more
    assert len(whole) == LENGTH
    words = whole.splitlines()
    assert set(words[:-2]) == {b"", b"event: beat", b"data:", b"data: changed"}
    assert whole.endswith(b" \n\n")
    assert has_room(streams, console(1))


def test_a_stream_that_has_said_much_ends_before_its_length(streams: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "BEAT_EVERY", 0.0)
    monkeypatch.setattr(of_streams, "_RESERVE", 1000)
    monkeypatch.setattr(changes, "BEAT", b":" * 600 + b"\n\n")
    with connect(streams) as client:
        whole = b""
        while more := client.recv(65536):
            whole += more
    assert len(whole) == LENGTH


def test_a_client_who_has_gone_is_forgotten(streams: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_streams.MOST_EACH, Room.TECHNICIANS, 1)
    stays = connect(streams, 2)
    connect(streams, 1).close()

    def has_noticed() -> bool:
        until_told(desk, stays)  # data for a connection that was just closed may still be accepted
        return has_room(streams, console(1))

    assert until(has_noticed)
    assert not has_room(streams, console(2))
    stays.close()


def test_a_client_who_does_not_read_is_dropped_and_holds_nobody_up(
    streams: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_streams, "LENGTH", 10**9)
    monkeypatch.setattr(changes, "CHANGED", b"x" * 200_000 + of_streams.CHANGED)
    sleeper = connect(streams, 1)
    reader = connect(streams, 2)
    for _ in range(10):
        until_told(desk, reader)
    heard = 0
    while more := sleeper.recv(65536):
        heard += len(more)
    assert heard < 10**7
    assert has_room(streams, console(1))
    sleeper.close()
    reader.close()


def test_a_client_who_goes_on_talking_is_dropped(streams: Changes) -> None:
    with connect(streams) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            while client.recv(65536):
                pass
    assert has_room(streams, console(1))


def test_there_are_only_so_many(streams: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_streams.MOST_EACH, Room.TECHNICIANS, 2)
    monkeypatch.setitem(of_streams.MOST, Room.TECHNICIANS, 3)
    kept = [connect(streams, 1), connect(streams, 1)]
    assert not has_room(streams, console(1))
    assert has_room(streams, console(2))
    kept.append(connect(streams, 2))
    assert not has_room(streams, console(3))
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
    streams.reserve(console(1))
    streams.expect(ours, console(1))
    ours.close()
    assert not streams.take(ours)
    assert not streams._streams._each  # its place is free again
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


def test_the_main_loop_says_when_a_look_is_worth_it(patient: Changes, desk: Desk) -> None:
    streams = patient
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


def test_at_the_end_every_stream_ends_cleanly(streams: Changes) -> None:
    clients = [connect(streams, who) for who in range(3)]
    streams.close()
    for client in clients:
        whole = b""
        while more := client.recv(65536):
            whole += more
        assert len(whole) in (0, LENGTH)  # 0: the stream had not begun
        client.close()
    assert not streams.is_open


def test_what_was_never_begun_ends_at_once(desk: Desk, pipes: PokePipes, pages: Pages) -> None:
    Changes(desk, desk.is_stirred, desk.live, pipes, pages).close()


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


def test_sessions_are_not_looked_at_with_every_write(
    patient: Changes, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_watch, "LOOK_EVERY", 3600.0)
    streams = patient
    with connect(streams) as client:
        assert until(lambda: desk.session_looks == 1)
        desk.stirred = True
        for desk.newest in range(1, 6):
            streams.tick()
            hear(client, b"data: changed")
        assert desk.session_looks == 1


def test_a_page_of_a_ticket_is_told_when_it_comes_and_of_its_news_alone(patient: Changes, pipes: PokePipes) -> None:
    with connect(patient, customer(12)) as page, connect(patient, customer(13)) as other:
        for client in (page, other):
            hear(client, b"data: changed\n\n")
        for ticket in (12, 12, 13):
            pipes.send(Poke(ticket))
            client = page if ticket == 12 else other
            assert hear(client, b"data: changed\n\n").count(b"changed") == 1


def test_the_consoles_of_the_technicians_concerned_are_told_which_ticket(patient: Changes, pipes: PokePipes) -> None:
    with connect(patient, 1) as robin, connect(patient, 1) as robin_too, connect(patient, 2) as sam:
        assert have_begun(patient, 3)
        pipes.send(Poke(12, (1, 3)))
        pipes.send(Poke(13, (2,)))
        for client in (robin, robin_too):
            hear(client, b"event: ticket\ndata: 12\n\n")
        assert b"data: 12" not in hear(sam, b"event: ticket\ndata: 13\n\n")


class BadEar(PokePipes):
    """Loses what is said, or becomes deaf by it."""

    becomes_deaf = False

    def tend(self, selector: BaseSelector, readable: Collection[int]) -> list[Poke] | None:
        heard = super().tend(selector, readable)
        self.is_deaf = self.becomes_deaf and bool(heard)
        return None if heard else heard


@pytest.mark.parametrize("pipes", [BadEar], indirect=True)
def test_all_are_told_when_news_may_be_lost(patient: Changes, pipes: BadEar) -> None:
    with connect(patient, customer(12)) as page, connect(patient, 1) as robin:
        assert have_begun(patient, 2)
        hear(page, b"data: changed")
        pipes.send(Poke(13))
        for client in (page, robin):
            hear(client, b"data: changed")


@pytest.mark.parametrize("pipes", [BadEar], indirect=True)
def test_where_no_news_are_heard_streams_of_pages_end(patient: Changes, pipes: BadEar) -> None:
    pipes.becomes_deaf = True
    with connect(patient, 1):
        page = connect(patient, customer(12))
        assert have_begun(patient, 2)
        assert not patient.is_deaf
        pipes.send(Poke(13))
        assert the_whole(page).endswith(b" \n\n")
        assert patient.is_deaf
        assert have_begun(patient, 1), "the console's stream stays"


def test_a_page_is_noted_while_it_has_a_stream_and_whether_it_left(patient: Changes, pages: Pages, desk: Desk) -> None:
    leaves, ends = customer(12, "a"), customer(13, "b")
    leaving = connect(patient, leaves)
    ending = connect(patient, ends)
    assert until(lambda: pages.here == [leaves.page, ends.page])
    leaving.close()
    assert until(lambda: pages.left == [leaves.page])
    patient.close()
    the_whole(ending)
    assert pages.left == [leaves.page]


def test_a_console_is_noted_while_it_has_a_stream(patient: Changes, pages: Pages) -> None:
    customers = connect(patient, customer(12, "a"))
    console = connect(patient)
    assert until(lambda: len(pages.consoles) == 1), "customers are no consoles"
    console.close()
    assert until(lambda: pages.consoles == [])
    customers.close()


def test_customers_have_room_of_their_own(patient: Changes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_streams.MOST, Room.CUSTOMERS, 4)
    monkeypatch.setitem(of_streams.MOST, Room.TECHNICIANS, 0)
    clients = [connect(patient, customer(12, f"page-{n}")) for n in range(3)]
    assert not has_room(patient, customer(12))
    assert has_room(patient, customer(13))
    clients.append(connect(patient, customer(13)))
    assert not has_room(patient, customer(14))
    for client in clients:
        client.close()


def test_a_link_that_has_nothing_more_to_wait_for_ends_its_streams(
    patient: Changes, desk: Desk, pipes: PokePipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_watch, "LOOK_EVERY", 0.01)
    with connect(patient, customer(13)) as stays:
        ending = connect(patient, customer(12))
        for client in (ending, stays):
            hear(client, b"data: changed")
        desk.over = {of_link("link of 12")}
        pipes.send(Poke(12))
        assert the_whole(ending).endswith(b" \n\n")
        pipes.send(Poke(13))
        hear(stays, b"data: changed")
