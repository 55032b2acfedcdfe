"""The outbox is delivered by many threads; what hangs holds up nobody else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.actions.tell import Teller
from app.channels import calling, channels, webhook
from app.channels.declaring import Sending
from app.core.notice import NoticeState, TryResult
from app.core.site import Site
from app.core.targets import ANYWHERE
from app.process.telling import PER_LANE, Telling
from app.store.database import Database
from app.store.notices import add_notices, list_notices
from tests.actions.outbox import SEALER, SITE, parked
from tests.conftest import StandingClock
from tests.waiting import until
from tests.webhook_receiver import Receiver, receiving


def teller_of(database: Database, clock: StandingClock, **receivers: Receiver) -> Teller:
    sites = {name: replace(SITE, slug=name, webhook=f"{one.address}/hook") for name, one in receivers.items()}
    return teller_for(database, clock, sites)


def teller_for(database: Database, clock: StandingClock, sites: dict[str, Site]) -> Teller:
    return Teller(
        database=database,
        clock=clock,
        sites=sites,
        unseal=SEALER.unseal,
        channels=channels(),
        targets=ANYWHERE,
    )


@contextmanager
def telling(teller: Teller) -> Iterator[Telling]:
    """Stops at the end."""
    one = Telling(lambda: teller)
    try:
        yield one
    finally:
        one.stop()


def states(database: Database, site: str) -> list[NoticeState]:
    with database.read() as connection:
        return [one.state for one in list_notices(connection) if one.site == site]


def add(database: Database, clock: StandingClock, site: str, many: int) -> None:
    new = [parked(site, number, clock()) for number in range(many)]
    database.write(lambda connection: add_notices(connection, new))


def test_one_look_delivers_all_that_is_due(database: Database, clock: StandingClock) -> None:
    with receiving() as receiver, telling(teller_of(database, clock, one=receiver)) as at_work:
        add(database, clock, "one", 40)
        at_work.look()
        assert until(lambda: states(database, "one") == [NoticeState.DELIVERED] * 40)
        assert len(set(receiver.ids)) == len(receiver.ids) == 40


def test_a_receiver_that_hangs_delays_nobody_else(database: Database, clock: StandingClock) -> None:
    with (
        receiving("hang") as slow,
        receiving() as quick,
        telling(teller_of(database, clock, slow=slow, quick=quick)) as at_work,
    ):
        add(database, clock, "slow", 40)
        clock.advance(seconds=1)
        add(database, clock, "quick", 40)
        at_work.look()
        assert until(lambda: states(database, "quick") == [NoticeState.DELIVERED] * 40)
        assert len(slow.got) == PER_LANE
        assert NoticeState.DELIVERED not in states(database, "slow")
        slow.over.set()  # its connections end


def test_a_receiver_without_an_answer_rests(
    database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "READ_TIMEOUT", 0.1)
    with receiving("hang") as slow, telling(teller_of(database, clock, slow=slow)) as at_work:
        add(database, clock, "slow", 10)
        at_work.look()
        assert until(lambda: len(slow.got) == PER_LANE)
        at_work.stop()
        at_work._stopping = False
        at_work.look()
        assert len(slow.got) == PER_LANE


def test_a_fault_of_a_channel_ends_no_thread(database: Database, clock: StandingClock) -> None:
    with receiving() as receiver:
        teller = teller_of(database, clock, good=receiver, bad=receiver)

        def broken(sending: Sending) -> TryResult:
            if sending.site.slug == "bad":
                raise ZeroDivisionError
            return webhook.deliver(sending)

        with telling(replace(teller, channels={"webhook": replace(webhook.CHANNEL, deliver=broken)})) as at_work:
            add(database, clock, "bad", 20)
            add(database, clock, "good", 5)
            at_work.look()
            assert until(lambda: states(database, "good") == [NoticeState.DELIVERED] * 5)
