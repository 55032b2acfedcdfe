"""A proxy on 127.0.0.1 that breaks calls at the level of TCP, TLS and HTTP's framing, before any server on loopback.

    with stand_in() as vendor, fault_proxy(vendor.address) as proxy:
        proxy.mode = Mode.RESET_AFTER
        ...  # calls to proxy.address

It passes one call per connection, and its answers say so (`Connection: close`).
"""

import contextlib
import re
import socket
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

import trustme

from tests.vendor.listener import Listener, readable, reset
from tests.vendor.wire import Incoming, Reader

GARBAGE = b"\x16\x03\x01\x00\xff220 mail.example ESMTP\r\n\x00\x01\x02 not HTTP\r\n\r\n"
_PIECE = 65_536


class Mode(StrEnum):
    """What happens to a connection. From RESET_AFTER on the call reaches the other side before it is broken."""

    PASS = "pass"
    IGNORE = "ignore"  # connections are neither accepted nor refused: only a connect timeout ends the call (Linux)
    REFUSE = "refuse"  # the port is closed
    NEVER_READ = "never-read"  # accepted, then nothing
    RESET_BEFORE = "reset-before"  # RST once the request has arrived, before it is read
    CLOSE_BEFORE = "close-before"  # read, not forwarded, closed orderly
    RESET_AFTER = "reset-after"  # forwarded and answered; the caller gets RST instead
    CLOSE_AFTER = "close-after"  # as RESET_AFTER, with an orderly close
    STALL = "stall"  # answered `stall` seconds late
    DRIP = "drip"  # the whole answer, head included, comes one byte every `interval` seconds
    CUT_OFF = "cut-off"  # closed after half of the body (of the head, if there is no body)
    LONG_LENGTH = "long-length"  # Content-Length promises 100 bytes too many
    SHORT_LENGTH = "short-length"  # Content-Length says half
    GARBAGE = "garbage"  # not HTTP


class Tls(StrEnum):
    """The certificate that the proxy presents."""

    NONE = "none"  # plain http
    SOUND = "sound"
    SELF_SIGNED = "self-signed"
    UNKNOWN_AUTHORITY = "unknown-authority"
    WRONG_HOST = "wrong-host"
    EXPIRED = "expired"


@dataclass(slots=True)
class Passage:
    """One connection: its mode, and how far it got. `read` and `written` are bytes of HTTP."""

    mode: Mode
    tls: Tls
    secured: bool = False
    read: int = 0
    forwarded: bool = False
    written: int = 0
    over: bool = False


class FaultProxy:
    """A proxy between a caller and `upstream` (`http://127.0.0.1:PORT`).

    `mode`, `tls`, `stall` and `interval` (seconds) can be set at any time, for connections from then on.
    """

    def __init__(
        self, upstream: str, *, mode: Mode = Mode.PASS, tls: Tls = Tls.NONE, stall: float = 30.0, interval: float = 1.0
    ) -> None:
        self.upstream_port = int(upstream.rpartition(":")[2])
        self.tls = tls
        self.stall = stall
        self.interval = interval
        self.closing = threading.Event()
        self._changed = threading.Condition()
        self._passages: list[Passage] = []
        self._mode = Mode.PASS
        self._listener = Listener(self._serve)
        self.port = self._listener.port
        self.mode = mode

    @property
    def address(self) -> str:
        """The address to call: `https` with any certificate, `http` without."""
        return f"{'http' if self.tls is Tls.NONE else 'https'}://127.0.0.1:{self.port}"

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode is Mode.REFUSE:
            self._listener.refuse()
        elif mode is Mode.IGNORE:
            self._listener.ignore()
        else:
            self._listener.accept()

    @property
    def passages(self) -> list[Passage]:
        """All accepted connections, in order."""
        with self._changed:
            return list(self._passages)

    @property
    def connections(self) -> Counter[Mode]:
        """Number of connections in each mode."""
        return Counter(passage.mode for passage in self.passages)

    @property
    def forwarded(self) -> int:
        """Number of calls that reached the other side."""
        return sum(passage.forwarded for passage in self.passages)

    def wait_for(self, condition: Callable[[], object], within: float = 10.0) -> None:
        """Wait until a condition on this proxy holds; AssertionError when it does not within `within` seconds."""
        with self._changed:
            assert self._changed.wait_for(condition, within), f"not within {within} s: {self._passages}"

    def close(self) -> None:
        """Close everything; no thread remains."""
        self.closing.set()
        self._listener.close()

    @contextmanager
    def note(self) -> Iterator[None]:
        """Change a passage within this block."""
        with self._changed:
            yield
            self._changed.notify_all()

    def _serve(self, connection: socket.socket) -> None:
        passage = Passage(self._mode, self.tls)
        with self.note():
            self._passages.append(passage)
        try:
            if passage.mode is Mode.NEVER_READ:
                self.closing.wait()
                return
            with _secured(connection, passage.tls) as line:
                with self.note():
                    passage.secured = passage.tls is not Tls.NONE
                _Passing(self, passage, line).go()
        finally:
            with self.note():
                passage.over = True


