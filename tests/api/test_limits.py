"""Rate limits of the API: security.md section 8."""

from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_network
from urllib.parse import urlencode

import pytest
from flask import Flask

from app.core.links import Purpose
from app.core.site import Site
from app.core.ticket import TicketState
from app.process.limits import ClientLimits, Rates
from app.process.running import Running
from app.store.sites import add_site
from tests.api.calls import BROWSER, FORM_PATH, JSON, REST_PATH, tickets
from tests.api.refusals import assert_refused
from tests.conftest import UID, StandingClock
from tests.own_redis import OwnRedis
from tests.page_client import HOST, PageClient

OTHER_UID = "8b0c1f7e-1111-4a4a-9c9c-000000000001"


class Calling(StrEnum):
    """The two flavours of the API, which have different limits."""

    FORM = "form"
    REST = "REST"


def call_often(app: Flask, how: Calling, uid: str, times: int, address: str) -> list[int]:
    """Make calls that are refused for a parameter after their rate is counted: they are quick and store nothing."""
    client = app.test_client()
    headers = {"Host": HOST, **JSON}
    at = {"REMOTE_ADDR": address}

    def call() -> int:
        if how is Calling.FORM:
            path = f"{FORM_PATH}?uid={uid}&customer_number={'1' * 33}"
            return client.get(path, headers=headers, environ_base=at).status_code
        key = {**headers, "INTEGRATION-KEY": uid}
        return client.post(REST_PATH, json={"customer_number": "1" * 33}, headers=key, environ_base=at).status_code

    return [call() for _ in range(times)]


def form(app: Flask, address: str, uid: str = UID) -> int:
    return PageClient(app, address=address).get(f"{FORM_PATH}?uid={uid}").status


def rest(app: Flask, address: str, uid: str = UID) -> int:
    return PageClient(app, address=address).post(REST_PATH, json={}, headers={"INTEGRATION-KEY": uid}).status


def assert_told_to_wait(client: PageClient, headers: dict[str, str], seconds: int = 60, uid: str = UID) -> None:
    """429 in the form flavour, as a page and as JSON, with Retry-After in whole seconds within the window."""
    page = client.get(f"{FORM_PATH}?uid={uid}", headers={**BROWSER, **headers})
    json = client.get(f"{FORM_PATH}?uid={uid}", headers={**JSON, **headers})
    for answer in (page, json):
        assert_refused(answer, 429, "" if answer is page else "wait", page=answer is page)
        assert seconds - 60 < int(answer.headers["Retry-After"]) <= seconds + 1


def assert_rest_told_to_wait(client: PageClient, headers: dict[str, str] | None = None) -> None:
    answer = client.post(REST_PATH, json={}, headers={"INTEGRATION-KEY": UID, **(headers or {})})
    assert_refused(answer, 429, "wait")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61


def add_other_site(here: Running, clock: StandingClock) -> None:
    here.database.write(lambda c: add_site(c, Site(slug="other", name="Other", uid=OTHER_UID), clock()))


@pytest.mark.slow
def test_60_by_form_in_ten_minutes_for_one_client_and_every_one_is_a_ticket(app: Flask) -> None:
    client = PageClient(app, address="198.51.100.7")
    assert [client.get(f"{FORM_PATH}?uid={UID}").status for _ in range(60)] == [302] * 60
    assert_told_to_wait(client, {}, 600)
    opened = tickets(app)
    assert [ticket.state for ticket in opened] == [TicketState.WAITING] * 60, "nothing is put aside"
    # Others are not held up by it, nor are the site's servers in the other flavour.
    assert form(app, "198.51.100.8") == 302
    assert rest(app, "198.51.100.9") == 200


def test_whatever_key_it_tries_a_client_has_60_by_form(app: Flask, here: Running, clock: StandingClock) -> None:
    add_other_site(here, clock)
    for uid in (UID, OTHER_UID, "guess"):
        assert {429} != set(call_often(app, Calling.FORM, uid, 20, "198.51.100.7")) <= {400, 403}
    assert_told_to_wait(PageClient(app, address="198.51.100.7"), {}, 600)
    assert_told_to_wait(PageClient(app, address="198.51.100.7"), {}, 600, OTHER_UID)
    assert form(app, "198.51.100.7", "guess") == 429


def test_who_has_to_wait_reads_when_to_come_again_and_whom_to_call(
    app: Flask, change_site: Callable[..., object]
) -> None:
    change_site(phone="+49 30 1234", mail="help@example.com")
    assert set(call_often(app, Calling.FORM, UID, 60, "198.51.100.7")) == {400}
    answer = PageClient(app, address="198.51.100.7").get(
        f"{FORM_PATH}?uid={UID}", headers={**BROWSER, "Accept-Language": "de"}
    )
    assert answer.status == 429
    said = answer.page.get_text()
    assert "10 Minuten" in said
    assert "+49 30 1234" in said
    assert answer.page.find("form", action="/s/default")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_has_to_wait_keeps_what_was_typed(app: Flask, method: str) -> None:
    typed = {
        "uid": UID,
        "Customer_name": "Zoë\x01 <b>",
        "PROBLEM_DESCRIPTION": "It broke.\r\nTwice.",
        "department": "20",
    }
    assert set(call_often(app, Calling.FORM, UID, 60, "198.51.100.7")) == {400}
    client = PageClient(app, address="198.51.100.7")
    held = (
        client.post(FORM_PATH, typed, headers=BROWSER)
        if method == "POST"
        else client.get(f"{FORM_PATH}?{urlencode(typed)}", headers=BROWSER)
    )
    assert (held.status, held.headers.getlist("Retry-After")) == (429, ["600"])
    assert held.select("input[name=customer_name]")["value"] == "Zoë <b>"
    assert held.select("textarea[name=problem_description]").get_text().strip() == "It broke.\nTwice."
    token = held.select("input[name=form_token]")["value"]
    sent = client.post("/s/default", {"form_token": token, "customer_name": "Zoë", "problem_description": "It broke."})
    assert (sent.status, len(tickets(app))) == (303, 1)


