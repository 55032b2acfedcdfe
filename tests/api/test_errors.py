"""The API's answers to invalid calls: protocol.md, section 3. They never create anything."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from app.core.bodies import MAX_BODY
from app.core.new_session import LIMITS
from app.core.site import Site
from app.process.running import Running
from app.store.sites import add_site
from tests.api.calls import BROWSER, FORM_PATH, FORM_PATHS, JSON, REST_PATH, Flavour, call, envelope, newest, tickets
from tests.api.refusals import assert_refused
from tests.conftest import UID
from tests.page_client import HOST, PageClient

KEY = {"INTEGRATION-KEY": UID}
FORM_TYPE = "application/x-www-form-urlencoded"
flavours = pytest.mark.parametrize("flavour", Flavour)


def refused_everywhere(
    client: PageClient, app: Flask, status: int, *words: str, method: str = "GET", **options: Any
) -> None:
    """Check the refusal at both addresses of the form flavour, as a page and as JSON."""
    headers = options.pop("headers", {})
    for path in FORM_PATHS:
        address = path + options.get("query", "")
        rest = {name: value for name, value in options.items() if name != "query"}
        page = client.open(method, address, headers={**BROWSER, **headers}, **rest)
        assert_refused(page, status, *words, page=True)
        assert_refused(client.open(method, address, headers={**JSON, **headers}, **rest), status, *words)
    assert not tickets(app)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["customer_name", "customer_email", "customer_number", "problem_description", "tech"])
@pytest.mark.parametrize("character", ["n", "界", "\N{PILE OF POO}"])
def test_a_limit_passed_names_the_parameter_and_its_limit(app: Flask, name: str, character: str) -> None:
    client, limit = PageClient(app), LIMITS[name]
    long = {name: character * (limit + 1)}
    words = (f"{limit + 1} characters", f"at most {limit}")
    assert_refused(call(client, Flavour.FORM_GET, **long), 400, name, *words, page=True)
    assert_refused(client.post(FORM_PATH, {"uid": UID, **long}, headers=JSON), 400, name, *words)
    rest_name = "technician_username" if name == "tech" else name
    assert_refused(call(client, Flavour.REST, **long), 400, rest_name, *words)
    assert not tickets(app)


@flavours
def test_exactly_the_limit_is_taken_and_counted_in_characters(app: Flask, flavour: Flavour) -> None:
    fields = ("customer_name", "customer_email", "customer_number", "problem_description")
    for character in ("n", "界", "\N{PILE OF POO}"):
        full = {name: character * LIMITS[name] for name in fields}
        assert call(PageClient(app), flavour, **full).status in (200, 302)
        assert newest(app).customer.given() == full


def test_every_wrong_parameter_is_named_at_once(app: Flask) -> None:
    sent = {"customer_name": "n" * 129, "customer_email": "m" * 65, "problem_description": "bell\x07"}
    for flavour in Flavour:
        answer = call(PageClient(app), flavour, **sent)
        assert_refused(answer, 400, *sent, "control character", page=flavour is not Flavour.REST)
    assert not tickets(app)


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["%81", "%C3%28%8D", "%F4%90%80%8F", "%FF&_charset_=utf-8"])
def test_text_that_is_valid_in_no_encoding(app: Flask, broken: str) -> None:
    client = PageClient(app)
    sent = f"uid={UID}&customer_name={broken}"
    refused_everywhere(client, app, 400, "text is not valid", query=f"?{sent}")
    refused_everywhere(client, app, 400, "text is not valid", method="POST", data=sent, content_type=FORM_TYPE)


@pytest.mark.parametrize("declared", ["", "&_charset_=iso-8859-1", "&_charset_=windows-1252"])
def test_forms_of_older_pages_are_read_in_their_encoding(app: Flask, declared: str) -> None:
    client = PageClient(app)
    sent = f"uid={UID}&customer_name=Zoë{declared}".encode("latin-1")
    assert client.post(FORM_PATH, sent, content_type=FORM_TYPE).status == 302
    assert newest(app).customer.name == "Zoë"
    assert client.get(f"{FORM_PATH}?uid={UID}&customer_name=Zo%EB{declared}").status == 302
    assert newest(app).customer.name == "Zoë"


def test_json_that_is_no_utf8(app: Flask) -> None:
    client = PageClient(app)
    rest = client.post(REST_PATH, b'{"customer_name": "Zo\xeb"}', content_type="application/json", headers=KEY)
    assert_refused(rest, 400, "UTF-8")
    assert not tickets(app)


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("customer_name=a&customer_name=b", "b"),
        ("customer_name=a&Customer_Name=b", "b"),
        ("customer_name=a&%20customer_name=b", "b"),
        ("customer_name=a&customer_name=", "a"),
        ("customer_name=&CUSTOMER_NAME%20=b", "b"),
    ],
)
def test_of_a_parameter_several_times_the_last_with_a_value_counts(app: Flask, sent: str, name: str) -> None:
    client = PageClient(app)
    assert client.get(f"{FORM_PATH}?uid={UID}&{sent}").status == 302
    assert newest(app).customer.name == name
    assert client.post(FORM_PATH, f"uid={UID}&{sent}", content_type=FORM_TYPE).status == 302
    assert newest(app).customer.name == name


def test_a_hidden_field_before_a_check_box_and_groups_of_unknown_names(app: Flask) -> None:
    sent = "customer_name=a&ask_customer_info=0&ask_customer_info=1&interests[]=x&interests[]=y"
    assert PageClient(app).post(FORM_PATH, f"uid={UID}&{sent}", content_type=FORM_TYPE).status == 302
    assert newest(app).ask_customer_info


def test_the_body_counts_before_the_address(app: Flask) -> None:
    sent = {"data": "customer_name=b", "content_type": FORM_TYPE}
    assert PageClient(app).post(f"{FORM_PATH}?uid={UID}&customer_name=a", **sent).status == 302
    assert newest(app).customer.name == "b"


def test_a_parameter_twice_with_the_same_value_is_one(app: Flask) -> None:
    client = PageClient(app)
    assert client.get(f"{FORM_PATH}?uid={UID}&UID={UID}&customer_name=a&Customer_name=a").status == 302
    assert newest(app).customer.name == "a"


def test_a_byte_order_mark_and_the_empty_array_of_php(app: Flask) -> None:
    client = PageClient(app)
    for body in (b'\xef\xbb\xbf{"customer_name": "a"}', b"[]"):
        assert client.post(REST_PATH, body, content_type="application/json", headers=KEY).status == 200
    assert [ticket.customer.name for ticket in tickets(app)] == [None, "a"]


def test_a_key_in_capitals(app: Flask) -> None:
    assert PageClient(app).get(f"{FORM_PATH}?uid={UID.upper()}").status == 302
    assert PageClient(app).get(f"{FORM_PATH}?uid={UID.upper()}%7C10").status == 302
    assert newest(app).department_id == 10


@pytest.mark.parametrize("path", ["/rest/", "/rest/ticket", "/rest/session/", "/rest/session/x"])
def test_what_is_not_there_below_rest_is_an_envelope(app: Flask, path: str) -> None:
    for method in ("GET", "POST"):
        assert_refused(PageClient(app).open(method, path), 404, "Not Found")


def test_a_json_member_twice(app: Flask) -> None:
    client = PageClient(app)
    for body in ('{"customer_name":"a","customer_name":"b"}', '{"customer_name":"a","Customer_Name":"b"}'):
        answer = client.post(REST_PATH, body, content_type="application/json", headers=KEY)
        assert_refused(answer, 400, "twice" if "Customer" not in body else "customer_name")
    assert not tickets(app)


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "?uid=", "?uid=%20%20", "?customer_name=a", "?UID=", "?uid"])
def test_uid_missing(app: Flask, query: str) -> None:
    client = PageClient(app)
    refused_everywhere(client, app, 400, "uid", query=query)
    refused_everywhere(client, app, 400, "uid", method="POST", data=query[1:], content_type=FORM_TYPE)


@pytest.mark.parametrize(
    "headers", [{}, {"INTEGRATION-KEY": " "}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}]
)
def test_key_missing(app: Flask, headers: dict[str, str]) -> None:
    answer = PageClient(app).post(REST_PATH, json={"customer_name": "a", "uid": UID}, headers=headers)
    assert_refused(answer, 403, "key", "INTEGRATION-KEY")
    assert not tickets(app)


@pytest.mark.slow
@pytest.mark.parametrize(
    "uid", [UID[:-1], f"{UID}0", UID.upper().replace("D", "e"), "x", "界", "|20", "a|b|c", "9" * 512]
)
def test_uid_unknown(app: Flask, uid: str) -> None:
    client = PageClient(app)
    refused_everywhere(client, app, 403, "uid", query=f"?uid={quote(uid)}")
    if uid.isascii():
        assert_refused(call(client, Flavour.REST, uid), 403)
    assert not tickets(app)


def test_uid_too_long(app: Flask) -> None:
    client = PageClient(app)
    refused_everywhere(client, app, 400, "uid", "513", "at most 512", query=f"?uid={'9' * 513}")
    assert_refused(call(client, Flavour.REST, "9" * 513), 400, "513", "at most 512")


def test_uid_of_a_disabled_site(app: Flask, change_site: Callable[..., Site]) -> None:
    client = PageClient(app)
    assert call(client, Flavour.FORM_GET).status == 302
    change_site(disabled=True)
    for flavour in Flavour:
        assert_refused(call(client, flavour), 403, page=flavour is not Flavour.REST)
    assert len(tickets(app)) == 1


@pytest.mark.parametrize("name", ["uid", "UID", "Uid", "uId", " uid", "uid ", "%20UID%20", "+uid"])
def test_uid_in_any_case_of_its_name(app: Flask, name: str) -> None:
    assert PageClient(app).get(f"{FORM_PATH}?{name}={UID}").status == 302
    assert len(tickets(app)) == 1


@pytest.mark.parametrize("uid", ["Ab+/" * 24 + "Q+/=", "Ab+/" * 79 + "Zz==", "k" * 512])
def test_other_shapes_of_keys(app: Flask, here: Running, clock: Callable[[], Any], uid: str) -> None:
    here.database.write(lambda c: add_site(c, Site(slug="other", name="Other", uid=uid), clock()))
    for flavour in Flavour:
        assert call(PageClient(app), flavour, uid).status in (200, 302)
        assert newest(app).site == "other"
    if "+" in uid:
        # A bare + means a blank, so this key is unknown.
        assert PageClient(app).get(f"{FORM_PATH}?uid={uid}").status == 403


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_another_method(app: Flask, method: str) -> None:
    client = PageClient(app)
    for path in FORM_PATHS:
        for headers in (BROWSER, JSON):
            answer = client.open(method, f"{path}?uid={UID}&customer_name=a", headers=headers)
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
            assert answer.headers["Cache-Control"] == "no-store"
    assert not tickets(app)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
def test_another_method_in_the_rest_flavour(app: Flask, method: str) -> None:
    answer = PageClient(app).open(method, REST_PATH, json={"customer_name": "a"}, headers=KEY)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    if method != "HEAD":
        assert_refused(answer, 405, "POST")
    assert not tickets(app)


def test_a_body_over_64_kib(app: Flask) -> None:
    client = PageClient(app)
    body = f"uid={UID}&other=".encode().ljust(MAX_BODY + 1, b"x")
    refused_everywhere(client, app, 413, "64 KiB", method="POST", data=body, content_type=FORM_TYPE)
    large = b'{"customer_name": "a"}'.ljust(MAX_BODY + 1)
    assert_refused(client.post(REST_PATH, large, content_type="application/json", headers=KEY), 413, "64 KiB")
    assert not tickets(app)


def test_a_body_of_exactly_64_kib(app: Flask) -> None:
    client = PageClient(app)
    body = f"uid={UID}&other=".encode().ljust(MAX_BODY, b"x")
    assert client.post(FORM_PATH, body, content_type=FORM_TYPE).status == 302
    large = b'{"customer_name": "a"}'.ljust(MAX_BODY)
    assert client.post(REST_PATH, large, content_type="application/json", headers=KEY).status == 200


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "text/xml", "x", FORM_TYPE + "x"])
def test_a_form_of_another_content_type(app: Flask, content_type: str) -> None:
    sent = {"data": f"uid={UID}&customer_name=a", "content_type": content_type}
    refused_everywhere(PageClient(app), app, 415, FORM_TYPE, method="POST", **sent)


@pytest.mark.parametrize(
    "content_type", [FORM_TYPE, "text/plain", "", "application/json5", "multipart/form-data; boundary=x"]
)
def test_json_of_another_content_type(app: Flask, content_type: str) -> None:
    answer = PageClient(app).post(REST_PATH, b"{}", content_type=content_type, headers=KEY)
    assert_refused(answer, 415, "application/json")
    assert not tickets(app)


@pytest.mark.parametrize("content_type", [FORM_TYPE, f"{FORM_TYPE}; charset=UTF-8", FORM_TYPE.upper()])
def test_content_types_that_are_a_form(app: Flask, content_type: str) -> None:
    sent = f"uid={UID}&customer_name=Zo%C3%AB"
    assert PageClient(app).post(FORM_PATH, sent, content_type=content_type).status == 302
    assert newest(app).customer.name == "Zoë"


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_content_types_that_are_json(app: Flask, content_type: str) -> None:
    body = '{"customer_name": "Zoë"}'.encode()
    assert PageClient(app).post(REST_PATH, body, content_type=content_type, headers=KEY).status == 200
    assert newest(app).customer.name == "Zoë"


@pytest.mark.parametrize(
    "body",
    [
        {"customer_name": 7},
        {"customer_name": ["a"]},
        {"customer_name": {"a": 1}},
        {"customer_name": True},
        {"department_id": True},
        {"department_id": 1.5},
        {"technician_username": 1},
        {"ask_customer_info": []},
        {"show_waiting_queue": {}},
        {"language": 1},
    ],
)
def test_a_json_member_of_the_wrong_type_is_named(app: Flask, body: dict[str, object]) -> None:
    answer = PageClient(app).post(REST_PATH, json=body, headers=KEY)
    assert_refused(answer, 400, *body, "wrong type")
    assert not tickets(app)


@pytest.mark.parametrize(
    "header", [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}]
)
def test_fetching_ahead_opens_nothing(app: Flask, header: dict[str, str]) -> None:
    refused_everywhere(PageClient(app), app, 403, headers=header, query=f"?uid={UID}&customer_name=a")


@pytest.mark.slow
@flavours
def test_answers_are_never_cached(app: Flask, flavour: Flavour) -> None:
    answers = [call(PageClient(app), flavour, customer_name=name) for name in ("a", "n" * 129)]
    answers.append(call(PageClient(app), flavour, "unknown"))
    for answer in answers:
        assert answer.headers.getlist("Cache-Control") == ["no-store"]
        assert "ETag" not in answer.headers
        assert "Expires" not in answer.headers
        assert "Last-Modified" not in answer.headers


def test_json_for_whom_asks_for_it_and_a_redirect_for_everybody_else(app: Flask) -> None:
    client = PageClient(app)
    for accept in ("application/json", "application/json, text/plain, */*", "application/json;q=0.9, text/html;q=0.1"):
        details = envelope(client.get(f"{FORM_PATH}?uid={UID}", headers={"Accept": accept}))
        ticket = newest(app)
        assert details["ticket_number"] == ticket.number
        assert details["session_id"] == ticket.session_id
        assert details["pin_number"] == ticket.pin
        assert len(details["pin_number"]) == 9
        assert details["pin_number"].isdigit()
    for accept in ("*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "image/png", ""):
        answer = client.get(f"{FORM_PATH}?uid={UID}", headers={"Accept": accept})
        assert (answer.status, answer.body) == (302, b"")
        assert answer.location.startswith(f"http://{HOST}/applet/")


def test_the_key_is_in_no_answer(app: Flask) -> None:
    client = PageClient(app)
    for flavour in Flavour:
        for answer in (
            call(client, flavour, customer_name="a"),
            call(client, flavour, customer_name="n" * 129),
            call(client, flavour, f"{UID}{UID}"),
        ):
            assert UID.encode() not in answer.body + str(answer.headers).encode()


def test_json_members_that_are_unknown_may_differ_in_case_alone(app: Flask) -> None:
    body = {"customer_name": "a", "ö": 1, "Ö": [2]}
    assert PageClient(app).post(REST_PATH, json=body, headers=KEY).status == 200
