"""Calls of the New Session API in each of its flavours, and their results."""

from enum import StrEnum
from typing import Any

from flask import Flask

from app.core.ticket import Ticket, TicketEvent
from app.process.running import Running
from app.store.tickets import list_tickets, ticket_history
from tests.conftest import UID
from tests.page_client import HOST, Answer, PageClient

FORM_PATH = "/integration/integration_api.php"
FORM_PATHS = (FORM_PATH, "/integration/integration.php", "/integration/integration2.php")
REST_PATH = "/rest/session"
JSON = {"Accept": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
_REST_NAMES = {"department": "department_id", "tech": "technician_username"}


class Flavour(StrEnum):
    """The ways to make one call."""

    FORM_GET = "form GET"
    FORM_POST = "form POST"
    REST = "REST"


def call(client: PageClient, flavour: Flavour, uid: str | None = UID, **parameters: str) -> Answer:
    """Make one call with these parameters, named as in the form flavour, as a browser or program makes it."""
    if flavour is Flavour.REST:
        key = {} if uid is None else {"INTEGRATION-KEY": uid}
        return client.post(REST_PATH, json={_REST_NAMES.get(n, n): v for n, v in parameters.items()}, headers=key)
    pairs = parameters if uid is None else {"uid": uid, **parameters}
    if flavour is Flavour.FORM_GET:
        return client.get(FORM_PATH, query_string=pairs, headers=BROWSER)
    return client.post(FORM_PATH, pairs, headers=BROWSER)


def applet_of(answer: Answer) -> str:
    """The path of the applet that a call opened."""
    link = answer.location if answer.status == 302 else envelope(answer)["session_link"]
    assert link.startswith(f"http://{HOST}/applet/")
    return str(link).removeprefix(f"http://{HOST}")


def envelope(answer: Answer) -> dict[str, Any]:
    """The details in the envelope of a call that opened a session."""
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    body = answer.json
    assert body == {
        "result": "SUCCESS",
        "details": body["details"],
        "errorDetails": {"errorCode": None, "errorMsg": None},
    }
    return dict(body["details"])


def tickets(app: Flask, most: int = 10_000) -> list[Ticket]:
    """All tickets, the newest first."""
    here: Running = app.extensions["handbell"]
    with here.database.read() as connection:
        return list_tickets(connection, most=most)


def newest(app: Flask) -> Ticket:
    """The newest ticket."""
    return tickets(app, most=1)[0]


def history(app: Flask, ticket: Ticket) -> list[TicketEvent]:
    """A ticket's history, oldest first."""
    here: Running = app.extensions["handbell"]
    with here.database.read() as connection:
        return ticket_history(connection, ticket.number)