class _Passing:
    """One connection passing through."""

    def __init__(self, proxy: FaultProxy, passage: Passage, line: socket.socket) -> None:
        self._proxy = proxy
        self._passage = passage
        self._line = line

    def go(self) -> None:
        mode = self._passage.mode
        if mode is Mode.RESET_BEFORE:
            readable(self._line)
            reset(self._line)
            return
        request = Reader(self._line).next()
        if request is None:
            return
        with self._proxy.note():
            self._passage.read = len(request.head) + 4 + len(request.body)
        if mode is not Mode.CLOSE_BEFORE:
            self._hand_back(self._forwarded(request))

    def _forwarded(self, request: Incoming) -> bytes:
        """Forward the request; returns the whole answer of the other side."""
        answer = _asked(self._proxy.upstream_port, request)
        with self._proxy.note():
            self._passage.forwarded = True
        return answer

    def _hand_back(self, answer: bytes) -> None:
        match self._passage.mode:
            case Mode.RESET_AFTER:
                reset(self._line)
            case Mode.CLOSE_AFTER:
                pass
            case Mode.STALL:
                if not self._proxy.closing.wait(self._proxy.stall):
                    self._write(answer)
            case Mode.DRIP:
                self._drip(answer)
            case mode:
                self._write(_broken(mode, answer))

    def _drip(self, answer: bytes) -> None:
        for at in range(len(answer)):
            self._write(answer[at : at + 1])
            if self._proxy.closing.wait(self._proxy.interval):
                return

    def _write(self, piece: bytes) -> None:
        with self._proxy.note():
            self._passage.written += len(piece)
        self._line.sendall(piece)


@contextmanager
def fault_proxy(
    upstream: str, *, mode: Mode = Mode.PASS, tls: Tls = Tls.NONE, stall: float = 30.0, interval: float = 1.0
) -> Iterator[FaultProxy]:
    """A proxy in front of `upstream`, closed at the end."""
    proxy = FaultProxy(upstream, mode=mode, tls=tls, stall=stall, interval=interval)
    try:
        yield proxy
    finally:
        proxy.close()


def authority_pem() -> bytes:
    """The certificate to trust: with it Tls.SOUND is valid, and each other certificate has a single fault."""
    return _authority().cert_pem.bytes()


def trusting_context() -> ssl.SSLContext:
    """A caller's context that trusts only that authority."""
    return ssl.create_default_context(cadata=authority_pem().decode())


def _asked(port: int, request: Incoming) -> bytes:
    lines = [line for line in request.head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        upstream.sendall(b"\r\n".join([*lines, b"Connection: close", b"", request.body]))
        return b"".join(iter(lambda: upstream.recv(_PIECE), b""))


def _broken(mode: Mode, answer: bytes) -> bytes:
    head, blank, body = answer.partition(b"\r\n\r\n")
    match mode:
        case Mode.CUT_OFF:
            return head + blank + body[: len(body) // 2] if body else head[: len(head) // 2]
        case Mode.LONG_LENGTH:
            return _with_length(head, len(body) + 100) + blank + body
        case Mode.SHORT_LENGTH:
            return _with_length(head, len(body) // 2) + blank + body
        case Mode.GARBAGE:
            return GARBAGE
    return answer


def _with_length(head: bytes, length: int) -> bytes:
    return re.sub(rb"(?i)(?<=\r\nContent-Length: )\d+", b"%d" % length, head)


@contextmanager
def _secured(connection: socket.socket, tls: Tls) -> Iterator[socket.socket]:
    """The connection, in TLS if configured. It is duplicated so that the listener keeps its own handle."""
    if tls is Tls.NONE:
        yield connection
        return
    with _server_context(tls).wrap_socket(connection.dup(), server_side=True) as line:
        yield line
        with contextlib.suppress(OSError, ValueError):  # closed by the caller, or reset by us
            line.unwrap()


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def _server_context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls is Tls.SELF_SIGNED:
        own = trustme.CA()
        _load(context, own.private_key_pem.bytes() + own.cert_pem.bytes())
    else:
        _certificate(tls).configure_cert(context)
    return context


def _certificate(tls: Tls) -> trustme.LeafCert:
    match tls:
        case Tls.WRONG_HOST:
            return _authority().issue_cert("elsewhere.example")
        case Tls.UNKNOWN_AUTHORITY:
            return trustme.CA().issue_cert("127.0.0.1", "localhost")
        case Tls.EXPIRED:
            long_ago = datetime.now(UTC) - timedelta(days=400)
            return _authority().issue_cert("127.0.0.1", not_before=long_ago, not_after=long_ago + timedelta(days=365))
    return _authority().issue_cert("127.0.0.1", "localhost")


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.pem"
        path.write_bytes(pem)
        context.load_cert_chain(path)
