"""One delivery: the meaning of each kind of answer, and that no receiver delays us."""

import ssl
import time

import pytest
import trustme

from app.channels import calling
from app.channels.webhook import Webhooks
from app.core.notice import Delivery, TryResult
from app.core.targets import ANYWHERE
from tests.live_server import free_port
from tests.webhook_receiver import Receiver, receiving

HEADERS = {"webhook-id": "msg_1"}
BODY = b'{"type":"request.parked"}'
LOST = TryResult(Delivery.FAILED, "no answer in time", maybe=True, away=True)


def send(receiver: Receiver, path: str = "/hook?for=handbell") -> TryResult:
    return Webhooks().send(receiver.address + path, HEADERS, BODY, ANYWHERE)


def test_it_arrives_as_it_was_signed() -> None:
    with receiving() as receiver:
        assert send(receiver) == TryResult(Delivery.DELIVERED, "status 204")
        ((path, headers, body),) = receiver.got
    assert (path, body) == ("/hook?for=handbell", BODY)
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"] == "Handbell"
    assert headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        *((status, Delivery.DELIVERED) for status in (200, 201, 202, 299)),
        *((status, Delivery.FAILED) for status in (300, 400, 401, 404, 429, 500, 503)),
        (410, Delivery.GONE),
    ],
)
def test_only_a_2xx_is_a_yes_and_410_is_for_good(status: int, delivery: Delivery) -> None:
    with receiving(status) as receiver:
        assert send(receiver) == TryResult(delivery, f"status {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving(status) as receiver:
        assert send(receiver) == TryResult(Delivery.FAILED, f"status {status}")
        assert [path for path, _, _ in receiver.got] == ["/hook?for=handbell"]


@pytest.mark.slow
def test_no_answer_ends_with_the_time_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "READ_TIMEOUT", 0.2)
    with receiving("hang") as receiver:
        assert send(receiver) == LOST


@pytest.mark.slow
def test_an_answer_that_drips_in_is_cut_off_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "DEADLINE", 0.3)
    with receiving("drip") as receiver:
        began = time.monotonic()
        assert send(receiver) == LOST
        assert time.monotonic() - began < calling.READ_TIMEOUT


def test_a_connection_that_is_closed_or_refused_is_a_failure() -> None:
    with receiving("close") as receiver:
        assert send(receiver) == TryResult(Delivery.FAILED, "no connection, or no whole answer", maybe=True, away=True)
        assert len(receiver.got) == 1, "nothing is sent twice"
    nobody = f"http://127.0.0.1:{free_port()}/"
    assert Webhooks().send(nobody, HEADERS, BODY, ANYWHERE) == TryResult(
        Delivery.FAILED, "no connection, or no whole answer", away=True
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "http://localhost/",
        "http://127.0.0.2/",
        "http://[::1]/",
        "http://127.0.0.1@example.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
        "//x",
        "",
    ],
)
def test_only_https_is_spoken_but_to_this_machine(address: str) -> None:
    assert Webhooks().send(address, HEADERS, BODY, ANYWHERE) == TryResult(Delivery.FAILED, "its address must be https")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_certificate_that_is_known_and_of_that_name_will_do(authority: trustme.CA) -> None:
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    with receiving(tls=server_context(authority, "localhost")) as receiver:
        assert Webhooks(ours).send(receiver.address, HEADERS, BODY, ANYWHERE).delivery is Delivery.DELIVERED
    with receiving(tls=server_context(authority, "other.example.com")) as receiver:
        assert Webhooks(ours).send(receiver.address, HEADERS, BODY, ANYWHERE) == TryResult(
            Delivery.FAILED, "no sound TLS connection", away=True
        )
        assert receiver.got == []


def test_a_certificate_of_an_unknown_authority_will_not(authority: trustme.CA) -> None:
    with receiving(tls=server_context(authority, "localhost")) as receiver:
        assert Webhooks().send(receiver.address, HEADERS, BODY, ANYWHERE) == TryResult(
            Delivery.FAILED, "no sound TLS connection", away=True
        )
        assert receiver.got == []
