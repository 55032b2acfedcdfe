"""How a site's sessions are opened, by the embedded desk or an account at the vendor; and the webhook for its
events."""

from flask import Response, request
from sqlalchemy import Connection

from app.actions.sealing import key_options
from app.actions.sites import NoWebhook
from app.core.address import LONGEST_ADDRESS
from app.core.declaration import Option, own_options
from app.core.fact import Fact
from app.core.site import Site
from app.core.site_secrets import new_webhook_secret
from app.core.text import Invalid
from app.core.vendor_account import days_left
from app.core.vendor_key import vendor_key
from app.edge.incoming import see_other
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
    today,
    typed_lines,
    typed_text,
)
from app.web.console.sites.listing import backend_names
from app.web.console.sites.secret import show_secret
from app.web.console.sites.words import by_input, worded
from app.web.words import _

pages = console_pages("site_backend")
_LONGEST_LIST = 20_000  # characters
_LONGEST_OPTION = 2_048


def _labels() -> dict[str, str]:
    return {
        "backend": _("Sessions are opened by"),
        "api_domain": _("API domain"),
        "key": _("Account key"),
        "key_made": _("Key made on"),
        "applet_hosts": _("Allowed applet hosts"),
        "rate": _("Calls a second"),
        "show_waiting_queue": _("Waiting queue"),
        **{option.name: _(option.label) for option in _own()},
    }


def _values(site: Site) -> Values:
    return {
        "backend": site.backend,
        "api_domain": site.api_domain or "",
        "key_made": site.key_made or "",
        "applet_hosts": "\n".join(site.applet_hosts),
        "rate": str(site.rate),
        "show_waiting_queue": site.show_waiting_queue,
        **{option.name: str(site.option(option.name) or "") for option in _own()},
    }


def _own() -> list[Option]:
    """Options of backends that have no field of their own on the page."""
    return list(own_options().values())


_KEPT = ("backend", "api_domain", "key_ending", "key_made", "applet_hosts", "rate", "show_waiting_queue", "unreadable")
BACKEND = SiteForm(
    "backend",
    (*_KEPT, *own_options()),
    _labels,
    _values,
)
WEBHOOK = SiteForm(
    "webhook", ("webhook",), lambda: {"webhook": _("Address")}, lambda site: {"webhook": site.webhook or ""}
)
WEBHOOK_SECRET = SiteForm("webhook_secret", ("webhook", "sealed_webhook_secret"), dict, lambda site: {})


@pages.get("/sites/<slug>/backend")
@administrators_only
def backend(slug: str) -> Response:
    """The page for backend, account, webhook and test."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>/backend")
@administrators_confirmed
def save_backend(slug: str) -> Response:
    """Save backend and account. A stored key is never shown."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    hosts_text, hosts = typed_lines("applet_hosts", _LONGEST_LIST, problems)
    values: Values = {
        "backend": request.form.get("backend", ""),
        "api_domain": typed_text("api_domain", 300, problems),
        "key_made": typed_text("key_made", 10, problems),
        "applet_hosts": hosts_text,
        "rate": typed_text("rate", 6, problems),
        "show_waiting_queue": ticked("show_waiting_queue"),
        **{name: typed_text(name, _LONGEST_OPTION, problems) for name in own_options()},
    }
    new_key = _key(problems)
    options = read_typed({**values, "applet_hosts": hosts}, problems)
    _demand_key(site, options, new_key, problems)
    if problems:
        return _page(site, Typed("backend", values, problems))
    if ticked("read_again"):
        options["unreadable"] = False
    if new_key is None:
        return saved(BACKEND, slug, _page, "/backend", options, values)
    sealer_in = running().keys.sealer_in

    def sealed(connection: Connection) -> Values:
        return {**key_options(new_key, sealer_in(connection)), "key_made": options["key_made"]}

    return saved(BACKEND, slug, _page, "/backend", options, values, sealed=sealed)


@pages.post("/sites/<slug>/webhook")
@administrators_confirmed
def save_webhook(slug: str) -> Response:
    """Save the webhook's address; each new address gets a secret, shown only once."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {"webhook": typed_text("webhook", LONGEST_ADDRESS, problems)}
    options = read_typed(values, problems)
    if problems:
        return _page(site, Typed("webhook", values, problems))
    return _with_secret(WEBHOOK, slug, options, values, renew=False)


@pages.post("/sites/<slug>/webhook-secret")
@administrators_confirmed
def make_webhook_secret(slug: str) -> Response:
    """Make a new secret for the webhook, shown only once."""
    site = site_of(slug)
    try:
        return _with_secret(WEBHOOK_SECRET, slug, {}, {}, renew=True)
    except NoWebhook:
        return _page(site, Typed("webhook", WEBHOOK.values(site), {"webhook": _("Give an address first.")}))


def _with_secret(form: SiteForm, slug: str, options: Values, values: Values, *, renew: bool) -> Response:
    secret, sealer_in = new_webhook_secret(), running().keys.sealer_in

    def sealed(connection: Connection) -> Values:
        return {"sealed_webhook_secret": sealer_in(connection).seal(secret)}

    try:
        change = keep(form, slug, options, values, sealed=sealed, renew_secret=renew)
    except FormRefused as refused:
        return _page(site_of(slug), refused.typed)
    if change.new_secret:
        return show_secret(change.site, "backend", _("Webhook secret"), secret)
    return see_other(f"/console/sites/{slug}/backend")


def _key(problems: dict[str, str]) -> str | None:
    """The new key; empty to remove the stored one; None to keep it."""
    try:
        typed = vendor_key(request.form.get("key", ""))
    except Invalid as invalid:
        problems |= by_input(invalid.problems)
        return None
    if typed:
        return typed
    return "" if ticked("forget_key") else None


def _demand_key(site: Site, options: Values, new_key: str | None, problems: dict[str, str]) -> None:
    """Require a new key with a new domain, as a stored key is never sent to another domain."""
    moved = site.api_domain is not None and options.get("api_domain") not in (None, site.api_domain)
    if moved and site.sealed_key and new_key is None:
        problems.setdefault("key", worded(Fact("vendor_key", "other_account")))


def _page(site: Site, typed: Typed | None) -> Response:
    return show_site(
        "console/sites/backend.html",
        site,
        "backend",
        (BACKEND, WEBHOOK, WEBHOOK_SECRET),
        typed,
        backends=list(backend_names().items()),
        own_options=[(option.name, _(option.label), _(option.hint) if option.hint else "") for option in _own()],
        days_left=days_left(site, today()),
    )
