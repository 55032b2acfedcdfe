"""Headers, exactly as in security.md section 4, on every kind of answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.factory import create_app
from app.process.running import Running
from app.settings import Settings
from tests.api.calls import FORM_PATH, JSON, REST_PATH, Flavour, applet_of, call
from tests.conftest import PASSWORD, UID, StandingClock, fill_desk
from tests.page_client import Answer, PageClient
from tests.web.console_client import log_in, ticket

PAGE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=(), hid=(), "
    "payment=()",
}
LIVE = {
    **PAGE,
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), display-capture=(self), usb=(), "
    "serial=(), hid=(), payment=()",
}
JSON_API = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "Origin",
}
GO = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
HTTPS_HOST = {"Host": "support.example.com"}


def assert_headers(answer: Answer, expected: dict[str, str]) -> None:
    """Check that each of these headers occurs once, with this value."""
    found = {name: answer.headers.getlist(name) for name in expected}
    assert found == {name: [value] for name, value in expected.items()}
    assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert len(answer.headers.getlist("X-Request-Id")) == 1
    assert "Set-Cookie" not in answer.headers or answer.headers["Set-Cookie"].startswith(
        ("handbell=", "__Host-handbell=")
    )


@pytest.fixture
def secure(tmp_path: Path, clock: StandingClock) -> Iterator[Flask]:
    """The application as behind https."""
    settings = Settings(data_dir=tmp_path / "secure", public_url="https://support.example.com", log_level="error")
    app = create_app(settings, clock, schedule=False)
    running: Running = app.extensions["handbell"]
    fill_desk(running.database, clock())
    yield app
    running.close()


def test_pages_and_error_pages(client: PageClient) -> None:
    paths = ["/", "/s/default", "/s/nowhere", "/nothing", "/console/login", "/console/nothing", f"{FORM_PATH}?uid=x"]
    for answer in [*(client.get(path) for path in paths), client.post("/s/default", {}), client.post("/")]:
        assert_headers(answer, PAGE)
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.slow
def test_pages_reached_by_token_are_not_indexed(client: PageClient) -> None:
    applet = applet_of(call(client, Flavour.FORM_POST))
    status = client.submit(customer_name="Zoë").location
    for path in (status, "/applet/forged", "/r/forged", "/go/forged"):
        assert_headers(client.get(path), {**PAGE, "X-Robots-Tag": "noindex, nofollow"})
    assert_headers(client.get(applet), {**LIVE, "X-Robots-Tag": "noindex, nofollow"})


@pytest.mark.slow
def test_only_the_pages_of_a_live_session_may_use_screen_camera_and_microphone(
    client: PageClient, here: Running, clock: StandingClock
) -> None:
    number = ticket(here, clock)
    log_in(client)
    assert_headers(client.get(f"/console/tickets/{number}"), LIVE)
    assert_headers(client.get("/console/"), PAGE)


def test_json(client: PageClient) -> None:
    status = client.submit(customer_name="Zoë").location.removeprefix("/r/")
    answers = [
        client.get("/api/openapi.json"),
        client.get(f"/api/v1/requests/{status}"),
        client.get("/api/v1/requests/forged"),
        client.get("/api/nothing"),
        client.post("/api/openapi.json"),
        client.post(REST_PATH, json={}),
        call(client, Flavour.REST),
        client.get(f"{FORM_PATH}?uid=x", headers=JSON),
    ]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/json"
        assert_headers(answer, JSON_API)
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_applets_state_is_json_too(client: PageClient) -> None:
    state = client.get(f"{applet_of(call(client, Flavour.FORM_POST))}/state")
    assert_headers(state, {name: JSON_API[name] for name in JSON_API if name != "Vary"})


def test_redirects_have_no_body(client: PageClient) -> None:
    opened = call(client, Flavour.FORM_GET)
    assert (opened.status, opened.body) == (302, b"")
    sent = client.submit(customer_name="Zoë")
    assert (sent.status, sent.body) == (303, b"")
    started = client.get(str(client.get(sent.location).page.select("a[data-start]")[0]["href"]))
    assert (started.status, started.body) == (302, b"")
    assert_headers(started, GO)
    saved = client.post(applet_of(opened), {"action": "save", "customer_name": "Zoë"})
    assert (saved.status, saved.body) == (303, b"")


def test_static_files(client: PageClient) -> None:
    page = client.get("/").page
    for path in [
        *(link["href"] for link in page.select("link[rel=stylesheet]")),
        *(s["src"] for s in page.select("script")),
    ]:
        answer = client.get(str(path))
        assert answer.status == 200
        assert_headers(answer, {"Cache-Control": "public, max-age=31536000, immutable"})
        assert "Set-Cookie" not in answer.headers


def test_nothing_of_ours_is_framed_by_others(client: PageClient) -> None:
    page = client.get("/").page
    named = [str(link["href"]) for link in page.select("link[rel=stylesheet]")]
    named += [str(script["src"]) for script in page.select("script")]
    answers = [*every_kind(client, {}), *(client.get(path) for path in ("/widget.js", "/favicon.ico", *named))]
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"].split("; ")


def test_text_says_its_encoding(client: PageClient) -> None:
    kinds = {answer.headers["Content-Type"] for answer in every_kind(client, {}) if answer.body}
    kinds |= {client.get("/widget.js").headers["Content-Type"]}
    assert {kind.partition(";")[0] for kind in kinds} == {
        "text/html",
        "text/plain",
        "text/javascript",
        "application/json",
    }
    assert all(kind.endswith("; charset=utf-8") for kind in kinds if kind.startswith("text/"))


def test_the_operators_program(app: Flask, here: Running) -> None:
    folder = here.settings.applets_dir / "windows"
    folder.mkdir(parents=True)
    (folder / "Help.exe").write_bytes(b"MZ program")
    client = PageClient(app)
    applet = applet_of(call(client, Flavour.FORM_POST))
    answer = client.get(f"{applet}?for=windows", headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0)"}, buffered=True)
    assert (answer.status, answer.body) == (200, b"MZ program")
    assert answer.headers["Content-Disposition"] == "attachment; filename=Help-100001.exe"
    assert_headers(answer, {**GO, "Cross-Origin-Resource-Policy": "same-origin"})


def every_kind(client: PageClient, headers: dict[str, str]) -> list[Answer]:
    """A page, an error, JSON, a redirect, health and the console's log-in."""
    paths = (
        "/",
        "/nothing",
        "/api/openapi.json",
        "/api/nothing",
        f"{FORM_PATH}?uid={UID}",
        "/healthz",
        "/console/login",
    )
    return [client.get(path, headers=headers) for path in paths]


