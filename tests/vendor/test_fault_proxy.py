"""The fault proxy breaks calls as its mode says, observed with only http.client, socket and ssl."""

import http.client
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.vendor.calling import FORM_TYPE, Heard, dialled, form_call, heard, post_form
from tests.vendor.fault_proxy import (
    GARBAGE,
    FaultProxy,
    Mode,
    Passage,
    Tls,
    authority_pem,
    fault_proxy,
    trusting_context,
)
from tests.vendor.stand_in import Answers, Vendor, stand_in


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with stand_in(answers=Answers.ATTACHMENT) as running:
        yield running


@pytest.fixture
def proxy(vendor: Vendor) -> Iterator[FaultProxy]:
    with fault_proxy(vendor.address, interval=0.01, stall=0.2) as running:
        yield running


def what_came(proxy: FaultProxy, call: bytes) -> bytes:
    """Everything received on a bare connection until it is closed orderly."""
    with dialled(proxy.port) as line:
        line.sendall(call)
        return b"".join(iter(lambda: line.recv(65_536), b""))


def test_a_call_passes_unharmed(vendor: Vendor, proxy: FaultProxy) -> None:
    answer = post_form(proxy.port, problem_description="困" * 1024)
    assert (answer.status, len(answer.body)) == (200, vendor.file_size)
    assert answer.headers["Connection"] == "close"
    (session,) = vendor.sessions
    assert session.problem_description == "困" * 1024
    assert session.headers["host"] == f"127.0.0.1:{proxy.port}"
    proxy.wait_for(lambda: proxy.passages[0].over)
    (passage,) = proxy.passages
    assert (passage.mode, passage.forwarded, passage.secured) == (Mode.PASS, True, False)
    assert passage.read > 9 * 1024
    assert passage.written > vendor.file_size


