"""Streams of tickets: who gets one. (Here no socket can be given away, so it is an empty 204.)"""

import pytest

from app.process.running import Running
from tests.conftest import StandingClock
from tests.page_client import PageClient
from tests.web.console_client import BEN, log_in, ticket
from tests.web.customer_client import applet_of

EVENTS = {"Accept": "text/event-stream"}


def test_whoever_has_the_link_has_the_stream_until_the_ticket_ends(client: PageClient) -> None:
    applet = applet_of(client)
    assert client.get(f"{applet}/stream?peer=a-page_1", headers=EVENTS).status == 204
    client.post(applet, {"action": "cancel"})
    assert client.get(f"{applet}/stream?peer=a-page_1", headers=EVENTS).status == 410
    assert client.get(f"{applet}x/stream?peer=a-page_1", headers=EVENTS).status == 404


@pytest.mark.parametrize("peer", ["", "a b", "x" * 65, "ä", "%00"])
def test_a_page_says_which_it_is(client: PageClient, here: Running, clock: StandingClock, peer: str) -> None:
    applet = applet_of(client)
    assert client.get(f"{applet}/stream?peer={peer}", headers=EVENTS).status == 422
    number = ticket(here, clock)
    log_in(client)
    assert client.get(f"/console/tickets/{number}/stream?peer={peer}", headers=EVENTS).status == 422


def test_technicians_have_the_streams_of_tickets_that_they_see(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock, department="20")
    stream = f"/console/tickets/{number}/stream?peer=a"
    assert client.get(stream, headers=EVENTS).status == 401
    log_in(client)
    assert client.get(stream, headers=EVENTS).status == 404, "anna's department is another"
    assert client.get("/console/tickets/999999/stream?peer=a", headers=EVENTS).status == 404
    log_in(client, BEN)
    assert client.get(stream, headers=EVENTS).status == 204


def test_a_stream_is_no_use_of_the_session(client: PageClient, here: Running, clock: StandingClock) -> None:
    number = ticket(here, clock)
    log_in(client)
    clock.advance(minutes=20)
    assert client.get(f"/console/tickets/{number}/stream?peer=a", headers=EVENTS).status == 204
    clock.advance(minutes=11)
    assert client.get(f"/console/tickets/{number}/stream?peer=a", headers=EVENTS).status == 401
