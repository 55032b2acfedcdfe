"""A site's account key at the embedded desk (the `uid` of the New Session API): made anew, kept a while, revoked."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core.site import Site

OLD_KEY_LIFE = timedelta(hours=24)


def keys_of(site: Site) -> Iterator[str]:
    """The keys that may work, the older one first; whether they do is `is_good`'s to say."""
    if site.old_uid is not None:
        yield site.old_uid
    if not site.uid_revoked:
        yield site.uid


def is_good(site: Site, uid: str, now: datetime) -> bool:
    """Whether this is a key of the site's that works now."""
    if uid == site.uid:
        return not site.uid_revoked
    return uid == site.old_uid and old_key_ends(site, now) is not None


def old_key_ends(site: Site, now: datetime) -> datetime | None:
    """When the key before this one ends (UTC); None when there is none that still works."""
    if site.old_uid is None or site.old_uid_until is None:
        return None
    ends = datetime.fromisoformat(site.old_uid_until)
    return ends if now < ends else None


def with_new_key(site: Site, uid: str, now: datetime, *, keep_old: bool) -> Site:
    """The site with this key. With `keep_old` the one before works for 24 hours more, and none before that."""
    if not keep_old or site.uid_revoked:
        return replace(site, uid=uid, old_uid=None, old_uid_until=None, uid_revoked=False)
    ends = (now + OLD_KEY_LIFE).astimezone(UTC)
    return replace(site, uid=uid, old_uid=site.uid, old_uid_until=ends.isoformat())


def without_old_key(site: Site) -> Site:
    """The site whose key before this one has ended."""
    return replace(site, old_uid=None, old_uid_until=None)


def without_key(site: Site, uid: str) -> Site:
    """The site whose keys have all ended. `uid`, which nobody has been told, takes the key's place."""
    return replace(without_old_key(site), uid=uid, uid_revoked=True)


def key_mark(site: Site) -> str:
    """Names the key that a form was made for, and tells nothing of it."""
    return hashlib.sha256(f"{site.uid} {site.old_uid} {site.uid_revoked}".encode()).hexdigest()[:16]
