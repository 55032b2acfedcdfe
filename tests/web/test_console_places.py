"""Webhooks and chats in the console, and what arrives there."""

import json
from collections.abc import Iterator

import pytest
from flask import Flask

from app.channels.place import opened
from app.core.notice import Event, NoticeState
from app.core.targets import Targets
from app.process.running import Running
from app.settings import Settings
from app.store.audit import acts
from app.store.notices import list_notices
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.waiting import until
from tests.web.console_client import ANNA, DORA, csrf_of, log_in, ticket
from tests.webhook_receiver import Receiver, is_genuine, receiving

PAGE = "/console/notices"
TOKEN = "3ccdd113474722377935511fc85d3dd4"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


@pytest.fixture
def receiver(here: Running) -> Iterator[Receiver]:
    with receiving(200) as one:
        one.says = b"ok"
        yield one
        here.telling.stop()


def post(client: PageClient, path: str = "/places", **fields: object) -> Answer:
    return client.post(f"{PAGE}{path}", {"csrf_token": csrf_of(client.get(PAGE)), **fields})


def add(client: PageClient, address: str, **fields: str) -> Answer:
    return post(client, **{"name": "Ops", "address": address, "place_event": "*", "site": "", **fields})


@pytest.mark.slow
def test_a_webhook_is_told_of_every_event_signed_with_the_secret_that_is_shown_once(
    dora: PageClient, here: Running, clock: StandingClock, receiver: Receiver
) -> None:
    shown = add(dora, f"{receiver.address}/hook?for=me")
    secret = shown.select("#secret").get_text()
    assert secret.startswith("whsec_")
    page = dora.get(PAGE)
    assert secret not in page.text
    assert "for=me" not in page.text
    assert "Everything" in page.select("section[aria-labelledby=desk] tbody").get_text()
    number = ticket(here, clock, department="10", customer_name="Zoë", problem_description="It broke.")
    here.tell_now()
    assert until(lambda: receiver.got)
    clock.advance(minutes=11)
    here.tell_now()
    assert until(lambda: len(receiver.got) == 2)
    ((path, headers, body), (_path, second, waited)) = receiver.got
    assert path == "/hook?for=me"
    assert is_genuine(secret, headers, body, clock().timestamp() - 660)
    assert is_genuine(secret, second, waited, clock().timestamp())
    told = json.loads(body)
    assert (told["type"], told["data"]["ticket"], told["data"]["queue"]) == (Event.REQUESTED, number, "d-10")
    assert json.loads(waited)["type"] == Event.WAITING
    assert b"Zo" not in body
    assert b"broke" not in body
    assert headers["webhook-id"] != second["webhook-id"]


@pytest.mark.slow
def test_410_ends_a_webhook(dora: PageClient, here: Running, clock: StandingClock, receiver: Receiver) -> None:
    add(dora, receiver.address)
    receiver.does = 410
    ticket(here, clock)
    here.tell_now()
    assert until(lambda: [place.gone for place in here.desk.notices.places.values()] == [True])
    assert "refuses notices" in dora.get(PAGE).text
    ticket(here, clock)
    here.tell_now()
    with here.database.read() as connection:
        assert [one.state for one in list_notices(connection)] == [NoticeState.GIVEN_UP]


@pytest.mark.slow
def test_a_chat_is_told_and_tried_and_its_token_is_not_shown(
    dora: PageClient, here: Running, clock: StandingClock, receiver: Receiver
) -> None:
    receiver.says = b""
    address = f"mmost://{receiver.address.partition('//')[2]}/{TOKEN}"
    assert add(dora, address, place_event="request.closed").status == 303
    page = dora.get(PAGE)
    assert TOKEN not in page.text
    assert "Mattermost" in page.select("section[aria-labelledby=webhooks]").get_text()
    mark = str(page.page.select("section[aria-labelledby=desk] tbody input[name=rule]")[-1]["value"])
    assert post(dora, "/test", rule=mark).status == 303
    assert until(lambda: receiver.got)
    assert receiver.got[0][0] == f"/hooks/{TOKEN}"
    assert "This is a test" in json.loads(receiver.got[0][2])["text"]
    ticket(here, clock)
    here.tell_now()
    assert len(receiver.got) == 1, "only what is closed"


@pytest.mark.slow
def test_a_place_of_one_site_is_told_of_that_site_alone(
    dora: PageClient, here: Running, clock: StandingClock, receiver: Receiver
) -> None:
    assert add(dora, receiver.address, site="nowhere").status == 404
    add(dora, receiver.address, site="default")
    ticket(here, clock)
    here.tell_now()
    assert until(lambda: len(receiver.got) == 1)


@pytest.mark.slow
def test_a_place_is_removed_with_its_rules(dora: PageClient, here: Running, receiver: Receiver) -> None:
    usual = here.desk.notices.desk_rules
    add(dora, receiver.address)
    (its_id,) = here.desk.notices.places
    assert len(here.desk.notices.desk_rules) == len(usual) + 1
    assert post(dora, "/places/remove", place=str(its_id)).status == 303
    assert (here.desk.notices.places, set(here.desk.notices.desk_rules)) == ({}, set(usual))
    assert post(dora, "/places/remove", place=str(its_id)).status == 404
    with here.database.read() as connection:
        told = [(act.act, act.detail) for act in acts(connection)[:2]]
    assert [act for act, _detail in told] == ["notices.place_removed", "notices.place_added"]
    assert told[1][1] == {"kind": "hook", "address": receiver.address}


@pytest.mark.slow
def test_places_are_for_administrators_and_kept_sealed(app: Flask, dora: PageClient, here: Running) -> None:
    anna = PageClient(app)
    log_in(anna, ANNA)
    assert add(anna, "https://example.com/hook").status == 403
    assert "Webhooks and chats" not in anna.get(PAGE).text
    add(dora, f"discord://4174216298/{TOKEN}")
    with here.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM notice_places").mappings().all()
    assert TOKEN not in str([dict(row) for row in rows])
    (place,) = here.desk.notices.places.values()
    assert opened(place.sealed, here.keys.unseal)["address"].endswith(TOKEN)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"address": "http://example.com/hook"}, "address"),
        ({"address": "json://example.com/hook"}, "address"),
        ({"address": "slack://T1/"}, "address"),
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
    ],
)
def test_what_is_no_place_comes_back(dora: PageClient, here: Running, fields: dict[str, str], wrong: str) -> None:
    page = add(dora, **{"address": "https://example.com/hook", **fields})
    assert page.status == 422
    assert page.select(f"#{wrong}-problem")
    assert here.desk.notices.places == {}


@pytest.mark.slow
def test_over_https_an_address_inside_is_refused(
    dora: PageClient, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "targets", Targets(only_public=True))
    page = add(dora, "https://169.254.169.254/latest")
    assert page.status == 422
    assert "no public address" in page.select("#address-problem").get_text()
    assert here.desk.notices.places == {}
