"""Sites' webhooks are told what waits for them: each notice at least once, whatever receiver or process fails."""

import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app import metrics
from app.core.site import Site
from app.core.webhook import BadSecret, Delivery, ReceiverAnswer, is_too_old, next_try, signed_headers
from app.keys.seal import Unsealable
from app.store.database import Database
from app.store.notices import Notice, any_due, claim_notices, settle

AT_ONCE = 16  # notices in one call, each in a thread of its own
LEASE = timedelta(seconds=120)  # far longer than a try may take, names that are looked up slowly included

Send = Callable[[str, dict[str, str], bytes], ReceiverAnswer]

log = structlog.get_logger()
_random = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Teller:
    """What delivering needs; one for each call."""

    database: Database
    sites: Mapping[str, Site]
    unseal: Callable[[str], str]
    send: Send
    now: datetime

    def tell(self, notice: Notice) -> bool:
        """One try, and its outcome recorded. Whether it was delivered."""
        site = self.sites.get(notice.site)
        if site is None or site.webhook is None:
            self._settle(notice, None)
            return False
        if is_too_old(notice.created_at, self.now):
            return self._record(notice, ReceiverAnswer(Delivery.FAILED, "it was kept for a day"))
        return self._record(notice, self._try(site, site.webhook, notice))

    def _try(self, site: Site, address: str, notice: Notice) -> ReceiverAnswer:
        if site.sealed_webhook_secret is None:
            return ReceiverAnswer(Delivery.FAILED, "the site has no webhook secret")
        body = notice.body.encode()
        try:
            headers = signed_headers(self.unseal(site.sealed_webhook_secret), notice.id, self.now, body)
        except (Unsealable, BadSecret) as error:
            return ReceiverAnswer(Delivery.FAILED, str(error))
        return self.send(address, headers, body)

    def _record(self, notice: Notice, answer: ReceiverAnswer) -> bool:
        delivery = answer.delivery
        failed = delivery is Delivery.FAILED
        again = next_try(notice.tries, notice.created_at, self.now, _random.uniform) if failed else None
        kept = self._settle(notice, again)
        metrics.webhook(notice.site, delivery.value)
        about = {"site": notice.site, "id": notice.id, "tries": notice.tries, "why": answer.why}
        if not kept:
            log.warning("webhook_lease_lost", **about)
        elif delivery is Delivery.DELIVERED:
            log.info("webhook_delivered", **about)
        elif again:
            log.warning("webhook_failed", **about)
        else:
            log.error("webhook_given_up", **about)
            metrics.webhook(notice.site, "given_up")
        return delivery is Delivery.DELIVERED

    def _settle(self, notice: Notice, again: datetime | None) -> bool:
        return self.database.write(lambda connection: settle(connection, notice, again))


def deliver_due(
    database: Database, sites: Mapping[str, Site], unseal: Callable[[str], str], send: Send, *, now: datetime
) -> int:
    """Take up to 16 due notices and try each once; how many were delivered.

    Looks and returns when nothing is due; else it takes about as long as the slowest receiver, some seconds at the
    most. What failed is due again later, seven times in all, and is then given up (logged as `webhook_given_up`);
    410 gives up at once. A notice for a site without a webhook is dropped. Safe in any number of processes.
    """
    with database.read() as connection:
        if not any_due(connection, now):
            return 0
    claimed = database.write(lambda connection: claim_notices(connection, now, AT_ONCE, now + LEASE))
    tell = _Teller(database, sites, unseal, send, now).tell
    if len(claimed) <= 1:
        return sum(map(tell, claimed))
    with ThreadPoolExecutor(len(claimed), thread_name_prefix="webhook") as threads:
        return sum(threads.map(tell, claimed))
