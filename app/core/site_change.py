"""Effects of a change of some site options on the others."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.site import HIDDEN, SETTABLE, Site

_SECRET = (*HIDDEN, "key_ending", "webhook")  # receivers' addresses often contain a secret
_SPOKEN = {
    "sealed_key": "key",
    "key_ending": "key",
    "secret_hash": "secret",
    "sealed_identity_secret": "identity_secret",
    "sealed_webhook_secret": "webhook_secret",
}


@dataclass(frozen=True, slots=True)
class SiteChange:
    """The changed site. `key_dropped`: the vendor's key was removed because the API domain changed. `new_secret`: the
    webhook has a new secret."""

    site: Site
    key_dropped: bool
    new_secret: bool


def change_options(
    site: Site, options: Mapping[str, Any], *, sealed_secret: str | None = None, renew_secret: bool = False
) -> SiteChange:
    """The site with these options, including its backend's own ones.

    `sealed_secret` is used when the webhook's address changes; `renew_secret` forces that. A key is never sent to a
    host other than the one it was entered for, and a webhook's secret is never used for another receiver.
    """
    after = dict(options)
    moved = site.api_domain is not None and after.get("api_domain", site.api_domain) != site.api_domain
    key_dropped = moved and site.sealed_key is not None and "sealed_key" not in after
    if key_dropped:
        after |= {"sealed_key": None, "key_ending": None, "key_made": None}
    elif "sealed_key" in after:
        after = {"key_made": None, **after}  # the day belongs to the previous key
    if "backend" in after:
        after["unreadable"] = False
    webhook = after.get("webhook", site.webhook)
    new_secret = webhook is not None and (webhook != site.webhook or renew_secret)
    if new_secret or webhook is None:
        after["sealed_webhook_secret"] = sealed_secret if new_secret else None
    own = {name: after.pop(name) for name in set(after) - set(SETTABLE)}
    if own:
        kept = {**site.backend_options, **own}
        after["backend_options"] = {name: value for name, value in kept.items() if value is not None}
    return SiteChange(replace(site, **after), key_dropped, new_secret)


def marked(site: Site, options: Iterable[str]) -> str:
    """A digest of these options, 22 hexadecimal digits; a form carries it to detect changes."""
    shown = {name: site.option(name) for name in sorted(options)}
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:22]


def only_new(site: Site, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options whose values differ from the site's. A new key keeps the day that came with it."""
    new = {name: value for name, value in options.items() if value != site.option(name)}
    if "sealed_key" in new and options.get("key_made"):
        new["key_made"] = options["key_made"]
    return new


def what_changed(before: Site, after: Site) -> dict[str, Any]:
    """Old and new value of the options that differ, by the names that operators know; for a secret only whether it was
    set, replaced or removed."""
    old, new = ({"name": site.name, "disabled": site.disabled, **site.options()} for site in (before, after))
    return {
        _SPOKEN.get(name, name): _fate(old[name], new[name]) if name in _SECRET else [old[name], new[name]]
        for name in SETTABLE
        if old[name] != new[name]
    }


def _fate(before: str | None, after: str | None) -> str:
    if after is None:
        return "removed"
    return "set" if before is None else "replaced"
