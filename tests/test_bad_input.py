"""Bad input: a clear 4xx, never a 5xx, nothing stored. Implements the list of security.md, section 6."""

import json
import socket
from io import BytesIO

import pytest
from flask import Flask

from tests.api.calls import FORM_PATH, REST_PATH, newest, tickets
from tests.conftest import UID
from tests.live_server import LiveServer, live_server  # noqa: F401 - a fixture
from tests.page_client import PageClient

KEY = {"INTEGRATION-KEY": UID}
FORM_TYPE = "application/x-www-form-urlencoded"
FORMS = (FORM_PATH, "/s/default")


@pytest.mark.parametrize("path", FORMS)
def test_a_large_body_and_many_fields(app: Flask, path: str) -> None:
    client = PageClient(app)
    large = b"uid=" + UID.encode() + b"&x=" + b"x" * 65536
    assert client.post(path, large, content_type=FORM_TYPE).status == 413
    many = "&".join([f"uid={UID}", *(f"f{number}=x" for number in range(100))])
    assert client.post(path, many, content_type=FORM_TYPE).status == 413
    fields = dict.fromkeys((f"f{number}" for number in range(101)), "x")
    assert client.post(path, fields, content_type="multipart/form-data").status == 413
    assert not tickets(app)


def test_a_hundred_parameters_are_taken_and_one_more_in_address_and_body_is_not(app: Flask) -> None:
    client = PageClient(app)
    fields = {f"f{number}": "x" for number in range(99)}
    assert client.post(FORM_PATH, {"uid": UID, **fields}).status == 302
    assert client.post(f"{FORM_PATH}?a=1", {"uid": UID, **fields}).status == 413
    assert len(tickets(app)) == 1


@pytest.mark.parametrize("path", FORMS)
def test_multipart(app: Flask, path: str) -> None:
    client = PageClient(app)
    token = client.form_token()
    sent = {"uid": UID, "form_token": token, "customer_name": "Zoë 界"}
    with_file = {**sent, "customer_number": (BytesIO(b"x"), "x.txt")}
    assert client.post(path, with_file, content_type="multipart/form-data").status == 400
    assert client.post(path, b"--b\r\nx", content_type="multipart/form-data").status == 400
    assert client.post(path, b"--b\r\nx", content_type="multipart/form-data; boundary=b").status == 400
    assert not tickets(app)
    assert client.post(path, sent, content_type="multipart/form-data").status in (302, 303)
    assert newest(app).customer.name == "Zoë 界"


@pytest.mark.parametrize("path", [*FORMS, "/s/default/submit", "/pin"])
@pytest.mark.parametrize("head", ["form-data", 'form-data; name="open', ""])
def test_a_part_without_a_name(app: Flask, path: str, head: str) -> None:
    body = f"--b\r\nContent-Disposition: {head}\r\n\r\nx\r\n--b--\r\n"
    answer = PageClient(app).post(path, body.encode(), content_type="multipart/form-data; boundary=b")
    assert answer.status == 400
    assert not tickets(app)


@pytest.mark.parametrize("name", ["Origin", "Referer"])
@pytest.mark.parametrize("value", ["http://[", "http://[::1", "http://]", "\xff", "://"])
def test_a_page_that_is_no_address(app: Flask, name: str, value: str) -> None:
    client = PageClient(app)
    sites = "/api/v1/sites/default"
    for path in (
        *FORMS,
        "/s/default/submit",
        "/pin",
        "/console/login",
        "/console/tickets/1/claim",
        f"{sites}/requests",
    ):
        assert client.post(path, {}, headers={name: value}).status < 500, path
    assert client.get(sites, headers={name: value}).status == 403
    assert not tickets(app)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "x"])
