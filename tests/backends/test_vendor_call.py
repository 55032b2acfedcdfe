"""Calls of a server that misbehaves: how and when they end, and whether the session may exist."""

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from app.backends.answer import VendorAnswer
from app.backends.kept_applet import Keep
from app.backends.vendor_call import Limits, VendorCalls
from app.core.backend import Unavailable
from app.core.targets import ANYWHERE
from app.core.why import Why, WhyCode
from tests.backends.kept import Kept, not_written
from tests.backends.loopback import Behaviour, Loopback, http, loopback, read_request, reset

HOST = {"host": "127.0.0.1"}
AT_ONCE = Limits(pauses=(0.0, 0.0))
QUICK = Limits(connect=5, read=0.3, whole=0.4, applet=0.6, pauses=(0.0, 0.0))
SECRET = "key-that-is-secret"
MEGABYTE = 1024 * 1024


def call(
    server: Loopback | str, keep: Keep, limits: Limits = AT_ONCE, authorities: Path | None = None, look: bool = False
) -> VendorAnswer:
    address = server if isinstance(server, str) else server.address
    calls = VendorCalls(ANYWHERE, limits=limits, authorities=authorities)
    headers = {"Content-Type": "text/plain", "INTEGRATION-KEY": SECRET}
    return calls.post(f"{address}/call", f"uid={SECRET}".encode(), headers, keep, look=look)


def failure(server: Loopback | str, kept: Kept, **options: object) -> Unavailable:
    """The failure of a call; it must contain no sent data and no text of the vendor."""
    with pytest.raises(Unavailable) as failed:
        call(server, kept, **options)
    told = f"{failed.value} {failed.value.__cause__!r}"
    assert SECRET not in told
    assert "/call" not in told
    assert "vendor's own words" not in told
    assert kept.content() == {}
    return failed.value


def test_a_call_as_the_vendor_sees_it(kept: Kept) -> None:
    with loopback(http(200, b"well", Content_Type="text/plain", X_Two="b")) as server:
        answer = call(server, kept)
    (received,) = server.received
    assert (received.method, received.path, received.body) == ("POST", "/call", b"uid=key-that-is-secret")
    assert received.headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept-encoding": "identity",
        "content-length": "22",
        "content-type": "text/plain",
        "integration-key": SECRET,
        "connection": "close",
        "user-agent": received.headers["user-agent"],
    }
    assert (answer.head.status, answer.body, answer.applet) == (200, b"well", None)
    assert answer.head.headers["x-two"] == "b"
    assert abs((answer.at - datetime.now(UTC)).total_seconds()) < 60


def test_every_call_has_its_own_connection(kept: Kept) -> None:
    with loopback(http(200, b"well")) as server:
        for _ in range(3):
            call(server, kept)
    assert server.connections == 3


def test_proxies_of_the_environment_are_not_used(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with loopback(http(200, b"well")) as server:
        assert call(server, kept).body == b"well"


def test_a_redirect_is_not_followed(kept: Kept) -> None:
    with loopback(http(302, b"", Location="/call")) as server:
        answer = call(server, kept)
    assert (answer.head.status, answer.head.headers["location"]) == (302, "/call")
    assert len(server.received) == 1


@pytest.mark.parametrize("chunked", [True, False])
def test_bodies_without_a_length(kept: Kept, chunked: bool) -> None:
    raw = b"HTTP/1.1 200 OK\r\n\r\nwell" if not chunked else b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with loopback(raw + (b"2\r\nwe\r\n2\r\nll\r\n0\r\n\r\n" if chunked else b"")) as server:
        assert call(server, kept).body == b"well"


def test_the_body_of_a_refusal_is_read_only_to_be_looked_at(kept: Kept) -> None:
    with loopback(http(403, b"the vendor's own words")) as server:
        assert call(server, kept).body == b""
        assert call(server, kept, look=True).body == b"the vendor's own words"


def test_a_refusal_counts_even_when_its_body_never_comes(kept: Kept) -> None:
    with loopback(http(403, b"", length=100)) as server:
        assert call(server, kept).head.status == 403
        looked_at = call(server, kept, look=True)
        assert (looked_at.head.status, looked_at.body) == (403, None)


# Before anything was sent


def test_a_refused_connection_is_tried_three_times(kept: Kept) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failed = failure(f"http://127.0.0.1:{port}", kept)
    assert (failed.maybe_sent, failed.why) == (False, Why(WhyCode.NO_CONNECTION, HOST))


def test_a_server_that_comes_back_is_reached_within_the_call(kept: Kept, tmp_path: Path) -> None:
    """The first two connections end during TLS, before anything was sent."""
    authority = trustme.CA()
    context = _server(authority.issue_cert("127.0.0.1"))
    served: list[int] = []

    def behave(connection: socket.socket, server: Loopback) -> None:
        if server.connections < 3:
            reset(connection)
            return
        with context.wrap_socket(connection, server_side=True) as secure:
            served.append(server.connections)
            server.received.append(read_request(secure))
            secure.sendall(http(200, b"well"))

    authorities = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(authorities))
    with loopback(behave) as server:
        answer = call(f"https://127.0.0.1:{server.port}", kept, authorities=authorities)
    assert (answer.body, served) == (b"well", [3])


