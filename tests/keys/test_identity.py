"""Verified customers: only HS256 with the site's secret, only for ten minutes, only once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask

from app.actions.privacy import prune
from app.core.request import CustomerRequest
from app.core.site import Site
from app.keys.identity import BadIdentity, read_identity
from app.process.running import Running
from app.store.requests import list_requests
from tests.api.calls import tickets
from tests.api.embedding import IDENTITY_SECRET, ORIGIN, ZOE, Widget, identity, with_identity_secret
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import PageClient

ChangeSite = Callable[..., Site]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = IDENTITY_SECRET


def token(algorithm: str = "HS256", secret: str = SECRET, **claims: Any) -> str:
    now = int(NOW.timestamp())
    plain = {"sub": "u-1", "name": "Zoë", "email": "z@e", "number": "7", "iat": now, "exp": now + 300, "jti": "j-1"}
    wanted = {name: value for name, value in {**plain, **claims}.items() if value is not None}
    return jwt.encode(wanted, secret, algorithm=algorithm)


def test_what_a_token_says() -> None:
    found = read_identity(token(number=4711), SECRET, "help", NOW)
    assert found.subject == "u-1"
    assert found.elements == {"customer_name": "Zoë", "customer_email": "z@e", "customer_number": "4711"}
    assert found.expires_at == NOW + timedelta(minutes=6)
    assert read_identity(token(name=None, email=None, number=None), SECRET, "help", NOW).elements == {}
    # Unused claims are ignored.
    assert read_identity(token(iss="us", nbf=1), SECRET, "help", NOW).subject == "u-1"


@pytest.mark.parametrize("aud", ["help", ["other", "help"]])
def test_a_token_may_name_its_site(aud: object) -> None:
    assert read_identity(token(aud=aud), SECRET, "help", NOW).subject == "u-1"


@pytest.mark.parametrize("aud", ["other", "", "HELP", 7, ["other"], [], {"help": 1}])
def test_a_token_for_another_site_is_refused(aud: object) -> None:
    with pytest.raises(BadIdentity, match="its aud is not help"):
        read_identity(token(aud=aud), SECRET, "help", NOW)


def seconds(**time: float) -> int:
    return int((NOW + timedelta(**time)).timestamp())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (token(secret="another-secret-of-at-least-32-bytes-yes"), "signature"),
        (token(secret=SECRET + "x"), "signature"),
        (token("HS384"), "HS256"),
        (token("HS512"), "HS256"),
        (jwt.encode({"sub": "u"}, None, algorithm="none"), "HS256"),
        (token()[: token().rindex(".") + 1], "signature"),
        (token().replace(".", ""), "could not be read"),
        ("", "could not be read"),
        ("x.y.z", "could not be read"),
        ("é" * 20, "could not be read"),
        ("x" * 5000, "5000 characters"),
        (token(sub=None), "sub is missing"),
        (token(iat=None), "iat is missing"),
        (token(exp=None), "exp is missing"),
        (token(jti=None), "jti is missing"),
        (token(jti=" "), "jti must be a text"),
        (token(jti="\ud800"), "jti contains half a surrogate pair"),
        (token(email="\udfff@example.com"), "email contains half a surrogate pair"),
        (token(name=7), "name must be a text"),
        (token(email=["a"]), "email must be a text"),
        (token(number=True), "number must be a text"),
        (token(name=""), "name must be a text"),
        (token(iat="today"), "iat must be seconds"),
        (token(exp=1e300), "exp must be seconds"),
        (token(iat=seconds(seconds=-1000), exp=seconds(seconds=-400)), "expired"),
        (token(iat=seconds(seconds=61), exp=seconds(seconds=100)), "future"),
        (token(exp=seconds(minutes=10, seconds=1)), "more than 10 minutes"),
        (token(exp=seconds()), "not after"),
    ],
)
def test_what_is_wrong_with_a_token_is_said(given: str, says: str) -> None:
    with pytest.raises(BadIdentity, match=says):
        read_identity(given, SECRET, "help", NOW)


def test_a_clock_that_is_a_minute_off_is_forgiven() -> None:
    for iat, exp in ((seconds(seconds=59), seconds(minutes=5)), (seconds(minutes=-9), seconds(seconds=-59))):
        assert read_identity(token(iat=iat, exp=exp), SECRET, "help", NOW).subject == "u-1"


@pytest.fixture
def widget(client: PageClient, here: Running, change_site: ChangeSite) -> Widget:
    """A page of a site that vouches for its customers."""
    change_site(origins=(ORIGIN,), **with_identity_secret(here))
    return Widget(client)


def requests(here: Running) -> list[CustomerRequest]:
    with here.database.read() as connection:
        return list_requests(connection)


@pytest.mark.slow
def test_what_is_vouched_for_overrides_what_was_typed(app: Flask, widget: Widget, here: Running) -> None:
    answer = widget.send(**ZOE, identity=identity(here, number=None))
    assert answer.status == 201
    (row,), (ticket,) = requests(here), tickets(app)
    for found in (row, ticket):
        assert (found.customer.name, found.customer.email) == ("Zoë Quill", "zoe.quill@example.com")
        assert found.customer.number == "C-1"  # typed by the customer, so not verified
        assert found.verified == ("customer_name", "customer_email")


@pytest.mark.slow
def test_the_console_and_the_commands_tell_verified_from_typed(app: Flask, widget: Widget, here: Running) -> None:
    widget.send(**ZOE, more={"Room": "4.11"}, identity=identity(here, number=None))
    (ticket,) = tickets(app)
    client = widget.client
    csrf = client.get("/console/login").select("input[name=csrf_token]")["value"]
    client.post("/console/login", {"csrf_token": csrf, "email": "anna@example.com", "password": PASSWORD})
    page = client.get(f"/console/tickets/{ticket.number}")
    pairs = zip(page.page.select("dt"), page.page.select("dd"), strict=True)
    facts = {label.get_text(): value.get_text(" ", strip=True) for label, value in pairs}
    assert facts["Name"] == "Zoë Quill verified"
    assert facts["E-mail"] == "zoe.quill@example.com verified"
    assert facts["Customer number"] == "C-1 unverified"
    assert facts["Room"] == "4.11"


def test_what_the_customer_changes_is_no_longer_verified(app: Flask, widget: Widget, here: Running) -> None:
    widget.send(customer_number="C-1", identity=identity(here, number=None))
    (ticket,) = tickets(app)
    path = here.links.applet_path(ticket.applet_id, ticket.created_at)
    changed = {"action": "save", "customer_name": "Somebody", "customer_email": "zoe.quill@example.com"}
    assert widget.client.post(path, changed).status == 303
    assert tickets(app)[0].verified == ("customer_email",)


def test_a_token_counts_once_and_the_same_request_again_is_not_twice(widget: Widget, here: Running) -> None:
    once = identity(here)
    first = widget.send(key="k" * 16, identity=once)
    assert widget.send(key="k" * 16, identity=once).json["reference"] == first.json["reference"]
    # The page was reloaded: the same content with a new token.
    assert widget.send(key="k" * 16, identity=identity(here)).json["reference"] == first.json["reference"]
    other = widget.send(key="o" * 16, identity=once)
    assert other.status == 422
    assert "another request" in other.json["error"]["fields"]["identity"]
    assert widget.send(key="k" * 16, identity=identity(here, sub="u-2", name="Carl")).status == 422
    assert len(requests(here)) == 1


def test_a_jti_is_one_sites(app: Flask, widget: Widget, here: Running, change_site: ChangeSite) -> None:
    from app.store.sites import add_site

    other = Site(slug="other", name="Other", uid="u", origins=(ORIGIN,), **with_identity_secret(here))
    here.database.write(lambda connection: add_site(connection, other, here.clock()))
    same = identity(here, jti="same")
    assert widget.send(identity=same).status == 201
    assert Widget(widget.client, site="other").send(identity=same).status == 201


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": 300, "iat": 1}, "expired"),
        ({"name": "n" * 129}, "129 characters"),
        ({"email": "x"}, "e-mail"),
        ({"number": "a\x07"}, "control"),
    ],
)
def test_a_bad_token_is_422_on_identity_and_nothing_is_kept(
    widget: Widget, here: Running, claims: dict[str, Any], says: str
) -> None:
    answer = widget.send(**ZOE, identity=identity(here, **claims))
    assert answer.status == 422
    assert set(answer.json["error"]["fields"]) == {"identity"}
    assert says in answer.json["error"]["fields"]["identity"]
    assert not requests(here)


def test_a_site_without_a_secret_verifies_nobody(widget: Widget, here: Running, change_site: ChangeSite) -> None:
    change_site(sealed_identity_secret=None)
    assert "identity" in widget.send(**ZOE, identity=identity(here)).json["error"]["fields"]
    assert widget.send(**ZOE).status == 201


def test_used_tokens_are_forgotten_when_they_could_not_be_used_any_more(
    widget: Widget, here: Running, clock: StandingClock
) -> None:
    from sqlalchemy import func, select

    from app.store.tables import spent

    def kept() -> int:
        with here.database.read() as connection:
            return connection.execute(select(func.count()).select_from(spent)).scalar_one()

    widget.send(identity=identity(here))
    prune(here.database, timedelta(days=30), now=clock())
    assert kept() == 1
    clock.advance(minutes=7)
    prune(here.database, timedelta(days=30), now=clock())
    assert kept() == 0


def test_erasing_a_person_leaves_nothing_of_what_was_vouched_for(app: Flask, widget: Widget, here: Running) -> None:
    from app.actions.privacy import erase, find_person

    widget.send(**ZOE, more={"Room": "4"}, identity=identity(here))
    person = find_person(here.database, email="zoe.quill@example.com")
    erase(here.database, person, by=None, now=here.clock())
    for found in (requests(here)[0], tickets(app)[0]):
        assert (found.customer.name, found.verified, found.more) == (None, (), ())
