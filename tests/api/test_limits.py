"""Rate limits of the API: security.md section 8."""

from flask import Flask

from app.core.links import Purpose
from app.core.site import Site
from app.process.running import Running
from app.store.sites import add_site
from tests.api.calls import BROWSER, FORM_PATH, JSON, REST_PATH, tickets
from tests.api.refusals import assert_refused
from tests.conftest import UID, StandingClock
from tests.page_client import HOST, PageClient

OTHER_UID = "8b0c1f7e-1111-4a4a-9c9c-000000000001"


def call_often(app: Flask, uid: str, times: int, address: str) -> list[int]:
    """Make calls that are refused for a parameter after their rate is counted: they are quick and store nothing."""
    client = app.test_client()
    headers = {"Host": HOST, **JSON}
    path = f"{FORM_PATH}?uid={uid}&customer_number={'1' * 33}"
    return [client.get(path, headers=headers, environ_base={"REMOTE_ADDR": address}).status_code for _ in range(times)]


def assert_told_to_wait(client: PageClient, headers: dict[str, str]) -> None:
    """429 in both flavours, as a page and as JSON, with Retry-After in whole seconds within the minute."""
    page = client.get(f"{FORM_PATH}?uid={UID}", headers={**BROWSER, **headers})
    json = client.get(f"{FORM_PATH}?uid={UID}", headers={**JSON, **headers})
    rest = client.post(REST_PATH, json={}, headers={"INTEGRATION-KEY": UID, **headers})
    for answer in (page, json, rest):
        assert_refused(answer, 429, "wait", page=answer is page)
        assert 1 <= int(answer.headers["Retry-After"]) <= 61


def test_600_a_minute_for_one_account(app: Flask, here: Running, clock: StandingClock) -> None:
    here.database.write(lambda c: add_site(c, Site(slug="other", name="Other", uid=OTHER_UID), clock()))
    for position in range(6):
        assert set(call_often(app, UID, 100, f"198.51.100.{position}")) == {400}
    fresh = PageClient(app, address="203.0.113.1")
    assert_told_to_wait(fresh, {})
    assert not tickets(app)
    # Another account is not affected.
    assert fresh.get(f"{FORM_PATH}?uid={OTHER_UID}").status == 302


def test_600_a_minute_for_one_client_whatever_key_it_tries(app: Flask) -> None:
    tried = [call_often(app, f"guess-{number}", 60, "198.51.100.7") for number in range(10)]
    assert {status for statuses in tried for status in statuses} == {403}
    assert_told_to_wait(PageClient(app, address="198.51.100.7"), {})
    assert not tickets(app)
    assert PageClient(app, address="198.51.100.8").get(f"{FORM_PATH}?uid={UID}").status == 302


def test_a_client_with_ipv6_is_its_64(app: Flask) -> None:
    assert set(call_often(app, "guess", 600, "2001:db8:1:2::1")) == {403}
    assert PageClient(app, address="2001:db8:1:2:ffff::9").get(f"{FORM_PATH}?uid={UID}").status == 429
    assert PageClient(app, address="2001:db8:1:3::1").get(f"{FORM_PATH}?uid={UID}").status == 302


def test_a_forwarded_address_of_a_stranger_does_not_help(app: Flask) -> None:
    assert set(call_often(app, "guess", 600, "198.51.100.7")) == {403}
    assert_told_to_wait(PageClient(app, address="198.51.100.7"), {"X-Forwarded-For": "203.0.113.5"})


def test_a_status_may_be_asked_60_times_a_minute(app: Flask, here: Running, clock: StandingClock) -> None:
    client = PageClient(app)
    status = client.submit(customer_name="Zoë").location.removeprefix("/r/")
    path = f"/api/v1/requests/{status}"
    answers = [client.get(path) for _ in range(61)]
    assert [answer.status for answer in answers] == [200] * 60 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].json["error"]["status"] == 429
    # Another spelling of the same link counts as the same link; another client does not.
    again = here.links.token(Purpose.STATUS, here.keys.signer.read(Purpose.STATUS, status, clock()).id, clock())
    assert client.get(f"/api/v1/requests/{again}").status == 429
    assert PageClient(app, address="192.0.2.8").get(path).status == 200
