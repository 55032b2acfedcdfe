"""Messages of STUN (RFC 8489) and TURN (RFC 8656): as much as it takes to try a server."""

import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

HEADER = 20  # bytes
BINDING, ALLOCATE, REFRESH = 0x001, 0x003, 0x004
_SUCCESS, _ERROR = 0x100, 0x110
_COOKIE = 0x2112A442
_USERNAME, _INTEGRITY, _ERROR_CODE, _REALM, _NONCE = 0x0006, 0x0008, 0x0009, 0x0014, 0x0015
_LIFETIME, _RELAYED, _TRANSPORT, _MAPPED = 0x000D, 0x0016, 0x0019, 0x0020


class NotStun(Exception):
    """What came is not an answer to the message that was sent."""


@dataclass(frozen=True, slots=True)
class LongTerm:
    """What a message is signed with. `realm` and `nonce` are the server's, from its first answer."""

    username: str
    password: str
    realm: bytes
    nonce: bytes

    @property
    def key(self) -> bytes:
        """The key of the signature, as the protocol fixes it."""
        words = f"{self.username}:".encode() + self.realm + f":{self.password}".encode()
        return hashlib.md5(words, usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer. `code` is the error's, 0 for success; addresses are as text."""

    code: int
    attributes: dict[int, bytes] = field(repr=False)
    transaction: bytes = field(repr=False)

    @property
    def realm(self) -> bytes:
        """The realm that asks for credentials."""
        return self.attributes.get(_REALM, b"")

    @property
    def nonce(self) -> bytes:
        """What a signed message has to repeat."""
        return self.attributes.get(_NONCE, b"")

    @property
    def mapped(self) -> str | None:
        """The address under which the server sees us."""
        return self._address(_MAPPED)

    @property
    def relayed(self) -> str | None:
        """The relay's own address for us."""
        return self._address(_RELAYED)

    def _address(self, attribute: int) -> str | None:
        value = self.attributes.get(attribute, b"")
        if len(value) not in (8, 20):
            return None
        mask = (struct.pack(">I", _COOKIE) + self.transaction)[: len(value) - 4]
        return str(ip_address(bytes(a ^ b for a, b in zip(value[4:], mask, strict=True))))


# What a request says: an allocation is of UDP, and a refresh gives it back.
_SAYS = {ALLOCATE: ((_TRANSPORT, b"\x11\0\0\0"),), REFRESH: ((_LIFETIME, b"\0\0\0\0"),)}


def message(
    method: int, transaction: bytes, signed: LongTerm | None = None, says: Iterable[tuple[int, bytes]] = ()
) -> bytes:
    """A request of this method; `says` are attributes beside its usual ones."""
    body = b"".join(_attribute(kind, value) for kind, value in (*_SAYS.get(method, ()), *says))
    if signed is None:
        return _head(method, len(body), transaction) + body
    names = ((_USERNAME, signed.username.encode()), (_REALM, signed.realm), (_NONCE, signed.nonce))
    body += b"".join(_attribute(kind, value) for kind, value in names)
    whole = _head(method, len(body) + 24, transaction) + body
    return whole + _attribute(_INTEGRITY, hmac.new(signed.key, whole, "sha1").digest())


def body_length(header: bytes) -> int:
    """How many bytes follow this header. Raises NotStun."""
    kind, length, cookie = struct.unpack(">HHI", header[:8])
    if cookie != _COOKIE or kind & 0xC000:
        raise NotStun
    return int(length)


def read(method: int, transaction: bytes, data: bytes) -> Answered:
    """The answer to a request. Raises NotStun."""
    if len(data) < HEADER or data[8:HEADER] != transaction or body_length(data) != len(data) - HEADER:
        raise NotStun
    kind = struct.unpack(">H", data[:2])[0]
    attributes = _attributes(data[HEADER:])
    if kind == method | _SUCCESS:
        return Answered(0, attributes, transaction)
    code = attributes.get(_ERROR_CODE, b"")
    if kind != method | _ERROR or len(code) < 4:
        raise NotStun
    return Answered(code[2] * 100 + code[3], attributes, transaction)


def _head(method: int, length: int, transaction: bytes) -> bytes:
    return struct.pack(">HHI", method, length, _COOKIE) + transaction


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack(">HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(data) >= 4:
        kind, length = struct.unpack(">HH", data[:4])
        found.setdefault(kind, data[4 : 4 + length])
        data = data[4 + length + -length % 4 :]
    return found
