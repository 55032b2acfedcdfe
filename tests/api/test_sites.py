"""Site data is given to pages at the site's own origins only."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.core.customer_info import AskPolicy
from app.core.links import Purpose
from app.core.origins import origin_mark
from app.core.site import Site
from app.process.running import Running
from tests.api.embedding import ORIGIN, OTHER, Widget, solution
from tests.page_client import PageClient

ChangeSite = Callable[..., Site]


@pytest.fixture(autouse=True)
def _listed(change_site: ChangeSite) -> None:
    change_site(origins=(ORIGIN, "https://help.example.com:8443", "http://localhost:3000"))


def test_everything_that_the_widget_needs(client: PageClient, here: Running, change_site: ChangeSite) -> None:
    change_site(
        required=("customer_email",),
        ask_customer_info=AskPolicy.CUSTOMER,
        colour="#0b5c68",
        texts={"title": "Ask IT", "de:title": "IT fragen"},
        mail="help@example.com",
    )
    answer = client.get("/api/v1/sites/default?lang=de", headers={"Origin": ORIGIN})
    assert answer.status == 200
    told = answer.json
    form = here.links.read(Purpose.FORM, told.pop("form_token"))
    assert (form.site, form.origin) == ("default", origin_mark(ORIGIN))
    assert told == {
        "site": "default",
        "name": "Example Help",
        "language": "de",
        "languages": [],
        "fields": [
            {"name": "customer_name", "required": False, "limit": 128},
            {"name": "customer_email", "required": True, "limit": 64},
            {"name": "customer_number", "required": False, "limit": 32},
            {"name": "problem_description", "required": False, "limit": 1024},
        ],
        "departments": [{"id": 10, "name": "Computers"}, {"id": 20, "name": "Billing"}],
        "texts": {"title": "IT fragen"},
        "theme": {"colour": "#0b5c68", "logo": None},
        "contact": {"phone": "+1 555 0100", "mail": "help@example.com"},
        "show_check_details": True,
        "request_url": "http://127.0.0.1:8000/s/default",
        "check": None,
        "opening": {
            "cover": "nobody",
            "opens_at": None,
            "usual_minutes": None,
            "words": "Im Moment ist niemand am Platz.",
        },
    }


def test_a_vendors_technician_is_not_said_to_see_our_reference(client: PageClient, change_site: ChangeSite) -> None:
    change_site(backend="take-control", api_domain="https://api.example.com", texts={"title": "Ask IT"})
    told = client.get("/api/v1/sites/default?lang=de", headers={"Origin": ORIGIN}).json
    trust = "Nennen Sie uns diese Vorgangsnummer, wenn Sie anrufen oder schreiben."
    assert told["texts"] == {"title": "Ask IT", "trust": trust}


@pytest.mark.parametrize("origin", [ORIGIN, "https://help.example.com:8443", "http://localhost:3000"])
def test_a_listed_origin_may_read_it_and_only_with_its_own_name(client: PageClient, origin: str) -> None:
    answer = Widget(client, origin=origin).site_info()
    assert answer.status == 200
    assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]
    assert answer.headers.getlist("Vary") == ["Origin"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        OTHER,
        "http://www.example.com",
        "https://example.com",
        "https://www.example.com.",
        "https://www.example.com:443",
        "https://www.example.com:8443",
        "https://www.example.com.evil.example",
        "https://evil.example/https://www.example.com",
        "HTTPS://WWW.EXAMPLE.COM",
        "https://user@www.example.com",
        f"{ORIGIN} {ORIGIN}",
        "http://localhost",
        "http://127.0.0.1:3000",
        "https://127.0.0.1:8000",
    ],
)
def test_any_other_origin_is_403_and_can_read_nothing(client: PageClient, origin: str | None) -> None:
    why = Widget(client, origin=origin).site_info()
    assert why.headers.get("Access-Control-Allow-Origin") in (None, origin)
    assert set(why.json) == {"error"}
    for answer in (
        why,
        Widget(client, origin=origin).send(form_token="x"),
        client.open("OPTIONS", "/api/v1/sites/default", headers={"Origin": origin} if origin else {}),
        client.open("OPTIONS", "/api/v1/sites/default/requests", headers={"Origin": origin} if origin else {}),
    ):
        assert answer.status == 403
        assert answer.json["error"]["status"] == 403
        assert answer.headers.getlist("Vary") == ["Origin"]
        assert "form_token" not in answer.text
        assert answer is why or "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_that_is_not_listed_may_read_why(client: PageClient) -> None:
    refused = Widget(client, origin="https://shop.example").site_info()
    assert refused.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "handbell site set default --origin https://shop.example" in refused.json["error"]["message"]
    unknown = client.get("/api/v1/sites/brand", headers={"Origin": "https://shop.example"})
    assert unknown.status == 404
    assert unknown.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "there is no site brand here" in unknown.json["error"]["message"]
    hostile = Widget(client, origin="https://a.example;rm -rf").site_info()
    assert "Access-Control-Allow-Origin" not in hostile.headers
    assert "rm -rf" not in hostile.text


def test_a_page_of_our_own_may_too(client: PageClient) -> None:
    # Browsers send no Origin with a same-origin GET.
    assert client.get("/api/v1/sites/default", headers={"Sec-Fetch-Site": "same-origin"}).status == 200
    assert Widget(client, origin="http://127.0.0.1:8000").site_info().status == 200
    assert client.get("/api/v1/sites/default", headers={"Sec-Fetch-Site": "cross-site"}).status == 403


@pytest.mark.parametrize(
    ("path", "method"), [("/api/v1/sites/default", "GET"), ("/api/v1/sites/default/requests", "POST")]
)
def test_preflight(client: PageClient, path: str, method: str) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }
    answer = client.open("OPTIONS", path, headers=asked)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == method
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type, idempotency-key"
    assert answer.headers["Access-Control-Max-Age"] == "7200"
    assert answer.headers.getlist("Vary") == ["Origin"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_an_unknown_or_disabled_site_is_not_found(client: PageClient, change_site: ChangeSite) -> None:
    assert Widget(client, site="nobody").site_info().status == 404
    change_site(disabled=True)
    assert Widget(client).site_info().status == 404


@pytest.mark.parametrize(
    ("asked", "language"), [("de", "de"), ("pt_BR", "pt-BR"), ("", "en"), ("<script>", "en"), ("x" * 99, "x" * 35)]
)
def test_the_language_is_the_pages_own(client: PageClient, asked: str, language: str) -> None:
    answer = client.get(f"/api/v1/sites/default?lang={asked}", headers={"Origin": ORIGIN})
    assert answer.json["language"] == language


@pytest.mark.slow
def test_a_busy_address_is_asked_for_a_check_which_is_for_this_site(app: Flask, here: Running) -> None:
    widget = Widget(PageClient(app))
    for number in range(6):
        assert widget.site_info().json["check"] is None
        assert widget.send(customer_number=str(number)).status == 201
    check = widget.site_info().json["check"]
    script = widget.client.get(check["script"])
    assert script.status == 200
    assert script.headers["Access-Control-Allow-Origin"] == "*"
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert b"export{" in script.body
    assert widget.send(customer_number="7", check=solution(check)).status == 201
    # Another address gets no check.
    assert Widget(PageClient(app, address="192.0.2.8")).site_info().json["check"] is None
