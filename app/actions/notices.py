"""Notices by hand: sent again, and tried."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app.actions.tell import Teller
from app.channels.declaring import Sending
from app.core.notice import TEST, TryResult, json_body, notice_id
from app.core.site import Site
from app.store.audit import record
from app.store.database import Database
from app.store.notices import send_again


class NoSuchNotice(Exception):
    """None of these notices is there, or all are under way."""


def retry(database: Database, ids: Collection[str], *, by: int | None, now: datetime) -> list[str]:
    """Make notices due now, with all tries before them; returns the ids found. Raises NoSuchNotice."""

    def again(connection: Connection) -> list[str]:
        found = send_again(connection, ids, now)
        if found:
            record(connection, "notices.sent_again", f"{len(found)} notices", {"ids": found[:100]}, by=by, now=now)
        return found

    found = database.write(again)
    if not found:
        raise NoSuchNotice
    return found


def try_site_channel(teller: Teller, channel: str, sites: Sequence[Site]) -> dict[str, TryResult]:
    """Deliver a test to each of these sites that has the channel, now; nothing is kept. By site."""
    found = teller.channels[channel]
    now = teller.clock()
    body = json_body(TEST, {}, now)

    def send(site: Site) -> TryResult:
        its_id = notice_id(TEST, site.slug, now)
        return found.deliver(Sending(site, its_id, body, teller.unseal, teller.targets, now))

    return {site.slug: send(site) for site in sites if found.serves(site)}
