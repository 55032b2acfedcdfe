"""`handbell site uid`: a site's account key at the embedded desk."""

import click

from app.actions.account_key import AccountKey, NoSuchSite
from app.cli.opening import now, open_database
from app.core.account_key import old_key_ends
from app.core.site import Site
from app.store.database import Database
from app.store.sites import load_sites


@click.command()
@click.argument("slug")
@click.option("--rotate", is_flag=True, help="Make a new one, which works at once.")
@click.option("--keep-old", is_flag=True, help="With --rotate: the old one works for 24 hours more.")
@click.option("--end-old", is_flag=True, help="End the old one now.")
@click.option("--revoke", is_flag=True, help="End all of them: no program gets in until a new one is made.")
def uid(slug: str, rotate: bool, keep_old: bool, end_old: bool, revoke: bool) -> None:
    """Print a site's account key, or make a new one."""
    if sum((rotate, end_old, revoke)) > 1 or (keep_old and not rotate):
        raise click.ClickException("take one of --rotate (with or without --keep-old), --end-old and --revoke")
    with open_database() as database:
        account = AccountKey(database, slug, by=None, now=now())
        try:
            if rotate:
                _tell(account.renew(keep_old=keep_old))
            elif end_old:
                _tell(account.end_old())
            elif revoke:
                _tell(account.revoke())
            else:
                _tell(_found(database, slug))
        except NoSuchSite:
            raise click.ClickException(f"there is no site {slug}; see: handbell site list") from None


def _found(database: Database, slug: str) -> Site:
    with database.read() as connection:
        for one in load_sites(connection):
            if one.slug == slug:
                return one
    raise NoSuchSite(slug)


def _tell(found: Site) -> None:
    click.echo(f"revoked; for a new one: handbell site uid {found.slug} --rotate" if found.uid_revoked else found.uid)
    if ends := old_key_ends(found, now()):
        click.echo(f"the old one works until {ends:%Y-%m-%d %H:%M} UTC", err=True)
