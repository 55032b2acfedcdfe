"""Anna at her account page, with an authenticator app."""

from flask import Flask

from tests.actions.authenticator import Authenticator
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import Answer, PageClient
from tests.web.console_client import ANNA, csrf_of, log_in

SECOND_FACTOR = "/console/account/second-factor"


class Owner:
    """Anna's browser and her authenticator app."""

    def __init__(self, app: Flask, clock: StandingClock, address: str = "192.0.2.7") -> None:
        self.client = PageClient(app, address=address)
        self.clock = clock

    def turn_on(self) -> list[str]:
        """Log in and set the second factor up; returns the recovery codes."""
        log_in(self.client)
        page = self.client.get(SECOND_FACTOR)
        self.key = page.select("#key").get_text().replace(" ", "")
        self.phone = Authenticator(self.key)
        done = self.confirm(page)
        assert done.status == 200, done.text
        self.clock.advance(seconds=60)
        return str(done.select("#codes").get_text()).split()

    def confirm(self, page: Answer, *, password: str = PASSWORD, code: str | None = None) -> Answer:
        fields = {field["name"]: field["value"] for field in page.page.select("main input[type=hidden]")}
        typed = {"password": password, "code": self.code if code is None else code}
        return self.client.post(SECOND_FACTOR, {**fields, **typed})

    @property
    def code(self) -> str:
        return self.phone.code(self.clock())

    def begin(self, client: PageClient, next_page: str = "") -> Answer:
        path = f"/console/login?next={next_page}" if next_page else "/console/login"
        token = csrf_of(client.get(path))
        return client.post(path, {"csrf_token": token, "email": ANNA, "password": PASSWORD})

    def enter(self, client: PageClient, code: str, path: str = "/console/login/code") -> Answer:
        return client.post(path, {"csrf_token": csrf_of(client.get(path)), "code": code})