def test_a_name_that_does_not_exist(kept: Kept) -> None:
    failed = failure("https://nobody.invalid", kept)
    assert (failed.maybe_sent, failed.why) == (False, Why(WhyCode.NO_SUCH_NAME, {"host": "nobody.invalid"}))


@pytest.mark.slow
def test_a_connection_that_never_comes(kept: Kept) -> None:
    """A listener whose queue is full keeps connections waiting."""
    with socket.socket() as full, socket.socket() as first:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        first.connect(full.getsockname())
        started = time.monotonic()
        limits = Limits(connect=0.2, pauses=(0.0, 0.0))
        failed = failure(f"http://127.0.0.1:{full.getsockname()[1]}", kept, limits=limits)
    assert (failed.maybe_sent, failed.why) == (False, Why(WhyCode.UNREACHABLE, HOST))
    assert 0.6 <= time.monotonic() - started < 60  # the system itself would try for two minutes


@pytest.mark.slow
def test_a_tls_handshake_that_never_comes(kept: Kept) -> None:
    def silent(connection: socket.socket, server: Loopback) -> None:
        server.over.wait(30)

    with loopback(silent) as server:
        failed = failure(f"https://127.0.0.1:{server.port}", kept, limits=Limits(connect=0.2, pauses=(0.0,)))
    assert (failed.maybe_sent, failed.why) == (False, Why(WhyCode.UNREACHABLE, HOST))
    assert server.connections == 2


def test_a_server_without_tls(kept: Kept) -> None:
    def plain(connection: socket.socket, server: Loopback) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 the vendor's own words\r\n\r\n")

    with loopback(plain) as server:
        failed = failure(f"https://127.0.0.1:{server.port}", kept)
    assert (failed.maybe_sent, failed.why) == (False, Why(WhyCode.NO_TLS, HOST))


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def test_a_sound_certificate(kept: Kept, authority: trustme.CA, trusted: Path) -> None:
    with loopback(http(200, b"well"), _server(authority.issue_cert("127.0.0.1"))) as server:
        assert call(server, kept, authorities=trusted).body == b"well"


@pytest.mark.slow
def test_certificates_that_are_not_sound(kept: Kept, authority: trustme.CA, trusted: Path) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    wrong = {
        WhyCode.CERTIFICATE_NAME: authority.issue_cert("vendor.example"),
        WhyCode.CERTIFICATE_EXPIRED: authority.issue_cert(
            "127.0.0.1", not_before=old, not_after=old.replace(year=2021)
        ),
        WhyCode.CERTIFICATE_UNTRUSTED: trustme.CA().issue_cert("127.0.0.1"),
    }
    for code, certificate in wrong.items():
        with loopback(http(200, b"well"), _server(certificate)) as server:
            failed = failure(server, kept, authorities=trusted)
        assert (failed.maybe_sent, failed.why) == (False, Why(code, HOST))
        assert (server.received, server.connections) == ([], 3)


def test_the_systems_authorities_are_the_default(kept: Kept, authority: trustme.CA) -> None:
    with loopback(http(200, b"well"), _server(authority.issue_cert("127.0.0.1"))) as server:
        assert failure(server, kept).why.code is WhyCode.CERTIFICATE_UNTRUSTED


# After it was sent: only one try


def hang_up(connection: socket.socket, server: Loopback) -> None:
    server.received.append(read_request(connection))


def reset_after_reading(connection: socket.socket, server: Loopback) -> None:
    server.received.append(read_request(connection))
    reset(connection)


def reset_before_reading(connection: socket.socket, server: Loopback) -> None:
    connection.recv(1)
    reset(connection)


def reset_within_the_head(connection: socket.socket, server: Loopback) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")
    connection.recv(1)


