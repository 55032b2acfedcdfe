"""Requests as JSON: one key is one request, refusals say what to do, and refused requests are not stored."""

import json
import secrets
from collections.abc import Callable

import pytest
from flask import Flask

from app.core.request import CustomerRequest, RequestState
from app.core.site import Site
from app.core.site_secrets import secret_hash
from app.process.running import Running
from app.store.requests import list_requests
from tests.api.calls import tickets
from tests.api.embedding import ORIGIN, ZOE, Server, Widget
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient

ChangeSite = Callable[..., Site]
PATH = "/api/v1/sites/default/requests"
KEY = "k" * 16
SECRET = "hbsk_a-secret-for-tests"


@pytest.fixture(autouse=True)
def _listed(change_site: ChangeSite) -> None:
    change_site(origins=(ORIGIN,), secret_hash=secret_hash(SECRET))


@pytest.fixture
def widget(client: PageClient) -> Widget:
    return Widget(client)


@pytest.fixture
def server(client: PageClient) -> Server:
    return Server(client, SECRET)


def requests(here: Running) -> list[CustomerRequest]:
    with here.database.read() as connection:
        return list_requests(connection, most=1000)


def assert_readable(answer: Answer) -> None:
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN]
    assert answer.headers.getlist("Vary") == ["Origin"]
    assert answer.headers["Access-Control-Expose-Headers"] == "Idempotent-Replayed, Retry-After"


def test_a_request_is_a_ticket_whose_session_can_be_started(app: Flask, widget: Widget, here: Running) -> None:
    answer = widget.send(**ZOE, department="20", language="de", more={"Room": "4.11", "Floor": " "})
    assert answer.status == 201
    assert_readable(answer)
    assert "Idempotent-Replayed" not in answer.headers
    told = answer.json
    (ticket,) = tickets(app)
    assert ticket.customer.given() == ZOE
    assert (ticket.department_id, ticket.language, ticket.more) == (20, "de", (("Room", "4.11"),))
    assert (told["reference"], told["state"]) == (ticket.reference, "ready")
    base = "http://127.0.0.1:8000"
    status = widget.client.get(told["status_url"].removeprefix(base))
    assert status.select(".reference").get_text() == ticket.reference
    polled = widget.client.get(told["poll_url"].removeprefix(base), headers={"Origin": ORIGIN})
    assert_readable(polled)
    assert polled.json["start_url"] == told["start_url"]
    assert widget.client.get(told["start_url"].removeprefix(base)).status == 302
    (row,) = requests(here)
    assert (row.source, row.verified) == ("api", ())


def test_the_same_key_and_content_is_the_same_request(widget: Widget, here: Running) -> None:
    first = widget.send(key=KEY, **ZOE)
    again = widget.send(key=KEY, **ZOE)  # with another form token
    assert (first.status, again.status) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert {**again.json, "start_url": None} == {**first.json, "start_url": None}
    assert len(requests(here)) == 1


def test_the_same_key_with_another_content_is_refused(widget: Widget, here: Running) -> None:
    widget.send(key=KEY, **ZOE)
    other = widget.send(key=KEY, **{**ZOE, "customer_number": "C-2"})
    assert (other.status, other.json["error"]["code"]) == (422, "key_used")
    assert_readable(other)
    assert len(requests(here)) == 1


def test_another_key_and_another_sites_key_are_other_requests(widget: Widget, here: Running, server: Server) -> None:
    widget.send(key=KEY, **ZOE)
    widget.send(key=KEY + "x", **ZOE)
    server.send(key=KEY, **ZOE)
    assert len(requests(here)) == 3


def test_while_the_session_waits_it_is_202_with_the_same_reference(
    widget: Widget, here: Running, change_site: ChangeSite
) -> None:
    change_site(backend="take-control", api_domain="https://api.example.com")  # without a pool, no session is opened
    first, again = (widget.send(key=KEY, **ZOE) for _ in range(2))
    assert (first.status, again.status) == (202, 202)
    assert first.json["reference"] == again.json["reference"]
    assert (again.json["state"], again.json["start_url"]) == ("waiting", None)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [row.state for row in requests(here)] == [RequestState.WAITING]


