"""The form flavour: the call, and how its answer is understood."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from app.backends import open_backend
from app.backends.declaring import Account
from app.backends.kept_applet import Keep
from app.backends.take_control import TakeControl
from app.backends.vendor_call import Limits, VendorCalls
from app.core.backend import Browser, Opened, Refused, SessionBackend, Start, Unavailable
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.targets import ANYWHERE
from app.core.why import WhyCode
from tests.backends.kept import Kept
from tests.backends.loopback import Loopback, Received, http, loopback

KEY = "aB3+/=|id_7 %&"
BARE = NewSessionRequest(customer=Customer(problem="It does not work"))
CALLS = VendorCalls(ANYWHERE, limits=Limits(pauses=(0.0,)))


def backend(server: Loopback | str, keep: Keep, key: str = KEY) -> SessionBackend:
    domain = server if isinstance(server, str) else server.address
    site = Site(slug="a", name="A", uid="u", backend="take-control", api_domain=f"{domain}/rest")
    return open_backend(Account(site, key, CALLS, keep))


def sent(request: NewSessionRequest, browser: Browser, keep: Keep, key: str = KEY) -> Received:
    """Make one call; returns it as the vendor received it."""
    with loopback(http(302, Location="/applet")) as server:
        opened = backend(server, keep, key).open_session(request, browser)
    assert opened == Opened(Start.LINK, link=f"{server.address}/applet")
    (received,) = server.received
    return received


def test_the_call_is_a_form_with_what_there_is(kept: Kept) -> None:
    request = NewSessionRequest(
        department="id_1234",
        tech="anna@example.com",
        customer=Customer(name="Zoë & Co <b>+1%", email=" ", problem="Line one\r\nline two 漢字 👩‍💻"),
        ask_customer_info=True,
    )
    received = sent(request, Browser("Mozilla/5.0 (Windows NT 10.0)", "de-CH,de;q=0.9"), kept)
    assert (received.method, received.path) == ("POST", "/integration/integration_api.php")
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.headers["user-agent"] == "Mozilla/5.0 (Windows NT 10.0)"
    assert received.headers["accept-language"] == "de-CH,de;q=0.9"
    assert parse_qsl(received.body.decode("ascii"), keep_blank_values=True, errors="strict") == [
        ("uid", KEY),
        ("department", "id_1234"),
        ("tech", "anna@example.com"),
        ("customer_name", "Zoë & Co <b>+1%"),
        ("problem_description", "Line one\nline two 漢字 👩‍💻"),
        ("ask_customer_info", "1"),
    ]


def test_what_is_empty_and_a_flag_that_is_not_set_are_left_out(kept: Kept) -> None:
    received = sent(
        NewSessionRequest(customer=Customer(name=""), language="fr", show_waiting_queue=True), Browser(), kept
    )
    assert parse_qsl(received.body.decode()) == [("uid", KEY)]
    assert received.headers["user-agent"] == "Handbell"
    assert "accept-language" not in received.headers


@pytest.mark.parametrize("odd", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "ä", "\ud800", "a\tb", "\x7f", "", " "])
def test_headers_that_are_not_plain_are_not_forwarded(odd: str, kept: Kept) -> None:
    received = sent(BARE, Browser(odd, odd), kept)
    assert received.headers["user-agent"] == "Handbell"
    assert received.headers.get("accept-language", "") == ""
    assert "x-evil" not in received.headers


def test_headers_of_any_length_are_cut(kept: Kept) -> None:
    received = sent(BARE, Browser("a" * 60_000, "b" * 513), kept)
    assert received.headers["user-agent"] == "a" * 512
    assert received.headers["accept-language"] == "b" * 512


@pytest.mark.parametrize("key", ["", "a\nb", "a\r\nX: y", "ключ", "\ud800", "k" * 513])
def test_a_key_that_cannot_be_one_is_refused_and_not_told(key: str, kept: Kept) -> None:
    with loopback(http(200)) as server, pytest.raises(Refused, match=WhyCode.MALFORMED_KEY) as refused:
        backend(server, kept, key).open_session(BARE, Browser())
    assert server.connections == 0
    assert not key or key not in str(refused.value)


def test_the_longest_request_there_can_be(kept: Kept) -> None:
    request = NewSessionRequest(customer=Customer(name="漢" * 128, problem="👩" * 1024))
    assert len(sent(request, Browser(), kept, "k" * 512).body) > 12_000


def test_every_kind_of_answer(kept: Kept) -> None:
    link = "https://startcontrol.com/1"
    page = f'<meta http-equiv="refresh" content="0; url={link}">'.encode()
    attachment = {"Content_Type": "application/octet-stream", "Content_Disposition": "attachment; filename=a.exe"}
    kinds = {
        Start.LINK: [
            http(303, Location=link),
            http(200, f'{{"details": {{"session_link": "{link}"}}}}'.encode(), Content_Type="application/json"),
            http(200, f"<r><link>{link}</link></r>".encode(), Content_Type="text/xml"),
            http(200, page, Content_Type="text/html"),
        ],
        Start.FILE: [http(200, b"MZ applet", **attachment)],
        Start.BROWSER: [
            http(200, b"Thank you", Content_Type="text/html"),
            http(200),
            http(302, Location="//evil.example"),
        ],
    }
    for start, answers in kinds.items():
        for raw in answers:
            with loopback(raw) as server:
                opened = backend(server, kept).open_session(BARE, Browser())
            assert opened.start is start, raw
            assert opened.link == (link if start is Start.LINK else None)
            if opened.applet:
                assert kept.content() == {opened.applet.id: b"MZ applet"}
                assert opened.applet.name == "a.exe"


def test_refusals_and_failures(kept: Kept) -> None:
    with loopback(http(403, b"your key is " + KEY.encode())) as server, pytest.raises(Refused, match="403") as refused:
        backend(server, kept).open_session(BARE, Browser())
    assert KEY not in str(refused.value)
    with loopback(http(429, Retry_After="9")) as server, pytest.raises(Unavailable) as later:
        backend(server, kept).open_session(BARE, Browser())
    assert (later.value.retry_after, later.value.maybe_sent) == (9, False)
    with loopback(b"") as server, pytest.raises(Unavailable) as unknown:
        backend(server, kept).open_session(BARE, Browser())
    assert unknown.value.maybe_sent


def test_which_backend_a_site_has(kept: Kept) -> None:
    site = Site(slug="a", name="A", uid="u", backend="take-control", api_domain="api.us0.swi-rc.com")
    opened = open_backend(Account(site, KEY, CALLS, kept))
    assert isinstance(opened, TakeControl)
    assert opened.address == "https://api.us0.swi-rc.com/integration/integration_api.php"
    with pytest.raises(TypeError, match="the server opens no sessions for take-control-browser"):
        open_backend(Account(replace(site, backend="take-control-browser"), KEY, CALLS, kept))
    for domain in (None, "http://api.us0.swi-rc.com"):
        with pytest.raises(ValueError, match="api_domain"):
            open_backend(Account(replace(site, api_domain=domain), KEY, CALLS, kept))