def test_another_content_type(app: Flask, path: str, content_type: str) -> None:
    answer = PageClient(app).post(path, f"uid={UID}", content_type=content_type)
    assert answer.status == 415
    assert not tickets(app)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'"text"',
        b"7",
        b"{",
        b"{}x",
        b'{"a":1}{"b":2}',
        b"{'a': 1}",
        b'{"a":1,}',
        '{"customer_name":"a"}'.encode("utf-16"),
        b'{"customer_name":"\xff"}',
        b'{"customer_name":"\xed\xa0\x80"}',
        b'{"customer_name":"\\ud800"}',
        b'{"x":["\\udfff"]}',
        b'{"\\ud800":1}',
        b'{"customer_name":"a\\u0000"}',
        b'{"x":{"a\\u0000":1}}',
        b'{"customer_name":"a\x00"}',
        b'{"customer_name":"bell\\u0007"}',
        b'{"customer_name":"del\\u007f"}',
        b'{"customer_name":"c1\\u0085"}',
        b'{"x":NaN}',
        b'{"x":Infinity}',
        b'{"x":-Infinity}',
        b'{"x":1e999}',
        b'{"x":' + b"9" * 5000 + b"}",
        b'{"a":1,"a":1}',
        b'{"x":{"a":1,"a":1}}',
        b'{"x":' + b"[" * 8 + b"]" * 8 + b"}",
        b'{"x":' + b"[" * 20000 + b"]" * 20000 + b"}",
        b'{"x":' * 9 + b"1" + b"}" * 9,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_json_oddities(app: Flask, body: bytes) -> None:
    answer = PageClient(app).post(REST_PATH, body, content_type="application/json", headers=KEY)
    assert answer.status == 400
    assert answer.json["errorDetails"]["errorCode"] == 400
    assert len(answer.body) < 1000
    assert not tickets(app)


def test_json_of_depth_8_is_taken(app: Flask) -> None:
    body = b'{"x":' + b"[" * 7 + b"]" * 7 + b"}"
    assert PageClient(app).post(REST_PATH, body, content_type="application/json", headers=KEY).status == 200


def test_control_characters_are_refused_and_odd_scripts_kept(app: Flask) -> None:
    for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160)):
        caller = PageClient(app, address=f"192.0.2.{code}")  # one client has 60 calls in ten minutes
        sent = {"uid": UID, "problem_description": f"a{chr(code)}b"}
        assert caller.get(FORM_PATH, query_string=sent, headers={"Accept": "application/json"}).status == 400, code
    assert not tickets(app)
    kept = "a\tb\nc \u202eevil\u202c \u200b\u200d\ufeff \N{PILE OF POO}\u200d\N{FIRE} \U000e0041 \uffff"
    PageClient(app).post(FORM_PATH, {"uid": UID, "problem_description": kept})
    assert newest(app).customer.problem == kept


