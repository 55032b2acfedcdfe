"""Hypothesis against the API and the form: no input causes a 5xx, and good input arrives unchanged."""

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.customer import ELEMENTS, NAMES
from app.core.new_session import LIMITS
from app.process.running import Running
from app.settings import ci
from app.store.sites import change_site
from tests.api.calls import FORM_PATH, REST_PATH, newest, tickets
from tests.api.embedding import ORIGIN
from tests.conftest import UID
from tests.page_client import HOST
from tests.profile import FULL, PROFILE

pytestmark = pytest.mark.slow


FUZZ = settings(
    deadline=None,
    derandomize=ci(),
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def fuzz(examples: int) -> settings:
    """Settings with this many examples; with a quarter of them outside `make full`."""
    return settings(FUZZ, max_examples=examples if PROFILE is FULL else examples // 4)


KEY = {"INTEGRATION-KEY": UID, "Origin": ORIGIN, "Idempotency-Key": "k" * 16}
FORMS = ("/s/default", "/s/default/submit")
JSON_PATH = "/api/v1/sites/default/requests"
FORM_TYPE = "application/x-www-form-urlencoded"
PATHS = ("/", "/s/default", FORM_PATH, REST_PATH, "/console/login", "/api/v1/requests/x", "/go/x", "/applet/x")
HEADERS = [
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Length",
    "Content-Type",
    "Cookie",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "Integration-Key",
    "Origin",
    "Purpose",
    "Range",
    "Referer",
    "Sec-CH-UA-Platform",
    "Sec-Fetch-Site",
    "Sec-Purpose",
    "Transfer-Encoding",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
]
# Header values that a server passes on: without CR, LF and NUL.
header_value = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)
content_type = st.sampled_from(
    [FORM_TYPE, "application/json", "multipart/form-data; boundary=b", "multipart/form-data", "text/plain", ""]
)
name = st.sampled_from([*ELEMENTS, "department", "tech", "ask_customer_info", "uid", "language", "_charset_"])
json_name = name | st.sampled_from(["website", "identity", "check", "check_details", "more"])
good = st.characters(
    exclude_categories=["Cs"],
    exclude_characters=[chr(c) for c in (*range(9), 11, 12, *range(14, 32), *range(127, 160))],
)
json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(name | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def fuzzed(app: Flask, here: Running, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application without rate limits."""
    monkeypatch.setattr(here.rates, "retry_after", lambda *_: None)
    monkeypatch.setattr("app.process.limits.REQUESTS_IN_TEN_MINUTES", 10**6)
    here.database.write(lambda c: change_site(c, replace(here.desk.sites["default"], origins=(ORIGIN,))))
    return app


def send(app: Flask, method: str, path: str, **options: Any) -> int:
    """Send a request; returns the status, which must not be a 5xx."""
    headers = {"Host": HOST, **options.pop("headers", {})}
    answer = app.test_client().open(path, method=method, headers=headers, **options)
    assert answer.status_code < 500, (answer.status_code, method, path, options)
    return answer.status_code


@given(body=st.binary(max_size=200), kind=content_type, path=st.sampled_from([FORM_PATH, REST_PATH, *FORMS, JSON_PATH]))
@fuzz(1600)
def test_any_bytes_as_a_body(fuzzed: Flask, body: bytes, kind: str, path: str) -> None:
    send(fuzzed, "POST", path, data=body, content_type=kind, headers=KEY)


@given(kind=header_value | st.builds("multipart/form-data; boundary={}".format, header_value))
@fuzz(600)
def test_any_content_type(fuzzed: Flask, kind: str) -> None:
    for path in (FORM_PATH, REST_PATH):
        send(fuzzed, "POST", path, data=b"--b\r\n\r\nx\r\n--b--", content_type=kind, headers=KEY)


@given(query=st.binary(max_size=80))
@fuzz(800)
def test_any_bytes_as_a_query(fuzzed: Flask, query: bytes) -> None:
    send(fuzzed, "GET", FORM_PATH, environ_overrides={"QUERY_STRING": f"uid={UID}&" + query.decode("latin-1")})


@given(pairs=st.dictionaries(name | st.text(max_size=8), st.text(max_size=40), max_size=6))
@fuzz(800)
def test_any_parameters(fuzzed: Flask, pairs: dict[str, str]) -> None:
    pairs = {n.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for n, v in pairs.items()}
    before = len(tickets(fuzzed, 1))
    status = send(fuzzed, "POST", FORM_PATH, data={**pairs, "uid": UID})
    assert status in (302, 400)
    assert status == 302 or len(tickets(fuzzed, 1)) == before


@given(body=st.dictionaries(name | st.text(max_size=8), json_value, max_size=5))
@fuzz(800)
def test_any_json(fuzzed: Flask, body: dict[str, Any]) -> None:
    assert send(fuzzed, "POST", REST_PATH, json=body, headers=KEY) in (200, 400)


@given(path=st.sampled_from(PATHS), headers=st.dictionaries(st.sampled_from(HEADERS), header_value, max_size=4))
@fuzz(600)
def test_any_header_values(fuzzed: Flask, path: str, headers: dict[str, str]) -> None:
    names = {n: n.upper().replace("-", "_") for n in headers}
    environ = {(n if n.startswith("CONTENT_") else f"HTTP_{n}"): headers[h] for h, n in names.items()}
    send(fuzzed, "GET", path, environ_overrides=environ)


@given(pairs=st.lists(st.tuples(name | st.text(max_size=8), st.text(max_size=40)), max_size=6), label=header_value)
@fuzz(400)
def test_any_plain_form_in_any_encoding(fuzzed: Flask, pairs: list[tuple[str, str]], label: str) -> None:
    sent = [*pairs, ("_charset_", label)]
    body = urlencode([(n.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for n, v in sent])
    status = send(fuzzed, "POST", "/s/default/submit", data=body, content_type=FORM_TYPE, headers=KEY)
    assert status in (200, 303, 400, 422)


@given(body=st.dictionaries(json_name | st.text(max_size=8), json_value, max_size=6))
@fuzz(400)
def test_any_request_as_json(fuzzed: Flask, here: Running, body: dict[str, Any]) -> None:
    sent = {**body, "form_token": here.links.form_token("default", ORIGIN)}
    headers = {**KEY, "Idempotency-Key": secrets.token_hex(16)}
    assert send(fuzzed, "POST", JSON_PATH, json=sent, headers=headers) in (201, 202, 400, 422)


values = st.fixed_dictionaries({}, optional={n: st.text(good, max_size=LIMITS[n]) for n in ELEMENTS})


@pytest.mark.parametrize("flavour", ["form", "rest"])
@given(sent=values)
@fuzz(250)
def test_good_text_arrives_unchanged(fuzzed: Flask, flavour: str, sent: dict[str, str]) -> None:
    if flavour == "form":
        status = send(fuzzed, "POST", FORM_PATH, data={**sent, "uid": UID})
    else:
        status = send(fuzzed, "POST", REST_PATH, json=sent, headers=KEY)
    assert status in (200, 302)
    lines = {n: v.replace("\r\n", "\n").replace("\r", "\n") for n, v in sent.items()}
    assert newest(fuzzed).customer.values() == {
        n: (lines.get(n) or None) if not lines.get(n, "").isspace() else None for n in NAMES
    }
