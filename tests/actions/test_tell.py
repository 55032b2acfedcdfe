"""Webhooks are delivered at least once, tried again when they fail, and given up in the end."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.actions import tell
from app.actions.tell import Teller, deliver_due
from app.channels import calling, channels, webhook
from app.channels.declaring import Channel, Sending
from app.core.notice import Delivery, NoticeState, TryResult
from app.core.site import Site
from app.core.targets import ANYWHERE
from app.core.webhook import new_secret
from app.keys.seal import Sealer
from app.store.database import Database
from app.store.notices import Listed, add_notices, list_notices
from tests.actions.outbox import SEALER, SECRET, SITE, parked
from tests.captured_log import capture_log
from tests.conftest import StandingClock
from tests.webhook_receiver import Receiver, is_genuine, receiving


def by(deliver: Callable[[Sending], TryResult]) -> dict[str, Channel]:
    """The webhook channel with this `deliver`."""
    return {"webhook": replace(webhook.CHANNEL, deliver=deliver)}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All logged events, independent of the log level that an application of another test has set."""
    return capture_log(monkeypatch, tell)


class Desk:
    """One site with a webhook, and its notices."""

    def __init__(self, database: Database, clock: StandingClock, receiver: Receiver) -> None:
        self.database, self.clock, self.receiver, self.parked = database, clock, receiver, 0
        self.site = replace(SITE, webhook=f"{receiver.address}/hook")

    def park(self, times: int = 1, site: str = "default") -> None:
        for _ in range(times):
            self.parked += 1
            new = [parked(site, self.parked, self.clock())]
            self.database.write(lambda connection, new=new: add_notices(connection, new))

    def teller(self, by: Mapping[str, Channel] | None = None, **sites: Site) -> Teller:
        return Teller(
            database=self.database,
            clock=self.clock,
            sites={"default": self.site, **sites},
            unseal=SEALER.unseal,
            channels=channels() if by is None else by,
            targets=ANYWHERE,
        )

    def deliver(self, teller: Teller | None = None) -> int:
        return deliver_due(teller or self.teller())

    def deliver_after(self, seconds: float) -> tuple[int, int]:
        """How many notices were delivered, and how many tries the receiver has had in all."""
        self.clock.advance(seconds=seconds)
        return self.deliver(), len(self.receiver.got)

    def states(self) -> list[NoticeState]:
        return [one.state for one in self.listed()]

    def listed(self) -> list[Listed]:
        with self.database.read() as connection:
            return list_notices(connection)

    @property
    def kept(self) -> int:
        """How many notices wait."""
        return self.states().count(NoticeState.WAITING)


@pytest.fixture
def desk(database: Database, clock: StandingClock, receiver: Receiver) -> Desk:
    return Desk(database, clock, receiver)


def test_a_notice_is_delivered_once_signed_and_forgotten(desk: Desk) -> None:
    assert desk.deliver() == 0
    desk.park()
    assert (desk.deliver(), desk.kept, desk.deliver()) == (1, 0, 0)
    ((path, headers, body),) = desk.receiver.got
    assert path == "/hook"
    assert is_genuine(SECRET, headers, body, desk.clock().timestamp())
    assert not is_genuine(SECRET, headers, body + b" ", desk.clock().timestamp())
    assert not is_genuine(new_secret(), headers, body, desk.clock().timestamp())
    assert json.loads(body)["data"]["reference"] == "7K3M-Q2XH"
    (told,) = desk.listed()
    assert (told.state, told.attempts, told.perhaps_twice) == (NoticeState.DELIVERED, 1, False)
    assert (told.event, told.reference, told.due_at) == ("request.parked", "7K3M-Q2XH", None)


