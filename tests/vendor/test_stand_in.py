"""The stand-in behaves as its knobs say, observed with only http.client and sockets."""

import gzip
import http.client
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from html import unescape
from urllib.parse import quote, urlencode
from xml.sax.saxutils import unescape as xml_unescape

import pytest

from tests.vendor.answers import DISPOSITIONS, HOSTILE_DISPOSITIONS, LINK_KEYS
from tests.vendor.calling import FORM_TYPE, Heard, connected, dialled, form_call, heard, post_form, post_rest
from tests.vendor.controls import Controls, Knob
from tests.vendor.hostile import ALLOWED_REDIRECTS, HOSTILE_LINKS, HOSTILE_REDIRECTS
from tests.vendor.knobs import Knobs
from tests.vendor.reception import FORM_PATHS, REST_PATH
from tests.vendor.stand_in import KEY, OWN_APPLET, Answers, Failure, Flavour, Outage, Vendor, stand_in, vendor_process

CJK = "困" * 1024
FIELDS = {
    "department": "id_1234",
    "tech": "anna@example.com",
    "customer_name": "Zoë & Søn + 100%",
    "customer_email": "zoe@example.com",
    "customer_number": "0042",
    "problem_description": CJK,
    "ask_customer_info": "1",
}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with stand_in() as running:
        yield running


# Accepted calls


