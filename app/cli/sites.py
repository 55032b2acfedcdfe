"""`handbell site …`."""

from dataclasses import replace
from typing import Any

import click

from app.actions.sealing import key_options
from app.actions.sites import NoSuchSite, NotGood, NoWebhook, SlugTaken, Wanted, add_site, change_site
from app.cli.opening import now, open_database, open_keys, today
from app.cli.output import json_option, say_warning, show, show_one
from app.cli.page_options import page_options, read_logo, split_text
from app.cli.served_address import link_base
from app.cli.site_key import uid
from app.cli.site_words import refuse, worded
from app.cli.vendor_options import take_key, vendor_options
from app.core.customer import NAMES
from app.core.customer_info import AskPolicy
from app.core.declaration import declared
from app.core.site import DEFAULT_APPLET_HOSTS, HIDDEN, Site
from app.core.site_change import SiteChange
from app.core.site_options import read_options
from app.core.site_secrets import new_identity_secret as make_identity_secret
from app.core.site_secrets import new_secret as make_secret
from app.core.site_secrets import new_webhook_secret as make_webhook_secret
from app.core.site_secrets import secret_hash
from app.core.targets import Targets
from app.core.texts import no_such_texts
from app.core.vendor_account import account_problems, account_warnings
from app.files.catalogue_texts import catalogue_texts
from app.files.resources import languages
from app.files.widget_files import snippet
from app.keys.seal import Sealer
from app.settings import load_settings
from app.store import sites as store
from app.store.database import Database

_SPOKEN = {
    "sealed_key": "key",
    "key_ending": "key",
    "secret_hash": "secret",
    "sealed_identity_secret": "identity_secret",
}
_NO_KEY = {"sealed_key": None, "key_ending": None, "key_made": None}
_ACCOUNT = {"backend", "api_domain", "sealed_key", "key_made"}
_CHOICES = [choice.value for choice in AskPolicy]
_LISTS = {"offer_department": "offer_departments", "require": "required", "applet_host": "applet_hosts"}
# The word that stands for several items, or for none, in a list's place.
_WORDS_FOR_LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "required": ("none", ()),
    "fields": ("all", NAMES),
    "origins": ("none", ()),
    "insecure_origins": ("none", ()),
    "server_networks": ("none", ()),
    "languages": ("all", ()),
    "applet_hosts": ("default", DEFAULT_APPLET_HOSTS),
}


@click.group()
def site() -> None:
    """Websites that use Handbell, each with its own key, contact and routing."""


site.add_command(uid)


@site.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="As customers read it.")
def add(slug: str, name: str) -> None:
    """Add a site; its key is part of its addresses."""
    with open_database() as database:
        try:
            new = add_site(database, slug, name, by=None, now=now())
        except NotGood as bad:
            raise refuse(bad.problems) from None
        except SlugTaken:
            raise click.ClickException(f"there is a site {slug} already") from None
    click.echo(f"added site {slug}; its account key at the embedded desk is {new.uid}")


@site.command("list")
@json_option
def list_sites(as_json: bool) -> None:
    """List all sites."""
    with open_database() as database, database.read() as connection:
        rows = [_plain(found) for found in store.load_sites(connection)]
    show(rows, ("key", "name", "backend", "ask_customer_info", "disabled"), as_json=as_json)


@site.command("show")
@click.argument("slug")
@json_option
def show_site(slug: str, as_json: bool) -> None:
    """Show one site with all its settings."""
    settings = load_settings()
    with open_database(settings) as database:
        show_one({**_plain(_find(database, slug)), **snippet(link_base(settings), slug)}, as_json=as_json)


@site.command("set")
@click.argument("slug")
@click.option("--name", help="As customers read it.")
@click.option("--backend", type=click.Choice([known.name for known in declared()]), help="How sessions are opened.")
@click.option(
    "--ask-customer-info",
    type=click.Choice(_CHOICES),
    help="When Ask_customer_info is sent.",
)
@click.option("--department", help="The site's fixed department, as 1234 or id_1234; empty for none.")
@click.option("--technician", help="The site's fixed technician's mail; empty for none.")
@click.option("--offer-department", type=int, multiple=True, help="A department to choose from (repeat; 0: none).")
@click.option(
    "--require",
    multiple=True,
    help=f"A field that must be filled in (repeat; none for none): {', '.join(NAMES)}.",
)
@click.option(
    "--allow-empty/--no-allow-empty", default=None, help="Whether a form may be sent with no field filled in."
)
@click.option(
    "--pictures/--no-pictures", default=None, help="Whether the request page takes pictures; at the embedded desk only."
)
@click.option("--phone", help="Shown to customers in trouble; empty for none.")
@click.option("--mail", help="Shown to customers in trouble; empty for none.")
@click.option("--one-time-links/--no-one-time-links", default=None, help="A start link works once, by a button.")
@click.option(
    "--relay-only/--no-relay-only",
    default=None,
    help="Screen and voice go through HANDBELL_TURN, never directly.",
)
@click.option(
    "--mail-customers/--no-mail-customers",
    default=None,
    help="Whether customers who give their address get mails about their request.",
)
@click.option(
    "--call-backs/--no-call-backs",
    default=None,
    help="Whether customers may ask to be called back, where the desk has opening hours.",
)
@click.option("--disabled/--enabled", default=None, help="Whether the site takes requests.")
@page_options
@vendor_options
def set_site(slug: str, new_webhook_secret: bool, new_secret: bool, new_identity_secret: bool, **given: Any) -> None:
    """Change settings of a site; those not given stay, repeatable ones replace their list."""
    vendors_key = take_key(given)
    picture = given.pop("logo", None)
    changes = _changes(given)
    logo = None
    if picture is not None:
        logo = read_logo(picture)
        changes["logo"] = logo.digest if logo else None
    made = _made(new_secret=new_secret, new_identity_secret=new_identity_secret)
    if vendors_key == "":
        changes |= _NO_KEY
    if "secret" in made:
        changes["secret_hash"] = secret_hash(made["secret"])
    if not changes and vendors_key is None and not new_webhook_secret and not made:
        raise click.ClickException("nothing to change; see: handbell site set --help")
    settings = load_settings()
    secret = make_webhook_secret()
    given_plain = {"sealed_key": vendors_key, "sealed_identity_secret": made.get("identity secret")}
    to_seal = {name: plain for name, plain in given_plain.items() if plain}
    wanted = Wanted(options=changes, renew_secret=new_webhook_secret, logo=logo)
    with open_database(settings) as database:
        if to_seal or changes.get("webhook") or new_webhook_secret:
            keys = open_keys(database, settings)
            secrets = {**to_seal, "sealed_webhook_secret": secret}
            wanted = replace(wanted, sealed=lambda connection: _sealed(secrets, keys.sealer_in(connection)))
        change = _changed(database, slug, wanted, settings.targets)
    _tell(change, {*changes, *to_seal}, secret)
    for name, value in made.items():
        click.echo(f"{name}  {value}  (shown this once)")


