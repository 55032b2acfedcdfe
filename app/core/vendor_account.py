"""What an operator should know about a site's account at the vendor, before customers find out."""

from datetime import date

from app.core.site import Site
from app.core.vendor_key import WARN_BEFORE_END


def days_left(site: Site, today: date) -> int | None:
    """Days until the vendor disables the key, from 30 down; 0 or less when it has. None when that is far or unknown.

    Only where the key is in use.
    """
    ends = site.key_ends
    if ends is None or not site.at_vendor or not site.sealed_key or site.disabled:
        return None
    return (ends - today).days if ends - today <= WARN_BEFORE_END else None


def account_problems(site: Site, today: date) -> list[str]:
    """What keeps the site from opening sessions."""
    days = days_left(site, today)
    if days is None or days > 0:
        return []
    return [f"its key at the vendor ended on {site.key_ends}; {_new_key(site)}"]


def account_warnings(site: Site, today: date) -> list[str]:
    """What works, but not for long or not as it should."""
    if not site.at_vendor:
        return []
    warnings = []
    days = days_left(site, today)
    if days is not None and days > 0:
        left = "1 day" if days == 1 else f"{days} days"
        warnings.append(f"its key at the vendor ends in {left}, on {site.key_ends}; {_new_key(site)}")
    if site.unreadable:
        warnings.append(
            "an answer of the vendor's could not be read, so sessions open in the customer's browser; "
            f"to try again: handbell site set {site.slug} --backend {site.backend}"
        )
    if site.api_domain and site.api_domain.startswith("http://"):
        warnings.append(f"its API domain {site.api_domain} is on this machine and not encrypted: for tests only")
    return warnings


def _new_key(site: Site) -> str:
    return f"make a new one there, then: handbell site set {site.slug} --key-file FILE --key-made DAY"
