"""Public holidays by country and region, from the package `holidays`."""

from collections.abc import Mapping
from datetime import date

from app.core.fact import Fact
from app.core.text import Invalid


def public_holidays(country: str | None, region: str | None) -> Mapping[date, str]:
    """The holidays of a country (`DE`) and region (`BY`) by date, in the country's language; of no country none.

    Years are added when they are asked for. Raises Invalid for an unknown country or region.
    """
    if country is None:
        return {}
    import holidays  # here, as it takes 50 ms, which a desk without holidays need not wait

    if country not in holidays.list_supported_countries():
        raise Invalid(Fact("country", "unknown", {"name": country}))
    if region is not None and region not in regions_of(country):
        known = tuple(sorted(regions_of(country)))
        raise Invalid(Fact("region", "unknown", {"name": region, "known": known}))
    # Without a language the package takes that of the machine's environment.
    language = getattr(holidays, country).default_language
    found: Mapping[date, str] = holidays.country_holidays(country, subdiv=region, language=language)
    return found


def regions_of(country: str) -> list[str]:
    """The codes of a country's regions; empty for an unknown country."""
    import holidays

    found: list[str] = holidays.list_supported_countries().get(country, [])
    return found


def countries() -> list[str]:
    """The codes of all countries whose holidays are known."""
    import holidays

    return sorted(holidays.list_supported_countries())
