"""`handbell keys …`: the keys that sign links and cookies and seal secrets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import click

from app.actions import key_change
from app.actions.sealing import lost_second_factors, lost_secrets
from app.cli.opening import now, open_database
from app.cli.output import json_option, say_warning, show
from app.cli.site_words import worded
from app.core.moment import iso
from app.keys.key_file import live_keys, read_keys
from app.keys.seal import Sealer
from app.settings import Settings, load_settings
from app.store.database import DATABASE_FAULTS, Database
from app.store.sites import load_sites


@click.group()
def keys() -> None:
    """The keys that sign links and cookies and seal secrets; they are never shown."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys, the signing one first."""
    found = read_keys(load_settings().keys_path)
    live = live_keys(found, now())
    rows = [
        {"kid": key.kid, "made_at": iso(key.made_at), "signs": key == found[0], "valid": key in live} for key in found
    ]
    show(rows, ("kid", "made_at", "signs", "valid"), as_json=as_json)


@keys.command("rotate")
def rotate() -> None:
    """Sign and seal with a new key from now on; links of the old one stay valid for 24 hours."""
    settings = load_settings()
    with _resealing(settings, "a new key signs, but no old one was taken out") as (database, warn):
        kid = key_change.rotate(database, settings.keys_path, warn, by=None, now=now())
    click.echo(f"now signing with {kid}")


@keys.command("revoke")
@click.argument("kid")
def revoke(kid: str) -> None:
    """Remove a key, everywhere within 60 seconds; all links that it signed end."""
    settings = load_settings()
    with _resealing(settings, f"{kid} no longer signs, but is not yet revoked") as (database, warn):
        key_change.revoke(database, settings.keys_path, kid, warn, by=None, now=now())
    click.echo(f"revoked {kid}")


@contextmanager
def _resealing(settings: Settings, so_far: str) -> Iterator[tuple[Database, Callable[[Sealer], None]]]:
    """The database whose secrets get another key, and a function that warns of secrets that could not be decrypted.

    The keys are read before the database is opened: without them there is nothing to do.
    """
    read_keys(settings.keys_path)
    with open_database(settings) as database:
        try:
            yield database, partial(_warn_of_lost, database)
        except DATABASE_FAULTS as error:
            raise click.ClickException(
                f"{so_far}: the database failed ({type(error).__name__}) while secrets were put under the new key; "
                "when it works again, run this once more"
            ) from None


def _warn_of_lost(database: Database, sealer: Sealer) -> None:
    with database.read() as connection:
        sites = load_sites(connection)
        factors = lost_second_factors(connection, sealer)
    for email, lost in factors.items():
        say_warning(f"technician {email}: {lost}")
    for site in sites:
        for secret in lost_secrets(site, sealer):
            say_warning(f"site {site.slug}: {worded(secret, site.slug)}")
