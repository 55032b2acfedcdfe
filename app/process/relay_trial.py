"""Tries a STUN server or a relay for real, as a browser would use it."""

import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.core.relay import STUN_SCHEMES, UDP, Credentials, RelayServer
from app.core.stun import ALLOCATE, BINDING, HEADER, REFRESH, Answered, LongTerm, NotStun, body_length, message, read

_WITHIN = 3.0  # seconds for one answer
_SENDS = 3  # of a datagram
_UNAUTHORIZED = 401


class Trouble(StrEnum):
    """Why a server cannot be used."""

    NO_NAME = "no_name"  # its name cannot be resolved
    NO_ANSWER = "no_answer"
    TLS = "tls"
    NOT_STUN = "not_stun"  # something else answers there
    REFUSED = "refused"  # the credentials
    OPEN = "open"  # it asks nobody for credentials
    ERROR = "error"  # another code


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial. `address` is where the server sees us, or what it relays from; `code` an error's."""

    trouble: Trouble | None = None
    address: str | None = None
    code: int = 0


Ask = Callable[[int, LongTerm | None], Answered]


def try_server(server: RelayServer, allowed: Credentials) -> Tried:
    """Ask a STUN server for our address, or get an allocation of a relay with these credentials and give it back."""
    host = server.host.strip("[]")
    kind = socket.SOCK_DGRAM if server.way == UDP else socket.SOCK_STREAM
    try:
        family, _, _, _, address = socket.getaddrinfo(host, server.port, type=kind)[0]
    except OSError:
        return Tried(Trouble.NO_NAME)
    try:
        with socket.socket(family, kind) as plain:
            plain.settimeout(_WITHIN)
            plain.connect(address)
            if not server.is_encrypted:
                return _tried(server, allowed, plain)
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as encrypted:
                return _tried(server, allowed, encrypted)
    except ssl.SSLError:
        return Tried(Trouble.TLS)
    except NotStun:
        return Tried(Trouble.NOT_STUN)
    except OSError:
        return Tried(Trouble.NO_ANSWER)


def _tried(server: RelayServer, allowed: Credentials, connection: socket.socket) -> Tried:
    exchange = _by_datagrams if server.way == UDP else _by_stream

    def ask(method: int, signed: LongTerm | None = None) -> Answered:
        return exchange(connection, method, signed)

    if server.scheme in STUN_SCHEMES:
        seen = ask(BINDING)
        return Tried(Trouble.ERROR, code=seen.code) if seen.code else Tried(address=seen.mapped)
    return _allocated(ask, allowed)


def _allocated(ask: Ask, allowed: Credentials) -> Tried:
    first = ask(ALLOCATE, None)
    if first.code != _UNAUTHORIZED:
        return Tried(Trouble.ERROR if first.code else Trouble.OPEN, code=first.code)
    signed = LongTerm(allowed.username, allowed.password, first.realm, first.nonce)
    got = ask(ALLOCATE, signed)
    if got.code:
        return Tried(Trouble.REFUSED if got.code == _UNAUTHORIZED else Trouble.ERROR, code=got.code)
    ask(REFRESH, signed)
    return Tried(address=got.relayed)


def _by_datagrams(connection: socket.socket, method: int, signed: LongTerm | None) -> Answered:
    """A datagram may be lost, so it is sent again."""
    transaction = secrets.token_bytes(12)
    connection.settimeout(_WITHIN / _SENDS)
    for _ in range(_SENDS):
        connection.send(message(method, transaction, signed))
        try:
            return read(method, transaction, connection.recv(4096))
        except TimeoutError:
            continue
    raise TimeoutError


def _by_stream(connection: socket.socket, method: int, signed: LongTerm | None) -> Answered:
    transaction = secrets.token_bytes(12)
    connection.sendall(message(method, transaction, signed))
    header = _received(connection, HEADER)
    return read(method, transaction, header + _received(connection, body_length(header)))


def _received(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise NotStun
        data += more
    return data
