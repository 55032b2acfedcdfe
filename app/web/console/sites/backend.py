"""How a site's sessions are opened: by our own desk or an account at the vendor; and who is told of what happens."""

from datetime import date

from flask import Response, request

from app.actions.sealing import held_sealer, key_options
from app.actions.sites import NoWebhook
from app.core.site import AT_VENDOR, BACKENDS, DEFAULT_APPLET_HOSTS, HIGHEST_RATE, Site
from app.core.site_secrets import new_webhook_secret
from app.core.vendor_account import days_left
from app.core.vendor_address import LOOPBACK, api_address, applet_host
from app.core.vendor_key import LONGEST_KEY, as_date, vendor_key
from app.core.webhook_address import LONGEST, webhook_address
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.web.console.frame import administrators_only, console_pages
from app.web.console.sites.forms import (
    FormRefused,
    SiteForm,
    Typed,
    Values,
    keep,
    saved,
    show_site,
    site_of,
    ticked,
    typed_text,
)
from app.web.console.sites.listing import backend_names
from app.web.console.sites.secret import show_secret
from app.web.words import _

pages = console_pages("site_backend")
_LONGEST_LIST = 20_000  # characters
_MOST_HOSTS = 100


def _labels() -> dict[str, str]:
    return {
        "backend": _("Sessions are opened by"),
        "api_domain": _("API domain"),
        "key": _("Account key"),
        "key_made": _("Key made on"),
        "applet_hosts": _("Applets may come from"),
        "rate": _("Calls a second"),
        "show_waiting_queue": _("Waiting queue"),
    }


def _values(site: Site) -> Values:
    return {
        "backend": site.backend,
        "api_domain": site.api_domain or "",
        "key_made": site.key_made or "",
        "applet_hosts": "\n".join(site.applet_hosts),
        "rate": str(site.rate),
        "show_waiting_queue": site.show_waiting_queue,
    }


BACKEND = SiteForm(
    "backend",
    ("backend", "api_domain", "key_ending", "key_made", "applet_hosts", "rate", "show_waiting_queue", "unreadable"),
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
    """Backend, account, webhook, test."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>/backend")
@administrators_only
def save_backend(slug: str) -> Response:
    """Backend and account. A key goes in and never comes out."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {
        "backend": request.form.get("backend", ""),
        "api_domain": typed_text("api_domain", 300, problems),
        "key_made": typed_text("key_made", 10, problems),
        "applet_hosts": typed_text("applet_hosts", _LONGEST_LIST, problems),
        "rate": typed_text("rate", 6, problems),
        "show_waiting_queue": ticked("show_waiting_queue"),
    }
    new_key = _key(problems)
    options = _options(values, problems)
    _demand_account(site, options, new_key, problems)
    if problems:
        return _page(site, Typed("backend", values, problems))
    if ticked("read_again"):
        options["unreadable"] = False
    if new_key is None:
        return saved(BACKEND, slug, _page, "/backend", options, values)
    with held_sealer(running().settings.keys_path) as sealer:
        options |= {**key_options(new_key, sealer), "key_made": options["key_made"] if new_key else None}
        return saved(BACKEND, slug, _page, "/backend", options, values)


