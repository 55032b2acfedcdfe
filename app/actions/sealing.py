"""Secrets of sites and second factors: decrypted where they are used, stored under the newest key."""

from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import Connection

from app.core.fact import Fact
from app.core.site import SEALED, Site
from app.core.vendor_key import key_ending
from app.keys.seal import Sealer, Unsealable
from app.store.account import accounts_with_second_factor, lock_accounts_with_second_factor, reseal_second_factor
from app.store.browsers import lock_browsers, lock_push_key, reseal_browser, reseal_push_key
from app.store.notice_book import lock_places, reseal_place
from app.store.sites import change_site, lock_sites

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
    """Decrypts secrets: a Sealer, or a process's key ring, which looks at the keys again when decryption fails."""

    def unseal(self, sealed: str) -> str: ...


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
    """Stored secrets that no key opens; all of them without keys (None)."""
    return [
        Fact(_FACTS[name], "lost")
        for name in SEALED
        if (sealed := getattr(site, name)) is not None and (sealer is None or not _opens(sealer, sealed))
    ]


def lost_second_factors(connection: Connection, sealer: Unsealer | None) -> dict[str, str]:
    """Second factors that no key opens: mail address to remedy. Recovery codes work without a key."""
    return {
        account.email: "the second factor cannot be read, as its key is gone: "
        f"handbell technician second-factor {account.email} --off"
        for account in accounts_with_second_factor(connection)
        if sealer is None or not _opens(sealer, account.sealed_totp or "")
    }


def reseal(connection: Connection, sealer: Sealer) -> None:
    """Encrypt every secret with the newest key, in this transaction.

    All rows are locked first, so what a change stored before is seen, and one that waits reads what is stored here.
    A secret that no key opens is left alone.
    """
    sites, factors = lock_sites(connection), lock_accounts_with_second_factor(connection)
    for site in sites:
        if changes := _resealed(site, sealer):
            change_site(connection, replace(site, **changes))
    for place in lock_places(connection):
        if fresh := _fresh(place.sealed, sealer):
            reseal_place(connection, place.id, fresh)
    if (push := lock_push_key(connection)) and (fresh := _fresh(push.sealed, sealer)):
        reseal_push_key(connection, fresh)
    for browser in lock_browsers(connection):
        if fresh := _fresh(browser.sealed, sealer):
            reseal_browser(connection, browser.id, fresh)
    for account in factors:
        if fresh := _fresh(account.sealed_totp, sealer):
            reseal_second_factor(connection, account.id, fresh)


def _resealed(site: Site, sealer: Sealer) -> dict[str, Any]:
    """The options that have to change, with their new values."""
    options = {name: _fresh(getattr(site, name), sealer) for name in SEALED}
    return {name: fresh for name, fresh in options.items() if fresh}


def _fresh(sealed: str | None, sealer: Sealer) -> str | None:
    """The secret under the newest key; None when it already is, or no key opens it."""
    return sealer.resealed(sealed) if sealed is not None and _opens(sealer, sealed) else None


def _opened(site: Site, name: str, sealer: Unsealer) -> str:
    sealed: str | None = getattr(site, name)
    if sealed is None:
        raise Unsealable(f"the site {site.slug} has no {_WHAT[name]}: {_remedy(site, name)}")
    try:
        return sealer.unseal(sealed)
    except Unsealable:
        raise Unsealable(
            f"the {_WHAT[name]} of the site {site.slug} cannot be read, as its key is gone: {_remedy(site, name)}"
        ) from None


def _opens(sealer: Unsealer, sealed: str) -> bool:
    try:
        sealer.unseal(sealed)
    except Unsealable:
        return False
    return True


def _remedy(site: Site, name: str) -> str:
    return _REMEDY[name].format(site=site.slug)
