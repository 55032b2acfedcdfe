"""One push: what the browser reads, what its service is told, and the meaning of each answer."""

import json
from dataclasses import replace

import pytest

from app.channels import calling
from app.channels.declaring import Sending
from app.channels.push import Pushes
from app.channels.wording import Facts, notice_words
from app.core.notice import SILENCE, Delivery, Event, TryResult, json_body
from app.core.push import PushKey
from app.core.targets import ANYWHERE, Targets
from app.keys.push_key import new_push_key
from tests.actions.outbox import SEALER, SITE
from tests.conftest import StandingClock
from tests.push_service import PushedBrowser, pushed_browser

PUBLIC, PRIVATE = new_push_key()
KEY = PushKey(PUBLIC, SEALER.seal(PRIVATE))
LINK = "https://help.example.com/console/tickets/12"


def sending(browser: PushedBrowser, clock: StandingClock, event: str = Event.REQUESTED, **facts: str) -> Sending:
    told = Facts(site="Help", reference="7K3M-Q2XH", ticket=12, link=LINK, **facts)  # type: ignore[arg-type]
    return Sending(
        SITE,
        "msg_1",
        json_body(event, {"ticket": 12}, clock()),
        SEALER.unseal,
        ANYWHERE,
        clock(),
        to=SEALER.seal(json.dumps(browser.subscription)),
        words=notice_words(event, told, "de"),
        push=KEY,
        contact="mailto:help@example.com",
    )


@pytest.mark.slow
def test_the_browser_reads_it_and_its_service_knows_who_sent_it(clock: StandingClock) -> None:
    with pushed_browser() as browser:
        assert Pushes().send(sending(browser, clock)) == TryResult(Delivery.DELIVERED, "status 201")
        (told,) = browser.told()
        claims = browser.claims()
        _path, headers, body = browser.service.got[0]
    assert told["title"] == "Neue Anfrage: 7K3M-Q2XH"
    assert (told["url"], told["tag"], told["silent"], told["lang"]) == (LINK, "handbell-t12", False, "de")
    assert b"7K3M" not in body
    assert claims == {
        "aud": browser.service.address,
        "sub": "mailto:help@example.com",
        "exp": int(clock().timestamp()) + 12 * 3600,
    }
    assert (headers["content-encoding"], headers["ttl"], headers["urgency"]) == ("aes128gcm", "86400", "high")
    assert len(headers["topic"]) <= 32


def test_what_is_over_takes_the_place_of_what_rang_without_a_sound(clock: StandingClock) -> None:
    with pushed_browser() as browser:
        Pushes().send(sending(browser, clock))
        Pushes().send(sending(browser, clock, SILENCE))
        rang, over = browser.told()
        topics = {headers["topic"] for _path, headers, _body in browser.service.got}
    assert (rang["tag"], rang["silent"]) == (over["tag"], not over["silent"])
    assert len(topics) == 1


def test_the_longest_text_fits_into_one_message(clock: StandingClock) -> None:
    with pushed_browser() as browser:
        Pushes().send(sending(browser, clock, customer="😀" * 200, problem="😀" * 4000))
        assert len(browser.service.got[0][2]) <= 4096
        assert browser.told()[0]["body"].endswith("😀")


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (404, TryResult(Delivery.GONE, "status 404")),
        (410, TryResult(Delivery.GONE, "status 410")),
        (403, TryResult(Delivery.FAILED, "status 403")),
        (413, TryResult(Delivery.FAILED, "status 413")),
        (429, TryResult(Delivery.FAILED, "status 429", away=True)),
        (503, TryResult(Delivery.FAILED, "status 503", away=True)),
    ],
)
def test_the_meaning_of_each_answer(clock: StandingClock, status: int, result: TryResult) -> None:
    with pushed_browser(status) as browser:
        assert Pushes().send(sending(browser, clock)) == result


@pytest.mark.slow
def test_a_service_that_hangs_ends_with_the_time_to_read(clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "READ_TIMEOUT", 0.2)
    with pushed_browser("hang") as browser:
        assert Pushes().send(sending(browser, clock)) == TryResult(
            Delivery.FAILED, "no answer in time", maybe=True, away=True
        )


def test_nothing_is_sent_to_an_address_that_is_not_public_nor_without_our_key(clock: StandingClock) -> None:
    with pushed_browser() as browser:
        one = sending(browser, clock)
        assert Pushes().send(replace(one, targets=Targets(only_public=True))).delivery is Delivery.FAILED
        assert Pushes().send(replace(one, push=None)).delivery is Delivery.FAILED
        assert Pushes().send(replace(one, to="sealed with another key")).delivery is Delivery.FAILED
        assert browser.service.got == []