def stall(connection: socket.socket, server: Loopback) -> None:
    read_request(connection)
    server.over.wait(30)


def stall_within_the_body(connection: socket.socket, server: Loopback) -> None:
    read_request(connection)
    connection.sendall(http(200, b'{"link"', length=100))
    server.over.wait(30)


def drip(raw: bytes) -> Behaviour:
    """Send single bytes, each within the limit of one read."""

    def behave(connection: socket.socket, server: Loopback) -> None:
        read_request(connection)
        for byte in raw:
            connection.sendall(bytes([byte]))
            if server.over.wait(0.02):
                return

    return behave


def forever(start: bytes, again: bytes) -> Behaviour:
    def behave(connection: socket.socket, server: Loopback) -> None:
        read_request(connection)
        connection.sendall(start)
        while not server.over.is_set():
            connection.sendall(again)

    return behave


BROKEN = Why(WhyCode.BROKEN_OFF, HOST)
LATE = Why(WhyCode.NO_ANSWER, HOST)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behave", "why"),
    [
        (hang_up, BROKEN),
        (reset_after_reading, BROKEN),
        (reset_before_reading, BROKEN),
        (http(200, b"short", length=100), BROKEN),
        (b"HTTP/1.1 302 Found\r\nLocation: https://applets.startcontrol.com/down", BROKEN),
        (b"HTTP/1.1 302 Found\r\nLocation: https://applets.startcontrol.com/down\r\n", BROKEN),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort", BROKEN),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot-a-number\r\n", BROKEN),
        (b"the vendor's own words\r\n\r\n", BROKEN),
        (b"HTTP/1.1 999999 the vendor's own words\r\n\r\n", BROKEN),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", BROKEN),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", BROKEN),
        (http(200, b"MZ", length=100, Content_Type="application/octet-stream"), BROKEN),
        (stall, LATE),
        (stall_within_the_body, LATE),
        (drip(http(200, b"x" * 1000)), LATE),
        (drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 90), LATE),
        (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE),
        (forever(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"trailer: x\r\n"), LATE),
        (drip(http(200, b"MZ" + b"x" * 1000, Content_Type="application/octet-stream")), LATE),
    ],
)
def test_what_was_sent_may_have_opened_a_session(behave: Behaviour | bytes, why: Why, kept: Kept) -> None:
    started = time.monotonic()
    with loopback(behave) as server:
        failed = failure(server, kept, limits=QUICK if why == LATE else AT_ONCE)
        took = time.monotonic() - started
    assert (failed.maybe_sent, failed.why) == (True, why)
    assert server.connections == 1
    assert took < 30  # it was cut off: the slowest answer would take longer


def test_an_answer_before_everything_was_read_counts(kept: Kept) -> None:
    def impatient(connection: socket.socket, server: Loopback) -> None:
        connection.recv(1)
        connection.sendall(http(413, b""))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    with loopback(impatient) as server:
        calls = VendorCalls(ANYWHERE, limits=AT_ONCE)
        assert calls.post(f"{server.address}/call", b"x" * MEGABYTE, {}, kept).head.status == 413


# Large and compressed bodies


def test_a_body_over_the_limit_is_not_read_to_its_end(kept: Kept) -> None:
    with loopback(http(200, b"x" * 10 * MEGABYTE)) as server:
        answer = call(server, kept, limits=Limits())
    assert (answer.head.status, answer.body) == (200, None)


def test_a_body_up_to_the_limit_is_read(kept: Kept) -> None:
    with loopback(http(200, b"x" * 8 * MEGABYTE)) as server:
        assert len(call(server, kept, limits=Limits()).body or b"") == 8 * MEGABYTE


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip"])
def test_a_packed_body_is_unpacked(encoding: str, kept: Kept) -> None:
    pack = zlib.compress if encoding == "deflate" else gzip.compress
    with loopback(http(200, pack(b"well" * 1000), Content_Encoding=encoding)) as server:
        assert call(server, kept).body == b"well" * 1000


def test_a_body_that_is_packed_badly_is_one_that_cannot_be_read(kept: Kept) -> None:
    with loopback(http(200, b"not gzip at all", Content_Encoding="gzip")) as server:
        assert call(server, kept).body is None


