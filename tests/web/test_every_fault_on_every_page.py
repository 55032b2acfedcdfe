"""Each fault on each page that customers send something from: the answer says what happens next, keeps what was typed,
and offers a way on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.actions.submit import TooMany
from app.core.bodies import MAX_BODY
from app.core.site import Site
from app.process.limits import Rates
from app.process.pool import HandOffPool
from app.process.running import Running
from app.store.commits import OutcomeUnknown
from app.store.database import Database
from tests.api.calls import FORM_PATHS
from tests.conftest import UID, StandingClock
from tests.page_client import HOST, Answer, PageClient
from tests.web.customer_client import applet_of

ORIGIN = "https://intranet.example.com"
PROBLEM = "It broke & <b>twice</b>."
FORM = "application/x-www-form-urlencoded"
NUMBERS = count(1)
OURS = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
THEIRS = {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}


@dataclass(frozen=True)
class Sent:
    """What a page sends: `text` is the name of the field with PROBLEM, `token` that of its token, if any."""

    path: str
    fields: dict[str, str]
    text: str = "problem_description"
    token: str = ""
    headers: dict[str, str] = field(default_factory=lambda: OURS)
    body: bytes | None = None
    content_type: str = FORM
    typed: str = PROBLEM

    def by(self, client: PageClient) -> Answer:
        """Send it as a browser does."""
        body = urlencode(self.fields).encode() if self.body is None else self.body
        accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        headers = {**accept, **self.headers}
        framed = "Sec-Fetch-Dest" in headers
        answer = client.post(self.path, body, content_type=self.content_type, headers=headers, check=not framed)
        assert not framed or "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        return answer


TYPED = {"customer_name": "Zoë", "customer_email": "z@example.com", "problem_description": PROBLEM}


def _hosted(client: PageClient) -> Sent:
    return Sent("/s/default", {"form_token": client.form_token(), **TYPED}, token="form_token")


def _with_pictures(client: PageClient) -> Sent:
    return Sent("/s/default/with-pictures", {"form_token": client.form_token(), **TYPED}, token="form_token")


def _plain(_client: PageClient) -> Sent:
    return Sent("/s/default/submit", TYPED, headers=THEIRS)


def _plain_of_others(_client: PageClient) -> Sent:
    return Sent("/s/default/submit", TYPED, headers={**THEIRS, "Origin": "https://other.example.com"})


def _framed(_client: PageClient) -> Sent:
    return Sent("/s/default/submit", TYPED, headers={**THEIRS, "Sec-Fetch-Dest": "iframe"})


def _confirmed(client: PageClient) -> Sent:
    page = _plain_of_others(client).by(client)
    fields = {str(each["name"]): str(each["value"]) for each in page.page.select("form input[name]")}
    return Sent("/s/default/submit", fields, token="confirm")


def _call(path: str) -> Callable[[PageClient], Sent]:
    return lambda _client: Sent(path, {"uid": UID, **TYPED}, token="uid", headers=THEIRS)


def _reference(client: PageClient) -> Sent:
    token = client.get("/reference").select("input[name=form_token]")["value"]
    return Sent(
        "/reference", {"form_token": token, "reference": "0000-0000", "contact": PROBLEM}, "contact", "form_token"
    )


def _pin(client: PageClient) -> Sent:
    token = client.get("/pin").select("input[name=form_token]")["value"]
    return Sent("/pin", {"form_token": token, "pin": "12 34"}, "pin", "form_token", typed="12 34")


def _details(client: PageClient) -> Sent:
    return Sent(applet_of(client), {"action": "save", **TYPED})


def _message(client: PageClient) -> Sent:
    return Sent(applet_of(client), {"action": "say", "key": "k", "message": PROBLEM}, "message")


PAGES: dict[str, Callable[[PageClient], Sent]] = {
    "request page": _hosted,
    "request page with pictures": _with_pictures,
    "plain form": _plain,
    "plain form of another page": _plain_of_others,
    "form in a frame": _framed,
    "confirmation": _confirmed,
    **{path.rpartition("/")[2]: _call(path) for path in FORM_PATHS},
    "reference": _reference,
    "PIN": _pin,
    "details": _details,
    "message": _message,
}


@dataclass(frozen=True)
class World:
    """What a fault may change."""

    here: Running
    clock: StandingClock
    patch: pytest.MonkeyPatch
    change_site: Callable[..., Site]


Fault = Callable[[World, Sent], Sent]


def _with(**fields: str) -> Fault:
    return lambda _world, sent: replace(sent, fields={**sent.fields, **fields})


def _raising(error: Exception, *names: str) -> Fault:
    def fault(world: World, sent: Sent) -> Sent:
        def fail(*_arguments: object, **_named: object) -> None:
            raise error

        for name in names:
            world.patch.setattr(Database, name, fail)
        return sent

    return fault


def _forged(_world: World, sent: Sent) -> Sent:
    return replace(sent, fields={**sent.fields, sent.token: "x"}) if sent.token else replace(sent, path=f"{sent.path}x")


def _late(world: World, sent: Sent) -> Sent:
    world.clock.advance(hours=3)
    return sent


def _held(world: World, sent: Sent) -> Sent:
    def fail(*_arguments: object, **_named: object) -> None:
        raise TooMany(60)

    world.patch.setattr(Rates, "retry_after", lambda *_: 60)
    world.patch.setattr(Rates, "client_retry_after", lambda *_: 60)
    world.patch.setattr(HandOffPool, "take_in", fail)
    return sent


def _foreign(_world: World, sent: Sent) -> Sent:
    return replace(sent, headers={**sent.headers, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})


def _disabled(world: World, sent: Sent) -> Sent:
    world.change_site(disabled=True, phone="+1 555 0100")
    return sent


def _raw(change: Callable[[bytes], bytes], content_type: str = FORM) -> Fault:
    return lambda _world, sent: replace(sent, body=change(urlencode(sent.fields).encode()), content_type=content_type)


FAULTS: dict[str, Fault] = {
    "a forged token": _forged,
    "an old page": _late,
    "the database refuses": _raising(OperationalError("x", {}, Exception("x")), "write"),
    "the database is away": _raising(OperationalError("x", {}, Exception("x")), "write", "read"),
    "the database does not confirm": _raising(OutcomeUnknown("x"), "write"),
    "a mistake of ours": _raising(RuntimeError("x"), "write"),
    "too many": _held,
    "another origin": _foreign,
    "a site that is disabled": _disabled,
    "a field too long": lambda _world, sent: replace(sent, fields={**sent.fields, sent.text: sent.typed * 500}),
    "a body too large": _raw(lambda body: body + b"&z=" + b"z" * MAX_BODY),
    "a text too large": lambda _world, sent: replace(sent, fields={**sent.fields, sent.text: sent.typed * 15_000}),
    "too many fields": _raw(lambda body: body + b"&a=b" * 120),
    "bytes that are no text": _raw(lambda body: body + b"&customer_number=%81%FF"),
    "a control character": lambda _world, sent: replace(sent, fields={**sent.fields, sent.text: f"{sent.typed}\x07"}),
    "no mail address": _with(customer_email="nobody"),
    "another content type": _raw(lambda body: body, "text/plain"),
    "a multipart body that is none": _raw(lambda body: body, "multipart/form-data"),
}
_UNREAD = ("another content type", "a multipart body that is none")


def faults_of(answer: Answer, sent: Sent, fault: str) -> list[str]:
    """What the answer lacks; nothing where the page goes on."""
    if answer.status in (302, 303):
        return []
    lacks = []
    main = answer.page.select("main") if answer.is_page else []
    if not main:
        return [f"no page: {answer.status}"]
    said = main[0].get_text(" ", strip=True)
    if not main[0].select("h1, h2") or len(said) < 30:
        lacks.append("says nothing")
    if not answer.page.select("main a[href], main form button, .foot a[href]"):
        lacks.append("no way")
    kept = [str(each.get("value") or each.get_text()) for each in main[0].select("input, textarea, .said")]
    if not any(sent.typed in text for text in kept) and not (fault in _UNREAD and "go back" in said):
        lacks.append(f"lost: {answer.status} {said[:90]}")
    return lacks


def test_there_are_200_combinations() -> None:
    assert len(PAGES) * len(FAULTS) >= 200


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_customer_goes_on(
    app: Flask, here: Running, clock: StandingClock, change_site: Callable[..., Site], page: str
) -> None:
    change_site(origins=(ORIGIN,), pictures="pictures" in page, phone="+1 555 0100")
    wrong = []
    for name, fault in FAULTS.items():
        change_site(disabled=False)
        client = PageClient(app, address=f"192.0.2.{next(NUMBERS) % 250}")
        sent = PAGES[page](client)
        with pytest.MonkeyPatch.context() as patch:
            answer = fault(World(here, clock, patch, change_site), sent).by(client)
        wrong += [f"{name}: {lack}" for lack in faults_of(answer, sent, name)]
    assert not wrong, "\n".join(wrong)