def test_refused_means_that_nobody_listens(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.REFUSE
    with pytest.raises(ConnectionRefusedError):
        post_form(proxy.port)
    proxy.mode = Mode.PASS
    assert post_form(proxy.port).status == 200
    assert proxy.connections == {Mode.PASS: 1}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' queues are not filled this way")
def test_ignored_means_that_connecting_itself_takes_too_long(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.IGNORE
    with pytest.raises(TimeoutError):
        dialled(proxy.port, timeout=0.1)
    proxy.mode = Mode.REFUSE
    with pytest.raises(ConnectionRefusedError):
        post_form(proxy.port)
    proxy.mode = Mode.PASS
    assert post_form(proxy.port).status == 200
    proxy.mode = Mode.IGNORE


RESETS: dict[Mode, int] = {Mode.RESET_BEFORE: 0, Mode.RESET_AFTER: 1}


@pytest.mark.parametrize("mode", RESETS)
def test_a_reset_is_one_and_comes_before_or_after_the_call(vendor: Vendor, proxy: FaultProxy, mode: Mode) -> None:
    proxy.mode = mode
    with pytest.raises(ConnectionResetError):
        what_came(proxy, form_call())
    assert (len(vendor.sessions), proxy.forwarded) == (RESETS[mode], RESETS[mode])
    assert (proxy.passages[0].read > 0) is (mode is Mode.RESET_AFTER)


CLOSES: dict[Mode, int] = {Mode.CLOSE_BEFORE: 0, Mode.CLOSE_AFTER: 1}


@pytest.mark.parametrize("mode", CLOSES)
def test_a_close_in_order_comes_before_or_after_the_call(vendor: Vendor, proxy: FaultProxy, mode: Mode) -> None:
    proxy.mode = mode
    assert what_came(proxy, form_call()) == b""
    with pytest.raises(http.client.RemoteDisconnected):
        post_form(proxy.port)
    assert (len(vendor.sessions), proxy.forwarded) == (CLOSES[mode] * 2, CLOSES[mode] * 2)


def test_never_read_takes_the_call_and_says_nothing(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.NEVER_READ
    with dialled(proxy.port) as line:
        line.sendall(form_call())
        proxy.wait_for(lambda: proxy.passages)
        line.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.recv(1)
    assert (vendor.calls, proxy.passages) == ([], [Passage(Mode.NEVER_READ, Tls.NONE)])


def test_a_stall_answers_late(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.STALL
    began = time.monotonic()
    assert post_form(proxy.port).status == 200
    assert time.monotonic() - began >= proxy.stall
    assert len(vendor.sessions) == 1


def test_a_drip_is_one_byte_at_a_time(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.DRIP
    began = time.monotonic()
    with dialled(proxy.port) as line, line.makefile("rb") as answer:
        line.sendall(form_call())
        assert answer.read(15) == b"HTTP/1.1 200 OK"
        assert time.monotonic() - began >= 14 * proxy.interval
    proxy.interval = 60.0
    with dialled(proxy.port) as line:
        line.sendall(form_call())
        assert line.recv(100) == b"H"
        assert proxy.passages[1].written == 1


def test_an_answer_is_cut_off_half_way_through_its_body(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.CUT_OFF
    with pytest.raises(http.client.IncompleteRead) as cut:
        post_form(proxy.port)
    assert len(cut.value.partial) == vendor.file_size // 2


def test_an_answer_without_a_body_is_cut_off_in_its_head(vendor: Vendor, proxy: FaultProxy) -> None:
    vendor.answers = Answers.REDIRECT
    proxy.mode = Mode.CUT_OFF
    came = what_came(proxy, form_call())
    assert came.startswith(b"HTTP/1.1 302 Found\r\n")
    assert b"\r\n\r\n" not in came


def test_a_length_may_be_too_long_or_too_short(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.LONG_LENGTH
    with pytest.raises(http.client.IncompleteRead) as short:
        post_form(proxy.port)
    assert (len(short.value.partial), short.value.expected) == (vendor.file_size, 100)
    proxy.mode = Mode.SHORT_LENGTH
    assert len(post_form(proxy.port).body) == vendor.file_size // 2
    _head, _blank, body = what_came(proxy, form_call()).partition(b"\r\n\r\n")
    assert len(body) == vendor.file_size


def test_garbage_is_no_http(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.mode = Mode.GARBAGE
    assert what_came(proxy, form_call()) == GARBAGE
    with pytest.raises(http.client.BadStatusLine):
        post_form(proxy.port)


def test_a_mode_holds_for_connections_from_then_on(vendor: Vendor, proxy: FaultProxy) -> None:
    def left() -> dict[Mode, int]:
        return Counter(passage.mode for passage in proxy.passages if passage.over)

    proxy.mode = Mode.NEVER_READ
    with dialled(proxy.port):
        proxy.wait_for(lambda: len(proxy.passages) == 1)
        proxy.mode = Mode.PASS
        assert post_form(proxy.port).status == 200
        assert post_form(proxy.port).status == 200
        proxy.wait_for(lambda: left() == {Mode.PASS: 2})
        assert proxy.connections == {Mode.NEVER_READ: 1, Mode.PASS: 2}


# TLS


def post_tls(proxy: FaultProxy, context: ssl.SSLContext) -> Heard:
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=context, timeout=10)
    try:
        connection.request("POST", "/integration/integration_api.php", form_call().partition(b"\r\n\r\n")[2], FORM_TYPE)
        return heard(connection)
    finally:
        connection.close()


def test_a_sound_certificate_holds_for_whoever_trusts_its_authority(vendor: Vendor, proxy: FaultProxy) -> None:
    assert proxy.address.startswith("http://")
    proxy.tls = Tls.SOUND
    assert proxy.address == f"https://127.0.0.1:{proxy.port}"
    assert post_tls(proxy, trusting_context()).status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        post_tls(proxy, ssl.create_default_context())
    assert b"BEGIN CERTIFICATE" in authority_pem()
    assert [passage.secured for passage in proxy.passages] == [True, False]


WRONG = {
    Tls.SELF_SIGNED: "self-signed certificate",
    Tls.UNKNOWN_AUTHORITY: "unable to get local issuer certificate",
    Tls.WRONG_HOST: "IP address mismatch",
    Tls.EXPIRED: "certificate has expired",
}


@pytest.mark.parametrize("tls", WRONG)
def test_a_wrong_certificate_is_wrong_in_one_way(vendor: Vendor, proxy: FaultProxy, tls: Tls) -> None:
    proxy.tls = tls
    with pytest.raises(ssl.SSLCertVerificationError, match=WRONG[tls]):
        post_tls(proxy, trusting_context())
    proxy.wait_for(lambda: proxy.passages[0].over)
    assert (vendor.calls, proxy.passages[0].read) == ([], 0)
    believing = ssl.create_default_context()
    believing.check_hostname = False
    believing.verify_mode = ssl.CERT_NONE
    assert post_tls(proxy, believing).status == 200


def test_every_certificate_is_tested_here() -> None:
    assert {Tls.NONE, Tls.SOUND, *WRONG} == set(Tls)


BROKEN_INSIDE: dict[Mode, type[Exception] | tuple[type[Exception], ...]] = {
    # http.client writes head and body separately: a reset between the two is an SSLEOFError.
    Mode.RESET_BEFORE: (ConnectionResetError, ssl.SSLEOFError),
    Mode.RESET_AFTER: ConnectionResetError,
    Mode.CLOSE_AFTER: http.client.RemoteDisconnected,
    Mode.CUT_OFF: http.client.IncompleteRead,
    Mode.GARBAGE: http.client.BadStatusLine,
}


@pytest.mark.parametrize("mode", BROKEN_INSIDE)
def test_calls_break_inside_tls_too(vendor: Vendor, proxy: FaultProxy, mode: Mode) -> None:
    proxy.tls, proxy.mode = Tls.SOUND, mode
    with pytest.raises(BROKEN_INSIDE[mode]):
        post_tls(proxy, trusting_context())
    assert len(vendor.sessions) == (0 if mode is Mode.RESET_BEFORE else 1)


def test_plain_http_to_a_tls_port_is_no_call(vendor: Vendor, proxy: FaultProxy) -> None:
    proxy.tls = Tls.SOUND
    with dialled(proxy.port) as line:
        line.sendall(form_call())
        assert not came_as_http(line)
    assert vendor.calls == []


def came_as_http(line: socket.socket) -> bool:
    try:
        return line.recv(100).startswith(b"HTTP/")
    except ConnectionResetError:
        return False


@pytest.mark.parametrize("tls", [Tls.NONE, Tls.SOUND])
@pytest.mark.parametrize("mode", [Mode.NEVER_READ, Mode.STALL, Mode.DRIP])
def test_closing_ends_every_connection_and_thread(vendor: Vendor, mode: Mode, tls: Tls) -> None:
    before = threading.active_count()
    with (
        fault_proxy(vendor.address, mode=mode, tls=tls, stall=60.0, interval=60.0) as proxy,
        dialled(proxy.port) as line,
    ):
        if tls is Tls.SOUND and mode is not Mode.NEVER_READ:
            line = trusting_context().wrap_socket(line, server_hostname="127.0.0.1")  # noqa: PLW2901 - the same line, under TLS
        with line:
            line.sendall(form_call())
            proxy.wait_for(lambda: proxy.passages if mode is Mode.NEVER_READ else proxy.forwarded)
            proxy.close()
    vendor.close()
    assert threading.active_count() < before
