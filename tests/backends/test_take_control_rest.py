"""The REST flavour: the call, and how its answer is understood."""

import json
import socket
from typing import Any

import pytest

from app.backends import open_backend
from app.backends.declaring import Account
from app.backends.kept_applet import Keep
from app.backends.take_control_rest import TakeControlRest
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, Opened, Refused, Start, Unavailable
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.targets import ANYWHERE
from app.core.why import WhyCode
from tests.backends.kept import Kept
from tests.backends.loopback import Loopback, Received, answers, http, loopback

KEY = "aB3+/=|id_7 %&"
BARE = NewSessionRequest(customer=Customer(problem="It does not work"))
CALLS = VendorCalls(ANYWHERE)


def backend(server: Loopback, keep: Keep, key: str = KEY) -> TakeControlRest:
    site = Site(slug="a", name="A", uid="u", backend="take-control-rest", api_domain=server.address)
    opened = open_backend(Account(site, key, CALLS, keep))
    assert isinstance(opened, TakeControlRest)
    return opened


def enveloped(details: object, status: int = 200, error: object = None, **headers: str) -> bytes:
    result = "SUCCESS" if error is None else "ERROR"
    body = {"result": result, "details": details, "errorDetails": {"errorCode": error, "errorMsg": "vendor's own"}}
    return http(status, json.dumps(body).encode(), Content_Type="application/json", **headers)


def sent(request: NewSessionRequest, keep: Keep, browser: Browser | None = None) -> tuple[Received, Any]:
    """Make one call; returns it as the vendor received it, and its parsed body."""
    with loopback(enveloped({"session_link": "https://startcontrol.com/1"})) as server:
        opened = backend(server, keep).open_session(request, browser or Browser())
    assert opened.link == "https://startcontrol.com/1"
    (received,) = server.received
    return received, json.loads(received.body)


def test_the_call_is_json_with_what_there_is(kept: Kept) -> None:
    request = NewSessionRequest(
        department="1234",
        tech="anna@example.com",
        customer=Customer(name='Zoë "Z" & Co', number="7", problem="漢字 👩‍💻\nline two"),
        ask_customer_info=True,
        language="fr",
        show_waiting_queue=True,
    )
    received, body = sent(request, kept, Browser("Mozilla/5.0", "fr"))
    assert (received.method, received.path) == ("POST", "/rest/session")
    assert received.headers["integration-key"] == KEY
    assert received.headers["content-type"] == received.headers["accept"] == "application/json"
    assert (received.headers["user-agent"], received.headers["accept-language"]) == ("Mozilla/5.0", "fr")
    assert KEY.encode() not in received.body
    assert body == {
        "department_id": 1234,
        "technician_username": "anna@example.com",
        "customer_name": 'Zoë "Z" & Co',
        "customer_number": "7",
        "problem_description": "漢字 👩‍💻\nline two",
        "ask_customer_info": "1",
        "language": "fr",
        "show_waiting_queue": "1",
    }


def test_what_is_empty_and_flags_that_are_not_set_are_left_out(kept: Kept) -> None:
    assert sent(NewSessionRequest(customer=Customer(name=" ")), kept)[1] == {}


@pytest.mark.parametrize(
    ("written", "department"),
    [("7", 7), ("id_1234", "id_1234"), ("007", "007"), ("sales", "sales"), ("9" * 18, "9" * 18)],
)
def test_a_department_is_a_number_where_it_is_one(written: str, department: object, kept: Kept) -> None:
    assert sent(NewSessionRequest(department=written), kept)[1] == {"department_id": department}


@pytest.mark.parametrize("key", ["", "a\nb", "a\r\nX: y", "ключ", "\ud800", "k" * 513])
def test_a_key_that_no_header_can_carry_is_refused_and_not_told(key: str, kept: Kept) -> None:
    with loopback(http(200)) as server, pytest.raises(Refused, match=WhyCode.MALFORMED_KEY) as refused:
        backend(server, kept, key).open_session(BARE, Browser())
    assert server.connections == 0
    assert not key or key not in str(refused.value)


def test_a_session_with_all_its_numbers(kept: Kept) -> None:
    details = {"session_id": "s", "ticket_number": 5, "pin_number": 123456789, "session_link": "https://a.swi-tc.com/x"}
    with loopback(enveloped(details)) as server:
        opened = backend(server, kept).open_session(BARE, Browser())
    assert opened == Opened(Start.LINK, "s", "5", "https://a.swi-tc.com/x", None, "123456789")


@pytest.mark.parametrize("link", [None, "", 7, "https://evil.example/", "http://startcontrol.com/"])
def test_a_session_without_a_usable_link(link: object, kept: Kept) -> None:
    with loopback(enveloped({"session_id": "s", "session_link": link})) as server:
        opened = backend(server, kept).open_session(BARE, Browser())
    assert opened == Opened(Start.BROWSER, session_id="s")


@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize("code", [400, 403])
def test_an_error_is_a_refusal(status: int, code: int, kept: Kept) -> None:
    with loopback(enveloped(None, status, code)) as server, pytest.raises(Refused, match="status=") as refused:
        backend(server, kept).open_session(BARE, Browser())
    assert "vendor's own" not in str(refused.value)
    assert str(code if status == 200 else status) in str(refused.value)


@pytest.mark.parametrize("status", [200, 429])
def test_too_many_calls_have_to_wait(status: int, kept: Kept) -> None:
    with loopback(enveloped(None, status, 429, Retry_After="12")) as server, pytest.raises(Unavailable) as later:
        backend(server, kept).open_session(BARE, Browser())
    assert (later.value.retry_after, later.value.maybe_sent) == (12, False)


def _as_our_desk(connection: socket.socket, server: Loopback) -> None:
    link = f"{server.address}/applet/token"
    details = {"session_id": "a", "ticket_number": "1", "pin_number": "123456789", "session_link": link}
    answers(enveloped(details))(connection, server)


def test_the_embedded_desks_own_answer_is_understood(kept: Kept) -> None:
    """An answer as app/api/new_session.py writes it: our server and our client must match."""
    with loopback(_as_our_desk) as server:
        opened = backend(server, kept).open_session(BARE, Browser())
    assert (opened.start, opened.link) == (Start.LINK, f"{server.address}/applet/token")