def _in_a_process(code: str, *arguments: str) -> list[str]:
    """Run code in a new Python process; returns what it prints, the last line being the kB that it needed at its
    peak."""
    program = f"""
import re, sys
from pathlib import Path
from app.backends.vendor_call import VendorCalls
from app.core.targets import ANYWHERE
from app.store.database import Database
from tests.backends.kept import Kept
def memory(which):
    return int(re.search(which + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
calls = VendorCalls(ANYWHERE)
database = Database("sqlite:///" + sys.argv[2])
before = memory("VmRSS")
{code}
database.close()
print(memory("VmHWM") - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


CALL = "answer = calls.post(sys.argv[1] + '/call', b'', {}, Kept(database))\n"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_gzip_bomb_does_not_fill_the_memory(kept: Kept) -> None:
    bomb = gzip.compress(gzip.compress(bytes(400 * MEGABYTE)))
    assert len(bomb) < 10_000
    with loopback(http(200, bomb, Content_Encoding="gzip, gzip")) as server:
        body, more = _in_a_process(CALL + "print(answer.body)", server.address, kept.database.url.database or "")
    assert body == "None"
    assert int(more) < 30_000


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_an_applet_of_60_mb_needs_less_than_20_mb_of_memory(kept: Kept) -> None:
    applet = b"MZ" + bytes(60 * MEGABYTE - 2)
    with loopback(http(200, applet, Content_Type="application/octet-stream")) as server:
        size, more = _in_a_process(CALL + "print(answer.applet.size)", server.address, kept.database.url.database or "")
    assert int(size) == 60 * MEGABYTE
    assert int(more) < 20_000
    assert [len(content) for content in kept.content().values()] == [60 * MEGABYTE]


# Applets as the body


EXE = "application/x-msdownload"


def test_an_applet_is_kept(kept: Kept) -> None:
    applet = b"MZ" + bytes(range(256)) * 1000
    disposition = 'attachment; filename="Support 123.exe"'
    with loopback(http(200, applet, Content_Type=EXE, Content_Disposition=disposition)) as server:
        answer = call(server, kept)
    assert answer.applet is not None
    assert (answer.applet.name, answer.applet.media_type, answer.applet.size) == ("Support 123.exe", EXE, len(applet))
    assert kept.content() == {answer.applet.id: applet}


def test_an_applet_without_a_length_and_packed(kept: Kept) -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Encoding: gzip\r\n\r\n"
    with loopback(raw + gzip.compress(b"MZ" + bytes(200_000))) as server:
        answer = call(server, kept)
    assert answer.applet is not None
    assert answer.applet.size == 200_002


def test_an_applet_over_the_limit_is_not_kept(kept: Kept) -> None:
    with loopback(http(200, b"MZ" + bytes(MEGABYTE), Content_Type=EXE)) as server:
        answer = call(server, kept, limits=Limits(most_applet=MEGABYTE))
    assert (answer.body, answer.applet) == (None, None)
    assert kept.content() == {}


@pytest.mark.slow
def test_an_applet_has_more_time_than_other_bodies(kept: Kept) -> None:
    def slow(connection: socket.socket, server: Loopback) -> None:
        read_request(connection)
        connection.sendall(http(200, b"MZ" * 40_000, length=80_006, Content_Type=EXE))
        for _ in range(6):
            server.over.wait(0.05)
            connection.sendall(b"x")

    with loopback(slow) as server:
        answer = call(server, kept, limits=Limits(whole=0.2, applet=20, pauses=()))
    assert answer.applet is not None
    assert answer.applet.size == 80_006


@pytest.mark.parametrize("why", [WhyCode.NOT_WRITTEN, WhyCode.NO_ROOM])
def test_an_applet_that_is_not_kept(kept: Kept, why: WhyCode) -> None:
    kept.room = 1
    keep = kept if why is WhyCode.NO_ROOM else not_written
    with loopback(http(200, b"MZ", Content_Type=EXE)) as server, pytest.raises(Unavailable, match=why) as failed:
        call(server, keep)
    assert failed.value.maybe_sent
    assert kept.content() == {}


# Many at once


@pytest.mark.slow
def test_a_hundred_threads_at_once(kept: Kept) -> None:
    """The server answers no call before all hundred have arrived."""
    together = threading.Barrier(100, timeout=30)

    def behave(connection: socket.socket, server: Loopback) -> None:
        received = read_request(connection)
        together.wait()
        connection.sendall(http(200, received.body))

    calls = VendorCalls(ANYWHERE)
    with loopback(behave) as server, ThreadPoolExecutor(100) as threads:
        bodies = [str(number).encode() for number in range(100)]
        done = threads.map(lambda body: calls.post(f"{server.address}/call", body, {}, kept).body, bodies)
        assert list(done) == bodies
