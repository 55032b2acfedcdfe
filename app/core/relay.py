"""STUN and TURN servers, through which two browsers find each other, and the credentials for a relay.

Credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the name is the time of their
end and a random word, the password an HMAC of the name with the secret that Handbell shares with the relay.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

CREDENTIAL_LIFE = timedelta(hours=1)
STUN_SCHEMES = ("stun", "stuns")
TURN_SCHEMES = ("turn", "turns")
UDP, TCP = "udp", "tcp"
_PORTS = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
_WRITTEN = re.compile(
    rf"(?P<scheme>stuns?|turns?):(?P<host>{_NAME}|\[[0-9A-Fa-f:.]{{2,45}}\])(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?:\?transport=(?P<transport>udp|tcp))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class RelayServer:
    """A server as browsers name it (RFC 7064 and 7065): `stun:host`, `turns:host:443?transport=tcp`."""

    scheme: str
    host: str  # a name, an IPv4 address, or an IPv6 address in its brackets
    port: int
    transport: str | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection to it is TLS."""
        return self.scheme in ("stuns", "turns")

    @property
    def way(self) -> str:
        """`udp` or `tcp`; TLS is spoken over TCP alone."""
        return self.transport or (TCP if self.is_encrypted else UDP)

    def __str__(self) -> str:
        asked = f"?transport={self.transport}" if self.transport else ""
        return f"{self.scheme}:{self.host}:{self.port}{asked}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name and a password for the relay."""

    username: str
    password: str


def read_servers(text: str, schemes: tuple[str, ...]) -> tuple[RelayServer, ...]:
    """Servers with commas between. Raises ValueError, which says what is wrong with which."""
    return tuple(_server(part.strip(), schemes) for part in text.split(",") if part.strip())


def _server(text: str, schemes: tuple[str, ...]) -> RelayServer:
    found = _WRITTEN.fullmatch(text)
    if found is None or found["scheme"] not in schemes:
        raise ValueError(f"{text} is not a server such as {schemes[0]}:relay.example.com:3478")
    port = int(found["port"] or _PORTS[found["scheme"]])
    if not 0 < port < 65536:
        raise ValueError(f"{text}: a port is 1 to 65535")
    if found["transport"] and found["scheme"] in STUN_SCHEMES:
        raise ValueError(f"{text}: only a turn server has a transport")
    return RelayServer(found["scheme"], found["host"], port, found["transport"])


def credentials(secret: str, word: str, now: datetime) -> Credentials:
    """For an hour. `word` is random, so that two sessions never share a name and none tells who it is."""
    username = f"{int((now + CREDENTIAL_LIFE).timestamp())}:{word}"
    signed = hmac.new(secret.encode(), username.encode(), "sha1").digest()
    return Credentials(username, base64.b64encode(signed).decode())


def ice_servers(
    stun: tuple[RelayServer, ...], turn: tuple[RelayServer, ...], allowed: Credentials | None, *, relay_only: bool
) -> list[dict[str, object]]:
    """What a browser's RTCPeerConnection is given. With `relay_only` no server that would tell a page its address."""
    servers: list[dict[str, object]] = []
    if stun and not relay_only:
        servers.append({"urls": [str(one) for one in stun]})
    if turn and allowed:
        urls = [str(one) for one in turn]
        servers.append({"urls": urls, "username": allowed.username, "credential": allowed.password})
    return servers
