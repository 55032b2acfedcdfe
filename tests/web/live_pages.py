"""The pages of a conversation in tests: the customer's and a technician's, as their scripts ask and post."""

from typing import Any

from flask import Flask

from app.process.running import Running
from app.store.tickets import list_tickets
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, SAME_ORIGIN, csrf_of, log_in
from tests.web.customer_client import applet_of


class LivePage:
    """One page, at an address below which its conversation is."""

    def __init__(self, client: PageClient, address: str, headers: dict[str, str] | None = None, peer: str = "") -> None:
        self.client = client
        self.address = address
        self.headers = {**SAME_ORIGIN, **(headers or {})}
        self.peer = peer or address.strip("/").partition("/")[0]
        self.keys = 0

    def ask(self, **asked: object) -> Answer:
        return self.client.get(f"{self.address}/live", query_string={"peer": self.peer, **asked})

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask().json["state"]
        return found

    def lines(self, after: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(after=after).json["lines"]
        return found

    def said(self) -> list[tuple[str, str, str]]:
        return [(line["who"], line["kind"], line["body"]) for line in self.lines()]

    def send(self, kind: str, body: str = "", **more: object) -> Answer:
        self.keys += 1
        posted = {"kind": kind, "body": body, "key": f"{self.peer}{self.keys}", "from": self.peer, **more}
        return self.client.open("POST", f"{self.address}/live", json=posted, headers=self.headers)

    def post(self, kind: str, body: str = "", **more: object) -> int | None:
        answer = self.send(kind, body, **more)
        assert answer.status == 200, answer.text
        posted: int | None = answer.json["id"]
        return posted

    def refused(self, kind: str, body: str = "", **more: object) -> tuple[int, str]:
        answer = self.send(kind, body, **more)
        return answer.status, answer.json["error"]


def customers(client: PageClient, **fields: str) -> LivePage:
    """The page of a customer who has just asked for help."""
    return LivePage(client, applet_of(client, **fields))


def newest_number(app: Flask) -> int:
    running: Running = app.extensions["handbell"]
    with running.database.read() as connection:
        return list_tickets(connection)[0].number


class Desk:
    """A technician, logged in."""

    def __init__(self, app: Flask, email: str = ANNA) -> None:
        self.client = PageClient(app)
        log_in(self.client, email)
        self.token = csrf_of(self.client.get("/console/"))
        self.peer = email.partition("@")[0]

    def at(self, number: int) -> LivePage:
        """Their page of this ticket."""
        return LivePage(self.client, f"/console/tickets/{number}", {"X-CSRF-Token": self.token}, self.peer)

    def press(self, number: int, what: str, **typed: str) -> Answer:
        """Send a form of the ticket's page."""
        return self.client.post(f"/console/tickets/{number}/{what}", {"csrf_token": self.token, **typed})
