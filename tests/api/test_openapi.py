"""The OpenAPI document against the application: schemathesis makes the calls, through WSGI."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.core.links import Purpose
from app.process.running import Running
from app.store.sites import change_site
from tests.api.embedding import ORIGIN
from tests.conftest import UID, StandingClock
from tests.page_client import HOST, PageClient
from tests.pictures import picture
from tests.profile import FULL, PROFILE

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
OPERATIONS = (
    "GET /integration/integration_api.php",
    "POST /integration/integration_api.php",
    "GET /integration/integration.php",
    "POST /integration/integration.php",
    "GET /integration/integration2.php",
    "POST /integration/integration2.php",
    "POST /rest/session",
    "GET /api/v1/requests/{token}",
    "DELETE /api/v1/requests/{token}",
    "POST /api/v1/requests/{token}/pictures",
    "GET /api/v1/sites/{site}",
    "POST /api/v1/sites/{site}/requests",
    "GET /s/{site}",
    "POST /s/{site}",
    "POST /s/{site}/submit",
)
EXAMPLES = settings(  # for each operation, in three ways
    max_examples=100 if PROFILE is FULL else 10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def schema(app: Flask, here: Running, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The document as served, while calls are not counted by the limits."""
    monkeypatch.setattr(here.rates, "retry_after", lambda *_: None)
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app, headers={"Host": HOST})


def partial_check(check: Callable[[Any, bool], None], known: bool) -> Callable[[Any], None]:
    """`check` as a function for hypothesis, which accepts neither defaults nor partials."""

    def checked(case: Any) -> None:
        check(case, known)

    return checked


@pytest.mark.slow
def test_the_document_describes_these_operations(schema: Any) -> None:
    assert sorted(found.ok().label for found in schema.get_all_operations()) == sorted(OPERATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_described(
    app: Flask, here: Running, clock: StandingClock, schema: Any, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    monkeypatch.setattr("app.process.limits.REQUESTS_IN_TEN_MINUTES", 10**6)
    operation = next(found.ok() for found in schema.get_all_operations() if found.ok().label == label)
    status = PageClient(app).submit(customer_name="Zoë").location.removeprefix("/r/")
    form_token = here.links.token(Purpose.FORM, "0" * 22, clock.now, "default")
    here.database.write(lambda c: change_site(c, replace(here.desk.sites["default"], origins=(ORIGIN,), pictures=True)))
    page_token = here.links.form_token("default", ORIGIN)
    clock.advance(seconds=3)
    statuses = set()

    def check(case: Any, known: bool) -> None:
        """Make a generated call; with `known`, it uses an existing key, link or site."""
        if known and label.startswith("GET /integration"):
            case.query["uid"] = UID
        elif known and label.startswith("POST /integration") and isinstance(case.body, dict):
            case.body["uid"] = UID
        elif known and "{token}" in label:
            case.path_parameters["token"] = status
            if label.endswith("/pictures"):
                case.body = picture()
        elif known and "{site}" in label:
            case.path_parameters["site"] = "default"
            if isinstance(case.body, dict):
                case.body["form_token"] = page_token if "/api/" in label else form_token
        headers = {"Host": HOST, **({"INTEGRATION-KEY": UID, "Origin": ORIGIN} if known else {})}
        response = case.call(headers=headers)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    for mode, known in (
        (schemathesis.GenerationMode.POSITIVE, True),
        (schemathesis.GenerationMode.POSITIVE, False),
        (schemathesis.GenerationMode.NEGATIVE, True),
    ):
        any_text = "{token}" in label or label == "GET /s/{site}"
        if any_text and mode is schemathesis.GenerationMode.NEGATIVE:
            continue  # every text is a valid token, or site, for the document
        strategy = operation.as_strategy(generation_mode=mode)
        given(case=strategy)(EXAMPLES(partial_check(check, known)))()
    # At least one call was good, and one bad.
    assert statuses & {200, 201, 202, 302, 303}, statuses
    assert statuses & {400, 403, 404, 415, 422}, statuses
