"""Access to routes: each view declares it; the application refuses to start when one does not."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., object])
_MARK = "handbell_open_to"


class Who(StrEnum):
    """The groups of people and programs that a route can be open to."""

    EVERYONE = "everyone"
    LINK_HOLDERS = "link holders"  # anyone with the signed link in the address
    ACCOUNT_KEYS = "account keys"  # programs with a site's key
    SITE_PAGES = "site pages"  # pages at the site's own origins, and its servers with its secret key
    TECHNICIANS = "technicians"  # logged in at the console
    SUPERVISORS = "supervisors"  # supervisors and administrators only
    ADMINISTRATORS = "administrators"  # administrators only
    SCRAPERS = "scrapers"  # with HANDBELL_METRICS_TOKEN, or in HANDBELL_METRICS_NETWORKS


class Undeclared(Exception):
    """A route does not declare who may use it."""


def open_to(who: Who) -> Callable[[View], View]:
    """Declare who may use a view. Enforcement is up to the view or its guard."""

    def declare(view: View) -> View:
        setattr(view, _MARK, who)
        return view

    return declare


def declared(app: Flask) -> dict[str, Who]:
    """Every route with its methods, and its declared users. Raises Undeclared."""
    found = {}
    for rule in app.url_map.iter_rules():
        who = getattr(app.view_functions[rule.endpoint], _MARK, None)
        if who is None:
            raise Undeclared(f"{rule.rule} ({rule.endpoint}) does not declare who may use it: see app/edge/access.py")
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        found[f"{methods} {rule.rule}"] = who
    return dict(sorted(found.items()))
