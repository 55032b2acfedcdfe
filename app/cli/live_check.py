"""`handbell check --live`: one real session for each site."""

from functools import partial

import click

from app.actions.site_check import try_site
from app.backends.vendor_call import VendorCalls
from app.cli.opening import now, open_keys
from app.cli.trial_words import trial_lines
from app.core.site import Site
from app.settings import Settings
from app.store.database import Database
from app.store.sites import load_sites


def check_live(database: Database, settings: Settings, key: str | None) -> bool:
    """Open a session for the site with this slug, or for each enabled site, and print the outcome.

    Returns whether all succeeded. Raises ClickException when there is no such site.
    """
    with database.read() as connection:
        sites = [site for site in load_sites(connection) if (site.slug == key if key else not site.disabled)]
    if key and not sites:
        raise click.ClickException(f"there is no site {key}; see: handbell site list")
    calls = VendorCalls(settings.targets)
    good = [_check(database, settings, site, calls) for site in sites]  # try each site, also after a failure
    return all(good)


def _check(database: Database, settings: Settings, site: Site, calls: VendorCalls) -> bool:
    keys = partial(open_keys, database, settings)
    trial = try_site(database, site, keys, calls, clock=now)
    click.echo(f"live       {site.slug}: {'good' if trial.good else 'not good'}, {site.backend}")
    for line in trial_lines(trial, site.slug):
        click.echo(f"           {line}")
    return trial.good
