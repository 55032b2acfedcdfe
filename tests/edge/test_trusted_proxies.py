"""The client's address behind proxies, as the application sees it, and what is said of one that cannot be read."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import pytest
from werkzeug.test import create_environ

from app.edge import incoming
from app.edge.incoming import TrustedProxies
from app.log import OnceAMinute
from tests.captured_log import capture_log

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is logged."""
    return capture_log(monkeypatch, incoming)


class Served:
    """An application behind proxies that remembers its clients; its time stands still until told otherwise."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.now = 1000.0
        self._app = TrustedProxies(self._answer, PROXIES, OnceAMinute(lambda: self.now))

    def __call__(self, peer: str, header: str) -> str:
        environ = create_environ(headers={"X-Forwarded-For": header}, environ_overrides={"REMOTE_ADDR": peer})
        list(self._app(environ, lambda *_: lambda _: None))
        return self.seen[-1]

    def _answer(self, environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        self.seen.append(environ["REMOTE_ADDR"])
        return []


@pytest.mark.parametrize(
    ("header", "client"), [("203.0.113.9:4711", "203.0.113.9"), ("[2001:db9::1]:4711", "2001:db9::1")]
)
def test_clients_with_ports_are_told_apart(said: list[Any], header: str, client: str) -> None:
    assert Served()("10.0.0.1", header) == client
    assert said == []


def test_what_cannot_be_read_is_warned_of_once_a_minute_without_its_text(said: list[Any]) -> None:
    served = Served()
    assert {served("10.0.0.1", "jane@example.com") for _ in range(50)} == {"10.0.0.1"}
    served.now += 59.9
    served("10.0.0.1", "jane@example.com")
    assert len(said) == 1
    served.now += 0.2
    served("10.0.0.2", "jane")
    assert said == [
        {
            "event": "forwarded_for_unreadable",
            "log_level": "warning",
            "proxy": "10.0.0.1",
            "characters": 16,
            "times": 1,
        },
        {
            "event": "forwarded_for_unreadable",
            "log_level": "warning",
            "proxy": "10.0.0.2",
            "characters": 4,
            "times": 51,
        },
    ]


def test_a_stranger_s_header_is_neither_read_nor_warned_of(said: list[Any]) -> None:
    assert Served()("203.0.113.1", "jane@example.com") == "203.0.113.1"
    assert said == []
