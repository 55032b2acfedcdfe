"""Deliver notices through sites' channels: each at least once, even when receivers or processes fail."""

import logging
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app import metrics
from app.channels.declaring import Channel, Sending
from app.core.notice import Delivery, TryResult, is_too_old, next_try
from app.core.site import Site
from app.core.targets import Targets
from app.store.database import Database
from app.store.notices import Notice, any_due, claim_notices, settle

AT_ONCE = 16  # notices in one call, each in a thread of its own
LEASE = timedelta(seconds=120)  # far longer than a try may take, slow name look-ups included

_LEVELS = {
    "delivered": logging.INFO,
    "failed": logging.WARNING,
    "lease_lost": logging.WARNING,
    "given_up": logging.ERROR,
}
log = structlog.get_logger()
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Teller:
    """Context of one call of `deliver_due`."""

    database: Database
    sites: Mapping[str, Site]
    unseal: Callable[[str], str]
    channels: Mapping[str, Channel]
    targets: Targets
    now: datetime

    def tell(self, notice: Notice) -> bool:
        """Make one try and record its outcome; returns whether the notice was delivered."""
        site, channel = self.sites.get(notice.site), self.channels[notice.channel]
        if site is None or not channel.serves(site):
            self._settle(notice, None)
            return False
        if is_too_old(notice.created_at, self.now):
            return self._record(notice, TryResult(Delivery.FAILED, "it was kept for a day"))
        sending = Sending(site, notice.id, notice.body, self.unseal, self.targets, self.now)
        return self._record(notice, channel.deliver(sending))

    def _record(self, notice: Notice, result: TryResult) -> bool:
        delivery = result.delivery
        failed = delivery is Delivery.FAILED
        again = next_try(notice.tries, notice.created_at, self.now, _random.uniform) if failed else None
        kept = self._settle(notice, again)
        metrics.told(notice.channel, notice.site, delivery.value)
        gave_up = kept and not again and delivery is not Delivery.DELIVERED
        if gave_up:
            metrics.told(notice.channel, notice.site, "given_up")
        _say(notice, "given_up" if gave_up else delivery if kept else "lease_lost", result.why)
        return delivery is Delivery.DELIVERED

    def _settle(self, notice: Notice, again: datetime | None) -> bool:
        return self.database.write(lambda connection: settle(connection, notice, again))


def _say(notice: Notice, outcome: str, why: str) -> None:
    event = f"{notice.channel}_{outcome}"
    log.log(_LEVELS[outcome], event, site=notice.site, id=notice.id, tries=notice.tries, why=why)


def deliver_due(
    database: Database,
    sites: Mapping[str, Site],
    unseal: Callable[[str], str],
    channels: Mapping[str, Channel],
    *,
    now: datetime,
    targets: Targets,
) -> int:
    """Take up to 16 due notices and try each once; returns how many were delivered.

    Returns at once when nothing is due; else it takes about as long as the slowest receiver, some seconds at most. A
    failed notice is due again later, is tried seven times in all, and is then given up (logged as `webhook_given_up`).
    A notice whose receiver is gone is given up at once. A notice is dropped when its site lacks the channel's options.
    Safe in any number of processes.
    """
    with database.read() as connection:
        if not any_due(connection, channels, now):
            return 0
    claimed = database.write(lambda connection: claim_notices(connection, channels, now, AT_ONCE, now + LEASE))
    tell = _Teller(database, sites, unseal, channels, targets, now).tell
    if len(claimed) <= 1:
        return sum(map(tell, claimed))
    with ThreadPoolExecutor(len(claimed), thread_name_prefix="notices") as threads:
        return sum(threads.map(tell, claimed))
