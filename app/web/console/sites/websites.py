"""A site's own web pages and servers: the allowed origins, and their secrets."""

from collections.abc import Callable

from flask import Response, request
from sqlalchemy import Connection

from app.core.site import Site
from app.core.site_secrets import new_identity_secret, new_secret, secret_hash
from app.edge.this_app import running
from app.web.console.frame import administrators_confirmed, administrators_only, console_pages
from app.web.console.sites.forms import (
    FormRefused,
    SiteForm,
    Typed,
    Values,
    keep,
    read_typed,
    saved,
    show_site,
    site_of,
    ticked,
    typed_lines,
)
from app.web.console.sites.secret import show_secret
from app.web.words import _

pages = console_pages("site_websites")
_LONGEST_LIST = 20_000  # characters


def _labels() -> dict[str, str]:
    return {
        "origins": _("Origins"),
        "insecure_origins": _("Intranets over http"),
        "foreign_forms": _("Forms on other pages"),
        "browser_routing": _("Routing by the page"),
        "server_networks": _("Networks of the site’s servers"),
    }


def _secret_labels() -> dict[str, str]:
    return {}


WEBSITES = SiteForm(
    "websites",
    ("origins", "insecure_origins", "foreign_forms", "browser_routing", "server_networks"),
    _labels,
    lambda site: {
        "origins": "\n".join(site.origins),
        "insecure_origins": "\n".join(site.insecure_origins),
        "foreign_forms": site.foreign_forms,
        "browser_routing": site.browser_routing,
        "server_networks": "\n".join(site.server_networks),
    },
)
SERVER_KEY = SiteForm("server_key", ("secret_hash",), _secret_labels, lambda site: {})
IDENTITY = SiteForm("identity", ("sealed_identity_secret",), _secret_labels, lambda site: {})


@pages.get("/sites/<slug>/websites")
@administrators_only
def websites(slug: str) -> Response:
    """The page for origins, foreign forms, routing by pages, networks of servers, and secrets."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>/websites")
@administrators_only
def save_websites(slug: str) -> Response:
    """Save origins, foreign forms, routing by pages and networks of servers."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    text, origins = typed_lines("origins", _LONGEST_LIST, problems)
    typed_insecure, insecure = typed_lines("insecure_origins", _LONGEST_LIST, problems)
    typed_networks, networks = typed_lines("server_networks", _LONGEST_LIST, problems)
    values: Values = {
        "origins": text,
        "insecure_origins": typed_insecure,
        "foreign_forms": request.form.get("foreign_forms", ""),
        "browser_routing": ticked("browser_routing"),
        "server_networks": typed_networks,
    }
    listed = {"origins": origins, "insecure_origins": insecure, "server_networks": networks}
    options = read_typed({**values, **listed}, problems)
    if problems:
        return _page(site, Typed("websites", values, problems))
    return saved(WEBSITES, slug, _page, "/websites", options, values)


@pages.post("/sites/<slug>/server-key")
@administrators_confirmed
def make_server_key(slug: str) -> Response:
    """Make a new key for the site's servers, shown only once."""
    secret = new_secret()
    title = _("Key for the site’s servers")
    return _made(SERVER_KEY, slug, title, secret, lambda _connection: {"secret_hash": secret_hash(secret)})


@pages.post("/sites/<slug>/identity-secret")
@administrators_confirmed
def make_identity_secret(slug: str) -> Response:
    """Make a new secret that vouches for customers, shown only once."""
    secret, sealer_in = new_identity_secret(), running().keys.sealer_in

    def sealed(connection: Connection) -> Values:
        return {"sealed_identity_secret": sealer_in(connection).seal(secret)}

    return _made(IDENTITY, slug, _("Identity secret"), secret, sealed)


def _made(form: SiteForm, slug: str, title: str, secret: str, sealed: Callable[[Connection], Values]) -> Response:
    site = site_of(slug)
    try:
        keep(form, slug, {}, {}, sealed=sealed)
    except FormRefused as refused:
        return _page(site_of(slug), refused.typed)
    return show_secret(site, "websites", title, secret)


def _page(site: Site, typed: Typed | None) -> Response:
    return show_site("console/sites/websites.html", site, "websites", (WEBSITES, SERVER_KEY, IDENTITY), typed)