@pages.post("/sites/<slug>/webhook")
@administrators_only
def save_webhook(slug: str) -> Response:
    """Where events go; with each new address a secret is made, and shown once."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {"webhook": typed_text("webhook", LONGEST, problems)}
    address = None
    if values["webhook"] and not problems:
        try:
            address = webhook_address(values["webhook"])
        except ValueError:
            problems["webhook"] = _("Write it as https://www.example.com/path; http is for 127.0.0.1 only.")
    if problems:
        return _page(site, Typed("webhook", values, problems))
    return _with_secret(WEBHOOK, slug, {"webhook": address}, values, renew=False)


@pages.post("/sites/<slug>/webhook-secret")
@administrators_only
def make_webhook_secret(slug: str) -> Response:
    """Another secret for the webhook, shown once."""
    site = site_of(slug)
    try:
        return _with_secret(WEBHOOK_SECRET, slug, {}, {}, renew=True)
    except NoWebhook:
        return _page(site, Typed("webhook", WEBHOOK.values(site), {"webhook": _("Give an address first.")}))


def _with_secret(form: SiteForm, slug: str, options: Values, values: Values, *, renew: bool) -> Response:
    secret = new_webhook_secret()
    with held_sealer(running().settings.keys_path) as sealer:
        try:
            change = keep(form, slug, options, values, sealed_secret=sealer.seal(secret), renew_secret=renew)
        except FormRefused as refused:
            return _page(site_of(slug), refused.typed)
    if change.new_secret:
        return show_secret(change.site, "backend", _("Webhook secret"), secret)
    return see_other(f"/console/sites/{slug}/backend")


def _key(problems: dict[str, str]) -> str | None:
    """The new key; empty to remove the stored one; None to leave it."""
    try:
        typed = vendor_key(request.form.get("key", ""))
    except ValueError:
        problems["key"] = _("A key is 1 to %(n)s printable characters on one line.", n=LONGEST_KEY)
        return None
    if typed:
        return typed
    return "" if ticked("forget_key") else None


def _options(values: Values, problems: dict[str, str]) -> Values:
    """What the form asks for, each as it is kept."""
    if values["backend"] not in BACKENDS:
        problems["backend"] = _("Please choose one.")
    rate = int(values["rate"]) if values["rate"].isascii() and values["rate"].isdigit() else 0
    if not 1 <= rate <= HIGHEST_RATE:
        problems["rate"] = _("A number from 1 to %(n)s, please.", n=HIGHEST_RATE)
    domain = _domain(values["api_domain"], problems)
    return {
        "backend": values["backend"],
        "api_domain": domain,
        "key_made": _made(values["key_made"], problems),
        "applet_hosts": _hosts(values["applet_hosts"], domain, problems),
        "rate": rate,
        "show_waiting_queue": values["show_waiting_queue"],
    }


def _domain(text: str, problems: dict[str, str]) -> str | None:
    if not text or "api_domain" in problems:
        return None
    try:
        return api_address(text)
    except ValueError:
        problems["api_domain"] = _("Write it as https://api.us0.swi-rc.com, as your account shows it.")
        return None


def _made(text: str, problems: dict[str, str]) -> str | None:
    made = as_date(text) if text else None
    if text and made is None:
        problems["key_made"] = _("Write the day as 2026-01-31.")
    elif made and made > _today():
        problems["key_made"] = _("This day is yet to come.")
    return made.isoformat() if made else None


def _hosts(text: str, domain: str | None, problems: dict[str, str]) -> tuple[str, ...]:
    """One on each line; none are the vendor's own."""
    found: dict[str, None] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        if line == LOOPBACK and "://127.0.0.1" in (domain or ""):
            found[line] = None
            continue
        try:
            found[applet_host(line)] = None
        except ValueError:
            problems.setdefault(
                "applet_hosts", _("%(line)s: write a host such as example.com or *.example.com.", line=line[:80])
            )
    if len(found) > _MOST_HOSTS:
        problems.setdefault("applet_hosts", _("At most %(n)s, please.", n=_MOST_HOSTS))
    return tuple(found) or DEFAULT_APPLET_HOSTS


def _demand_account(site: Site, options: Values, new_key: str | None, problems: dict[str, str]) -> None:
    """Nobody turns to a vendor without domain and key, and a key never goes along to another domain."""
    moved = site.api_domain is not None and options["api_domain"] != site.api_domain
    key_stays = site.sealed_key is not None and new_key is None and not moved
    if options["key_made"] and not new_key and not key_stays:
        problems.setdefault("key_made", _("It goes with a key: type the key as well, or empty this."))
    if moved and site.sealed_key and new_key is None and options["api_domain"]:
        problems.setdefault("key", _("The stored key is for the other domain. Type the key for this one."))
    if options["backend"] not in AT_VENDOR or options["backend"] == site.backend:
        return
    if not options["api_domain"]:
        problems.setdefault("api_domain", _("An account needs its API domain."))
    if not new_key and not key_stays:
        problems.setdefault("key", _("An account needs its key."))


def _today() -> date:
    """The day, by this machine's clock or by UTC, whichever is further."""
    now = running().clock()
    return max(now.date(), now.astimezone().date())


def _page(site: Site, typed: Typed | None) -> Response:
    return show_site(
        "console/sites/backend.html",
        site,
        "backend",
        (BACKEND, WEBHOOK, WEBHOOK_SECRET),
        typed,
        backends=[(name, backend_names()[name]) for name in BACKENDS],
        days_left=days_left(site, _today()),
    )
