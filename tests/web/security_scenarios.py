"""For each event of the security log real requests that make it happen, with marks in everything that is sent."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask

from app.actions.codes import start_code
from app.actions.invitations import invite
from app.core.security_event import SecurityEvent
from app.core.site import Site
from app.process.running import Running
from app.process.signed_links import STATUS_LIFE
from app.store import sites as site_store
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import Answer, PageClient
from tests.security_lines import FORGED_LINE, MARK
from tests.web.account_owner import Owner
from tests.web.console_client import ANNA, DORA, csrf_of, log_in, log_out
from tests.web.customer_client import enter

NOBODY = f"{MARK.lower()}@example.com"
FOREIGN = {"Origin": f"https://{MARK.lower()}.example", "Sec-Fetch-Site": "cross-site"}
NEW_PASSWORD = f"{MARK} {MARK} {MARK}"
_MARKED = {
    "User-Agent": f"Mozilla/5.0 ({MARK})",
    "Accept-Language": f"en,{MARK};q=0.1",
    "X-Forwarded-For": f"{MARK}, 198.51.100.7",
    "X-Request-Id": MARK,
    "X-Anything": MARK,
}


class MarkedClient(PageClient):
    """Sends a mark in its headers, with a cookie, and behind every address."""

    def open(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> Answer:
        if "query_string" not in options and not path.startswith("/console/login"):
            path = f"{path}{'&' if '?' in path else '?'}{MARK}={MARK}"
        self._client.set_cookie("marked", MARK, domain="127.0.0.1")
        return super().open(method, path, headers={**_MARKED, **(headers or {})}, **options)


class Stage:
    """What a scenario may use."""

    def __init__(self, app: Flask, clock: StandingClock) -> None:
        self.app = app
        self.clock = clock
        self.here: Running = app.extensions["handbell"]
        self.client = self.browser()

    def browser(self, address: str = "192.0.2.7") -> PageClient:
        return MarkedClient(self.app, address=address)

    def administrator(self) -> PageClient:
        log_in(self.client, DORA)
        return self.client

    def owner(self) -> Owner:
        """Anna with a second factor, logged in."""
        owner = Owner(self.app, self.clock)
        owner.client = self.browser()
        self.recovery = owner.turn_on()
        return owner

    def change_site(self, **options: object) -> Site:
        changed = replace(self.here.desk.sites["default"], **options)  # type: ignore[arg-type]
        self.here.database.write(lambda connection: site_store.change_site(connection, changed))
        return changed

    def anna(self) -> int:
        return self.here.desk.staff.technicians[ANNA].id


def send(client: PageClient, path: str, **fields: str) -> Answer:
    """A form of the console."""
    return client.post(path, {"csrf_token": csrf_of(client.get("/console/account")), **fields})


def wrong_log_in(stage: Stage) -> None:
    assert log_in(stage.client, NOBODY, MARK).status == 403
    assert log_in(stage.client, FORGED_LINE, FORGED_LINE).status == 403


def refused_log_in(stage: Stage) -> None:
    assert [log_in(stage.client, ANNA, MARK).status for _ in range(6)] == [403] * 5 + [429]


def logged_in(stage: Stage) -> None:
    assert log_in(stage.client).status == 303


def logged_out(stage: Stage) -> None:
    log_in(stage.client)
    assert log_out(stage.client).status == 303


def asked_for_code(stage: Stage) -> None:
    owner = stage.owner()
    assert "/login/code" in owner.begin(stage.browser()).location


def with_code(stage: Stage) -> None:
    owner, client = stage.owner(), stage.browser()
    owner.begin(client)
    assert owner.enter(client, owner.code).status == 303


def with_wrong_code(stage: Stage) -> None:
    owner, client = stage.owner(), stage.browser()
    owner.begin(client)
    assert owner.enter(client, MARK).status == 403


def with_recovery_code(stage: Stage) -> None:
    owner, client = stage.owner(), stage.browser()
    owner.begin(client)
    assert owner.enter(client, stage.recovery[0]).status == 303


def _confirmation(stage: Stage, password: str) -> Answer:
    client = stage.administrator()
    stage.clock.advance(minutes=11)
    return send(client, "/console/team/1/invitation", confirm_password=password)


def confirmed(stage: Stage) -> None:
    assert _confirmation(stage, PASSWORD).status == 200


def wrongly_confirmed(stage: Stage) -> None:
    assert _confirmation(stage, MARK).status == 403


def other_sessions_ended(stage: Stage) -> None:
    other = stage.browser()
    log_in(other)
    log_in(stage.client)
    assert send(stage.client, "/console/account/sessions/end-others").status == 303


def new_password(stage: Stage) -> None:
    log_in(stage.client)
    typed = {"old_password": PASSWORD, "new_password": NEW_PASSWORD, "new_password_again": NEW_PASSWORD}
    assert send(stage.client, "/console/account/password", **typed).status == 303


def second_factor_set_up(stage: Stage) -> None:
    stage.owner()


def second_factor_removed(stage: Stage) -> None:
    owner = stage.owner()
    path = "/console/account/second-factor/off"
    assert send(owner.client, path, password=PASSWORD, code=owner.code).status == 303


def codes_renewed(stage: Stage) -> None:
    owner = stage.owner()
    path = "/console/account/second-factor/codes"
    assert send(owner.client, path, password=PASSWORD, code=stage.recovery[0]).status == 200


def technician_added(stage: Stage) -> None:
    filled = {"email": NOBODY, "name": MARK, "role": "supervisor"}
    assert send(stage.administrator(), "/console/team/add", **filled).status == 200


def technician_invited(stage: Stage) -> None:
    assert send(stage.administrator(), f"/console/team/{stage.anna()}/invitation").status == 200


def technician_disabled(stage: Stage) -> None:
    assert send(stage.administrator(), f"/console/team/{stage.anna()}/disabled", disabled="1").status == 303


def technician_enabled(stage: Stage) -> None:
    technician_disabled(stage)
    assert send(stage.client, f"/console/team/{stage.anna()}/disabled", disabled="").status == 303


def role_changed(stage: Stage) -> None:
    client, path = stage.administrator(), f"/console/team/{stage.anna()}"
    seen = str(client.get(path).page.select("input[name=seen]")[0]["value"])
    assert send(client, path, name=MARK, role="administrator", seen=seen).status == 303


def log_in_rules_changed(stage: Stage) -> None:
    filled = {"long_wait": "10", "retention_days": "", "second_factor": "supervisor"}
    assert send(stage.administrator(), "/console/desk", **filled).status == 303


def account_key(stage: Stage, do: str) -> None:
    client, path = stage.administrator(), "/console/sites/default/start-api"
    mark = str(client.get(path).page.select("input[name=mark]")[0]["value"])
    assert send(client, f"{path}/key", mark=mark, do=do).status in (200, 303)


def _form(client: PageClient, action: str) -> dict[str, str]:
    """The fields of a form on the page of a site's own websites, as they are, without what is ticked."""
    inputs = client.get("/console/sites/default/websites").page.select(f"form[action$='/{action}'] input[name]")
    return {str(field["name"]): str(field.get("value", "")) for field in inputs if field.get("type") != "checkbox"}


