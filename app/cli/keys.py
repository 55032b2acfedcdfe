"""`handbell keys …`: the keys that sign links and cookies and seal secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from app.actions import key_change
from app.actions.sealing import Unsealer, lost_second_factors, lost_secrets
from app.actions.signing_keys import opened_keys
from app.cli.opening import now, open_database, open_keys
from app.cli.output import json_option, say_warning, show
from app.cli.site_words import worded
from app.core.moment import iso
from app.keys.installation_secret import InstallationSecret, installation_secret
from app.settings import load_settings
from app.store.database import DATABASE_FAULTS, Database
from app.store.sites import load_sites


@click.group()
def keys() -> None:
    """The keys that sign links and cookies and seal secrets; they are never shown."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys, the signing one first."""
    settings = load_settings()
    with open_database(settings) as database:
        open_keys(database, settings)
        with database.read() as connection:
            found = opened_keys(connection, installation_secret(settings))
        at = _now(database)
    rows = [
        {"kid": key.kid, "made_at": iso(key.made_at), "signs": key == found[0], "valid": key.is_live(at)}
        for key in found
    ]
    show(rows, ("kid", "made_at", "signs", "valid"), as_json=as_json)


@keys.command("rotate")
def rotate() -> None:
    """Sign and seal with a new key from now on; links of the old one stay valid for 24 hours."""
    with _changing() as (database, secret):
        kid = key_change.rotate(database, secret, by=None, now=_now(database))
    click.echo(f"now signing with {kid}")


@keys.command("revoke")
@click.argument("kid")
def revoke(kid: str) -> None:
    """Remove a key, everywhere within 20 seconds; all links that it signed end."""
    with _changing() as (database, secret):
        in_secret = key_change.revoke(database, secret, kid, by=None, now=_now(database))
    click.echo(f"revoked {kid}")
    if in_secret:
        say_warning(f"{kid} is also a line of {secret}, which seals the keys: see docs/operations.md, A new secret")


@keys.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Begin with new keys when the keys file is lost; every stored secret has to be set anew."""
    settings = load_settings()
    secret = installation_secret(settings)
    if not yes:
        click.confirm("All links and log-ins end, and stored secrets are lost. Go on?", abort=True)
    with open_database(settings) as database:
        key_change.reset(database, secret, by=None, now=_now(database))
        _warn_of_lost(database, open_keys(database, settings))
    click.echo(f"all keys are new, sealed by {secret}")


@contextmanager
def _changing() -> Iterator[tuple[Database, InstallationSecret]]:
    """The database whose keys are changed; at the end, a warning for each secret that no key opens."""
    settings = load_settings()
    with open_database(settings) as database:
        open_keys(database, settings)
        try:
            yield database, installation_secret(settings)
        except DATABASE_FAULTS as error:
            raise click.ClickException(
                f"the database failed ({type(error).__name__}); when it works again, see: handbell keys list, and run "
                "this once more if nothing is changed"
            ) from None
        _warn_of_lost(database, open_keys(database, settings))


def _now(database: Database) -> datetime:
    """The database's time, by which all hosts go."""
    return now() if database.is_sqlite else database.time()


def _warn_of_lost(database: Database, keys: Unsealer) -> None:
    with database.read() as connection:
        sites = load_sites(connection)
        factors = lost_second_factors(connection, keys)
    for email, lost in factors.items():
        say_warning(f"technician {email}: {lost}")
    for site in sites:
        for secret in lost_secrets(site, keys):
            say_warning(f"site {site.slug}: {worded(secret, site.slug)}")
