"""Secrets of sites and second factors: decrypted where they are used, stored under the newest key of the keys file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from app.core.fact import Fact
from app.core.site import SEALED, Site
from app.core.vendor_key import key_ending
from app.keys.key_file import keys_held, read_keys
from app.keys.seal import Sealer, Unsealable
from app.store.account import LogInAccount, accounts_with_second_factor, reseal_second_factor
from app.store.database import Database
from app.store.sites import change_site, load_sites, lock_site

_WHAT = {
    "sealed_key": "key at the vendor",
    "sealed_webhook_secret": "webhook secret",
    "sealed_identity_secret": "identity secret",
}
_FACTS = {
    "sealed_key": "vendor_key",
    "sealed_webhook_secret": "webhook_secret",
    "sealed_identity_secret": "identity_secret",
}
_REMEDY = {
    "sealed_key": "handbell site set {site} --key-file FILE",
    "sealed_webhook_secret": "handbell site set {site} --new-webhook-secret",
    "sealed_identity_secret": "handbell site set {site} --new-identity-secret",
}


class Unsealer(Protocol):
    """Decrypts secrets: a Sealer, or a process's key ring, which rereads the keys file when decryption fails."""

    def unseal(self, sealed: str) -> str: ...


@contextmanager
def held_sealer(keys_path: Path) -> Iterator[Sealer]:
    """A sealer; until the block ends no key is removed on this host, so store what was sealed before then.

    Raises BadKeys.
    """
    with keys_held(keys_path):
        yield Sealer([key.secret for key in read_keys(keys_path)])


def key_options(key: str, sealer: Sealer) -> dict[str, Any]:
    """The site options for an account's key; an empty key removes them."""
    if not key:
        return {"sealed_key": None, "key_ending": None, "key_made": None}
    return {"sealed_key": sealer.seal(key), "key_ending": key_ending(key)}


def vendor_key_of(site: Site, sealer: Unsealer) -> str:
    """The site's key at the vendor. Raises Unsealable, whose message names the site and the remedy."""
    return _opened(site, "sealed_key", sealer)


def site_webhook_secret(site: Site, sealer: Unsealer) -> str:
    """The secret that the site's webhook is signed with, `whsec_…`. Raises Unsealable, as `vendor_key_of` does."""
    return _opened(site, "sealed_webhook_secret", sealer)


def site_identity_secret(site: Site, sealer: Unsealer) -> str:
    """The secret that the site's own server signs customers' identities with. Raises Unsealable, as
    `vendor_key_of` does."""
    return _opened(site, "sealed_identity_secret", sealer)


def lost_secrets(site: Site, sealer: Unsealer | None) -> list[Fact]:
    """Stored secrets that no key opens; all of them without a keys file (None)."""
    return [
        Fact(_FACTS[name], "lost")
        for name in SEALED
        if (sealed := getattr(site, name)) is not None and (sealer is None or not _opens(sealer, sealed))
    ]


def lost_second_factors(connection: Connection, sealer: Unsealer | None) -> dict[str, str]:
    """Second factors that no key opens: mail address to remedy. Recovery codes work without a key."""
    return {
        account.email: "the second factor cannot be read with this keys file: put the right file back, or "
        f"handbell technician second-factor {account.email} --off"
        for account in accounts_with_second_factor(connection)
        if sealer is None or not _opens(sealer, account.sealed_totp or "")
    }


def reseal(database: Database, sealer: Sealer) -> int:
    """Encrypt every secret that is under an older key with the newest one; returns how many.

    Each site and each second factor is read and changed in its own transaction. A secret that no key opens is left
    alone.
    """
    with database.read() as connection:
        stale = [site.slug for site in load_sites(connection) if _resealed(site, sealer)]
        factors = accounts_with_second_factor(connection)
    sites = sum(database.write(partial(_reseal_site, slug=slug, sealer=sealer)) for slug in stale)
    return sites + sum(_reseal_second_factor(database, account, sealer) for account in factors)


def any_sealed(database: Database) -> bool:
    """Whether any secret is stored."""
    with database.read() as connection:
        if accounts_with_second_factor(connection):
            return True
        return any(getattr(site, name) is not None for site in load_sites(connection) for name in SEALED)


def _reseal_second_factor(database: Database, account: LogInAccount, sealer: Sealer) -> int:
    old = account.sealed_totp or ""
    fresh = sealer.resealed(old) if _opens(sealer, old) else None
    if fresh is None:
        return 0
    sealed = fresh
    return int(database.write(lambda connection: reseal_second_factor(connection, account.id, old, sealed)))


def _reseal_site(connection: Connection, slug: str, sealer: Sealer) -> int:
    site = lock_site(connection, slug)
    changes = _resealed(site, sealer) if site else {}
    if site and changes:
        change_site(connection, replace(site, **changes))
    return len(changes)


def _resealed(site: Site, sealer: Sealer) -> dict[str, Any]:
    """The options that have to change, with their new values."""
    changes: dict[str, Any] = {}
    for name in SEALED:
        sealed = getattr(site, name)
        if sealed is not None and _opens(sealer, sealed) and (fresh := sealer.resealed(sealed)):
            changes[name] = fresh
    return changes


def _opened(site: Site, name: str, sealer: Unsealer) -> str:
    sealed: str | None = getattr(site, name)
    if sealed is None:
        raise Unsealable(f"the site {site.slug} has no {_WHAT[name]}: {_remedy(site, name)}")
    try:
        return sealer.unseal(sealed)
    except Unsealable:
        raise Unsealable(
            f"the {_WHAT[name]} of the site {site.slug} cannot be read with this keys file: {_remedy(site, name)}"
        ) from None


def _opens(sealer: Unsealer, sealed: str) -> bool:
    try:
        sealer.unseal(sealed)
    except Unsealable:
        return False
    return True


def _remedy(site: Site, name: str) -> str:
    return _REMEDY[name].format(site=site.slug)
