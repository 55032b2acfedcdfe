"""`handbell site …`."""

from dataclasses import replace
from typing import Any

import click
from sqlalchemy.exc import IntegrityError

from app.actions.seed import new_uid
from app.cli.opening import now, open_database
from app.cli.output import json_option, show, show_one
from app.core.customer_info import AskPolicy
from app.core.new_session import ELEMENTS
from app.core.site import BACKENDS, Site
from app.store import sites as store
from app.store.database import Database

_CHOICES = [choice.value for choice in AskPolicy]


@click.group()
def site() -> None:
    """Places that embed Handbell, each with its own key, contact and routing."""


@site.command("add")
@click.argument("key")
@click.option("--name", required=True, help="As customers read it.")
def add(key: str, name: str) -> None:
    """Add a site; its key stands in its addresses."""
    new = _good(Site(key=key, name=name, uid=new_uid()))
    with open_database() as database:
        try:
            database.write(lambda connection: store.add_site(connection, new, now()))
        except IntegrityError:
            raise click.ClickException(f"there is a site {key} already") from None
    click.echo(f"added site {key}; its account key at the embedded desk is {new.uid}")


@site.command("list")
@json_option
def list_sites(as_json: bool) -> None:
    """List all sites."""
    with open_database() as database, database.read() as connection:
        rows = [_plain(found) for found in store.load_sites(connection)]
    show(rows, ("key", "name", "backend", "ask_customer_info", "disabled"), as_json=as_json)


@site.command("show")
@click.argument("key")
@json_option
def show_site(key: str, as_json: bool) -> None:
    """Show one site with all its settings."""
    with open_database() as database:
        show_one(_plain(_find(database, key)), as_json=as_json)


@site.command("set")
@click.argument("key")
@click.option("--name", help="As customers read it.")
@click.option("--backend", type=click.Choice(BACKENDS), help="How sessions are opened.")
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
    help=f"A field that must be filled in (repeat; none for none): {', '.join(ELEMENTS)}.",
)
@click.option("--phone", help="Shown to customers in trouble; empty for none.")
@click.option("--mail", help="Shown to customers in trouble; empty for none.")
@click.option("--one-time-links/--no-one-time-links", default=None, help="A start link works once, by a button.")
@click.option("--disabled/--enabled", default=None, help="Whether the site takes requests.")
def set_site(key: str, offer_department: tuple[int, ...], require: tuple[str, ...], **given: Any) -> None:
    """Change settings of a site; those not given stay, repeatable ones replace their list."""
    changes = {name: value for name, value in given.items() if value is not None}
    for name in ("department", "technician", "phone", "mail"):
        if changes.get(name) == "":
            changes[name] = None
    if "ask_customer_info" in changes:
        changes["ask_customer_info"] = AskPolicy(changes["ask_customer_info"])
    if offer_department:
        changes["offer_departments"] = tuple(number for number in offer_department if number)
    if require:
        changes["required"] = tuple(field for field in require if field != "none")
    if not changes:
        raise click.ClickException("nothing to change; see: handbell site set --help")
    with open_database() as database:
        changed = _good(replace(_find(database, key), **changes))
        database.write(lambda connection: store.change_site(connection, changed))
    click.echo(f"changed site {key}: {', '.join(sorted(changes))}")


def _find(database: Database, key: str) -> Site:
    with database.read() as connection:
        found = next((s for s in store.load_sites(connection) if s.key == key), None)
    if found is None:
        raise click.ClickException(f"there is no site {key}; see: handbell site list")
    return found


def _good(wanted: Site) -> Site:
    if problems := wanted.problems():
        raise click.ClickException("; ".join(problems))
    return wanted


def _plain(found: Site) -> dict[str, Any]:
    return {
        "key": found.key,
        "name": found.name,
        "uid": found.uid,
        "disabled": found.disabled,
        **found.options(),
    }