@pytest.mark.slow
def test_a_site_s_own_servers_have_the_account_s_rate_by_form(app: Flask, change_site: Callable[..., object]) -> None:
    change_site(server_networks=("203.0.113.0/24", "2001:db8:7::/48"))
    for address in ("203.0.113.1", "2001:db8:7::1"):
        assert set(call_often(app, Calling.FORM, UID, 300, address)) == {400}
        assert form(app, address) == 429, "half of the account's rate is the most for one address"
    assert form(app, "203.0.113.2") == 429, "both have used it up"


@pytest.mark.slow
def test_a_flood_by_form_does_not_lock_the_site_s_own_server_out(
    app: Flask, change_site: Callable[..., object]
) -> None:
    change_site(server_networks=("203.0.113.1",))
    assert call_often(app, Calling.FORM, UID, 700, "198.51.100.7").count(400) == 60
    assert call_often(app, Calling.REST, UID, 700, "198.51.100.8").count(400) == 300
    assert form(app, "203.0.113.1") == 302
    assert rest(app, "203.0.113.1") == 200


@pytest.mark.slow
def test_a_network_that_another_site_lists_has_no_more_than_others(
    app: Flask, here: Running, clock: StandingClock
) -> None:
    other = Site(slug="other", name="Other", uid=OTHER_UID, server_networks=("203.0.113.0/24",))
    here.database.write(lambda c: add_site(c, other, clock()))
    assert call_often(app, Calling.FORM, UID, 61, "203.0.113.1") == [400] * 60 + [429]
    assert set(call_often(app, Calling.FORM, OTHER_UID, 61, "203.0.113.1")) == {400}


@pytest.mark.slow
def test_trusted_networks_have_the_account_s_rate_by_form(
    app: Flask, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here, "client_limits", ClientLimits((ip_network("198.51.100.0/24"),)))
    assert call_often(app, Calling.FORM, UID, 301, "198.51.100.7") == [400] * 300 + [429]
    assert call_often(app, Calling.FORM, UID, 61, "203.0.113.1") == [400] * 60 + [429]


@pytest.mark.slow
@pytest.mark.parametrize("how", Calling)
def test_no_client_takes_more_than_half_of_an_account_s_rate(
    app: Flask, here: Running, clock: StandingClock, how: Calling, change_site: Callable[..., object]
) -> None:
    change_site(server_networks=("198.51.100.0/24",))
    add_other_site(here, clock)
    assert call_often(app, how, UID, 301, "198.51.100.7") == [400] * 300 + [429]
    assert call_often(app, how, UID, 301, "198.51.100.8") == [400] * 300 + [429]
    fresh = PageClient(app, address="203.0.113.1")
    assert_told_to_wait(fresh, {})
    assert_rest_told_to_wait(fresh)
    assert not tickets(app)
    # Another account is not affected.
    assert fresh.get(f"{FORM_PATH}?uid={OTHER_UID}").status == 302
    assert rest(app, "198.51.100.7", OTHER_UID) == 200


@pytest.mark.slow
def test_600_a_minute_for_one_client_whatever_key_it_tries(app: Flask) -> None:
    tried = [call_often(app, Calling.REST, f"guess-{number}", 60, "198.51.100.7") for number in range(10)]
    assert {status for statuses in tried for status in statuses} == {403}
    assert_rest_told_to_wait(PageClient(app, address="198.51.100.7"))
    assert not tickets(app)
    assert rest(app, "198.51.100.8") == 200


@pytest.mark.slow
def test_a_client_with_ipv6_is_its_64_and_its_48_has_ten_times_as_much(app: Flask) -> None:
    assert set(call_often(app, Calling.FORM, "guess", 60, "2001:db8:1:2::1")) == {403}
    assert form(app, "2001:db8:1:2:ffff::9") == 429
    for number in range(3, 12):
        assert set(call_often(app, Calling.FORM, "guess", 60, f"2001:db8:1:{number}::1")) == {403}
    assert form(app, "2001:db8:1:ffff::1") == 429
    assert form(app, "2001:db8:2::1") == 302


def test_a_forwarded_address_of_a_stranger_does_not_help(app: Flask) -> None:
    assert set(call_often(app, Calling.FORM, "guess", 60, "198.51.100.7")) == {403}
    assert_told_to_wait(PageClient(app, address="198.51.100.7"), {"X-Forwarded-For": "203.0.113.5"}, 600)


@pytest.mark.redis
def test_with_redis_all_processes_count_calls_by_form_together(
    app: Flask, here: Running, monkeypatch: pytest.MonkeyPatch, own_redis: OwnRedis
) -> None:
    answers = []
    for _process in range(3):
        monkeypatch.setattr(here, "rates", Rates(own_redis.url))
        answers += call_often(app, Calling.FORM, UID, 21, "198.51.100.7")
    assert answers == [400] * 60 + [429] * 3


@pytest.mark.slow
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
