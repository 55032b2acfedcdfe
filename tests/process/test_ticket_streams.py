"""Streams of tickets at a real server: a change is told in every process, and who is there is known."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from app.process.poke_pipes import PokePipes
from app.process.streams import LENGTH_OF_PAGE, MOST_EACH, Room
from app.store.database import Database
from app.store.live_here import pages_of
from app.store.pokes import poke
from app.store.tables import console_sessions
from tests.live_server import LiveServer, serving
from tests.process.console_at_server import Console, hear_the_end
from tests.process.customer_at_server import CustomerAtServer, drain, hear
from tests.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("tickets"), HANDBELL_PROCESSES="2") as server:
        yield server


@pytest.fixture(scope="module")
def robin(live: LiveServer) -> Console:
    password = "a-password-for-robin"
    live.run("technician", "password", "robin@example.com", "--password-file", "-", stdin=f"{password}\n")
    return Console(live, "robin@example.com", password)


def say(live: LiveServer, ticket: int, technicians: tuple[int, ...] = ()) -> None:
    """As another process of this desk does, which writes and tells all others."""
    with closing(Database(live.database_url)) as database:
        database.listen(PokePipes(live.data_dir / "pokes").send)
        database.write(lambda connection: poke(connection, ticket, technicians))


def peers_here(live: LiveServer, ticket: int) -> set[str]:
    with closing(Database(live.database_url)) as database, database.read() as connection:
        return {page.peer for page in pages_of(connection, ticket) if page.is_here(datetime.now(UTC))}


def status(live: LiveServer, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)) as connection:
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        return connection.getresponse().status


def test_a_stream_says_how_long_it_is_and_is_told_of_its_tickets_news_alone(live: LiveServer) -> None:
    one, other = CustomerAtServer(live), CustomerAtServer(live)
    with one.stream("a") as client, other.stream("b") as elsewhere:
        beginning = hear(client).decode()
        assert beginning.startswith("HTTP/1.1 200 OK")
        assert f"Content-Length: {LENGTH_OF_PAGE + len('retry: 1000') + 2}\r\n" in beginning
        assert "Content-Type: text/event-stream" in beginning
        assert "X-Accel-Buffering: no" in beginning
        assert "Cache-Control: no-store" in beginning
        hear(elsewhere)
        assert until(lambda: peers_here(live, one.number) == {"a"})
        assert until(lambda: peers_here(live, other.number) == {"b"})
        say(live, one.number)
        hear(client)
        say(live, other.number)
        assert hear(elsewhere).count(b"changed") <= 2  # of its arrival, and this


def test_all_pages_of_a_ticket_are_told_in_every_process(live: LiveServer, robin: Console) -> None:
    ticket = CustomerAtServer(live)
    with ExitStack() as stack:
        pages = [stack.enter_context(robin.ticket_stream(ticket.number, f"page-{n}")) for n in range(8)]
        pages += [stack.enter_context(ticket.stream("a"))]
        for client in pages:
            hear(client)
        assert until(lambda: len(peers_here(live, ticket.number)) == len(pages))
        for client in pages:
            drain(client)
        say(live, ticket.number)
        for client in pages:
            hear(client)


def test_who_leaves_is_gone_and_who_stays_is_not(live: LiveServer) -> None:
    ticket = CustomerAtServer(live)
    with ticket.stream("stays") as stays:
        hear(stays)
        with ticket.stream("leaves") as leaves:
            hear(leaves)
            assert until(lambda: peers_here(live, ticket.number) == {"stays", "leaves"})
        assert until(lambda: peers_here(live, ticket.number) == {"stays"})
        hear(stays)


def test_a_stream_ends_when_there_is_nothing_more_to_wait_for(live: LiveServer) -> None:
    ticket = CustomerAtServer(live)
    client = ticket.stream("a")
    hear(client)
    with closing(http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)) as connection:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", ticket.path, "action=cancel", form)
        assert connection.getresponse().status == 303
    hear_the_end(client)
    client.close()
    assert status(live, f"{ticket.path}/stream?peer=a") == 410


def test_a_customer_has_few_streams(live: LiveServer) -> None:
    ticket = CustomerAtServer(live)
    most = 2 * MOST_EACH[Room.CUSTOMERS]  # of two processes
    with ExitStack() as stack:
        streams = [stack.enter_context(ticket.stream(f"page-{n}")) for n in range(2 * most)]
        answers = [hear(client, b"\r\n\r\n").split(b" ")[1] for client in streams]
    assert answers.count(b"200") <= most
    assert set(answers) <= {b"200", b"503"}


def test_a_console_that_listens_makes_its_technician_present(live: LiveServer, robin: Console) -> None:
    with closing(Database(live.database_url)) as database:

        def last_heard() -> datetime | None:
            with database.read() as connection:
                return connection.execute(select(func.max(console_sessions.c.listened_at))).scalar()

        began = datetime.now(UTC)
        with robin.stream():
            assert until(lambda: (last_heard() or began) > began)
    assert live.run_json("hours", "show")["staffed"] is True
