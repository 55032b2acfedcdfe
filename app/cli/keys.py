"""`handbell keys …`: the keys that sign links and cookies and seal secrets."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from app.actions.sealing import lost_second_factors, lost_secrets, reseal
from app.cli.opening import now, open_database
from app.cli.output import json_option, say_warning, show
from app.cli.site_words import worded
from app.core.moment import iso
from app.keys.key_file import Key, Reseal, live_keys, read_keys, revoke_key, rotate_keys
from app.keys.seal import Sealer
from app.settings import Settings, load_settings
from app.store.audit import record
from app.store.database import Database
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
    with _resealing(settings, "a new key signs, but no old one was taken out") as (reseal_all, note):
        fresh = rotate_keys(settings.keys_path, now(), reseal_all)
        note("key.rotated", fresh.kid)
    click.echo(f"now signing with {fresh.kid}")


@keys.command("revoke")
@click.argument("kid")
def revoke(kid: str) -> None:
    """Take a key out within 60 seconds, everywhere; all links that it signed end."""
    settings = load_settings()
    with _resealing(settings, f"{kid} no longer signs, but is not yet revoked") as (reseal_all, note):
        revoke_key(settings.keys_path, kid, now(), reseal_all)
        note("key.revoked", kid)
    click.echo(f"revoked {kid}")


@contextmanager
def _resealing(settings: Settings, so_far: str) -> Iterator[tuple[Reseal, Callable[[str, str], None]]]:
    """What puts the database's secrets under the first of the keys it is given, and what audits an act on a key.

    The keys are looked at before the database is opened: without them there is nothing to do.
    """
    read_keys(settings.keys_path)
    with open_database(settings) as database:

        def reseal_all(ring: Sequence[Key]) -> None:
            sealer = Sealer([key.secret for key in ring])
            reseal(database, sealer)
            database.checkpoint()  # nothing under the old key is left in SQLite's log
            _warn_of_lost(database, sealer)

        def note(act: str, kid: str) -> None:
            database.write(lambda connection: record(connection, act, f"key {kid}", by=None, now=now()))

        try:
            yield reseal_all, note
        except (SQLAlchemyError, sqlite3.Error, TimeoutError) as error:
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
