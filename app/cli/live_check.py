"""`handbell check --live`: one real session for each site."""

import tempfile
from pathlib import Path

import click

from app.actions.sealing import site_key
from app.actions.ticket import cancel, open_ticket
from app.backends import open_backend
from app.backends.trial import Trial, trial_request, try_session
from app.backends.vendor_call import VendorCalls
from app.cli.opening import now
from app.core.site import EMBEDDED, Site
from app.key_file import read_keys
from app.seal import Sealer, Unsealable
from app.settings import Settings
from app.store.database import Database
from app.store.sites import load_sites
from app.store.staff import load_staff


def check_live(database: Database, settings: Settings, key: str | None) -> bool:
    """Open a session for the site with this key, or for each that is not disabled, and print what came of it.

    Whether all went well. Raises ClickException when there is no such site.
    """
    with database.read() as connection:
        sites = [site for site in load_sites(connection) if (site.key == key if key else not site.disabled)]
    if key and not sites:
        raise click.ClickException(f"there is no site {key}; see: handbell site list")
    calls = VendorCalls()
    good = [_check(database, settings, site, calls) for site in sites]  # each, whatever came of the others
    return all(good)


def _check(database: Database, settings: Settings, site: Site, calls: VendorCalls) -> bool:
    trial = _embedded(database, site) if site.backend == EMBEDDED else _vendor(settings, site, calls)
    click.echo(f"live       {site.key}: {'good' if trial.good else 'not good'}, {site.backend}")
    for line in trial.lines:
        click.echo(f"           {line}")
    return trial.good


def _embedded(database: Database, site: Site) -> Trial:
    with database.read() as connection:
        staff = load_staff(connection)
    ticket = open_ticket(database, staff, site.key, trial_request(site), now())
    cancel(database, ticket.number, now())
    return Trial((f"ticket       {ticket.number} was opened, and cancelled again",), good=True)


def _vendor(settings: Settings, site: Site, calls: VendorCalls) -> Trial:
    if problem := _missing(site):
        return Trial((problem,), good=False)
    try:
        key = site_key(site, Sealer([key.secret for key in read_keys(settings.keys_path)]))
    except Unsealable as gone:
        return Trial((f"key          {gone}",), good=False)
    # An applet that comes is looked at and not kept.
    with tempfile.TemporaryDirectory(prefix=".check-", dir=settings.data_dir) as folder:
        return try_session(site, open_backend(site, key, calls, Path(folder)))


def _missing(site: Site) -> str | None:
    if site.api_domain is None:
        return f"missing      the API domain; set it: handbell site set {site.key} --api-domain https://…"
    if site.sealed_key is None:
        return f"missing      the account key; set it: handbell site set {site.key} --key-file FILE"
    return next(iter(site.problems()), None)
