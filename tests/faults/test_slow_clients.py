"""Clients that send slowly hold nobody up, and are given up in the end: with no proxy in front."""

import http.client
import logging
import time
from collections.abc import Iterator
from statistics import quantiles

import pytest

from tests.faults.storm import storm
from tests.live_server import LiveServer, serving
from tests.process.console_at_server import Console, hear_change
from tests.waiting import until

log = logging.getLogger(__name__)
PAGES = 200
STORM = {"heads": 200, "bodies": 200, "silent": 500}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(tmp_path_factory.mktemp("storm"), HANDBELL_METRICS_NETWORKS="127.0.0.1") as server:
        yield server


def get(live: LiveServer, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.status == 200
    return body


def figure(live: LiveServer, name: str) -> int:
    """0 where nothing was counted yet."""
    lines = [line.rpartition(" ") for line in get(live, "/metrics").splitlines()]
    return int(sum(float(value) for series, _, value in lines if series == name))


def nobody_is_left(live: LiveServer) -> bool:
    """Whether no connection is counted but the one that asks; asked seldom, so that an earlier one is over."""
    return until(lambda: figure(live, "handbell_connections") <= 1, every=2.0)


def look_at_pages(live: LiveServer, storm_of: str) -> None:
    """Every page is answered; how long that takes is logged."""
    seconds = []
    for _ in range(PAGES):
        began = time.monotonic()
        assert "form_token" in get(live, "/")
        seconds.append(time.monotonic() - began)
    p95 = quantiles(seconds, n=20)[-1]
    log.info("%s: %d pages, p95 %.0f ms, slowest %.0f ms", storm_of, PAGES, p95 * 1000, max(seconds) * 1000)


@pytest.mark.slow
def test_nine_hundred_slow_clients_hold_nobody_up(live: LiveServer) -> None:
    look_at_pages(live, "no slow clients")
    console = Console(live, *live.first_log_in)
    with console.stream() as stream, storm(live.port, **STORM) as raging:
        look_at_pages(live, "slow clients from 250 addresses")
        console.ask()
        hear_change(stream)
        assert until(lambda: all(client.ended for client in (*raging.heads, *raging.silent)), 60)
        assert {client.answer[:12] for client in raging.heads} == {b"HTTP/1.1 408"}
        assert {client.answer for client in raging.silent} == {b""}
        # They send two bytes a second, which is less than 1,000, and have 30 seconds.
        assert until(lambda: all(client.ended for client in raging.bodies), 90)
        assert {client.answer[:12] for client in raging.bodies} == {b"HTTP/1.1 408"}
    assert figure(live, 'handbell_connections_refused_total{why="late_head"}') == STORM["heads"]
    assert figure(live, 'handbell_connections_refused_total{why="late_body"}') == STORM["bodies"]
    assert nobody_is_left(live)


@pytest.mark.slow
def test_one_address_cannot_take_all_connections(live: LiveServer) -> None:
    with storm(live.port, heads=0, bodies=0, silent=900, one_address=True):
        look_at_pages(live, "900 silent clients from one address")
        assert until(lambda: figure(live, 'handbell_connections_refused_total{why="address"}') >= 300)
        assert figure(live, "handbell_connections") <= 510
    assert nobody_is_left(live)
