"""What changing some of a site's options means for the others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core.site import HIDDEN, Site

_SECRET = (*HIDDEN, "webhook")  # receivers' addresses often bear a secret


@dataclass(frozen=True, slots=True)
class SiteChange:
    """The site as it becomes. `key_dropped`: the vendor's key did not go along to another API domain.
    `new_secret`: the webhook's new secret is in use."""

    site: Site
    key_dropped: bool
    new_secret: bool


def change_options(
    site: Site, options: Mapping[str, Any], *, sealed_secret: str | None = None, renew_secret: bool = False
) -> SiteChange:
    """The site with these options. `sealed_secret` is there to be used when its webhook goes to a new address,
    or with `renew_secret` in any case.

    A key is never sent to a host that it was not given for, nor is one receiver's webhook secret another's.
    """
    after = dict(options)
    moved = site.api_domain is not None and after.get("api_domain", site.api_domain) != site.api_domain
    key_dropped = moved and site.sealed_key is not None and "sealed_key" not in after
    if key_dropped:
        after |= {"sealed_key": None, "key_ending": None, "key_made": None}
    elif "sealed_key" in after:
        after = {"key_made": None, **after}  # the day belongs to the key before
    if "backend" in after:
        after["unreadable"] = False
    webhook = after.get("webhook", site.webhook)
    new_secret = webhook is not None and (webhook != site.webhook or renew_secret)
    if new_secret or webhook is None:
        after["sealed_webhook_secret"] = sealed_secret if new_secret else None
    return SiteChange(replace(site, **after), key_dropped, new_secret)


def changed_options(old: Site, new: Site) -> dict[str, Any]:
    """What the audit log tells of a change: old and new value by option, of a secret only what became of it."""
    before, after = ({"name": site.name, "disabled": site.disabled, **site.options()} for site in (old, new))
    return {
        name: _fate(before[name], value) if name in _SECRET else [before[name], value]
        for name, value in after.items()
        if value != before[name]
    }


def _fate(before: str | None, after: str | None) -> str:
    if after is None:
        return "removed"
    return "set" if before is None else "replaced"
