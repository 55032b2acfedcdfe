"""Technicians let a browser of theirs be told by Web Push, and take that back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from app.core.fact import Fact
from app.core.notice import Event
from app.core.notice_rule import Rule, Whom, with_rule
from app.core.push import MOST_BROWSERS, PUSH, Browser, PushKey, Subscription
from app.core.text import Invalid
from app.keys.push_key import new_push_key
from app.keys.seal import Sealer, Unsealable
from app.store import browsers as store
from app.store.database import Database
from app.store.notice_book import lock_own, save_own

# What a technician is told of whose first browser it is, and who has no rule for it yet.
_FIRST_RULES = tuple(
    Rule(event=event, to=Whom.ME, by=PUSH)
    for event in (Event.REQUESTED, Event.PASSED_ON, Event.CALL_BACK_DUE, Event.CUSTOMER_WROTE)
)


def public_key(database: Database, sealer_in: Callable[[Connection], Sealer], *, now: datetime) -> str:
    """The public key that browsers subscribe with, made when there is none, or when no key opens the private one: then
    all browsers have to subscribe anew."""
    with database.read() as connection:
        known = store.push_key(connection)

    def make(connection: Connection) -> str:
        sealer = sealer_in(connection)
        found = store.lock_push_key(connection)
        if found and _opens(sealer, found.sealed):
            return found.public
        public, private = new_push_key()
        store.keep_push_key(connection, PushKey(public, sealer.seal(private)), now)
        return public

    return known.public if known else database.write(make)


def subscribe(
    database: Database,
    sealer_in: Callable[[Connection], Sealer],
    subscription: Subscription,
    *,
    by: int,
    now: datetime,
    user_agent: str | None,
    session: str,
) -> bool:
    """Let this browser be told, as long as nobody takes it back; returns whether it is new. Raises Invalid when there
    are too many.

    The first one brings rules of the technician's own for new requests, call-backs and customers' lines.
    """
    told = {"endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth}

    def keep(connection: Connection) -> bool:
        sealed = sealer_in(connection).seal(json.dumps(told))
        own = lock_own(connection, by)
        new = Browser(
            id=0,
            technician_id=by,
            mark=subscription.mark,
            host=subscription.host,
            sealed=sealed,
            user_agent=user_agent,
            session=session,
            created_at=now,
        )
        is_new = store.keep_browser(connection, new)
        if store.count_browsers(connection, by) > MOST_BROWSERS:
            raise Invalid(Fact("browser", "many", {"most": MOST_BROWSERS}))
        rules = own.rules or ()
        if is_new and not any(rule.by == PUSH for rule in rules):
            for rule in _FIRST_RULES:
                rules = with_rule(rules, rule)
            save_own(connection, by, replace(own, rules=rules))
        return is_new

    return database.write(keep)


def unsubscribe(database: Database, browser_id: int, *, by: int) -> bool:
    """Tell this browser of the technician's nothing more; False when it was removed before."""
    return database.write(lambda connection: store.remove_browser(connection, browser_id, by))


def _opens(sealer: Sealer, sealed: str) -> bool:
    try:
        sealer.unseal(sealed)
    except Unsealable:
        return False
    return True