@pytest.mark.parametrize("key", ["", "k" * 15, "k" * 256, "kkkkkkkkkkkkkkk\u00e9", "k k k k k k k k\tk"])
def test_the_key_has_16_to_255_characters(widget: Widget, here: Running, key: str) -> None:
    answer = widget.send(headers={"Idempotency-Key": key}, **ZOE)
    assert answer.status == 400
    assert "Idempotency-Key" in answer.json["error"]["message"]
    assert widget.send(key="k" * 255, **ZOE).status == 201
    assert len(requests(here)) == 1


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", ""]
)
def test_another_content_type_is_415_before_anything_is_looked_at(
    client: PageClient, here: Running, content_type: str
) -> None:
    answer = client.post(PATH, json.dumps(ZOE), content_type=content_type, headers={"Origin": "https://evil.example"})
    assert answer.status == 415
    assert not requests(here)


def test_size_comes_before_type_and_type_before_origin_and_origin_before_token(client: PageClient) -> None:
    large = b" " * 65537
    evil = {"Origin": "https://evil.example"}
    assert client.post(PATH, large, content_type="text/plain", headers=evil).status == 413
    assert client.post(PATH, b"{", content_type="text/plain", headers=evil).status == 415
    assert client.post(PATH, b"{", content_type="application/json", headers=evil).status == 403
    bad = client.post(PATH, b"{", content_type="application/json", headers={"Origin": ORIGIN, "Idempotency-Key": KEY})
    assert bad.status == 400
    assert_readable(bad)
    wrong = Widget(client).send(form_token="forged", customer_name="n" * 129)
    assert (wrong.status, wrong.json["error"]["code"]) == (400, "form_invalid")


def test_an_expired_form_token_says_so(widget: Widget, here: Running, clock: StandingClock) -> None:
    token = widget.token()
    clock.advance(hours=3)
    answer = widget.send(form_token=token, **ZOE)
    assert (answer.status, answer.json["error"]["code"]) == (400, "form_expired")
    assert_readable(answer)
    assert not requests(here)


def test_a_form_token_is_for_one_site_and_one_origin(
    client: PageClient, here: Running, change_site: ChangeSite
) -> None:
    other = "https://intranet.example.com"
    change_site(origins=(ORIGIN, other))
    tokens = {
        "another origin's": Widget(client, origin=other).token(),
        "the hosted page's": client.form_token(),
        "another site's": here.links.form_token("other", ORIGIN),
        "none": None,
        "no text": 7,
    }
    for name, token in tokens.items():
        assert Widget(client).send(form_token=token, **ZOE).status == 400, name
    # The widget's token is not accepted on the hosted page either.
    assert client.post("/s/default", {"form_token": Widget(client).token(), **ZOE}).status == 400
    assert not requests(here)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("customer_name", "n" * 129, "129"),
        ("customer_email", "no address", "e-mail"),
        ("customer_number", {"a": 1}, "text"),
        ("problem_description", "bell\x07", "character"),
        ("department", True, "text"),
        ("check_details", "yes", "true or false"),
        ("more", ["a"], "object"),
        ("more", {"a": 1}, "texts"),
        ("more", {"a": "b" * 2048}, "2048 bytes"),
        ("more", {str(n): "x" for n in range(21)}, "at most 20"),
        ("more", {"a": "bell\x07"}, "control character"),
        ("identity", "x.y.z", "JWT"),
    ],
)
def test_a_wrong_field_is_named_with_a_sentence_and_nothing_is_kept(
    widget: Widget, here: Running, change_site: ChangeSite, field: str, value: object, says: str
) -> None:
    change_site(sealed_identity_secret=here.keys.sealer.seal("a secret"))
    answer = widget.send(**{**ZOE, field: value})
    assert answer.status == 422
    assert_readable(answer)
    error = answer.json["error"]
    assert set(error["fields"]) == {field}
    assert says in error["fields"][field]
    assert not requests(here)


def test_a_required_field_and_sentences_in_the_customers_language_and_the_sites_words(
    widget: Widget, change_site: ChangeSite
) -> None:
    change_site(required=("customer_email", "customer_number"))
    told = widget.send(customer_name="Zoë", language="de").json["error"]
    assert told["fields"] == {
        "customer_email": "Bitte füllen Sie dieses Feld aus.",
        "customer_number": "Bitte füllen Sie dieses Feld aus.",
    }
    change_site(texts={"Please fill this in.": "We need this: 100 %", "de:Please fill this in.": "Fehlt."})
    assert widget.send(customer_email="z@e", language="de").json["error"]["fields"] == {"customer_number": "Fehlt."}
    assert widget.send(customer_email="z@e").json["error"]["fields"] == {"customer_number": "We need this: 100 %"}


