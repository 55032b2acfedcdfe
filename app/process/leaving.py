"""Whether this host is about to end: a byte that gunicorn's master shares with its web processes.

After SIGTERM `/readyz` answers 503 while everything else is still served, so that proxies send new requests to other
hosts before this one refuses them.
"""

import mmap

LEAVES_FOR = 3.0  # seconds between SIGTERM and the end of service

_leaving = mmap.mmap(-1, 1)  # made before the processes are forked


def leave() -> None:
    """Let all processes of this host know that it is about to end."""
    _leaving[0] = 1


def is_leaving() -> bool:
    """Whether this host is about to end."""
    return _leaving[0] == 1
