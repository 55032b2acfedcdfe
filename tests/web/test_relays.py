"""Servers through which the two sides' browsers find each other: for whom, when, and with which credentials."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.core.relay import STUN_SCHEMES, TURN_SCHEMES, credentials, read_servers
from app.factory import create_app
from app.process.running import Running
from app.settings import Settings
from app.store.sites import change_site
from tests.conftest import StandingClock, fill_desk
from tests.page_client import PageClient
from tests.web.live_pages import Desk, LivePage, customers, newest_number

SECRET = "a-secret-of-the-relay"
STUN = "stun:relay.example.com:3478"
TURN = ["turn:relay.example.com:3478", "turns:relay.example.com:443?transport=tcp"]


@pytest.fixture
def app(tmp_path: Path, clock: StandingClock) -> Iterator[Flask]:
    settings = Settings(
        data_dir=tmp_path / "data",
        log_level="error",
        stun=read_servers(STUN, STUN_SCHEMES),
        turn=read_servers(",".join(TURN), TURN_SCHEMES),
        turn_secret=SECRET,
    )
    made = create_app(settings, clock, schedule=False)
    running: Running = made.extensions["handbell"]
    fill_desk(running.database, clock())
    yield made
    running.close()


@pytest.fixture
def zoe(client: PageClient) -> LivePage:
    return customers(client, department="10")


def ice(page: LivePage) -> tuple[int, Any]:
    answer = page.client.get(f"{page.address}/ice")
    return answer.status, answer.json


@pytest.mark.slow
def test_both_sides_are_told_in_a_session_alone(app: Flask, zoe: LivePage, clock: StandingClock) -> None:
    number = newest_number(app)
    anna = Desk(app)
    assert ice(zoe) == (409, {"error": "not_now"})
    assert ice(anna.at(number)) == (403, {"error": "not_yours"})
    anna.press(number, "claim")
    for page in (zoe, anna.at(number)):
        status, told = ice(page)
        stun, turn = told["servers"]
        name, word = turn["username"], turn["credential"]
        assert (status, told["relay_only"], stun) == (200, False, {"urls": [STUN]})
        assert turn["urls"] == TURN
        assert word == credentials(SECRET, name.partition(":")[2], clock()).password
    assert ice(Desk(app, "sven@example.com").at(number)) == (403, {"error": "not_yours"})
    zoe.post("end")
    assert ice(zoe) == (409, {"error": "not_now"})


@pytest.mark.slow
def test_no_name_is_given_twice_and_none_tells_who_it_is(app: Flask, zoe: LivePage) -> None:
    Desk(app).press(newest_number(app), "claim")
    names = {str(ice(zoe)[1]["servers"][-1]["username"]) for _ in range(3)}
    assert len(names) == 3
    assert not any(str(newest_number(app)) in name for name in names)


@pytest.mark.slow
def test_a_site_may_be_relay_only(app: Flask, zoe: LivePage) -> None:
    here: Running = app.extensions["handbell"]
    site = replace(here.desk.sites["default"], relay_only=True)
    here.database.write(lambda connection: change_site(connection, site))
    Desk(app).press(newest_number(app), "claim")
    _, told = ice(zoe)
    (turn,) = told["servers"]
    assert told["relay_only"] is True
    assert turn["urls"] == TURN
