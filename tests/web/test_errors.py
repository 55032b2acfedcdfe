"""Errors: pages for people, JSON for programs, and no internal details."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import app.api.request_state
import app.process.pool
import app.web.errors
import app.web.request_page
import app.web.status_page
from app.core.site import Site
from app.factory import create_app
from app.process.running import Running
from app.settings import Settings
from app.store.sites import add_site
from tests.api.calls import FORM_PATH
from tests.page_client import PageClient

SECRET = "secret-of-the-inside"


def fail(*_arguments: object, **_named: object) -> None:
    raise RuntimeError(SECRET)


def fail_in_database(*_arguments: object, **_named: object) -> None:
    raise OperationalError(SECRET, {}, Exception(SECRET))


@pytest.mark.parametrize("path", ["/nothing", "/s/", "/r/", "/console/nothing", "/static/x", "/%ff", "/a/../b"])
def test_an_unknown_address_is_a_page_with_a_way_on(client: PageClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 404
    assert answer.is_page
    assert answer.page.select("main a[href='/'], main a[href='/console/']")
    assert not answer.page.select("main .reference")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/s/default", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PUT", "/go/x", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("GET", "/console/logout", {"OPTIONS", "POST"}),
    ],
)
def test_a_wrong_method_is_a_page_that_names_the_right_ones(
    client: PageClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.open(method, path)
    assert answer.status == 405
    assert answer.is_page
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


@pytest.mark.parametrize("path", ["/", "/console/login", "/api/openapi.json", FORM_PATH])
def test_trace_echoes_nothing(client: PageClient, path: str) -> None:
    secret = {"X-Secret": "not-to-be-echoed", "Cookie": "handbell=not-to-be-echoed"}
    answer = client.open("TRACE", path, headers=secret)
    assert answer.status == 405
    assert "not-to-be-echoed" not in answer.text


@pytest.mark.slow
def test_no_environment_turns_debugging_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = create_app(Settings(data_dir=tmp_path, log_level="error"), schedule=False)
    app.extensions["handbell"].close()
    assert (app.debug, app.testing, app.config["PROPAGATE_EXCEPTIONS"]) == (False, False, None)


def test_too_much_is_a_page_that_says_so(client: PageClient) -> None:
    answer = client.post("/s/default", {"problem_description": "x" * 70_000})
    assert answer.status == 413
    assert "64 KiB" in answer.page.get_text()
    assert client.post("/s/default", {f"f{n}": "" for n in range(101)}).status == 413


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"customer_name=%ff", "application/x-www-form-urlencoded", 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "text/plain", 415),
    ],
)
def test_a_body_that_is_no_form_is_refused_with_a_page(
    client: PageClient, body: bytes, content_type: str, status: int
) -> None:
    answer = client.post("/s/default", body, content_type=content_type)
    assert (answer.status, answer.is_page) == (status, True)


def test_why_a_body_is_refused_is_no_sentence_in_a_language_that_its_reader_may_not_speak(client: PageClient) -> None:
    headers = {"Accept-Language": "de"}
    answer = client.post("/s/default", b"x", content_type="text/plain", headers=headers)
    assert [line.get_text() for line in answer.page.select("main p:not(.soft)")] == [
        "Bitte gehen Sie zurück und versuchen Sie es noch einmal."
    ]
    code = answer.select("main .reference")
    assert (code["lang"], code["dir"]) == ("en", "ltr")
    assert code.get_text().startswith("415: send the form as")


def test_an_error_stays_on_its_site(client: PageClient, here: Running) -> None:
    acme = Site(slug="acme", uid="acme-uid", name="Acme Ltd", phone="+49 30 1234")
    here.database.write(lambda connection: add_site(connection, acme, here.clock()))
    answer = client.post("/s/acme", b"x", content_type="text/plain")
    assert answer.page.select("main a[href='/s/acme']")
    assert answer.select("header").get_text(strip=True) == "Acme Ltd"
    assert "+49 30 1234" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/v1/nothing", 404), ("GET", "/api/v1/requests/x", 404), ("POST", "/api/v1/requests/x", 405)],
)
def test_under_api_an_error_is_json_with_the_json_headers(
    client: PageClient, method: str, path: str, status: int
) -> None:
    answer = client.open(method, path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json["error"]["status"] == status
    assert answer.json["error"]["message"]
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Origin" in answer.headers["Vary"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_our_own_mistake_shows_a_code_and_nothing_else(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = client.submit(customer_name="Zoë").location
    monkeypatch.setattr(app.web.status_page, "follow", fail)
    answer = client.get(path)
    assert answer.status == 500
    assert answer.select("main .reference").get_text() == answer.headers["X-Request-Id"]
    for hidden in (SECRET, "Traceback", "RuntimeError", "Zoë"):
        assert hidden not in answer.text


def test_our_own_mistake_is_json_under_api(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = client.submit(customer_name="Zoë").location
    monkeypatch.setattr(app.api.request_state, "follow", fail)
    answer = client.get(f"/api/v1/requests/{path.removeprefix('/r/')}")
    assert answer.json == {"error": {"status": 500, "message": "internal error"}}
    assert answer.status == 500


class Recorder:
    """Records what would be logged."""

    def __init__(self) -> None:
        self.said = ""

    def error(self, event: str, **values: object) -> None:
        self.said += f"{event} {values}"


def test_our_own_mistake_is_logged_without_anybody_s_words(client: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    path = client.submit(customer_name="Zoë-in-the-log").location
    log = Recorder()
    monkeypatch.setattr(app.web.errors, "log", log)
    monkeypatch.setattr(app.web.status_page, "follow", fail)
    answer = client.get(path)
    assert "unexpected_error" in log.said
    assert answer.headers["X-Request-Id"] in log.said
    assert "test_errors.py" in log.said
    assert SECRET not in log.said
    assert "Zoë-in-the-log" not in log.said


def test_a_database_that_does_not_answer_is_503_with_a_time(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = client.submit(customer_name="Zoë").location
    monkeypatch.setattr(app.web.status_page, "follow", fail_in_database)
    answer = client.get(path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert SECRET not in answer.text


def test_what_failed_can_be_asked_for_again_without_another_request(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = client.submit(customer_name="Zoë").location
    with monkeypatch.context() as broken:
        broken.setattr(app.web.status_page, "follow", fail_in_database)
        first, *_others = client.get(path).page.select("main a.button")
        assert (first.get_text(), first["href"]) == ("Try again", "")
        assert client.post(path).page.select("main a.button")[0]["href"] == "/"
    assert client.get(path).select("h1").get_text() == "Your session is ready"


def test_a_request_that_cannot_be_recorded_keeps_what_was_typed(
    client: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.process.pool, "submit", fail_in_database)
    answer = client.submit(customer_name="Zoë", problem_description="It broke.")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.select("#customer_name")["value"] == "Zoë"
    assert answer.select("#problem_description").get_text().strip() == "It broke."
    assert SECRET not in answer.text