@pytest.mark.slow
def test_hsts_over_https_only(secure: Flask, client: PageClient) -> None:
    for answer in every_kind(PageClient(secure), HTTPS_HOST):
        assert answer.headers.getlist("Strict-Transport-Security") == ["max-age=31536000; includeSubDomains"]
    for answer in every_kind(client, {}):
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.slow
def test_a_host_that_is_not_ours_gets_the_headers_too(secure: Flask) -> None:
    answer = PageClient(secure).get("/", headers={"Host": "evil.example"})
    assert answer.status == 400
    assert_headers(answer, {**PAGE, "Strict-Transport-Security": "max-age=31536000; includeSubDomains"})


@pytest.mark.slow
@pytest.mark.parametrize("https", [True, False])
def test_one_cookie_and_only_in_the_console(secure: Flask, app: Flask, https: bool) -> None:
    client, host = PageClient(secure if https else app), HTTPS_HOST if https else {}
    cookies = []
    for answer in every_kind(client, host):
        cookies += answer.headers.getlist("Set-Cookie")
    (cookie,) = cookies
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-handbell=" if https else "handbell=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert ("Secure" in attributes) is https
    assert "Domain" not in cookie
    # Even when a cookie is sent, a page outside the console neither sets one nor varies by it.
    answer = client.get("/", headers={**host, "Cookie": name})
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert PASSWORD not in answer.text


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/console", "/console//team", "/s//default", "/applet//token"])
def test_behind_https_no_redirect_leads_to_http(secure: Flask, path: str) -> None:
    answer = secure.test_client().get(path, base_url="http://support.example.com", headers=HTTPS_HOST)
    assert answer.status_code == 308
    assert answer.headers["Location"].startswith("https://support.example.com/")


@pytest.mark.slow
def test_behind_https_our_own_pages_may_read_their_site(secure: Flask) -> None:
    """A browser sends no `Origin` with a page's GET to its own server: `/demo` and the console's preview."""
    own = {**HTTPS_HOST, "Sec-Fetch-Site": "same-origin"}
    answer = secure.test_client().get("/api/v1/sites/default", base_url="http://support.example.com", headers=own)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://support.example.com")
