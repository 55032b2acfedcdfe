"""A site's account key at the embedded desk (the `uid` of the New Session API): renewed, kept for a while, revoked."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core.site import Site

OLD_KEY_LIFE = timedelta(hours=24)


def keys_of(site: Site) -> Iterator[str]:
    """The site's keys, the previous one first; `is_good` tells whether one is valid now."""
    if site.old_uid is not None:
        yield site.old_uid
    if not site.uid_revoked:
        yield site.uid


def is_good(site: Site, uid: str, now: datetime) -> bool:
    """Whether this is a valid key of the site now."""
    if uid == site.uid:
        return not site.uid_revoked
    return uid == site.old_uid and old_key_ends(site, now) is not None


def old_key_ends(site: Site, now: datetime) -> datetime | None:
    """When the previous key ends (UTC); None when there is none that is still valid."""
    if site.old_uid is None or site.old_uid_until is None:
        return None
    ends = datetime.fromisoformat(site.old_uid_until)
    return ends if now < ends else None


def with_new_key(site: Site, uid: str, now: datetime, *, keep_old: bool) -> Site:
    """The site with this key. With `keep_old` the current key stays valid for 24 hours more, earlier ones do not."""
    if not keep_old or site.uid_revoked:
        return replace(site, uid=uid, old_uid=None, old_uid_until=None, uid_revoked=False)
    ends = (now + OLD_KEY_LIFE).astimezone(UTC)
    return replace(site, uid=uid, old_uid=site.uid, old_uid_until=ends.isoformat())


def without_old_key(site: Site) -> Site:
    """The site without its previous key."""
    return replace(site, old_uid=None, old_uid_until=None)


def without_key(site: Site, uid: str) -> Site:
    """The site without a valid key. `uid` replaces the key and must not be told to anybody."""
    return replace(without_old_key(site), uid=uid, uid_revoked=True)


def key_mark(site: Site) -> str:
    """Identifies the key that a form was made for, without revealing it."""
    return hashlib.sha256(f"{site.uid} {site.old_uid} {site.uid_revoked}".encode()).hexdigest()[:16]