def _sealed(plain: dict[str, str], sealer: Sealer) -> dict[str, Any]:
    """The options for these secrets."""
    key = key_options(plain["sealed_key"], sealer) if "sealed_key" in plain else {}
    return {name: sealer.seal(secret) for name, secret in plain.items()} | key


def _made(*, new_secret: bool, new_identity_secret: bool) -> dict[str, str]:
    """The secrets to make, by their names."""
    secrets = {"secret": make_secret} if new_secret else {}
    if new_identity_secret:
        secrets["identity secret"] = make_identity_secret
    return {name: make() for name, make in secrets.items()}


def _find(database: Database, slug: str) -> Site:
    with database.read() as connection:
        found = next((s for s in store.load_sites(connection) if s.slug == slug), None)
    if found is None:
        raise _unknown(slug)
    return found


def _changes(given: dict[str, Any]) -> dict[str, Any]:
    """The site's options from the given ones. Raises ClickException."""
    written = {_LISTS.get(name, name): value for name, value in given.items() if value is not None and value != ()}
    if "offer_departments" in written:
        written["offer_departments"] = tuple(number for number in written["offer_departments"] if number)
    if "texts" in written:
        written["texts"] = dict(split_text(text) for text in written["texts"] if text != "none")
    for name, (word, items) in _WORDS_FOR_LISTS.items():
        if name in written:
            written[name] = [one for item in written[name] for one in (items if item == word else (item,))]
    changes, problems = read_options(written, today=today(), languages=languages())
    problems = problems or no_such_texts(written.get("texts", ()), catalogue_texts())
    if problems:
        raise refuse(problems)
    return changes


def _changed(database: Database, slug: str, wanted: Wanted, targets: Targets) -> SiteChange:
    """Change the site as it is now. Raises ClickException."""
    try:
        return change_site(database, slug, wanted, by=None, now=now(), targets=targets)[0]
    except NoSuchSite:
        raise _unknown(slug) from None
    except NoWebhook:
        raise click.ClickException("--new-webhook-secret: the site has no webhook; give --webhook URL") from None
    except NotGood as bad:
        raise refuse(bad.problems) from None


def _tell(change: SiteChange, changes: set[str], secret: str) -> None:
    """Print what was changed, and warnings on standard error."""
    site = change.site
    names = {_SPOKEN.get(name, name) for name in changes} | ({"webhook_secret"} if change.new_secret else set())
    click.echo(f"changed site {site.slug}: {', '.join(sorted(names))}")
    if change.new_secret:
        click.echo(f"webhook secret  {secret}  (shown this once)")
    if change.key_dropped:
        say_warning(
            "the stored key was for another API domain and is removed, so that it is not sent to this one; "
            f"give it again: handbell site set {site.slug} --key-file FILE"
        )
    elif _ACCOUNT & changes:
        for fact in (*site.missing(), *account_problems(site, today()), *account_warnings(site, today())):
            say_warning(f"site {site.slug}: {worded(fact, site.slug)}")


def _unknown(slug: str) -> click.ClickException:
    return click.ClickException(f"there is no site {slug}; see: handbell site list")


def _plain(found: Site) -> dict[str, Any]:
    """The site's options without its secrets."""
    options = {name: value for name, value in found.options().items() if name not in HIDDEN}
    options |= options.pop("backend_options")
    return {
        "key": found.slug,
        "name": found.name,
        "uid": None if found.uid_revoked else found.uid,
        "disabled": found.disabled,
        **options,
        "has_key": found.sealed_key is not None,
        "has_secret": found.secret_hash is not None,
        "has_identity_secret": found.sealed_identity_secret is not None,
        "key_ends": found.key_ends.isoformat() if found.key_ends else None,
    }