@pytest.mark.slow
@pytest.mark.parametrize("does", [500, 302, "hang", "close"])
def test_what_fails_is_tried_again_as_it_was_with_a_new_timestamp(
    desk: Desk, does: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.receiver.does = does
    desk.park()
    with monkeypatch.context() as impatient:
        if does == "hang":
            impatient.setattr(calling, "READ_TIMEOUT", 0.2)
        assert desk.deliver() == 0
    assert desk.receiver.arrived.wait(10)
    assert desk.deliver_after(3) == (0, 1), "too early"
    desk.receiver.does = 200
    assert desk.deliver_after(4) == (1, 2)
    (_, first, body), (_, second, body_again) = desk.receiver.got
    assert (second["webhook-id"], body_again) == (first["webhook-id"], body)
    assert int(second["webhook-timestamp"]) == int(first["webhook-timestamp"]) + 7
    assert is_genuine(SECRET, second, body, desk.clock().timestamp())
    assert desk.kept == 0
    assert [one.perhaps_twice for one in desk.listed()] == [does in ("hang", "close")]


def test_it_is_given_up_after_the_eighth_try(desk: Desk, said: list[Any]) -> None:
    desk.receiver.does = 503
    desk.park()
    desk.deliver()
    for tries, wait in enumerate((5, 60, 300, 1_800, 7_200, 18_000, 36_000), 2):
        assert desk.kept == 1
        assert desk.deliver_after(wait * 1.2 + 0.001) == (0, tries)
    assert desk.kept == 0
    assert [line["event"] for line in said] == ["webhook_failed"] * 7 + ["webhook_given_up"]
    assert {key: said[-1][key] for key in ("site", "tries", "why")} == {
        "site": "default",
        "tries": 8,
        "why": "status 503",
    }


def test_410_is_given_up_at_once(desk: Desk, said: list[Any]) -> None:
    desk.receiver.does = 410
    desk.park()
    assert desk.deliver_after(0) == (0, 1)
    assert desk.kept == 0
    assert [line["event"] for line in said] == ["webhook_given_up"]


def test_what_is_a_day_old_is_given_up_without_a_try(desk: Desk) -> None:
    desk.park()
    assert desk.deliver_after(24 * 3600) == (0, 0)
    assert desk.kept == 0


def test_a_site_without_a_webhook_is_told_nothing_and_nothing_is_kept(desk: Desk) -> None:
    desk.site = replace(desk.site, webhook=None)
    desk.park()
    assert desk.deliver_after(0) == (0, 0)
    assert desk.kept == 0
    desk.park()
    assert deliver_due(replace(desk.teller(), sites={})) == 0
    assert desk.states() == [NoticeState.DROPPED] * 2


@pytest.mark.parametrize(
    "sealed", [None, Sealer([b"o" * 32]).seal(SECRET), SEALER.seal("no secret")], ids=["none", "lost", "wrong"]
)
def test_nothing_goes_out_unsigned_and_it_waits_until_the_secret_is_right(
    desk: Desk, sealed: str | None, said: list[Any]
) -> None:
    right = desk.site
    desk.site = replace(desk.site, sealed_webhook_secret=sealed)
    desk.park()
    assert desk.deliver_after(0) == (0, 0)
    assert [line["event"] for line in said] == ["webhook_failed"]
    assert SECRET not in str(said)
    desk.site = right
    assert desk.deliver_after(7) == (1, 1)


@pytest.mark.slow
def test_a_receiver_that_hangs_holds_nobody_else_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "READ_TIMEOUT", 2.0)
    with receiving("hang") as slow:
        other = replace(desk.site, slug="other", webhook=slow.address)
        for site in ("other", "other", "default"):
            desk.park(site=site)
        assert desk.deliver(desk.teller(other=other)) == 1
        assert (len(slow.got), len(desk.receiver.got), desk.kept) == (2, 1, 2)


@pytest.mark.slow
def test_processes_that_deliver_at_the_same_moment_never_both_send_one(desk: Desk, both_urls: str) -> None:
    desk.park(30)
    others = [Desk(Database(both_urls), desk.clock, desk.receiver) for _ in range(3)]
    together = threading.Barrier(3)

    def run(process: Desk) -> None:
        together.wait()
        while process.deliver():
            pass

    threads = [threading.Thread(target=run, args=(process,)) for process in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for process in others:
        process.database.close()
    desk.deliver()
    assert len(desk.receiver.ids) == len(set(desk.receiver.ids)) == 30
    assert desk.kept == 0


def test_a_process_that_dies_with_a_notice_leaves_it_to_the_others(desk: Desk) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> TryResult:
        raise Killed

    desk.park()
    with pytest.raises(Killed):
        desk.deliver(desk.teller(by(die)))
    assert desk.deliver_after(tell.LEASE.total_seconds() - 1) == (0, 0)
    assert desk.deliver_after(1) == (1, 1)
    assert [one.perhaps_twice for one in desk.listed()] == [True]


def test_who_lost_the_lease_changes_nothing(desk: Desk, said: list[Any]) -> None:
    def too_slow(*_: object) -> TryResult:
        assert desk.deliver_after(tell.LEASE.total_seconds()) == (1, 1)
        desk.park()
        return TryResult(Delivery.FAILED, "no answer in time")

    desk.park()
    assert desk.deliver(desk.teller(by(too_slow))) == 0
    assert [line["event"] for line in said] == ["webhook_delivered", "webhook_lease_lost"]
    assert desk.deliver_after(0) == (1, 2)


def test_there_is_time_enough_in_a_lease() -> None:
    longest = timedelta(seconds=calling.DEADLINE + 10 * calling.CONNECT_TIMEOUT + 30)
    assert longest < tell.LEASE