def test_departments_that_are_not_offered_and_technicians_are_the_sites_to_allow(
    app: Flask, widget: Widget, server: Server, change_site: ChangeSite
) -> None:
    def sent(how: Widget | Server) -> tuple[str | None, str | None]:
        assert how.send(department="20", tech="anna@example.com", customer_number=secrets.token_hex(4)).status == 201
        newest = tickets(app)[0]
        return newest.asked_department, newest.asked_tech

    change_site(offer_departments=(10,))
    assert sent(widget) == (None, None)
    assert sent(server) == ("20", "anna@example.com")
    change_site(offer_departments=(20,))
    assert sent(widget) == ("20", None)
    change_site(offer_departments=(), browser_routing=True)
    assert sent(widget) == ("20", "anna@example.com")


@pytest.mark.slow
def test_the_61st_in_ten_minutes_is_429_with_a_way_out(widget: Widget, here: Running) -> None:
    token = widget.token()
    for number in range(60):
        assert widget.send(form_token=token, customer_number=str(number)).status in (201, 202)
    refused = widget.send(form_token=token, customer_number="60")
    assert refused.status == 429
    assert_readable(refused)
    assert 0 < int(refused.headers["Retry-After"]) <= 601
    assert refused.json["contact"] == {"phone": "+1 555 0100", "mail": None}
    # The limit is checked before the fields.
    assert widget.send(form_token=token, customer_name="n" * 129).status == 429
    assert len(requests(here)) == 60


def test_a_server_with_the_sites_secret_key(app: Flask, server: Server, here: Running) -> None:
    answer = server.send(**ZOE, department="20", more={"Asset": "PC-7"})
    assert answer.status == 201
    assert "Access-Control-Allow-Origin" not in answer.headers
    (row,) = requests(here)
    assert (row.source, row.client_address, row.client_network) == ("server", "192.0.2.7", None)
    assert tickets(app)[0].more == (("Asset", "PC-7"),)


@pytest.mark.slow
def test_a_server_is_not_counted_with_its_network_and_never_suspect(server: Server, here: Running) -> None:
    for number in range(70):
        assert server.send(customer_number=str(number)).status == 201
    assert {row.state for row in requests(here)} == {RequestState.OPENED}


def test_a_server_has_a_rate_of_its_own(app: Flask, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from limits import parse

    monkeypatch.setattr("app.api.requests.SERVER_REQUESTS", parse("3/minute"))
    assert [server.send().status for _ in range(4)] == [201, 201, 201, 429]
    assert 1 <= int(server.send().headers["Retry-After"]) <= 61


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], f"{SECRET}x", "é"])
def test_a_wrong_secret_is_401_and_soon_429(client: PageClient, here: Running, secret: str) -> None:
    refused = Server(client, secret).send(**ZOE)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    statuses = [Server(client, secret).send(**ZOE).status for _ in range(10)]
    assert statuses == [401] * 9 + [429]
    assert not requests(here)
    assert Server(client, SECRET).send(**ZOE).status == 201


def test_a_site_without_a_secret_takes_none(client: PageClient, change_site: ChangeSite) -> None:
    change_site(secret_hash=None)
    for secret in ("", "-", "None", SECRET):
        assert Server(client, secret).send(**ZOE).status == 401


def test_a_page_never_sends_the_secret(server: Server, here: Running) -> None:
    assert server.send(headers={"Origin": ORIGIN}, **ZOE).status == 403
    assert not requests(here)


def test_the_state_is_readable_for_the_sites_pages_only(widget: Widget, clock: StandingClock) -> None:
    path = widget.send(**ZOE).json["poll_url"].removeprefix("http://127.0.0.1:8000")
    evil = {"Origin": "https://evil.example"}
    assert_readable(widget.client.get(path, headers={"Origin": ORIGIN}))
    assert "Access-Control-Allow-Origin" not in widget.client.get(path, headers=evil).headers
    assert "Access-Control-Allow-Origin" not in widget.client.get(path, headers={"Origin": "null"}).headers
    asked = widget.client.open("OPTIONS", path, headers={"Origin": ORIGIN})
    assert (asked.status, asked.headers["Access-Control-Allow-Methods"]) == (204, "GET, DELETE")
    assert_readable(asked)
    clock.advance(hours=25)
    late = widget.client.get(path, headers={"Origin": ORIGIN})
    assert late.status == 410
    assert_readable(late)


def test_a_request_posted_as_bytes_that_are_no_json(widget: Widget, here: Running) -> None:
    headers = {"Origin": ORIGIN, "Idempotency-Key": KEY}
    for body in (b"", b"[]", b"{", b'{"a":1,"a":1}', b"\xff", b'{"customer_name":"\\ud800"}', b'{"x":NaN}'):
        assert widget.client.post(PATH, body, content_type="application/json", headers=headers).status == 400, body
    assert not requests(here)
