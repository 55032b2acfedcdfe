"""A call goes to a permitted address, and to the one that was looked at, whatever its name resolves to later."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

from app.backends.vendor_call import VendorCalls
from app.channels import calling
from app.channels.webhook import Webhooks
from app.core.backend import Refused, Unavailable
from app.core.notice import Delivery, TryResult
from app.core.targets import Targets
from app.core.why import Why, WhyCode
from app.outgoing import NotPermitted, connect, may_reach
from tests.backends.loopback import Loopback, http, loopback
from tests.webhook_receiver import receiving

NAME = "vendor.example.com"
INSIDE, LISTED = "127.0.0.1", "127.0.0.2"
PUBLIC = Targets(only_public=True)
ONE_LISTED = Targets(only_public=True, networks=(ip_network(f"{LISTED}/32"),))
Resolve = Callable[..., list[str]]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Let the name have these addresses at its first resolution, then those of the next; the list counts them."""
    real = socket.getaddrinfo

    def answers(*each: tuple[str, ...]) -> list[str]:
        asked: list[str] = []

        def look_up(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
            if host != NAME:
                return real(host, port, *arguments, **named)
            asked.append(host)
            addresses = each[min(len(asked), len(each)) - 1]
            return [found for address in addresses for found in real(address, port, *arguments, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return answers


@contextmanager
def both_places(tls: ssl.SSLContext | None = None) -> Iterator[tuple[Loopback, Loopback]]:
    """A server that may be called, and one on the same port that must not be."""
    well = http(200, b"well")
    for _ in range(20):
        with ExitStack() as stack:
            good = stack.enter_context(loopback(well, tls, at=(LISTED, 0)))
            try:
                bad = stack.enter_context(loopback(well, tls, at=(INSIDE, good.port)))
            except OSError:  # somebody else has that port there
                continue
            yield good, bad
            return
    pytest.fail("no port is free at both addresses")


def patient(rest: int) -> float:
    return 5.0 / rest


def test_a_name_that_resolves_anew_leads_to_what_was_looked_at(resolve: Resolve, tmp_path: Path) -> None:
    asked = resolve((LISTED,), (INSIDE,))
    with both_places() as (good, bad):
        answer = VendorCalls(ONE_LISTED).post(f"http://{NAME}:{good.port}/call", b"", {}, tmp_path)
        assert (answer.body, good.connections, bad.connections) == (b"well", 1, 0)
        assert good.received[0].headers["host"] == f"{NAME}:{good.port}"
    assert asked == [NAME]


def test_a_webhook_s_name_that_resolves_anew_leads_there_too(resolve: Resolve) -> None:
    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(NAME).configure_cert(theirs)
    authority.configure_trust(ours)
    asked = resolve((LISTED,), (INSIDE,))
    with both_places(theirs) as (good, bad):
        address = f"https://{NAME}:{good.port}/hook"
        assert Webhooks(ours).send(address, {}, b"{}", ONE_LISTED).delivery is Delivery.DELIVERED
        assert (good.connections, bad.connections) == (1, 0)
        assert good.received[0].headers["host"] == f"{NAME}:{good.port}"
        assert asked == [NAME]
        again = Webhooks(ours).send(address, {}, b"{}", ONE_LISTED)
        assert (again.delivery, bad.connections) == (Delivery.FAILED, 0), "it leads inside now"
        assert "HANDBELL_PRIVATE_TARGETS" in again.why


@pytest.mark.slow
def test_a_vendor_s_certificate_is_for_the_name_that_was_written(resolve: Resolve, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    calls = VendorCalls(ONE_LISTED, authorities=tmp_path / "ca.pem")
    resolve((LISTED,))
    for name, good in ((NAME, True), ("other.example.com", False)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        asked: list[str | None] = []
        context.sni_callback = lambda _socket, name, _context, asked=asked: asked.append(name)
        authority.issue_cert(name).configure_cert(context)
        with both_places(context) as (server, bad):
            address = f"https://{NAME}:{server.port}/call"
            if good:
                assert calls.post(address, b"", {}, tmp_path).body == b"well"
            else:
                with pytest.raises(Unavailable) as failed:
                    calls.post(address, b"", {}, tmp_path)
                assert failed.value.why.code is WhyCode.CERTIFICATE_NAME
            assert (set(asked), bad.connections) == ({NAME}, 0)


def test_of_several_addresses_only_permitted_ones_are_tried(resolve: Resolve) -> None:
    with both_places() as (good, bad):
        resolve((INSIDE, "127.0.0.3", LISTED, INSIDE))
        with connect(NAME, good.port, ONE_LISTED, patient) as connection:
            assert connection.getpeername() == (LISTED, good.port)
        assert bad.connections == 0


def test_where_the_permitted_one_does_not_answer_no_other_is_tried(resolve: Resolve) -> None:
    with both_places() as (good, bad):
        nobody = Targets(only_public=True, networks=(ip_network("127.0.0.3/32"),))
        resolve(("127.0.0.3", INSIDE, LISTED))
        with pytest.raises(ConnectionRefusedError):
            connect(NAME, good.port, nobody, patient)
        assert (good.connections, bad.connections) == (0, 0)


@pytest.mark.parametrize("host", [INSIDE, "localhost", "127.1", "0x7f000001", "2130706433", NAME])
def test_no_spelling_of_this_machine_is_called(resolve: Resolve, tmp_path: Path, host: str) -> None:
    resolve((INSIDE,))
    with loopback(http(200)) as server:
        with pytest.raises(Refused) as refused:
            VendorCalls(PUBLIC).post(f"http://{host}:{server.port}/call", b"", {}, tmp_path)
        assert refused.value.why == Why(WhyCode.NOT_PUBLIC, {"host": host})
        with pytest.raises(NotPermitted):
            connect(host, server.port, PUBLIC, patient)
        assert server.connections == 0


def test_a_webhook_on_this_machine_is_not_called() -> None:
    with receiving() as receiver:
        result = Webhooks().send(receiver.address, {}, b"{}", PUBLIC)
        assert (result.delivery, receiver.got) == (Delivery.FAILED, [])
        assert "HANDBELL_PRIVATE_TARGETS" in result.why
        listed = Targets(only_public=True, networks=(ip_network("127.0.0.0/8"),))
        assert Webhooks().send(receiver.address, {}, b"{}", listed).delivery is Delivery.DELIVERED


def test_a_webhook_with_many_silent_addresses_ends_at_its_deadline(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each address has two seconds; a name can have hundreds, while other sites' notices wait."""
    resolve(("127.0.0.3",) * 100)
    seconds = count(step=2)
    monkeypatch.setattr(calling, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    result = Webhooks().send(f"https://{NAME}:1/", {}, b"{}", Targets())
    assert result == TryResult(Delivery.FAILED, "no answer in time", away=True)


def test_whether_a_host_may_be_reached_is_told_without_a_call(resolve: Resolve) -> None:
    asked = resolve((INSIDE,))
    hosts = (NAME, "[::1]", INSIDE, "nobody.invalid", "1.1.1.1")
    assert [may_reach(host, PUBLIC) for host in hosts] == [False, False, False, True, True]
    assert may_reach(NAME, Targets())
    assert asked == [NAME]
