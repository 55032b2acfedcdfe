"""Calls of the widget on a page at one of the site's origins, and of the site's own server."""

import secrets
from typing import Any

import altcha
import jwt

from app.process.running import Running
from tests.page_client import Answer, PageClient

ORIGIN = "https://www.example.com"
OTHER = "https://www.example.org"
IDENTITY_SECRET = "hbid_a-secret-for-tests-that-is-long-enough-for-every-algorithm-there-is."
ZOE = {
    "customer_name": "Zoë",
    "customer_email": "zoe@example.com",
    "customer_number": "C-1",
    "problem_description": "It broke.",
}


class Widget:
    """A page that embeds the site `default`."""

    def __init__(self, client: PageClient, *, origin: str | None = ORIGIN, site: str = "default") -> None:
        self.client = client
        self.origin = origin
        self.site = site

    def site_info(self, **headers: str) -> Answer:
        return self.client.get(f"/api/v1/sites/{self.site}", headers={**self._headers(), **headers})

    def token(self, *, age: float = 3) -> str:
        """A form token that is `age` seconds old when this returns."""
        token = str(self.site_info().json["form_token"])
        self.client._clock.advance(seconds=age)
        return token

    def send(self, *, key: str | None = None, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        """Send a request; `form_token=None` leaves the token out."""
        if "form_token" not in body:
            body["form_token"] = self.token()
        sent = {name: value for name, value in body.items() if value is not None}
        every = {**self._headers(), "Idempotency-Key": key or secrets.token_hex(16), **(headers or {})}
        return self.client.post(f"/api/v1/sites/{self.site}/requests", json=sent, headers=every)

    def _headers(self) -> dict[str, str]:
        return {} if self.origin is None else {"Origin": self.origin}


class Server:
    """The site's own server, with its secret key."""

    def __init__(self, client: PageClient, secret: str) -> None:
        self.client = client
        self.secret = secret

    def send(self, *, key: str | None = None, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        every = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": key or secrets.token_hex(16)}
        return self.client.post("/api/v1/sites/default/requests", json=body, headers={**every, **(headers or {})})


def solution(check: dict[str, Any]) -> str:
    """A browser's answer to a check."""
    challenge = altcha.Challenge.from_dict(check["challenge"])
    solved = altcha.solve_challenge(challenge)
    assert solved
    return altcha.Payload(challenge, solved).to_base64()


def identity(here: Running, **claims: Any) -> str:
    """A token that the site's server signs; a claim that is None is left out."""
    now = int(here.clock().timestamp())
    plain = {
        "sub": "u-1",
        "name": "Zoë Quill",
        "email": "zoe.quill@example.com",
        "number": "K-77",
        "iat": now,
        "exp": now + 300,
        "jti": secrets.token_hex(8),
    }
    wanted = {name: value for name, value in {**plain, **claims}.items() if value is not None}
    return jwt.encode(wanted, IDENTITY_SECRET, algorithm="HS256")


def with_identity_secret(here: Running) -> dict[str, Any]:
    """The site option for an identity secret."""
    return {"sealed_identity_secret": here.keys.sealer.seal(IDENTITY_SECRET)}
