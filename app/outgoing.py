"""Connect to a server that an administrator chose. Its name is resolved once; only permitted addresses are tried."""

import functools
import socket
import ssl
from collections.abc import Callable

from app.core.targets import Targets

_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]


class NotPermitted(Exception):
    """None of the host's addresses is a permitted target (`core.targets`)."""


@functools.cache
def system_authorities() -> ssl.SSLContext:
    """Verifies certificates against the system's authorities. They are read once for each process, as that takes 20 to
    40 ms."""
    return ssl.create_default_context()


def connect(host: str, port: int, targets: Targets, seconds: Callable[[int], float]) -> socket.socket:
    """A socket, connected to the first permitted address that answers.

    `seconds` returns the timeout of the next step, given how many addresses are left to try; it may raise TimeoutError.
    The socket keeps the timeout for one address. Raises NotPermitted and OSError.
    """
    found = _permitted(host, port, targets)
    for tried, (family, kind, protocol, _, address) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds(len(found) - tried))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect(address)
            connection.settimeout(seconds(1))
        except BaseException as error:
            connection.close()
            if tried == len(found) - 1 or not isinstance(error, OSError):
                raise
        else:
            return connection
    raise OSError("no address")


def may_reach(host: str, targets: Targets) -> bool:
    """Whether one of the host's addresses is a permitted target now; True if the name cannot be resolved."""
    if not targets.only_public:
        return True
    try:
        _permitted(host.removeprefix("[").removesuffix("]"), None, targets)
    except NotPermitted:
        return False
    except (OSError, UnicodeError):
        return True
    return True


def _permitted(host: str, port: int | None, targets: Targets) -> list[_Found]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    permitted = [each for each in found if targets.permit(str(each[4][0]))]
    if found and not permitted:
        raise NotPermitted
    return permitted  # type: ignore[return-value]
