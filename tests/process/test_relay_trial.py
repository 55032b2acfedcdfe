"""STUN servers and relays are tried for real: coturn as docs/live-session.md configures it, and what goes wrong."""

import secrets
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.core import stun
from app.core.relay import STUN_SCHEMES, TURN_SCHEMES, Credentials, RelayServer, credentials, read_servers
from app.core.stun import ALLOCATE, LongTerm, message, read
from app.process import relay_trial
from app.process.relay_trial import Tried, Trouble, try_server
from tests.coturn import SECRET, Coturn, coturn
from tests.live_server import free_port

CREATE_PERMISSION = 0x008
PEER = 0x0012
FORBIDDEN = 403


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    with coturn(tmp_path_factory.mktemp("coturn")) as started:
        yield started


def server(text: str) -> RelayServer:
    return read_servers(text, (*STUN_SCHEMES, *TURN_SCHEMES))[0]


def allowed(secret: str = SECRET, ago: timedelta = timedelta(0)) -> Credentials:
    return credentials(secret, "word", datetime.now(UTC) - ago)


def test_coturn_understands_the_whole_configuration(relay: Coturn) -> None:
    assert "CONFIG ERROR" not in relay.log
    assert "Unknown argument" not in relay.log


@pytest.mark.parametrize(
    "way", ["stun:127.0.0.1:{port}", "turn:127.0.0.1:{port}", "turn:127.0.0.1:{port}?transport=tcp"]
)
def test_it_answers_and_relays(relay: Coturn, way: str) -> None:
    assert try_server(server(way.format(port=relay.port)), allowed()) == Tried(address="127.0.0.1")


def test_it_relays_over_tls_where_its_certificate_is_trusted(relay: Coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = server(f"turns:localhost:{relay.tls_port}?transport=tcp")
    assert try_server(tls, allowed()) == Tried(Trouble.TLS)
    monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate))
    assert try_server(tls, allowed()) == Tried(address="127.0.0.1")


@pytest.mark.parametrize("wrong", [allowed("another-secret-altogether"), allowed(ago=timedelta(hours=2))])
@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_wrong_and_expired_credentials_are_refused(relay: Coturn, way: str, wrong: Credentials) -> None:
    tried = try_server(server(f"turn:127.0.0.1:{relay.port}?transport={way}"), wrong)
    assert tried == Tried(Trouble.REFUSED, code=401)


@pytest.mark.parametrize(
    "peer", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.9.9", "192.168.1.1", "100.64.0.1"]
)
def test_it_is_no_way_into_private_networks(relay: Coturn, peer: str) -> None:
    assert _permitted(relay, peer) == FORBIDDEN


def test_it_is_a_way_to_public_addresses(relay: Coturn) -> None:
    assert _permitted(relay, "192.0.3.1") == 0


def _permitted(relay: Coturn, peer: str) -> int:
    """Ask for permission to reach this peer; the error's code, 0 without."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(("127.0.0.1", relay.port))
        first = _asked(client, ALLOCATE, message(ALLOCATE, word := secrets.token_bytes(12)), word)
        given = allowed()
        signed = LongTerm(given.username, given.password, first.realm, first.nonce)
        word = secrets.token_bytes(12)
        assert not _asked(client, ALLOCATE, message(ALLOCATE, word, signed), word).code
        address = int.from_bytes(socket.inet_aton(peer)) ^ 0x2112A442
        value = struct.pack(">BBHI", 0, 1, 9 ^ 0x2112, address)
        word = secrets.token_bytes(12)
        return _asked(client, CREATE_PERMISSION, message(CREATE_PERMISSION, word, signed, [(PEER, value)]), word).code


def _asked(client: socket.socket, method: int, sent: bytes, word: bytes) -> stun.Answered:
    client.send(sent)
    return read(method, word, client.recv(4096))


def test_a_server_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_trial, "_WITHIN", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert try_server(server(f"stun:127.0.0.1:{port}"), allowed()) == Tried(Trouble.NO_ANSWER)
    for way in ("udp", "tcp"):
        tried = try_server(server(f"turn:127.0.0.1:{free_port()}?transport={way}"), allowed())
        assert tried == Tried(Trouble.NO_ANSWER)


def test_something_else_that_answers_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0]:
            pass

        def answer() -> None:
            with listener.accept()[0] as client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        assert try_server(server(f"turn:127.0.0.1:{port}?transport=tcp"), allowed()) == Tried(Trouble.NOT_STUN)
        thread.join()


def test_a_name_that_does_not_exist_is_told() -> None:
    assert try_server(server("stun:nowhere.invalid"), allowed()) == Tried(Trouble.NO_NAME)
