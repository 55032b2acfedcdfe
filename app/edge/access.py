"""Access to routes: each view declares it; the application refuses to start when one does not."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., object])
_MARK = "handbell_open_to"


class Who(StrEnum):
    """The kinds of people and programs that a route may be for."""

    EVERYONE = "everyone"
    LINK_HOLDERS = "link holders"  # anyone with the signed link in the address
    ACCOUNT_KEYS = "account keys"  # programs with a site's key
    SITE_PAGES = "site pages"  # pages at the site's own origins, and its servers with its secret key
    TECHNICIANS = "technicians"  # logged in at the console
    SUPERVISORS = "supervisors"  # of these, supervisors and administrators
    ADMINISTRATORS = "administrators"  # of these, administrators
    SCRAPERS = "scrapers"  # programs on this machine, or in HANDBELL_METRICS_NETWORKS


class Undeclared(Exception):
    """A route does not say who may use it."""


def open_to(who: Who) -> Callable[[View], View]:
    """Declare who may use a view. The view, or what guards it, sees to it."""

    def declare(view: View) -> View:
        setattr(view, _MARK, who)
        return view

    return declare


def declared(app: Flask) -> dict[str, Who]:
    """Every route with its methods, and who may use it. Raises Undeclared."""
    found = {}
    for rule in app.url_map.iter_rules():
        who = getattr(app.view_functions[rule.endpoint], _MARK, None)
        if who is None:
            raise Undeclared(f"{rule.rule} ({rule.endpoint}) does not declare who may use it: see app/edge/access.py")
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        found[f"{methods} {rule.rule}"] = who
    return dict(sorted(found.items()))