def site_secret_changed(stage: Stage) -> None:
    client = stage.administrator()
    path = "/console/sites/default/identity-secret"
    assert client.post(path, _form(client, "identity-secret")).status == 200


def site_address_changed(stage: Stage) -> None:
    client = stage.administrator()
    typed = {"origins": f"https://{MARK.lower()}.example", "foreign_forms": "confirm"}
    assert client.post("/console/sites/default/websites", {**_form(client, "websites"), **typed}).status == 303


def exported(stage: Stage) -> None:
    client = stage.browser()
    client.submit(customer_name=MARK, customer_email=NOBODY)
    found = send(stage.administrator(), "/console/data/export", kind="email", value=NOBODY)
    assert MARK in found.text


def forbidden(stage: Stage) -> None:
    log_in(stage.client)
    assert stage.client.get("/console/team").status == 403


def too_many(stage: Stage) -> None:
    token = stage.client.form_token()
    for n in range(60):
        stage.client.post("/s/default", {"form_token": token, "customer_name": f"{MARK} {n}"})
    token = stage.client.form_token()
    assert stage.client.post("/s/default", {"form_token": token, "customer_name": MARK}).status == 429


def link_forged(stage: Stage) -> None:
    assert [stage.client.get(f"/{kind}/{MARK}.{MARK}").status for kind in ("r", "go", "applet", "pin")] == [404] * 4
    assert stage.client.get(f"/console/invitation/{MARK}").status == 404


def link_expired(stage: Stage) -> None:
    path = stage.client.submit(customer_name=MARK).location
    invitation = invite(stage.here.database, stage.anna(), by=None, now=stage.clock())
    stage.clock.advance(seconds=STATUS_LIFE.total_seconds() + 120)
    assert stage.client.get(path).status == 410
    assert stage.client.get(f"/console/invitation/{invitation}").status == 410


def csrf_failed(stage: Stage) -> None:
    log_in(stage.client)
    assert stage.client.post("/console/logout", {"csrf_token": MARK}).status == 400
    for path in ("/console/login",):
        assert stage.browser().post(path, {"csrf_token": MARK, "email": MARK, "password": MARK}).status == 400


