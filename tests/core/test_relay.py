"""STUN and TURN servers as they are written, and credentials that coturn takes."""

import re
from datetime import UTC, datetime

import pytest

from app.core.relay import (
    STUN_SCHEMES,
    TURN_SCHEMES,
    Credentials,
    RelayServer,
    credentials,
    ice_servers,
    read_servers,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
STUN = (RelayServer("stun", "relay.example.com", 3478),)
TURN = (RelayServer("turn", "relay.example.com", 3478, "tcp"), RelayServer("turns", "[2001:db8::1]", 443))


def test_servers_are_read_as_browsers_write_them() -> None:
    assert read_servers("stun:relay.example.com", STUN_SCHEMES) == STUN
    written = "turn:relay.example.com:3478?transport=tcp, turns:[2001:db8::1]:443,"
    assert read_servers(written, TURN_SCHEMES) == TURN
    assert read_servers(" , ", TURN_SCHEMES) == ()
    assert [str(one) for one in (*STUN, *TURN)] == [
        "stun:relay.example.com:3478",
        "turn:relay.example.com:3478?transport=tcp",
        "turns:[2001:db8::1]:443",
    ]
    assert [one.way for one in (*STUN, *TURN)] == ["udp", "tcp", "tcp"]
    assert [one.is_encrypted for one in (*STUN, *TURN)] == [False, False, True]


@pytest.mark.parametrize(
    ("text", "schemes"),
    [
        ("relay.example.com", TURN_SCHEMES),
        ("stun:relay.example.com", TURN_SCHEMES),
        ("turn:relay.example.com", STUN_SCHEMES),
        ("turn:", TURN_SCHEMES),
        ("turn://relay.example.com", TURN_SCHEMES),
        ("turn:user@relay.example.com", TURN_SCHEMES),
        ("turn:relay.example.com:0", TURN_SCHEMES),
        ("turn:relay.example.com:65536", TURN_SCHEMES),
        ("turn:relay.example.com?transport=sctp", TURN_SCHEMES),
        ("stun:relay.example.com?transport=udp", STUN_SCHEMES),
        ("turn:relay.example.com x", TURN_SCHEMES),
    ],
)
def test_anything_else_is_refused_and_named(text: str, schemes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        read_servers(text, schemes)


def test_a_refusal_says_how_it_is_written() -> None:
    with pytest.raises(ValueError, match=r"^x is not a server such as turn:relay\.example\.com:3478$"):
        read_servers("x", TURN_SCHEMES)
    with pytest.raises(ValueError, match=r"^stun:x:0: a port is 1 to 65535$"):
        read_servers("stun:x:0", STUN_SCHEMES)
    with pytest.raises(ValueError, match=r"^stun:x\?transport=udp: only a turn server has a transport$"):
        read_servers("stun:x?transport=udp", STUN_SCHEMES)


@pytest.mark.parametrize(
    ("written", "port"), [("stun:x", 3478), ("stuns:x", 5349), ("turn:x", 3478), ("turns:x", 5349)]
)
def test_a_server_has_its_scheme_s_port_unless_another_is_written(written: str, port: int) -> None:
    for text, expected in ((written, port), (f"{written}:1", 1), (f"{written}:65535", 65535)):
        assert [server.port for server in read_servers(text, STUN_SCHEMES + TURN_SCHEMES)] == [expected]


def test_credentials_end_in_an_hour_and_are_those_of_coturn() -> None:
    """Compared with `printf … | openssl dgst -sha1 -hmac … -binary | base64`."""
    assert credentials("a-secret-of-the-relay", "word", NOW) == Credentials(
        "1772326800:word", "lWCMf1lSsOrqXDUUIRFhjgrsdaw="
    )


def test_a_page_is_given_what_it_may_use() -> None:
    allowed = Credentials("name", "word")
    relays = {"urls": [str(one) for one in TURN], "username": "name", "credential": "word"}
    assert ice_servers(STUN, TURN, allowed, relay_only=False) == [{"urls": [str(STUN[0])]}, relays]
    assert ice_servers(STUN, TURN, allowed, relay_only=True) == [relays]
    assert ice_servers(STUN, (), None, relay_only=False) == [{"urls": [str(STUN[0])]}]
    assert ice_servers((), (), None, relay_only=False) == []
    assert ice_servers((), TURN, None, relay_only=False) == ice_servers((), (), allowed, relay_only=False) == []
