"""Faults of a site's vendor account that an operator should know before customers meet them."""

from datetime import date

from app.core.fact import Fact
from app.core.site import Site
from app.core.vendor_key import WARN_BEFORE_END


def days_left(site: Site, today: date) -> int | None:
    """Days until the vendor disables the key, from 30 down; 0 or less when it has. None when that is later or unknown.

    None also when the key is not in use.
    """
    ends = site.key_ends
    if ends is None or not site.at_vendor or not site.sealed_key or site.disabled:
        return None
    return (ends - today).days if ends - today <= WARN_BEFORE_END else None


def account_problems(site: Site, today: date) -> list[Fact]:
    """Faults that prevent the site from opening sessions."""
    days = days_left(site, today)
    if days is None or days > 0:
        return []
    return [Fact("vendor_key", "ended", {"day": str(site.key_ends)})]


def account_warnings(site: Site, today: date) -> list[Fact]:
    """Conditions that work now, but will end soon or are not as they should be."""
    if not site.at_vendor:
        return []
    warnings = []
    days = days_left(site, today)
    if days is not None and days > 0:
        warnings.append(Fact("vendor_key", "ends", {"days": days, "day": str(site.key_ends)}))
    if site.unreadable:
        warnings.append(Fact("backend", "unreadable", {"backend": site.backend}))
    if site.api_domain and site.api_domain.startswith("http://"):
        warnings.append(Fact("api_domain", "not_encrypted", {"address": site.api_domain}))
    return warnings