def origin_refused(stage: Stage) -> None:
    log_in(stage.client)
    token = csrf_of(stage.client.get("/console/"))
    assert stage.client.post("/console/logout", {"csrf_token": token}, headers=FOREIGN).status == 403
    assert stage.client.post("/pin", {"pin": "123456789", "csrf_token": token}, headers=FOREIGN).status == 403
    assert stage.client.get("/api/v1/sites/default", headers=FOREIGN).status == 403
    stage.change_site(foreign_forms="deny")
    assert stage.client.post("/s/default/submit", {"customer_name": MARK}, headers=FOREIGN).status == 403


def key_wrong(stage: Stage) -> None:
    assert stage.client.get(f"/integration/integration_api.php?uid={MARK}").status == 403
    assert stage.client.post("/rest/session", json={}, headers={"INTEGRATION-KEY": MARK}).status == 403
    secret = {"Authorization": f"Bearer {MARK}", "Idempotency-Key": secrets.token_hex(16)}
    assert stage.client.post("/api/v1/sites/default/requests", json={"x": MARK}, headers=secret).status == 401


def identity_wrong(stage: Stage) -> None:
    origin = "https://www.example.com"
    stage.change_site(origins=(origin,), sealed_identity_secret=stage.here.keys.sealer.seal("x" * 40))
    headers = {"Origin": origin, "Idempotency-Key": secrets.token_hex(16)}
    token = stage.client.get("/api/v1/sites/default", headers=headers).json["form_token"]
    sent = {"form_token": token, "customer_name": MARK, "identity": f"{MARK}.{MARK}.{MARK}"}
    assert stage.client.post("/api/v1/sites/default/requests", json=sent, headers=headers).status == 422


def pin_wrong(stage: Stage) -> None:
    code = start_code(stage.here.database, "default", timedelta(hours=12), by=stage.anna(), now=stage.clock())
    wrong = "975318642" if code.pin != "975318642" else "975318643"
    assert enter(stage.client, wrong).status == 422


SCENARIOS: dict[SecurityEvent, Callable[[Stage], None]] = {
    SecurityEvent.LOG_IN: logged_in,
    SecurityEvent.LOG_IN_WRONG: wrong_log_in,
    SecurityEvent.LOG_IN_REFUSED: refused_log_in,
    SecurityEvent.LOG_OUT: logged_out,
    SecurityEvent.SECOND_FACTOR_ASKED: asked_for_code,
    SecurityEvent.SECOND_FACTOR_GOOD: with_code,
    SecurityEvent.SECOND_FACTOR_WRONG: with_wrong_code,
    SecurityEvent.RECOVERY_CODE_USED: with_recovery_code,
    SecurityEvent.CONFIRMED: confirmed,
    SecurityEvent.CONFIRMATION_WRONG: wrongly_confirmed,
    SecurityEvent.SESSION_ENDED: other_sessions_ended,
    SecurityEvent.PASSWORD_CHANGED: new_password,
    SecurityEvent.SECOND_FACTOR_SET_UP: second_factor_set_up,
    SecurityEvent.SECOND_FACTOR_REMOVED: second_factor_removed,
    SecurityEvent.RECOVERY_CODES_RENEWED: codes_renewed,
    SecurityEvent.TECHNICIAN_ADDED: technician_added,
    SecurityEvent.TECHNICIAN_INVITED: technician_invited,
    SecurityEvent.TECHNICIAN_DISABLED: technician_disabled,
    SecurityEvent.TECHNICIAN_ENABLED: technician_enabled,
    SecurityEvent.ROLE_CHANGED: role_changed,
    SecurityEvent.LOG_IN_RULES_CHANGED: log_in_rules_changed,
    SecurityEvent.ACCOUNT_KEY_CHANGED: lambda stage: account_key(stage, "renew"),
    SecurityEvent.ACCOUNT_KEY_SHOWN: lambda stage: account_key(stage, "show"),
    SecurityEvent.SITE_SECRET_CHANGED: site_secret_changed,
    SecurityEvent.SITE_ADDRESS_CHANGED: site_address_changed,
    SecurityEvent.DATA_EXPORTED: exported,
    SecurityEvent.FORBIDDEN: forbidden,
    SecurityEvent.TOO_MANY: too_many,
    SecurityEvent.LINK_FORGED: link_forged,
    SecurityEvent.LINK_EXPIRED: link_expired,
    SecurityEvent.CSRF_FAILED: csrf_failed,
    SecurityEvent.ORIGIN_REFUSED: origin_refused,
    SecurityEvent.KEY_WRONG: key_wrong,
    SecurityEvent.IDENTITY_WRONG: identity_wrong,
    SecurityEvent.PIN_WRONG: pin_wrong,
}