@pytest.mark.parametrize("name", ["customer_name", "problem_description"])
@pytest.mark.parametrize("wrong", ["bell\x07", "nul\0", "\x85", "n" * 1025])
def test_a_refused_form_comes_back_with_its_text(app: Flask, name: str, wrong: str) -> None:
    client = PageClient(app)
    other = "customer_number"
    answer = client.submit(**{name: wrong, other: "C-<77>"})
    assert answer.status == 422
    assert answer.select(f"[name={other}]")["value"] == "C-<77>"
    assert answer.select(f"[name={name}]")["aria-invalid"] == "true"
    assert not tickets(app)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8000@evil.example", "good:80@evil", "127.0.0.1:8000.", ""],
)
def test_a_host_that_is_not_ours(app: Flask, host: str) -> None:
    client = PageClient(app)
    for path in ("/", f"{FORM_PATH}?uid={UID}", "/api/openapi.json", "/console/login"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status == 400
        assert not host or host.encode() not in answer.body
    assert not tickets(app)


def test_links_are_never_built_from_the_host(app: Flask) -> None:
    answer = PageClient(app).get(
        f"{FORM_PATH}?uid={UID}", headers={"Host": "LOCALHOST:8000", "X-Forwarded-Host": "evil"}
    )
    assert answer.location.startswith("http://127.0.0.1:8000/")


HEAD = "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nINTEGRATION-KEY: {uid}\r\n"
FORM_HEAD = f"{HEAD}Content-Type: {FORM_TYPE}\r\n"
REST_HEAD = f"{HEAD}Content-Type: application/json\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
BODY = "uid={uid}&customer_name=raw"
RAW = {
    "chunk size that is no number": f"{FORM_HEAD}{CHUNKED}zz\r\n{BODY}\r\n0\r\n\r\n",
    "chunk size below nought": f"{FORM_HEAD}{CHUNKED}-5\r\n{BODY}\r\n0\r\n\r\n",
    "chunk size for ever": f"{FORM_HEAD}{CHUNKED}{'f' * 40}\r\n{BODY}\r\n0\r\n\r\n",
    "chunk cut off": f"{FORM_HEAD}{CHUNKED}ff\r\n{BODY}",
    "chunk without its end": f"{REST_HEAD}{CHUNKED}2\r\n{{{{}}}}XX0\r\n\r\n",
    "body shorter than it said": f"{FORM_HEAD}Content-Length: 5000\r\n\r\n{BODY}",
    "JSON shorter than it said": f"{REST_HEAD}Content-Length: 500\r\n\r\n{{{{}}}}",
    "length that is no number": f"{FORM_HEAD}Content-Length: abc\r\n\r\n{BODY}",
    "length below nought": f"{FORM_HEAD}Content-Length: -1\r\n\r\n{BODY}",
    "two lengths": f"{FORM_HEAD}Content-Length: 5\r\nContent-Length: 60\r\n\r\n{BODY}",
    "length and chunks": f"{FORM_HEAD}Content-Length: 5\r\n{CHUNKED}0\r\n\r\n",
    "64 KiB in chunks": f"{FORM_HEAD}{CHUNKED}11000\r\n{'x' * 0x11000}\r\n0\r\n\r\n",
    "no host": "GET {path}?uid={uid} HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": "GET {path}?uid={uid} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil\r\n\r\n",
    "host with a user": "GET {path}?uid={uid} HTTP/1.1\r\nHost: 127.0.0.1:{port}@evil\r\n\r\n",
    "address of another host": "GET http://evil.example{path}?uid={uid} HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "broken UTF-8": "GET {path}?uid={uid}&customer_name=%81 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
    "address without an end": "GET {path}?uid={uid}&x=" + "x" * 40000 + " HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
    "no HTTP": "hello\r\n\r\n",
}


@pytest.mark.slow
def test_raw_requests(live_server: LiveServer) -> None:  # noqa: F811 - the fixture
    uid = live_server.uid()
    before = live_server.run_json("ticket", "list")
    statuses = {}
    for name, raw in RAW.items():
        path = REST_PATH if raw.startswith(REST_HEAD) else FORM_PATH
        request = raw.format(path=path, port=live_server.port, uid=uid).encode()
        statuses[name] = exchange(live_server.port, request)
    # A 4xx; or the connection is closed without an answer to data that is not HTTP.
    assert {name: status for name, status in statuses.items() if not 400 <= status < 500} == {}
    assert live_server.run_json("ticket", "list") == before
    assert not [line for line in live_server.log.splitlines() if '"unexpected_error"' in line or "Traceback" in line]
    sound = f"{REST_HEAD}Content-Length: 2\r\nConnection: close\r\n\r\n{{{{}}}}"
    assert exchange(live_server.port, sound.format(path=REST_PATH, port=live_server.port, uid=uid).encode()) == 200


def exchange(port: int, request: bytes) -> int:
    """The status of the answer to these bytes, after which nothing more is sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer.split(b" ", 2)[1])


def test_the_envelope_of_a_refusal_is_json_whatever_was_sent(app: Flask) -> None:
    answer = PageClient(app).post(
        REST_PATH, b'{"\xe2\x80\xae<script>": NaN', content_type="application/json", headers=KEY
    )
    assert json.loads(answer.body)["result"] == "ERROR"
