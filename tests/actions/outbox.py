"""A site with a webhook, and notices for it."""

from dataclasses import replace
from datetime import datetime

from app.core.notice import NewNotice, RequestParked, parked_notice
from app.core.site import Site
from app.core.webhook import new_secret
from app.core.why import Why, WhyCode
from app.keys.seal import Sealer

SECRET = new_secret()
SEALER = Sealer([b"k" * 32])
SITE = Site(slug="default", name="Help", uid="u", sealed_webhook_secret=SEALER.seal(SECRET))
PARKED = RequestParked(
    reference="7K3M-Q2XH", site="default", reason="stale", why=Why(WhyCode.STALE), attempts=7, maybe_duplicate=False
)


def parked(site: str, number: int, now: datetime) -> NewNotice:
    """The notice of a request that was parked after this many tries."""
    return parked_notice("webhook", replace(PARKED, site=site, attempts=number), now)