@pytest.mark.parametrize("path", FORM_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_form_call_opens_a_session_with_exactly_its_fields(vendor: Vendor, method: str, path: str) -> None:
    sent = urlencode({"uid": KEY, **FIELDS})
    headers = {**FORM_TYPE, "User-Agent": "A browser", "Accept-Language": "fr"}
    with connected(vendor.port) as connection:
        if method == "GET":
            connection.request("GET", f"{path}?{sent}", headers=headers)
        else:
            connection.request("POST", path, sent, headers)
        answer = heard(connection)
    (session,) = vendor.sessions
    assert session.fields == {"uid": KEY, **FIELDS}
    assert (session.flavour, session.method) == (Flavour.FORM, method)
    assert (session.user_agent, session.accept_language) == ("A browser", "fr")
    assert session.body == (b"" if method == "GET" else sent.encode())
    assert [getattr(session, name) for name in FIELDS] == list(FIELDS.values())
    assert (answer.status, answer.location) == (302, f"https://applets.startcontrol.com/download/{session.id}")


@pytest.mark.parametrize("header", ["INTEGRATION-KEY", "Authorization"])
def test_a_rest_call_opens_a_session_with_exactly_its_members(vendor: Vendor, header: str) -> None:
    members = {"department_id": 1234, "technician_username": "a@b.example", "customer_name": "困", "language": "fr"}
    value = KEY if header == "INTEGRATION-KEY" else f"Bearer {KEY}"
    with connected(vendor.port) as connection:
        headers = {"Content-Type": "application/json", header: value}
        connection.request("POST", REST_PATH, json.dumps(members).encode(), headers)
        answer = heard(connection)
    (session,) = vendor.sessions
    assert session.fields == members
    assert (session.department, session.tech, session.customer_name) == ("1234", "a@b.example", "困")
    told = json.loads(answer.body)
    assert told["result"] == "SUCCESS"
    assert told["details"]["session_link"].endswith(session.id)
    assert told["details"]["pin_number"] == session.pin
    assert told["errorDetails"] == {"errorCode": None, "errorMsg": None}


def test_blank_fields_and_odd_spellings_are_kept_for_a_test_to_see(vendor: Vendor) -> None:
    post_form(vendor.port, **{" Customer_Name": "", "customer_email": " "})
    assert vendor.sessions[0].fields == {"uid": KEY, "customer_name": "", "customer_email": " "}
    assert vendor.sessions[0].customer_number is None


def test_a_department_behind_the_key_is_let_through(vendor: Vendor) -> None:
    assert post_form(vendor.port, key=f"{KEY}|1234").status == 302


REJECTED: dict[str, tuple[int, str, str, dict[str, str], bytes]] = {
    "wrong key": (403, "POST", FORM_PATHS[0], FORM_TYPE, b"uid=another"),
    "key not encoded": (403, "POST", FORM_PATHS[0], FORM_TYPE, b"uid=" + KEY.encode()),
    "no key": (400, "POST", FORM_PATHS[0], FORM_TYPE, b"customer_name=a"),
    "twice": (400, "POST", FORM_PATHS[0], FORM_TYPE, b"uid=%b&tech=a&TECH=b" % quote(KEY).encode()),
    "too long": (400, "POST", FORM_PATHS[0], FORM_TYPE, b"uid=%b&customer_name=" % quote(KEY).encode() + b"a" * 129),
    "not UTF-8": (400, "POST", FORM_PATHS[0], FORM_TYPE, b"uid=%FF"),
    "not a form": (415, "POST", FORM_PATHS[0], {"Content-Type": "text/plain"}, b"uid=a"),
    "method": (405, "PUT", FORM_PATHS[0], FORM_TYPE, b"uid=a"),
    "elsewhere": (404, "POST", "/integration/", FORM_TYPE, b"uid=a"),
    "rest, no key": (403, "POST", REST_PATH, {"Content-Type": "application/json"}, b"{}"),
    "rest, wrong key": (403, "POST", REST_PATH, {"Content-Type": "application/json", "INTEGRATION-KEY": "a"}, b"{}"),
    "rest, method": (405, "GET", REST_PATH, {"INTEGRATION-KEY": KEY}, b""),
    "rest, not JSON": (415, "POST", REST_PATH, {"INTEGRATION-KEY": KEY}, b"{}"),
    "rest, broken": (400, "POST", REST_PATH, {"INTEGRATION-KEY": KEY, "Content-Type": "application/json"}, b"{"),
    "rest, a list": (400, "POST", REST_PATH, {"INTEGRATION-KEY": KEY, "Content-Type": "application/json"}, b"[]"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_wrong_call_opens_nothing(vendor: Vendor, case: str) -> None:
    status, method, path, headers, body = REJECTED[case]
    with connected(vendor.port) as connection:
        connection.request(method, path, body, headers)
        answer = heard(connection)
    assert (answer.status, vendor.sessions) == (status, [])
    if path == REST_PATH:
        told = json.loads(answer.body)
        assert (told["result"], told["details"], told["errorDetails"]["errorCode"]) == ("ERROR", None, status)


def test_what_is_no_http_is_told_so(vendor: Vendor) -> None:
    for sent in (b"hello\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"):
        with dialled(vendor.port) as line:
            line.sendall(sent)
            assert line.recv(100).startswith(b"HTTP/1.1 400 ")
    assert vendor.calls == []


# Answers


def link_of(vendor: Vendor) -> str:
    return vendor.link.replace("{id}", vendor.sessions[-1].id)


def found(pattern: str, text: str, undo: Callable[[str], str] = unescape) -> str:
    match = re.search(pattern, text)
    assert match, text
    return undo(match[1])


CARRIES: dict[Answers, Callable[[Heard], str | None]] = {
    Answers.REDIRECT: lambda a: a.location,
    Answers.REDIRECT_SEE_OTHER: lambda a: a.location,
    Answers.REDIRECT_TEMPORARY: lambda a: a.location,
    Answers.JSON: lambda a: json.loads(a.body)["session_link"],
    Answers.JSON_DETAILS: lambda a: json.loads(a.body)["details"]["session_link"],
    Answers.ENVELOPE: lambda a: json.loads(a.body)["details"]["session_link"],
    Answers.XML: lambda a: found("<response>.*<session_link>(.*)</session_link>.*</response>", a.text, xml_unescape),
    Answers.XML_DETAILS: lambda a: found("<details>.*<session_link>(.*)</session_link>.*</details>", a.text),
    Answers.HTML_REFRESH: lambda a: found('<META HTTP-EQUIV="Refresh" CONTENT="3; URL=([^"]*)">', a.text),
    Answers.HTML_LINK: lambda a: found('<a class=button href="([^"]*)"', a.text),
    Answers.HTML_FORM: lambda a: found('<form method="get" action="([^"]*)"', a.text),
}
STATUS = {
    Answers.REDIRECT: 302,
    Answers.REDIRECT_SEE_OTHER: 303,
    Answers.REDIRECT_TEMPORARY: 307,
}


@pytest.mark.parametrize("answers", CARRIES)
def test_the_link_is_where_the_answer_says(vendor: Vendor, answers: Answers) -> None:
    vendor.answers = answers
    vendor.link = "https://applets.startcontrol.com/{id}?a=1&b=2"
    answer = post_form(vendor.port)
    assert (answer.status, CARRIES[answers](answer)) == (STATUS.get(answers, 200), link_of(vendor))


@pytest.mark.parametrize("key", LINK_KEYS)
def test_the_link_comes_under_any_name(vendor: Vendor, key: str) -> None:
    vendor.link_key = key
    for answers, within in ((Answers.JSON, ()), (Answers.JSON_DETAILS, ("details",)), (Answers.ENVELOPE, ("details",))):
        vendor.answers = answers
        told = json.loads(post_form(vendor.port).body)
        for name in within:
            told = told[name]
        assert told[key] == link_of(vendor)


def test_hostile_addresses_arrive_as_they_are_listed(vendor: Vendor) -> None:
    assert len(set(HOSTILE_REDIRECTS)) == len(HOSTILE_REDIRECTS) >= 40
    with connected(vendor.port) as connection:
        for address in HOSTILE_REDIRECTS + ALLOWED_REDIRECTS:
            vendor.change(answers=Answers.REDIRECT, link=address)
            connection.request("POST", FORM_PATHS[0], urlencode({"uid": KEY}), FORM_TYPE)
            answer = heard(connection)
            assert (answer.status, answer.location) == (302, address)
        for address in HOSTILE_LINKS:
            vendor.change(answers=Answers.JSON, link=address)
            connection.request("POST", FORM_PATHS[0], urlencode({"uid": KEY}), FORM_TYPE)
            assert json.loads(heard(connection).body)["session_link"] == address


def test_a_redirect_may_lead_nowhere_or_to_a_path(vendor: Vendor) -> None:
    vendor.answers = Answers.REDIRECT_NOWHERE
    answer = post_form(vendor.port)
    assert (answer.status, answer.location) == (302, None)
    vendor.answers = Answers.REDIRECT_RELATIVE
    assert post_form(vendor.port).location == f"/applet/{vendor.sessions[-1].id}"


def test_an_attachment_has_the_name_and_size_that_were_set(vendor: Vendor) -> None:
    vendor.change(answers=Answers.ATTACHMENT, file_size=70_000)
    for disposition in (*DISPOSITIONS, *HOSTILE_DISPOSITIONS):
        vendor.disposition = disposition
        answer = post_form(vendor.port)
        assert answer.headers["Content-Disposition"] == disposition
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert (len(answer.body), answer.body[:2]) == (70_000, b"MZ")


def test_a_binary_may_come_without_a_name(vendor: Vendor) -> None:
    vendor.answers = Answers.OCTET_STREAM
    answer = post_form(vendor.port)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] is None
    assert len(answer.body) == vendor.file_size


def test_an_applet_at_its_own_address_is_a_file_and_seen_to_be_fetched(vendor: Vendor) -> None:
    vendor.link = OWN_APPLET
    location = post_form(vendor.port).location
    session = vendor.sessions[0].id
    assert location == f"{vendor.address}/applet/{session}"
    assert vendor.fetched == []
    with connected(vendor.port) as connection:
        connection.request("GET", f"/applet/{session}")
        answer = heard(connection)
    assert answer.body[:2] == b"MZ"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert vendor.fetched == [f"/applet/{session}"]
    assert len(vendor.calls) == 1


ODD_BODIES: dict[Answers, Callable[[Heard], bool]] = {
    Answers.WAITING_PAGE: lambda a: "startcontrol" not in a.text and a.headers["Content-Type"].startswith("text/html"),
    Answers.EMPTY: lambda a: a.body == b"",
    Answers.HUGE: lambda a: len(a.body) > 10_000_000,
    Answers.GZIP_BOMB: lambda a: (
        a.headers["Content-Encoding"] == "gzip" and len(a.body) < 1_000_000 and inflates_to_256_mib(a.body)
    ),
    Answers.BROKEN_JSON: lambda a: not is_json(a.body),
    Answers.DEEP_JSON: lambda a: a.body.startswith(b"[" * 100_000),
    Answers.XML_ENTITIES: lambda a: 'SYSTEM "file:///etc/passwd"' in a.text and "&file;" in a.text,
    Answers.XML_LAUGHS: lambda a: a.text.count("<!ENTITY") == 10 and "&l9;" in a.text,
}


def inflates_to_256_mib(body: bytes) -> bool:
    """Whether the body is the same compressed MiB 256 times (only one is decompressed)."""
    member = body[: body.index(b"\x1f\x8b\x08", 1)]
    return body == member * 256 and len(gzip.decompress(member)) == 1024 * 1024


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("answers", ODD_BODIES)
def test_what_cannot_be_read_still_opened_a_session(vendor: Vendor, answers: Answers) -> None:
    vendor.answers = answers
    answer = post_form(vendor.port)
    assert (answer.status, len(vendor.sessions), vendor.ambiguous) == (200, 1, [])
    assert ODD_BODIES[answers](answer)


ERRORS = [answers for answers in Answers if not answers.opens]


@pytest.mark.parametrize("answers", ERRORS)
def test_an_error_opens_nothing(vendor: Vendor, answers: Answers) -> None:
    vendor.answers = answers
    form, rest = post_form(vendor.port), post_rest(vendor.port)
    status = {"error-page": 500, "error-envelope": 200}.get(answers, 0) or int(answers)
    assert (form.status, rest.status, vendor.sessions) == (status, status, [])
    assert "Retry-After" not in form.headers
    assert [call.outcome for call in vendor.calls] == [str(status)] * 2
    if answers is not Answers.ERROR_PAGE:
        assert json.loads(rest.body)["result"] == "ERROR"


def test_every_answer_is_tested_here() -> None:
    tested = {*CARRIES, *ODD_BODIES, *ERRORS, Answers.REDIRECT_RELATIVE, Answers.REDIRECT_NOWHERE}
    assert set(Answers) - tested == {Answers.DOCUMENTED, Answers.ATTACHMENT, Answers.OCTET_STREAM}


@pytest.mark.parametrize("wait", ["7", "Wed, 21 Oct 2037 07:28:00 GMT"])
@pytest.mark.parametrize("answers", [Answers.TOO_MANY, Answers.UNAVAILABLE])
def test_when_to_come_back_is_said_as_it_was_set(vendor: Vendor, answers: Answers, wait: str) -> None:
    vendor.change(answers=answers, retry_after=wait)
    assert post_form(vendor.port).headers["Retry-After"] == wait
    assert post_rest(vendor.port).headers["Retry-After"] == wait


def test_a_body_may_come_in_chunks(vendor: Vendor) -> None:
    vendor.change(chunked=True, answers=Answers.ATTACHMENT, file_size=200_000)
    answer = post_form(vendor.port)
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert len(answer.body) == 200_000


# Connections and time


def test_a_connection_is_kept_announced_to_end_or_ends_quietly(vendor: Vendor) -> None:
    for settings, announced, goes_on in (
        ({"keep_alive": True}, None, True),
        ({"keep_alive": False}, "close", False),
        ({"keep_alive": True, "closes_quietly": True}, None, False),
    ):
        vendor.change(**settings)
        with dialled(vendor.port) as line:
            line.sendall(form_call())
            answer = http.client.HTTPResponse(line)
            answer.begin()
            answer.read()
            assert answer.headers["Connection"] == announced
            if goes_on:
                line.sendall(form_call())
            assert bool(line.recv(1)) is goes_on


def test_a_delay_comes_between_opening_and_answering(vendor: Vendor) -> None:
    vendor.delay = 0.1
    post_form(vendor.port)
    (call,) = vendor.calls
    assert call.ended is not None
    assert call.ended - vendor.sessions[0].at >= 0.1
    assert vendor.call_times == [call.at]


def test_a_hundred_and_fifty_calls_at_once_hang_until_they_are_released(vendor: Vendor) -> None:
    vendor.hang = 30.0
    with ThreadPoolExecutor(150) as callers:
        answers = [callers.submit(post_form, vendor.port, customer_number=str(n)) for n in range(150)]
        vendor.wait_for(lambda: vendor.in_flight == 150)
        assert len(vendor.sessions) == 150
        assert not any(answer.done() for answer in answers)
        vendor.release()
        assert Counter(answer.result().status for answer in answers) == {302: 150}
    assert (vendor.most_in_flight, vendor.in_flight, vendor.hang) == (150, 0, 0.0)
    assert {session.customer_number for session in vendor.sessions} == {str(n) for n in range(150)}
    assert post_form(vendor.port).status == 302


def test_a_caller_who_left_leaves_an_ambiguous_session(vendor: Vendor) -> None:
    vendor.hang = 30.0
    with dialled(vendor.port) as line:
        line.sendall(form_call(customer_number="7"))
        vendor.wait_for(lambda: vendor.in_flight == 1)
    vendor.release()
    vendor.wait_for(lambda: vendor.in_flight == 0)
    assert [session.customer_number for session in vendor.ambiguous] == ["7"]
    assert [call.answered for call in vendor.calls] == [False]


def test_a_caller_who_leaves_while_the_answer_is_written_leaves_an_ambiguous_session(vendor: Vendor) -> None:
    vendor.answers = Answers.HUGE
    with dialled(vendor.port) as line:
        line.sendall(form_call(customer_number="7"))
        assert line.recv(10) == b"HTTP/1.1 2"
        assert vendor.ambiguous == []
    vendor.wait_for(lambda: vendor.ambiguous)
    assert [session.customer_number for session in vendor.ambiguous] == ["7"]


def test_closing_ends_every_call_and_thread() -> None:
    before = threading.active_count()
    with stand_in(delay=60.0) as slow, stand_in(hang=60.0) as hanging, ThreadPoolExecutor(4) as callers:
        asked = [callers.submit(post_form, vendor.port) for vendor in (slow, hanging) for _ in range(2)]
        for vendor in (slow, hanging):
            vendor.wait_for(lambda vendor=vendor: vendor.in_flight == 2)
        slow.close()
        hanging.close()
        for answer in asked:
            answer.exception()
    assert threading.active_count() == before


# Failures


def outcome(port: int) -> str:
    with connected(port) as connection:
        return outcome_on(connection)


def outcome_on(connection: http.client.HTTPConnection) -> str:
    try:
        connection.request("POST", FORM_PATHS[0], urlencode({"uid": KEY}), FORM_TYPE)
        return str(heard(connection).status)
    except (ConnectionResetError, BrokenPipeError):
        return "reset"


TOLD = {
    Failure.REFUSED: ("reset", 0),
    Failure.RESET_BEFORE: ("reset", 0),
    Failure.RESET_AFTER: ("reset", 1),
    Failure.SERVER_ERROR: ("500", 0),
    Failure.UNAVAILABLE: ("503", 0),
    Failure.TIMEOUT_AFTER: ("504", 1),
}


@pytest.mark.parametrize("failure", Failure)
def test_a_failing_call_is_recorded_as_what_it_was(vendor: Vendor, failure: Failure) -> None:
    vendor.change(failing=1.0, failures=(failure,))
    told, opened = TOLD[failure]
    for times in (1, 2):
        assert outcome(vendor.port) == told
        assert [call.outcome for call in vendor.calls] == [failure.value] * times
        assert len(vendor.sessions) == opened * times
        assert vendor.ambiguous == vendor.sessions


def test_a_share_of_calls_fails_the_same_way_with_the_same_seed() -> None:
    series = []
    for seed in (5, 5, 6):
        with stand_in(failing=0.3, seed=seed) as vendor:
            series.append([outcome(vendor.port) for _ in range(200)])
            told = Counter(series[-1])
            assert told["302"] + len(vendor.ambiguous) == len(vendor.sessions)
            assert len(vendor.calls) == 200
            assert 0.2 <= 1 - told["302"] / 200 <= 0.4
            assert set(told) == {"302", "reset", "500", "503", "504"}
    assert series[0] == series[1] != series[2]


def test_in_an_outage_the_port_is_closed_and_kept_connections_are_reset(vendor: Vendor) -> None:
    with connected(vendor.port) as kept:
        assert outcome_on(kept) == "302"
        vendor.outage = Outage.REFUSED
        with pytest.raises(ConnectionRefusedError):
            post_form(vendor.port)
        assert outcome_on(kept) == "reset"
        vendor.outage = Outage.UNAVAILABLE
        assert post_form(vendor.port).status == 503
        vendor.outage = Outage.NONE
        assert post_form(vendor.port).status == 302
    assert (len(vendor.sessions), vendor.ambiguous) == (2, [])


# Knobs, and the stand-in in a separate process


def test_every_knob_is_an_attribute_and_a_wrong_one_is_refused(vendor: Vendor) -> None:
    assert {name for name, kind in vars(Controls).items() if isinstance(kind, Knob)} == {f.name for f in fields(Knobs)}
    assert Knobs().changed(json.loads(json.dumps(Knobs().plain()))) == Knobs()
    with pytest.raises(ValueError, match="no such knob: speed"):
        vendor.change(speed=1)
    with pytest.raises(ValueError, match="no-such"):
        vendor.change(answers="no-such")


def test_records_can_be_emptied(vendor: Vendor) -> None:
    post_form(vendor.port)
    vendor.forget()
    assert vendor.counts() == {"calls": 0, "sessions": 0, "ambiguous": 0, "in_flight": 0, "most_in_flight": 0}


def test_a_process_of_its_own_has_the_same_knobs_and_records() -> None:
    with vendor_process(delay=0.01, answers=Answers.JSON) as vendor:
        assert (vendor.delay, vendor.answers) == (0.01, Answers.JSON)
        assert is_json(post_form(vendor.port, **FIELDS).body)
        vendor.change(delay=0.0, failing=1.0, failures=(Failure.RESET_AFTER,), retry_after=None)
        assert (vendor.failures, vendor.retry_after) == ((Failure.RESET_AFTER,), None)
        assert outcome(vendor.port) == "reset"
        first, second = vendor.sessions
        assert first.fields == {"uid": KEY, **FIELDS}
        assert first.body == urlencode({"uid": KEY, **FIELDS}).encode()
        assert first.customer_name == FIELDS["customer_name"]
        assert vendor.ambiguous == [second]
        assert [call.outcome for call in vendor.calls] == ["200", "reset-after"]
        assert len(vendor.call_times) == 2
        vendor.outage = Outage.REFUSED
        with pytest.raises(ConnectionRefusedError):
            post_form(vendor.port)
        vendor.change(outage=Outage.NONE, failing=0.0, hang=30.0)
        with ThreadPoolExecutor(2) as callers:
            asked = [callers.submit(post_form, vendor.port) for _ in range(2)]
            vendor.wait_for(lambda: vendor.in_flight == 2)
            vendor.release()
            assert [answer.result().status for answer in asked] == [200, 200]
        assert (vendor.most_in_flight, vendor.fetched) == (2, [])
        assert vendor.cpu_seconds() > 0
        with pytest.raises(ValueError, match="no such knob"):
            vendor.change(speed=1)
        vendor.forget()
        assert vendor.sessions == []
        with connected(int(vendor.control.rpartition(":")[2])) as control:
            control.request("GET", "/_control/nothing")
            assert heard(control).status == 404
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", vendor.port)).close()
